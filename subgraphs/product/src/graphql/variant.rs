//! Variants.

use std::sync::Arc;

use async_graphql::{Context, Object, SimpleObject};
use souk_platform::money::Money;
use souk_platform::{ApiError, ApiResult, Caller, Id};

use super::loaders::Loaders;
use super::product::{Product, viewer};
use crate::domain::attributes::Attribute;
use crate::store::variant as store;

/// What is bought: one version of a product, such as the red one in size L.
pub struct Variant(pub Arc<store::Variant>);

/// The counts behind what is available; only the shop's owner sees them.
#[derive(SimpleObject)]
#[graphql(serial)]
pub struct Stock {
    /// Pieces there are, those put aside for orders included.
    on_hand: i32,
    /// Pieces put aside for orders that are not confirmed yet.
    reserved: i32,
    /// Grows with every change of the counts; `setStock` asks for it.
    revision: i64,
}

/// What is bought: one version of a product, such as the red one in size L.
#[Object]
impl Variant {
    /// Identifies the variant.
    async fn id(&self) -> Id {
        Id(self.0.row.id)
    }

    /// The seller's stock keeping unit, unique within the shop.
    async fn sku(&self) -> &str {
        &self.0.row.sku
    }

    /// What sets it apart from the product's other variants.
    async fn attributes(&self) -> ApiResult<Vec<Attribute>> {
        self.0.row.attributes().map_err(ApiError::internal)
    }

    /// The price of one piece.
    async fn price(&self) -> Money {
        self.0.price()
    }

    /// Pieces that can be bought now: none while the product is archived or its shop may not sell.
    async fn available(&self) -> i32 {
        self.0.available()
    }

    /// True when at least one piece can be bought now.
    async fn in_stock(&self) -> bool {
        self.0.available() > 0
    }

    /// The exact counts; null for everybody but the shop's owner.
    async fn stock(&self, ctx: &Context<'_>) -> Option<Stock> {
        if viewer(ctx.identity()) != Some(self.0.owner_id) {
            return None;
        }
        let row = &self.0.row;
        Some(Stock {
            on_hand: row.on_hand,
            reserved: row.reserved,
            revision: row.stock_revision,
        })
    }

    /// The product that this is a variant of.
    async fn product(&self, ctx: &Context<'_>) -> ApiResult<Product> {
        let product = Loaders::of(ctx)?.product(self.0.row.product_id).await?;
        Product::read(product.ok_or_else(|| ApiError::internal("a variant has no product"))?)
    }
}
