//! Products.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use souk_platform::money::CurrencyCode;
use souk_platform::{ApiError, ApiResult, OnConstraint};
use uuid::Uuid;

use super::Author;
use super::category;
use super::shop::{self, Shop};
use super::snapshot::{self, Told};
use super::variant::{self, NewVariant};
use crate::domain::Kind;
use crate::domain::details::Details;
use crate::tables::{products, shops, variants};

/// A product's row.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = products)]
pub struct ProductRow {
    /// The product.
    pub id: Uuid,
    /// The shop that sells it.
    pub shop_id: Uuid,
    /// Its place in the tree.
    pub category_id: Option<Uuid>,
    /// What kind it is.
    pub kind: Kind,
    /// Title.
    pub name: String,
    /// Long text.
    pub description: String,
    /// The currency of all its prices.
    pub currency: CurrencyCode,
    /// The kind's own fields.
    pub details: serde_json::Value,
    /// Grows with every change.
    pub revision: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// When it was archived.
    pub archived_at: Option<DateTime<Utc>>,
}

/// A product with what decides who may see it.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = shops)]
pub struct Product {
    /// The product.
    #[diesel(embed)]
    pub row: ProductRow,
    /// Who owns the shop.
    pub owner_id: Uuid,
    /// True when the shop may sell.
    #[diesel(column_name = approved)]
    pub shop_approved: bool,
}

impl Product {
    /// True when anybody may find and buy it.
    pub fn listed(&self) -> bool {
        self.shop_approved && self.row.archived_at.is_none()
    }

    /// True when this user, or nobody in particular, may see it.
    pub fn visible_to(&self, viewer: Option<Uuid>) -> bool {
        self.listed() || viewer == Some(self.owner_id)
    }
}

/// The products with these ids, listed or not.
pub async fn by_ids(
    connection: &mut AsyncPgConnection,
    ids: &[Uuid],
) -> QueryResult<HashMap<Uuid, Product>> {
    let rows: Vec<Product> = products::table
        .inner_join(shops::table)
        .filter(products::id.eq_any(ids))
        .select(Product::as_select())
        .load(connection)
        .await?;
    Ok(rows
        .into_iter()
        .map(|product| (product.row.id, product))
        .collect())
}

/// A product that cannot change until the transaction ends, nor its shop, nor its stock.
pub struct Held {
    /// The product.
    pub product: ProductRow,
    /// Its shop.
    pub shop: Shop,
    /// Its variants, without removed ones.
    pub variant_ids: Vec<Uuid>,
}

impl Held {
    /// `FORBIDDEN` for everybody but the owner, `CONFLICT` once it is archived.
    pub fn must_be_changeable_by(&self, seller: Uuid) -> ApiResult<()> {
        self.shop.must_belong_to(seller)?;
        if self.product.archived_at.is_some() {
            return Err(ApiError::conflict("this product is archived"));
        }
        Ok(())
    }

    /// `BAD_USER_INPUT` for a price in another currency than the product's.
    pub fn must_trade_in(&self, currency: CurrencyCode) -> ApiResult<()> {
        let own = self.product.currency;
        if own == currency {
            return Ok(());
        }
        let message = format!(
            "all prices of this product are in {}, not {}",
            own.as_str(),
            currency.as_str()
        );
        Err(ApiError::bad_input("input.price.currency", message))
    }
}

/// Locks a product with its shop and variants, in the order in which everybody locks.
pub async fn hold(connection: &mut AsyncPgConnection, id: Uuid) -> QueryResult<Option<Held>> {
    let shop_id: Option<Uuid> = products::table
        .find(id)
        .select(products::shop_id)
        .first(connection)
        .await
        .optional()?;
    let Some(shop_id) = shop_id else {
        return Ok(None);
    };
    let Some(shop) = shop::hold(connection, shop_id).await? else {
        return Ok(None);
    };
    let product = products::table
        .find(id)
        .select(ProductRow::as_select())
        .for_no_key_update()
        .first(connection)
        .await?;
    let rows: Vec<(Uuid, Option<DateTime<Utc>>)> = variants::table
        .filter(variants::product_id.eq(id))
        .order(variants::id)
        .select((variants::id, variants::removed_at))
        .for_no_key_update()
        .load(connection)
        .await?;
    let variant_ids = rows
        .into_iter()
        .filter(|(_, removed)| removed.is_none())
        .map(|(id, _)| id)
        .collect();
    Ok(Some(Held {
        product,
        shop,
        variant_ids,
    }))
}

/// Notes that a product changed.
pub(super) async fn touch(connection: &mut AsyncPgConnection, id: Uuid) -> QueryResult<()> {
    diesel::update(products::table.find(id))
        .set((
            products::revision.eq(products::revision + 1),
            products::updated_at.eq(Utc::now()),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

/// A product to be made, checked.
#[derive(Debug, Clone)]
pub struct NewProduct {
    /// The shop that sells it.
    pub shop_id: Uuid,
    /// Its place in the tree.
    pub category_id: Option<Uuid>,
    /// Title.
    pub name: String,
    /// Long text.
    pub description: String,
    /// The currency of all its prices.
    pub currency: CurrencyCode,
    /// What can be bought, at least one.
    pub variants: Vec<NewVariant>,
}

/// Creates a product of the kind of its details. Call it in a transaction.
pub async fn create<D: Details>(
    connection: &mut AsyncPgConnection,
    author: &Author,
    new: NewProduct,
    details: D,
) -> ApiResult<Uuid> {
    let shop = shop::hold(connection, new.shop_id).await?;
    let shop = shop.ok_or_else(|| ApiError::not_found("shop", "input.shopId"))?;
    shop.must_belong_to(author.seller)?;
    if !shop.approved {
        return Err(
            ApiError::conflict("the shop is not approved, so it cannot sell yet")
                .at("input.shopId"),
        );
    }
    let now = Utc::now();
    let row = ProductRow {
        id: Uuid::now_v7(),
        shop_id: shop.id,
        category_id: new.category_id,
        kind: D::KIND,
        name: new.name,
        description: new.description,
        currency: new.currency,
        details: serde_json::to_value(&details).map_err(ApiError::internal)?,
        revision: 1,
        created_at: now,
        updated_at: now,
        archived_at: None,
    };
    diesel::insert_into(products::table)
        .values(&row)
        .execute(connection)
        .await
        .on_constraint(CATEGORY, no_category)?;
    variant::insert(connection, row.id, shop.id, &new.variants, |index| {
        format!("input.variants.{index}.sku")
    })
    .await?;
    snapshot::tell(connection, &[row.id], Told::Created, &author.correlation_id).await?;
    Ok(row.id)
}

/// The name that PostgreSQL gives to the reference from a product to its category.
const CATEGORY: &str = "products_category_id_fkey";

fn no_category() -> ApiError {
    ApiError::not_found("category", "input.categoryId")
}

/// What changes of the fields that all products have, checked.
#[derive(Debug, Clone, Default, AsChangeset)]
#[diesel(table_name = products)]
pub struct ProductChanges {
    /// Another title.
    pub name: Option<String>,
    /// Another text.
    pub description: Option<String>,
    /// Another place in the tree; `Some(None)` takes it out of the tree.
    pub category_id: Option<Option<Uuid>>,
}

/// Changes a product, which must be of the kind of the details. Call it in a transaction.
pub async fn update<D: Details>(
    connection: &mut AsyncPgConnection,
    author: &Author,
    id: Uuid,
    changes: ProductChanges,
    details: D::Changes,
) -> ApiResult<()> {
    if let Some(Some(category)) = changes.category_id {
        let known = category::hold(connection, category).await?;
        known.then_some(()).ok_or_else(no_category)?;
    }
    let held = hold(connection, id)
        .await?
        .ok_or_else(|| ApiError::not_found("product", "input.id"))?;
    held.must_be_changeable_by(author.seller)?;
    if held.product.kind != D::KIND {
        let message = format!(
            "this product is a {}, not a {}",
            held.product.kind.as_str(),
            D::KIND.as_str()
        );
        return Err(ApiError::bad_input("input.id", message));
    }
    let known: D = serde_json::from_value(held.product.details).map_err(ApiError::internal)?;
    let details =
        serde_json::to_value(known.changed(details).checked()?).map_err(ApiError::internal)?;
    diesel::update(products::table.find(id))
        .set((changes, products::details.eq(details)))
        .execute(connection)
        .await?;
    touch(connection, id).await?;
    Ok(snapshot::tell(connection, &[id], Told::Updated, &author.correlation_id).await?)
}

/// Takes a product off the market for good; doing it again changes nothing. Call it in a transaction.
pub async fn archive(
    connection: &mut AsyncPgConnection,
    author: &Author,
    id: Uuid,
) -> ApiResult<()> {
    let held = hold(connection, id)
        .await?
        .ok_or_else(|| ApiError::not_found("product", "input.id"))?;
    held.shop.must_belong_to(author.seller)?;
    if held.product.archived_at.is_some() {
        return Ok(());
    }
    diesel::update(products::table.find(id))
        .set(products::archived_at.eq(Utc::now()))
        .execute(connection)
        .await?;
    touch(connection, id).await?;
    Ok(snapshot::tell(connection, &[id], Told::Archived, &author.correlation_id).await?)
}
