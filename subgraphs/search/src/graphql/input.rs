//! What a client can ask for, and how it becomes criteria.

use async_graphql::{Enum, InputObject};
use souk_platform::geo::CoordinatesInput;
use souk_platform::money::{CurrencyCode, Decimal, MoneyInput};
use souk_platform::{ApiError, ApiResult, Id};

use crate::domain::{Near, Order, PriceRange};

/// The longest search text, in characters.
const LONGEST_TEXT: usize = 200;
/// The most values of one filter.
const MOST_VALUES: usize = 50;
/// Half of the Earth's circumference: everything is within.
const WIDEST_RADIUS_KM: f64 = 20_038.0;

/// What kind of product it is; each kind is a type of its own that implements `Product`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum ProductKind {
    /// The type `Book`.
    Book,
    /// The type `Laptop`.
    Laptop,
    /// The type `Mobile`.
    Mobile,
    /// The type `Clothing`.
    Clothing,
    /// The type `GeneralProduct`.
    GeneralProduct,
}

impl ProductKind {
    /// Every kind.
    pub const ALL: [ProductKind; 5] = [
        ProductKind::Book,
        ProductKind::Laptop,
        ProductKind::Mobile,
        ProductKind::Clothing,
        ProductKind::GeneralProduct,
    ];

    /// The name of its GraphQL type, as it stands in the index.
    pub fn type_name(self) -> &'static str {
        match self {
            ProductKind::Book => "Book",
            ProductKind::Laptop => "Laptop",
            ProductKind::Mobile => "Mobile",
            ProductKind::Clothing => "Clothing",
            ProductKind::GeneralProduct => "GeneralProduct",
        }
    }
}

/// Filters for products. Values of one filter are alternatives; different filters must all fit.
#[derive(Debug, Default, InputObject)]
pub struct ProductSearchFilter {
    /// Only these kinds.
    pub kinds: Option<Vec<ProductKind>>,
    /// Only in these categories or in categories below them.
    pub category_ids: Option<Vec<Id>>,
    /// Only from these shops.
    pub shop_ids: Option<Vec<Id>>,
    /// Only with a variant in this range of prices.
    pub price: Option<PriceRangeInput>,
    /// True for what can be bought now, false for what is sold out.
    pub in_stock: Option<bool>,
}

/// A range of prices in one currency, both ends included. Products in other currencies never fit.
#[derive(Debug, InputObject)]
pub struct PriceRangeInput {
    /// At least this; 0 when absent.
    pub min: Option<Decimal>,
    /// At most this; without a limit when absent.
    pub max: Option<Decimal>,
    /// The currency of both.
    pub currency: CurrencyCode,
}

/// A place and how far from it.
#[derive(Debug, InputObject)]
pub struct NearInput {
    /// The place.
    pub position: CoordinatesInput,
    /// How far, in kilometres.
    pub radius_km: f64,
}

/// The order of search results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum SearchOrder {
    /// What fits the text best; the newest first when there is no text.
    Best,
    /// The newest first.
    Newest,
    /// The lowest price first. Amounts are compared as they are: filter by price to keep to one currency.
    Cheapest,
    /// The nearest first; needs `near`.
    Nearest,
}

/// The search text, or `BAD_USER_INPUT`.
pub fn text(text: Option<String>) -> ApiResult<String> {
    let text = text.unwrap_or_default();
    if text.chars().count() > LONGEST_TEXT {
        return Err(ApiError::bad_input(
            "text",
            format!("a search text may be at most {LONGEST_TEXT} characters long"),
        ));
    }
    Ok(text)
}

/// The ids of a filter, or `BAD_USER_INPUT`.
pub fn ids(argument: &str, ids: Option<Vec<Id>>) -> ApiResult<Vec<uuid::Uuid>> {
    let ids = ids.unwrap_or_default();
    if ids.len() > MOST_VALUES {
        return Err(ApiError::bad_input(
            argument,
            format!("at most {MOST_VALUES} values, got {}", ids.len()),
        ));
    }
    Ok(ids.into_iter().map(|id| id.0).collect())
}

impl PriceRangeInput {
    /// The range in minor units, or `BAD_USER_INPUT`.
    pub fn minor(&self) -> ApiResult<PriceRange> {
        let minor = |amount: Option<Decimal>, end: &str| -> ApiResult<Option<i64>> {
            let Some(amount) = amount else {
                return Ok(None);
            };
            let money = MoneyInput {
                amount,
                currency: self.currency,
            };
            // The range's ends are decimals themselves, not amounts of a `MoneyInput`.
            let at_end = |error: ApiError| error.at(format!("filter.price.{end}"));
            money.price_minor("filter.price").map(Some).map_err(at_end)
        };
        let min = minor(self.min, "min")?.unwrap_or(0);
        let max = minor(self.max, "max")?.unwrap_or(i64::MAX);
        if min > max {
            return Err(ApiError::bad_input(
                "filter.price.max",
                "the highest price is below the lowest",
            ));
        }
        Ok(PriceRange {
            min,
            max,
            currency: self.currency,
        })
    }
}

impl NearInput {
    /// The place on the globe and a radius that makes sense, or `BAD_USER_INPUT`.
    pub fn checked(&self) -> ApiResult<Near> {
        let centre = self.position.on_globe("near.position")?;
        if !(self.radius_km > 0.0 && self.radius_km <= WIDEST_RADIUS_KM) {
            let message = format!(
                "a radius is more than 0 and at most {WIDEST_RADIUS_KM} km, got {}",
                self.radius_km
            );
            return Err(ApiError::bad_input("near.radiusKm", message));
        }
        Ok(Near {
            centre,
            radius_km: self.radius_km,
        })
    }
}

impl SearchOrder {
    /// The order, or `BAD_USER_INPUT` when it needs a place and there is none.
    pub fn checked(self, near: Option<&Near>) -> ApiResult<Order> {
        match self {
            SearchOrder::Best => Ok(Order::Best),
            SearchOrder::Newest => Ok(Order::Newest),
            SearchOrder::Cheapest => Ok(Order::Cheapest),
            SearchOrder::Nearest if near.is_some() => Ok(Order::Nearest),
            SearchOrder::Nearest => Err(ApiError::bad_input(
                "orderBy",
                "the order NEAREST needs a place: give near as well",
            )),
        }
    }
}
