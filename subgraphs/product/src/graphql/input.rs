//! What clients send, and how it becomes what the store takes.

use std::collections::HashSet;

use async_graphql::{InputObject, MaybeUndefined};
use souk_platform::money::{CurrencyCode, MoneyInput};
use souk_platform::{ApiError, ApiResult, Id, input};

use crate::domain::attributes::{self, Attribute};
use crate::domain::stock::MOST_PIECES;
use crate::domain::{LONGEST_DESCRIPTION, LONGEST_NAME, LONGEST_SKU, MOST_VARIANTS};
use crate::store::product::{NewProduct, ProductChanges};
use crate::store::variant::NewVariant;

/// The fields that a new product of any kind has. No type of the graph: each kind's input takes them over.
#[derive(InputObject)]
pub struct NewProductFields {
    /// The shop that sells it; it must be yours and approved.
    shop_id: Id,
    /// Its title, at most 200 characters.
    name: String,
    /// What you say of it, at most 10,000 characters.
    #[graphql(default)]
    description: String,
    /// Its place in the tree of categories.
    category_id: Option<Id>,
    /// What can be bought, 1 to 100 variants with prices in one currency.
    variants: Vec<VariantInput>,
}

/// A variant of a new product.
#[derive(InputObject)]
pub struct VariantInput {
    /// Your stock keeping unit, unique within the shop, at most 64 characters.
    sku: String,
    /// The price of one piece, more than zero.
    price: MoneyInput,
    /// How many pieces there are, 0 to 1,000,000,000.
    stock: i32,
    /// What sets it apart from the other variants.
    #[graphql(default)]
    attributes: Vec<Attribute>,
}

/// The fields that may change of a product of any kind. No type of the graph: each kind's input takes them over.
#[derive(InputObject)]
pub struct ProductFieldChanges {
    /// Another title, at most 200 characters.
    name: Option<String>,
    /// Another text, at most 10,000 characters.
    description: Option<String>,
    /// Another place in the tree of categories; null takes it out of the tree.
    category_id: MaybeUndefined<Id>,
}

impl NewProductFields {
    /// The shop that is to sell it.
    pub fn shop_id(&self) -> Id {
        self.shop_id
    }

    /// The fields, checked.
    pub fn checked(self) -> ApiResult<NewProduct> {
        let name = input::line("input.name", &self.name, LONGEST_NAME)?;
        let description =
            input::paragraphs("input.description", &self.description, LONGEST_DESCRIPTION)?;
        let (currency, variants) = checked_variants(self.variants)?;
        let category_id = self.category_id.map(|id| id.0);
        Ok(NewProduct {
            shop_id: self.shop_id.0,
            category_id,
            name,
            description,
            currency,
            variants,
        })
    }
}

fn checked_variants(variants: Vec<VariantInput>) -> ApiResult<(CurrencyCode, Vec<NewVariant>)> {
    let Some(first) = variants.first() else {
        return Err(ApiError::bad_input(
            "input.variants",
            "a product has at least one variant",
        ));
    };
    let currency = first.price.currency;
    if variants.len() > MOST_VARIANTS {
        return Err(ApiError::bad_input(
            "input.variants",
            format!("a product has at most {MOST_VARIANTS} variants"),
        ));
    }
    let mut skus = HashSet::new();
    let mut checked = Vec::with_capacity(variants.len());
    for (index, variant) in variants.into_iter().enumerate() {
        let at = format!("input.variants.{index}");
        if variant.price.currency != currency {
            let message = format!(
                "all prices of a product are in one currency, and the first is in {}",
                currency.as_str()
            );
            return Err(ApiError::bad_input(format!("{at}.price.currency"), message));
        }
        let variant = variant.checked(&at)?;
        if !skus.insert(variant.sku.clone()) {
            return Err(ApiError::bad_input(
                format!("{at}.sku"),
                "another variant of this product has this SKU",
            ));
        }
        checked.push(variant);
    }
    Ok((currency, checked))
}

impl VariantInput {
    fn checked(self, argument: &str) -> ApiResult<NewVariant> {
        Ok(NewVariant {
            sku: sku(&format!("{argument}.sku"), &self.sku)?,
            price_minor: price(&format!("{argument}.price"), &self.price)?,
            on_hand: pieces(&format!("{argument}.stock"), self.stock)?,
            attributes: attributes::checked(&format!("{argument}.attributes"), self.attributes)?,
        })
    }
}

/// A variant to be added.
#[derive(InputObject)]
pub struct AddVariantInput {
    /// The product that it is a variant of; its shop must be yours.
    pub product_id: Id,
    #[graphql(flatten)]
    variant: VariantInput,
}

impl AddVariantInput {
    /// The variant and the currency of its price, checked.
    pub fn checked(self) -> ApiResult<(CurrencyCode, NewVariant)> {
        Ok((self.variant.price.currency, self.variant.checked("input")?))
    }
}

impl ProductFieldChanges {
    /// The changes, checked.
    pub fn checked(self) -> ApiResult<ProductChanges> {
        let name = self
            .name
            .map(|name| input::line("input.name", &name, LONGEST_NAME))
            .transpose()?;
        let description = self
            .description
            .map(|description| {
                input::paragraphs("input.description", &description, LONGEST_DESCRIPTION)
            })
            .transpose()?;
        let category_id = match self.category_id {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(id) => Some(Some(id.0)),
        };
        Ok(ProductChanges {
            name,
            description,
            category_id,
        })
    }
}

/// A stock keeping unit, or `BAD_USER_INPUT`.
pub fn sku(argument: &str, value: &str) -> ApiResult<String> {
    input::line(argument, value, LONGEST_SKU)
}

/// A price in minor units, more than zero, or `BAD_USER_INPUT`.
pub fn price(argument: &str, price: &MoneyInput) -> ApiResult<i64> {
    match price.price_minor(argument)? {
        0 => Err(ApiError::bad_input(
            format!("{argument}.amount"),
            "a price must be more than zero",
        )),
        minor => Ok(minor),
    }
}

/// A number of pieces, or `BAD_USER_INPUT`.
pub fn pieces(argument: &str, pieces: i32) -> ApiResult<i32> {
    if !(0..=MOST_PIECES).contains(&pieces) {
        let message =
            format!("the number of pieces must be between 0 and {MOST_PIECES}, got {pieces}");
        return Err(ApiError::bad_input(argument, message));
    }
    Ok(pieces)
}
