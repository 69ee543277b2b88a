//! Variants: what can be bought.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Deserialize;
use souk_platform::money::{CurrencyCode, Money};
use souk_platform::{ApiError, ApiResult, OnConstraint};
use uuid::Uuid;

use super::Author;
use super::product::{self, Held};
use super::snapshot::{self, Told};
use crate::domain::MOST_VARIANTS;
use crate::domain::attributes::Attribute;
use crate::tables::{products, shops, variants};

/// A variant's row.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = variants)]
pub struct VariantRow {
    /// The variant.
    pub id: Uuid,
    /// Its product.
    pub product_id: Uuid,
    /// Its product's shop.
    pub shop_id: Uuid,
    /// Stock keeping unit, unique within the shop.
    pub sku: String,
    /// What sets it apart: a JSON array of [`Attribute`].
    pub attributes: serde_json::Value,
    /// Price in minor units of the product's currency.
    pub price_minor: i64,
    /// Pieces there are.
    pub on_hand: i32,
    /// Pieces of these that are put aside for orders.
    pub reserved: i32,
    /// Grows with every change of the two counts.
    pub stock_revision: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was removed.
    pub removed_at: Option<DateTime<Utc>>,
}

impl VariantRow {
    /// Pieces that are not put aside for orders; of a variant that was removed, none.
    pub fn available(&self) -> i32 {
        if self.removed_at.is_some() {
            0
        } else {
            self.on_hand - self.reserved
        }
    }

    /// The attributes, typed.
    pub fn attributes(&self) -> Result<Vec<Attribute>, serde_json::Error> {
        Vec::deserialize(&self.attributes)
    }
}

/// A variant with what its product and shop say of it.
#[derive(Debug, Clone, Queryable)]
pub struct Variant {
    /// The variant.
    pub row: VariantRow,
    /// The currency of its price.
    pub currency: CurrencyCode,
    /// Who owns the shop.
    pub owner_id: Uuid,
    /// True when the product is not archived and the shop may sell.
    pub listed: bool,
}

impl Variant {
    /// Pieces that can be bought now: none of what is not listed.
    pub fn available(&self) -> i32 {
        if self.listed { self.row.available() } else { 0 }
    }

    /// The price of one piece.
    pub fn price(&self) -> Money {
        Money::from_minor(self.row.price_minor, self.currency)
    }
}

/// The variants with these ids, removed ones too, because orders refer to them.
pub async fn by_ids(
    connection: &mut AsyncPgConnection,
    ids: &[Uuid],
) -> QueryResult<HashMap<Uuid, Variant>> {
    let rows: Vec<Variant> = variants::table
        .inner_join(products::table.inner_join(shops::table))
        .filter(variants::id.eq_any(ids))
        .select((
            VariantRow::as_select(),
            products::currency,
            shops::owner_id,
            shops::approved.and(products::archived_at.is_null()),
        ))
        .load(connection)
        .await?;
    Ok(rows
        .into_iter()
        .map(|variant| (variant.row.id, variant))
        .collect())
}

/// The variants of each of these products, oldest first.
pub async fn of_products(
    connection: &mut AsyncPgConnection,
    product_ids: &[Uuid],
) -> QueryResult<HashMap<Uuid, Vec<Variant>>> {
    let rows: Vec<Variant> = variants::table
        .inner_join(products::table.inner_join(shops::table))
        .filter(variants::product_id.eq_any(product_ids))
        .filter(variants::removed_at.is_null())
        .order(variants::id)
        .select((
            VariantRow::as_select(),
            products::currency,
            shops::owner_id,
            shops::approved.and(products::archived_at.is_null()),
        ))
        .load(connection)
        .await?;
    let mut of_products: HashMap<Uuid, Vec<Variant>> = HashMap::new();
    for variant in rows {
        of_products
            .entry(variant.row.product_id)
            .or_default()
            .push(variant);
    }
    Ok(of_products)
}

/// A variant to be made, checked.
#[derive(Debug, Clone)]
pub struct NewVariant {
    /// Stock keeping unit.
    pub sku: String,
    /// What sets it apart.
    pub attributes: Vec<Attribute>,
    /// Price in minor units.
    pub price_minor: i64,
    /// Pieces there are.
    pub on_hand: i32,
}

/// Inserts variants of a product and gives their ids. `argument` gives the path of the variant with an index, for errors.
pub(super) async fn insert(
    connection: &mut AsyncPgConnection,
    product_id: Uuid,
    shop_id: Uuid,
    new: &[NewVariant],
    argument: impl Fn(usize) -> String,
) -> ApiResult<Vec<Uuid>> {
    let skus: Vec<&str> = new.iter().map(|variant| variant.sku.as_str()).collect();
    let taken = taken_skus(connection, shop_id, &skus).await?;
    if let Some(index) = new.iter().position(|variant| taken.contains(&variant.sku)) {
        return Err(sku_taken(argument(index)));
    }
    let mut rows = Vec::with_capacity(new.len());
    for variant in new {
        rows.push(VariantRow {
            id: Uuid::now_v7(),
            product_id,
            shop_id,
            sku: variant.sku.clone(),
            attributes: serde_json::to_value(&variant.attributes).map_err(ApiError::internal)?,
            price_minor: variant.price_minor,
            on_hand: variant.on_hand,
            reserved: 0,
            stock_revision: 1,
            created_at: Utc::now(),
            removed_at: None,
        });
    }
    diesel::insert_into(variants::table)
        .values(&rows)
        .execute(connection)
        .await
        .on_constraint("variants_sku_key", || sku_taken(argument(0)))?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

async fn taken_skus(
    connection: &mut AsyncPgConnection,
    shop_id: Uuid,
    skus: &[&str],
) -> QueryResult<Vec<String>> {
    variants::table
        .filter(variants::shop_id.eq(shop_id))
        .filter(variants::removed_at.is_null())
        .filter(variants::sku.eq_any(skus))
        .select(variants::sku)
        .load(connection)
        .await
}

fn sku_taken(argument: String) -> ApiError {
    ApiError::bad_input(argument, "another variant of the shop has this SKU")
}

/// Adds a variant to a product. Call it in a transaction.
pub async fn add(
    connection: &mut AsyncPgConnection,
    author: &Author,
    product_id: Uuid,
    currency: CurrencyCode,
    new: NewVariant,
) -> ApiResult<Uuid> {
    let held = product::hold(connection, product_id)
        .await?
        .ok_or_else(|| ApiError::not_found("product", "input.productId"))?;
    held.must_be_changeable_by(author.seller)?;
    held.must_trade_in(currency)?;
    if held.variant_ids.len() >= MOST_VARIANTS {
        return Err(ApiError::conflict(format!(
            "a product has at most {MOST_VARIANTS} variants"
        )));
    }
    let ids = insert(connection, product_id, held.product.shop_id, &[new], |_| {
        "input.sku".to_owned()
    })
    .await?;
    told(connection, &held, author).await?;
    ids.into_iter()
        .next()
        .ok_or_else(|| ApiError::internal("a variant was inserted without an id"))
}

/// What changes of a variant, checked.
#[derive(Debug, Clone, Default)]
pub struct VariantChanges {
    /// Another stock keeping unit.
    pub sku: Option<String>,
    /// Other attributes, all of them.
    pub attributes: Option<Vec<Attribute>>,
    /// Another price in minor units, with its currency.
    pub price: Option<(i64, CurrencyCode)>,
}

/// Changes a variant. Call it in a transaction.
pub async fn update(
    connection: &mut AsyncPgConnection,
    author: &Author,
    variant_id: Uuid,
    changes: VariantChanges,
) -> ApiResult<()> {
    let held = hold_product_of(connection, author, variant_id).await?;
    let target = variants::table.find(variant_id);
    if let Some((price_minor, currency)) = changes.price {
        held.must_trade_in(currency)?;
        diesel::update(target)
            .set(variants::price_minor.eq(price_minor))
            .execute(connection)
            .await?;
    }
    if let Some(attributes) = changes.attributes {
        let attributes = serde_json::to_value(attributes).map_err(ApiError::internal)?;
        diesel::update(target)
            .set(variants::attributes.eq(attributes))
            .execute(connection)
            .await?;
    }
    if let Some(sku) = changes.sku {
        diesel::update(target)
            .set(variants::sku.eq(sku))
            .execute(connection)
            .await
            .on_constraint("variants_sku_key", || sku_taken("input.sku".to_owned()))?;
    }
    told(connection, &held, author).await
}

/// Removes a variant, though never the last one. Orders that have pieces put aside keep them. Gives the product.
/// Call it in a transaction.
pub async fn remove(
    connection: &mut AsyncPgConnection,
    author: &Author,
    variant_id: Uuid,
) -> ApiResult<Uuid> {
    let held = hold_product_of(connection, author, variant_id).await?;
    if held.variant_ids.len() == 1 {
        return Err(ApiError::conflict(
            "a product keeps at least one variant; archive the product instead",
        ));
    }
    diesel::update(variants::table.find(variant_id))
        .set(variants::removed_at.eq(Utc::now()))
        .execute(connection)
        .await?;
    told(connection, &held, author).await?;
    Ok(held.product.id)
}

async fn hold_product_of(
    connection: &mut AsyncPgConnection,
    author: &Author,
    variant_id: Uuid,
) -> ApiResult<Held> {
    let missing = || ApiError::not_found("variant", "input.variantId");
    let product_id: Option<Uuid> = variants::table
        .find(variant_id)
        .select(variants::product_id)
        .first(connection)
        .await
        .optional()?;
    let held = product::hold(connection, product_id.ok_or_else(missing)?)
        .await?
        .ok_or_else(missing)?;
    held.must_be_changeable_by(author.seller)?;
    if !held.variant_ids.contains(&variant_id) {
        return Err(missing());
    }
    Ok(held)
}

async fn told(connection: &mut AsyncPgConnection, held: &Held, author: &Author) -> ApiResult<()> {
    product::touch(connection, held.product.id).await?;
    Ok(snapshot::tell(
        connection,
        &[held.product.id],
        Told::Updated,
        &author.correlation_id,
    )
    .await?)
}
