//! Pages of products, newest first. The key is the id, because ids of later products are greater.

use std::collections::HashMap;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use souk_platform::page::Page;
use uuid::Uuid;

use super::product::Product;
use crate::domain::Kind;
use crate::tables::{categories, products, shops};

/// Which products a list shows.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only these, archived ones included.
    pub ids: Option<Vec<Uuid>>,
    /// Only those of this category and of all below it.
    pub category_id: Option<Uuid>,
    /// Only those of this shop.
    pub shop_id: Option<Uuid>,
    /// Only those of this kind.
    pub kind: Option<Kind>,
    /// The archived ones instead of the others.
    pub archived: bool,
}

/// A page of the products that the viewer may see: listed ones, and all of the viewer's own shops.
pub async fn products(
    connection: &mut AsyncPgConnection,
    filter: &Filter,
    viewer: Option<Uuid>,
    page: &Page<Uuid>,
) -> QueryResult<Vec<Product>> {
    let owned = shops::owner_id.eq(viewer.unwrap_or(NOBODY));
    let mut query = products::table
        .inner_join(shops::table)
        .filter(owned.or(shops::approved.and(products::archived_at.is_null())))
        .order(products::id.desc())
        .limit(page.limit())
        .select(Product::as_select())
        .into_boxed();
    match &filter.ids {
        Some(ids) => query = query.filter(products::id.eq_any(ids)),
        None if filter.archived => query = query.filter(products::archived_at.is_not_null()),
        None => query = query.filter(products::archived_at.is_null()),
    }
    if let Some(category) = filter.category_id {
        let below = categories::table
            .filter(categories::path.contains(vec![category]))
            .select(categories::id.nullable());
        query = query.filter(products::category_id.eq_any(below));
    }
    if let Some(shop) = filter.shop_id {
        query = query.filter(products::shop_id.eq(shop));
    }
    if let Some(kind) = filter.kind {
        query = query.filter(products::kind.eq(kind));
    }
    if let Some(after) = page.after {
        query = query.filter(products::id.lt(after));
    }
    query.load(connection).await
}

/// No user has this id: UUIDv7 are never nil.
const NOBODY: Uuid = Uuid::nil();

/// The same page of each of several shops or categories.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Window {
    /// How many rows of each.
    pub limit: i64,
    /// Below this id.
    pub after: Option<Uuid>,
    /// Who looks.
    pub viewer: Option<Uuid>,
}

/// A page of the products of each shop, in one statement.
pub async fn of_shops(
    connection: &mut AsyncPgConnection,
    shop_ids: &[Uuid],
    window: &Window,
) -> QueryResult<HashMap<Uuid, Vec<Product>>> {
    // One index scan per shop, which reads no more rows than the page has.
    let on_pages = sql::<Bool>("products.id IN (SELECT page.id FROM unnest(")
        .bind::<Array<SqlUuid>, _>(shop_ids)
        .sql(
            ") AS asked (shop_id) CROSS JOIN LATERAL (SELECT p.id FROM products p JOIN shops s ON s.id = p.shop_id \
             WHERE p.shop_id = asked.shop_id AND p.archived_at IS NULL AND (s.approved OR s.owner_id = ",
        )
        .bind::<SqlUuid, _>(window.viewer.unwrap_or(NOBODY))
        .sql(") AND p.id < ")
        .bind::<SqlUuid, _>(window.after.unwrap_or(Uuid::max()))
        .sql(" ORDER BY p.id DESC LIMIT ")
        .bind::<BigInt, _>(window.limit)
        .sql(") AS page)");
    let rows: Vec<Product> = products::table
        .inner_join(shops::table)
        .filter(on_pages)
        .order(products::id.desc())
        .select(Product::as_select())
        .load(connection)
        .await?;
    let mut pages: HashMap<Uuid, Vec<Product>> = HashMap::new();
    for product in rows {
        pages.entry(product.row.shop_id).or_default().push(product);
    }
    Ok(pages)
}

/// A page of the products of each category and of all below it, in one statement.
pub async fn of_categories(
    connection: &mut AsyncPgConnection,
    category_ids: &[Uuid],
    window: &Window,
) -> QueryResult<HashMap<Uuid, Vec<Product>>> {
    let on_pages = sql::<Bool>("products.id IN (SELECT page.id FROM unnest(")
        .bind::<Array<SqlUuid>, _>(category_ids)
        .sql(
            ") AS asked (category_id) CROSS JOIN LATERAL (SELECT p.id FROM products p \
             JOIN shops s ON s.id = p.shop_id JOIN categories c ON c.id = p.category_id \
             WHERE c.path @> ARRAY[asked.category_id] AND p.archived_at IS NULL AND (s.approved OR s.owner_id = ",
        )
        .bind::<SqlUuid, _>(window.viewer.unwrap_or(NOBODY))
        .sql(") AND p.id < ")
        .bind::<SqlUuid, _>(window.after.unwrap_or(Uuid::max()))
        .sql(" ORDER BY p.id DESC LIMIT ")
        .bind::<BigInt, _>(window.limit)
        .sql(") AS page)");
    let rows: Vec<(Product, Vec<Uuid>)> = products::table
        .inner_join(shops::table)
        .inner_join(categories::table)
        .filter(on_pages)
        .order(products::id.desc())
        .select((Product::as_select(), categories::path))
        .load(connection)
        .await?;
    // A product stands on the page of its category and perhaps on those of categories above it. The newest rows
    // of a category among all that were read are its page, because its whole page was read.
    let limit = usize::try_from(window.limit).unwrap_or(usize::MAX);
    let mut pages: HashMap<Uuid, Vec<Product>> =
        category_ids.iter().map(|id| (*id, Vec::new())).collect();
    for (product, path) in rows {
        for category in path {
            if let Some(page) = pages.get_mut(&category)
                && page.len() < limit
            {
                page.push(product.clone());
            }
        }
    }
    Ok(pages)
}
