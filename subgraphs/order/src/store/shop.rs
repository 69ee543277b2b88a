//! Who owns which shop, as the shop subgraph told.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::query_dsl::methods::FilterDsl;
use diesel::upsert::excluded;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use souk_platform::events::ShopSnapshot;
use uuid::Uuid;

use crate::tables::shops;

/// Keeps the snapshot unless a newer one is there.
pub async fn keep(connection: &mut AsyncPgConnection, shop: &ShopSnapshot) -> QueryResult<()> {
    let upsert = diesel::insert_into(shops::table)
        .values((
            shops::shop_id.eq(shop.shop_id),
            shops::owner_id.eq(shop.owner_id),
            shops::name.eq(&shop.name),
            shops::approved.eq(shop.approved),
            shops::revision.eq(shop.revision),
        ))
        .on_conflict(shops::shop_id)
        .do_update()
        .set((
            shops::owner_id.eq(excluded(shops::owner_id)),
            shops::name.eq(excluded(shops::name)),
            shops::approved.eq(excluded(shops::approved)),
            shops::revision.eq(excluded(shops::revision)),
        ));
    FilterDsl::filter(upsert, shops::revision.lt(excluded(shops::revision)))
        .execute(connection)
        .await?;
    Ok(())
}

/// The owners of these shops; those that have not been heard of are left out.
pub async fn owners(
    connection: &mut AsyncPgConnection,
    ids: &[Uuid],
) -> QueryResult<HashMap<Uuid, Uuid>> {
    let owners: Vec<(Uuid, Uuid)> = QueryDsl::filter(shops::table, shops::shop_id.eq_any(ids))
        .select((shops::shop_id, shops::owner_id))
        .load(connection)
        .await?;
    Ok(owners.into_iter().collect())
}
