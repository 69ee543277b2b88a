//! What can be found.

use souk_platform::events::{ProductSnapshot, ShopSnapshot, StockLevel};
use souk_platform::money::CurrencyCode;
use uuid::Uuid;

/// What kind of thing a document is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Entity {
    /// A product.
    Product,
    /// A shop.
    Shop,
}

impl Entity {
    /// Its name in the database and in the index.
    pub fn as_str(self) -> &'static str {
        match self {
            Entity::Product => "PRODUCT",
            Entity::Shop => "SHOP",
        }
    }
}

/// A product or shop as it goes into the index.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The product or shop.
    pub id: Uuid,
    /// Which of them.
    pub entity: Entity,
    /// Title, the words that count most.
    pub name: String,
    /// Further words to find it by.
    pub keywords: Vec<String>,
    /// Names of its categories.
    pub category_names: Vec<String>,
    /// The shop's name.
    pub shop_name: String,
    /// Long text.
    pub description: String,
    /// The product's GraphQL type; empty for a shop.
    pub kind: String,
    /// Its categories with all their ancestors.
    pub category_ids: Vec<Uuid>,
    /// The shop that sells it; the shop itself for a shop.
    pub shop_id: Uuid,
    /// Prices of its variants in minor units.
    pub prices: Vec<i64>,
    /// The currency of the prices.
    pub currency: Option<CurrencyCode>,
    /// True when any variant can be bought now.
    pub in_stock: bool,
    /// When it was created, microseconds since 1970.
    pub created_micros: i64,
    /// Latitude and longitude in degrees of where it can be had.
    pub positions: Vec<(f64, f64)>,
}

impl Document {
    /// The document of a product, or `None` when it must not be found. `levels` are newer than the snapshot's.
    pub fn of_product(product: ProductSnapshot, levels: &[StockLevel]) -> Option<Document> {
        if !product.listed {
            return None;
        }
        let available = |variant: Uuid, told: i64| {
            levels
                .iter()
                .find(|level| level.variant_id == variant)
                .map_or(told, |level| level.available)
        };
        let in_stock = product
            .variants
            .iter()
            .any(|variant| available(variant.variant_id, variant.available) > 0);
        let mut keywords = product.keywords;
        keywords.extend(product.variants.iter().map(|variant| variant.sku.clone()));
        Some(Document {
            id: product.product_id,
            entity: Entity::Product,
            name: product.name,
            keywords,
            category_names: product.category_names,
            shop_name: product.shop_name,
            description: product.description,
            kind: product.kind,
            category_ids: product.category_ids,
            shop_id: product.shop_id,
            prices: product
                .variants
                .iter()
                .map(|variant| variant.price_minor)
                .collect(),
            currency: product.variants.first().map(|variant| variant.currency),
            in_stock,
            created_micros: product.created_at.timestamp_micros(),
            positions: product.positions,
        })
    }

    /// The document of a shop, or `None` when it must not be found.
    pub fn of_shop(shop: ShopSnapshot) -> Option<Document> {
        shop.approved.then(|| Document {
            id: shop.shop_id,
            entity: Entity::Shop,
            name: shop.name.clone(),
            keywords: Vec::new(),
            category_names: Vec::new(),
            shop_name: shop.name,
            description: shop.description,
            kind: String::new(),
            category_ids: Vec::new(),
            shop_id: shop.shop_id,
            prices: Vec::new(),
            currency: None,
            in_stock: false,
            // A UUIDv7 begins with the milliseconds since 1970.
            created_micros: i64::try_from(shop.shop_id.as_u128() >> 80).unwrap_or(0) * 1000,
            positions: shop.positions,
        })
    }
}
