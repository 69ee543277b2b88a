//! Products as other subgraphs need to know them.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::result::Error;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use souk_platform::events::outbox;
use souk_platform::events::{Event, Payload, ProductSnapshot, VariantSnapshot};
use souk_platform::page::Page;
use uuid::Uuid;

use super::category;
use super::product::ProductRow;
use super::shop::Shop;
use super::variant::{self, Variant};
use crate::domain::details;
use crate::tables::{products, shops, variants};

/// How many products are told of again at once.
const CHUNK: usize = 500;

/// What happened to a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// It is new.
    Created,
    /// It, its variants or its shop changed.
    Updated,
    /// It is no longer sold.
    Archived,
}

/// Tells of products as they are now, in the transaction that changed them and that holds them.
pub async fn tell(
    connection: &mut AsyncPgConnection,
    ids: &[Uuid],
    told: Told,
    correlation_id: &str,
) -> QueryResult<()> {
    let rows = products::table
        .inner_join(shops::table)
        .filter(products::id.eq_any(ids))
        .order(products::id)
        .select((ProductRow::as_select(), Shop::as_select()))
        .load(connection)
        .await?;
    let mut events = Vec::with_capacity(rows.len());
    for snapshot in snapshots(connection, rows).await? {
        let product_id = snapshot.product_id;
        let payload = match told {
            Told::Created => Payload::ProductCreated(snapshot),
            Told::Updated => Payload::ProductUpdated(snapshot),
            Told::Archived => Payload::ProductArchived(snapshot),
        };
        events.push(Event::new(product_id, correlation_id, payload));
    }
    outbox::append_all(connection, &events).await
}

/// Tells again of products, which the caller has locked, because something that buyers see of them changed elsewhere.
pub async fn tell_again(
    connection: &mut AsyncPgConnection,
    ids: &[Uuid],
    correlation_id: &str,
) -> QueryResult<()> {
    for ids in ids.chunks(CHUNK) {
        variants::table
            .filter(variants::product_id.eq_any(ids))
            .order(variants::id)
            .select(variants::id)
            .for_no_key_update()
            .load::<Uuid>(connection)
            .await?;
        diesel::update(products::table.filter(products::id.eq_any(ids)))
            .set(products::revision.eq(products::revision + 1))
            .execute(connection)
            .await?;
        tell(connection, ids, Told::Updated, correlation_id).await?;
    }
    Ok(())
}

/// A page of all products, listed or not, oldest first. The key is the id.
pub async fn page(
    connection: &mut AsyncPgConnection,
    page: &Page<Uuid>,
) -> QueryResult<Vec<ProductSnapshot>> {
    let limit = i64::try_from(page.first).unwrap_or(i64::MAX);
    let rows = products::table
        .inner_join(shops::table)
        .filter(products::id.gt(page.after.unwrap_or(Uuid::nil())))
        .order(products::id)
        .limit(limit)
        .select((ProductRow::as_select(), Shop::as_select()))
        .load(connection)
        .await?;
    snapshots(connection, rows).await
}

async fn snapshots(
    connection: &mut AsyncPgConnection,
    rows: Vec<(ProductRow, Shop)>,
) -> QueryResult<Vec<ProductSnapshot>> {
    let ids: Vec<Uuid> = rows.iter().map(|(product, _)| product.id).collect();
    let mut variants = variant::of_products(connection, &ids).await?;
    let category_ids: Vec<Uuid> = rows
        .iter()
        .filter_map(|(product, _)| product.category_id)
        .collect();
    let own = category::by_ids(connection, &category_ids).await?;
    let on_paths: Vec<Uuid> = own
        .values()
        .flat_map(|category| category.path.iter().copied())
        .collect();
    let categories = category::by_ids(connection, &on_paths).await?;
    let names: HashMap<Uuid, &str> = categories
        .values()
        .map(|category| (category.id, category.name.as_str()))
        .collect();

    let mut snapshots = Vec::with_capacity(rows.len());
    for (product, shop) in rows {
        let path = product
            .category_id
            .and_then(|id| own.get(&id))
            .map_or(&[][..], |category| &category.path);
        let variants = variants.remove(&product.id).unwrap_or_default();
        snapshots.push(ProductSnapshot {
            product_id: product.id,
            shop_id: shop.id,
            shop_name: shop.name,
            positions: serde_json::from_value(shop.positions).map_err(unreadable)?,
            kind: product.kind.as_str().to_owned(),
            name: product.name,
            description: product.description,
            category_ids: path.to_vec(),
            category_names: path
                .iter()
                .map(|id| names.get(id).copied().unwrap_or_default().to_owned())
                .collect(),
            keywords: keywords(product.kind, product.details, &variants).map_err(unreadable)?,
            variants: variants.iter().map(variant_snapshot).collect(),
            listed: shop.approved && product.archived_at.is_none(),
            created_at: product.created_at,
            revision: product.revision,
        });
    }
    Ok(snapshots)
}

fn keywords(
    kind: crate::domain::Kind,
    details: serde_json::Value,
    variants: &[Variant],
) -> Result<Vec<String>, serde_json::Error> {
    let mut words = details::keywords(kind, details)?;
    for variant in variants {
        for attribute in variant.row.attributes()? {
            if !words.contains(&attribute.value) {
                words.push(attribute.value);
            }
        }
    }
    Ok(words)
}

fn variant_snapshot(variant: &Variant) -> VariantSnapshot {
    VariantSnapshot {
        variant_id: variant.row.id,
        sku: variant.row.sku.clone(),
        price_minor: variant.row.price_minor,
        currency: variant.currency,
        available: i64::from(variant.row.available()),
    }
}

fn unreadable(error: serde_json::Error) -> Error {
    Error::DeserializationError(error.into())
}
