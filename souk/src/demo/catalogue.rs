//! What the demo shops sell, from `catalogue.json`.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::failure::Failure;

/// The demo's categories and shops.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    /// Names of categories by the name of the one above; parents come first.
    pub categories: Vec<Category>,
    /// The shops.
    pub shops: Vec<Shop>,
}

/// A category.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Category {
    /// Its name, unique in the demo.
    pub name: String,
    /// The one above.
    #[serde(default)]
    pub parent: Option<String>,
}

/// A shop and what it sells.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shop {
    /// `CreateShopInput`, as the shop subgraph has it.
    pub input: Value,
    /// What it sells.
    pub products: Vec<Product>,
}

/// A product.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Product {
    /// `Book`, `Laptop` and so on: which `create` mutation makes it.
    pub kind: Kind,
    /// The name of its category.
    pub category: String,
    /// The mutation's input without `shopId` and `categoryId`.
    pub input: Map<String, Value>,
}

/// The kinds of product.
#[derive(Debug, Clone, Copy, Deserialize)]
pub enum Kind {
    /// `createBook`
    Book,
    /// `createLaptop`
    Laptop,
    /// `createMobile`
    Mobile,
    /// `createClothing`
    Clothing,
    /// `createGeneralProduct`
    GeneralProduct,
}

impl Shop {
    /// The shop's name.
    pub fn name(&self) -> &str {
        text(self.input.get("name"))
    }
}

impl Product {
    /// The product's name.
    pub fn name(&self) -> &str {
        text(self.input.get("name"))
    }
}

fn text(value: Option<&Value>) -> &str {
    value.and_then(Value::as_str).unwrap_or_default()
}

/// Reads the catalogue that is built into the binary.
pub fn read() -> Result<Catalogue, Failure> {
    serde_json::from_str(include_str!("catalogue.json"))
        .map_err(|error| Failure::failed(format!("the demo catalogue is not readable: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_is_whole() {
        let catalogue = read().unwrap();
        for (index, category) in catalogue.categories.iter().enumerate() {
            if let Some(parent) = &category.parent {
                let before = &catalogue.categories[..index];
                assert!(
                    before.iter().any(|other| other.name == *parent),
                    "{parent} must come before {}",
                    category.name
                );
            }
        }
        for product in catalogue.shops.iter().flat_map(|shop| &shop.products) {
            assert!(
                catalogue
                    .categories
                    .iter()
                    .any(|category| category.name == product.category),
                "{}",
                product.category
            );
        }
    }
}
