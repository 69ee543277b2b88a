//! The snapshot of shops that this subgraph keeps.

use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use souk_platform::events::ShopSnapshot;
use souk_platform::{ApiError, ApiResult};
use uuid::Uuid;

use super::snapshot;
use crate::tables::{products, shops};

/// A shop as it was last told.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = shops)]
pub struct Shop {
    /// The shop.
    pub id: Uuid,
    /// The seller who owns it.
    pub owner_id: Uuid,
    /// Its name.
    pub name: String,
    /// True when it may sell.
    pub approved: bool,
    /// Its branches: a JSON array of latitude and longitude pairs.
    pub positions: serde_json::Value,
    /// How new this is.
    pub revision: i64,
}

impl Shop {
    fn from_snapshot(snapshot: &ShopSnapshot) -> Result<Shop, diesel::result::Error> {
        let positions = serde_json::to_value(&snapshot.positions)
            .map_err(|error| diesel::result::Error::SerializationError(error.into()))?;
        Ok(Shop {
            id: snapshot.shop_id,
            owner_id: snapshot.owner_id,
            name: snapshot.name.clone(),
            approved: snapshot.approved,
            positions,
            revision: snapshot.revision,
        })
    }

    /// `FORBIDDEN` unless the shop belongs to the seller.
    pub fn must_belong_to(&self, seller: Uuid) -> ApiResult<()> {
        if self.owner_id != seller {
            return Err(ApiError::forbidden(
                "only the owner of the shop may do this",
            ));
        }
        Ok(())
    }
}

/// The shop, if it was ever told of.
pub async fn find(connection: &mut AsyncPgConnection, id: Uuid) -> QueryResult<Option<Shop>> {
    shops::table
        .find(id)
        .select(Shop::as_select())
        .first(connection)
        .await
        .optional()
}

/// The shop, which cannot change until the transaction ends.
pub async fn hold(connection: &mut AsyncPgConnection, id: Uuid) -> QueryResult<Option<Shop>> {
    shops::table
        .find(id)
        .select(Shop::as_select())
        .for_share()
        .first(connection)
        .await
        .optional()
}

/// Takes over what the shop subgraph told, unless something newer is known. When buyers can see the difference,
/// every product of the shop is told of again. Call it in a transaction.
pub async fn apply(
    connection: &mut AsyncPgConnection,
    told: &ShopSnapshot,
    correlation_id: &str,
) -> QueryResult<()> {
    let shop = Shop::from_snapshot(told)?;
    let known = shops::table
        .find(shop.id)
        .select(Shop::as_select())
        .for_no_key_update()
        .first::<Shop>(connection)
        .await
        .optional()?;
    let Some(known) = known else {
        return insert(connection, &shop).await;
    };
    if known.revision >= shop.revision {
        return Ok(());
    }
    diesel::update(shops::table.find(shop.id))
        .set(&shop)
        .execute(connection)
        .await?;
    let seen_by_buyers = |shop: &Shop| (shop.name.clone(), shop.approved, shop.positions.clone());
    if seen_by_buyers(&known) == seen_by_buyers(&shop) {
        return Ok(());
    }
    tell_products(connection, shop.id, correlation_id).await
}

/// A shop that was unknown has no products, so there is nothing to tell. Two instances may learn of it at once.
async fn insert(connection: &mut AsyncPgConnection, shop: &Shop) -> QueryResult<()> {
    // The condition of the conflict clause; diesel's prelude has `filter` for queries only.
    use diesel::query_dsl::methods::FilterDsl;

    diesel::insert_into(shops::table)
        .values(shop)
        .on_conflict(shops::id)
        .do_update()
        .set((
            shops::owner_id.eq(excluded(shops::owner_id)),
            shops::name.eq(excluded(shops::name)),
            shops::approved.eq(excluded(shops::approved)),
            shops::positions.eq(excluded(shops::positions)),
            shops::revision.eq(excluded(shops::revision)),
        ))
        .filter(shops::revision.lt(excluded(shops::revision)))
        .execute(connection)
        .await?;
    Ok(())
}

async fn tell_products(
    connection: &mut AsyncPgConnection,
    shop: Uuid,
    correlation_id: &str,
) -> QueryResult<()> {
    let ids: Vec<Uuid> = products::table
        .filter(products::shop_id.eq(shop))
        .filter(products::archived_at.is_null())
        .order(products::id)
        .select(products::id)
        .for_no_key_update()
        .load(connection)
        .await?;
    snapshot::tell_again(connection, &ids, correlation_id).await
}
