//! Variants as they are offered to carts and orders.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use souk_platform::money::CurrencyCode;
use uuid::Uuid;

use super::variant::VariantRow;
use crate::domain::attributes::variant_name;
use crate::tables::{products, shops, variants};

/// A variant as the cart and the order need it.
#[derive(Debug, Clone, Queryable)]
pub struct Offer {
    /// The variant.
    pub row: VariantRow,
    /// The product's name.
    pub product_name: String,
    /// The currency of the price.
    pub currency: CurrencyCode,
    /// Who owns the shop.
    pub seller_id: Uuid,
    /// True when the product is not archived and the shop may sell.
    pub listed: bool,
}

impl Offer {
    /// Pieces that can be bought now.
    pub fn available(&self) -> i32 {
        self.row.available()
    }

    /// The product's name with what sets the variant apart.
    pub fn name(&self) -> String {
        variant_name(
            &self.product_name,
            &self.row.attributes().unwrap_or_default(),
        )
    }
}

/// What the shops offer for these variants, unknown ones missing.
pub async fn offers(
    connection: &mut AsyncPgConnection,
    variant_ids: &[Uuid],
) -> QueryResult<HashMap<Uuid, Offer>> {
    let rows: Vec<Offer> = variants::table
        .inner_join(products::table.inner_join(shops::table))
        .filter(variants::id.eq_any(variant_ids))
        .select((
            VariantRow::as_select(),
            products::name,
            products::currency,
            shops::owner_id,
            shops::approved.and(products::archived_at.is_null()),
        ))
        .load(connection)
        .await?;
    Ok(rows
        .into_iter()
        .map(|offer| (offer.row.id, offer))
        .collect())
}
