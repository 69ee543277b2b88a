//! What a search gives.

use async_graphql::SimpleObject;
use async_graphql::connection::{Connection, Edge, EmptyFields};
use souk_platform::money::{CurrencyCode, Money};
use souk_platform::page::{TextCursor, cursor};
use uuid::Uuid;

use super::entities::{Category, Product, Shop};
use super::input::ProductKind;
use crate::index::{Facets, Hit, Page};

/// A product that was found.
#[derive(SimpleObject)]
#[graphql(serial)]
pub struct ProductHit {
    /// The product.
    pub product: Product,
    /// How far its nearest branch is from the place asked for, in kilometres.
    pub distance_km: Option<f64>,
}

/// A shop that was found.
#[derive(SimpleObject)]
#[graphql(serial)]
pub struct ShopHit {
    /// The shop.
    pub shop: Shop,
    /// How far its nearest branch is from the place asked for, in kilometres.
    pub distance_km: Option<f64>,
}

/// What was found beside the page.
#[derive(SimpleObject)]
pub struct ProductSearchSummary {
    /// How many products fit.
    pub total_count: i32,
    /// How many products would fit for each value of a filter, the other filters left as they are.
    pub facets: ProductFacets,
}

/// How many shops there are.
#[derive(SimpleObject)]
pub struct ShopSearchSummary {
    /// How many shops fit.
    pub total_count: i32,
}

/// How many products would fit for each value of a filter, the other filters left as they are.
#[derive(SimpleObject)]
#[graphql(serial)]
pub struct ProductFacets {
    /// By kind, the most frequent first.
    pub kinds: Vec<KindFacet>,
    /// By category, the most frequent first, at most 50.
    pub categories: Vec<CategoryFacet>,
    /// That can be bought now.
    pub in_stock: i32,
    /// That are sold out.
    pub out_of_stock: i32,
    /// Lowest and highest price for each currency.
    pub prices: Vec<PriceFacet>,
}

/// How many products are of a kind.
#[derive(SimpleObject)]
#[graphql(serial)]
pub struct KindFacet {
    /// The kind.
    pub kind: ProductKind,
    /// How many.
    pub count: i32,
}

/// How many products are in a category or below it.
#[derive(SimpleObject)]
#[graphql(serial)]
pub struct CategoryFacet {
    /// The category.
    pub category: Category,
    /// How many.
    pub count: i32,
}

/// The prices in one currency.
#[derive(SimpleObject)]
#[graphql(serial)]
pub struct PriceFacet {
    /// The lowest.
    pub min: Money,
    /// The highest.
    pub max: Money,
}

/// The most categories that are counted out.
const MOST_CATEGORIES: usize = 50;

/// Products found, as a connection.
pub type ProductHits = Connection<TextCursor, ProductHit, ProductSearchSummary, EmptyFields>;
/// Shops found, as a connection.
pub type ShopHits = Connection<TextCursor, ShopHit, ShopSearchSummary, EmptyFields>;

/// The connection of a page of products.
pub fn products(page: &Page, has_previous: bool) -> ProductHits {
    let summary = ProductSearchSummary {
        total_count: count(page.total),
        facets: facets(&page.facets),
    };
    let mut connection = Connection::with_additional_fields(has_previous, page.has_next, summary);
    for hit in &page.hits {
        let node = ProductHit {
            product: Product { id: hit.id.into() },
            distance_km: hit.distance_km,
        };
        connection
            .edges
            .push(Edge::new(TextCursor::new(key_cursor(hit)), node));
    }
    connection
}

/// The connection of a page of shops.
pub fn shops(page: &Page, has_previous: bool) -> ShopHits {
    let summary = ShopSearchSummary {
        total_count: count(page.total),
    };
    let mut connection = Connection::with_additional_fields(has_previous, page.has_next, summary);
    for hit in &page.hits {
        let node = ShopHit {
            shop: Shop { id: hit.id.into() },
            distance_km: hit.distance_km,
        };
        connection
            .edges
            .push(Edge::new(TextCursor::new(key_cursor(hit)), node));
    }
    connection
}

fn key_cursor(hit: &Hit) -> String {
    // JSON numbers are not exact at this size everywhere, so the id travels as a UUID.
    cursor(&(hit.key.0, Uuid::from_u128(hit.key.1)))
}

fn facets(facets: &Facets) -> ProductFacets {
    let mut kinds: Vec<KindFacet> = ProductKind::ALL
        .into_iter()
        .filter_map(|kind| {
            Some(KindFacet {
                kind,
                count: count(*facets.kinds.get(kind.type_name())?),
            })
        })
        .collect();
    kinds.sort_by_key(|facet| std::cmp::Reverse(facet.count));

    let mut counted: Vec<(&String, &u64)> = facets.categories.iter().collect();
    counted.sort_by(|(a, m), (b, n)| n.cmp(m).then(a.cmp(b)));
    let categories = counted
        .into_iter()
        .take(MOST_CATEGORIES)
        .filter_map(|(id, n)| {
            Some(CategoryFacet {
                category: Category {
                    id: Uuid::parse_str(id).ok()?.into(),
                },
                count: count(*n),
            })
        })
        .collect();

    let mut prices: Vec<PriceFacet> = facets
        .prices
        .iter()
        .filter_map(|(code, (min, max))| {
            let currency = CurrencyCode::parse(code)?;
            Some(PriceFacet {
                min: Money::from_minor(*min, currency),
                max: Money::from_minor(*max, currency),
            })
        })
        .collect();
    prices.sort_by_key(|facet| facet.min.currency);
    ProductFacets {
        kinds,
        categories,
        in_stock: count(facets.in_stock),
        out_of_stock: count(facets.out_of_stock),
        prices,
    }
}

fn count(number: u64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
