//! Which shops a user owns, as the shop subgraph told.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::tables::owned_shops;

/// The ids of the user's shops, oldest first.
pub async fn owned_by(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<Vec<Uuid>> {
    owned_shops::table
        .filter(owned_shops::user_id.eq(user))
        .order(owned_shops::shop_id)
        .select(owned_shops::shop_id)
        .load(connection)
        .await
}

/// Remembers that the user owns the shop.
pub async fn remember(
    connection: &mut AsyncPgConnection,
    user: Uuid,
    shop: Uuid,
) -> QueryResult<()> {
    diesel::insert_into(owned_shops::table)
        .values((owned_shops::shop_id.eq(shop), owned_shops::user_id.eq(user)))
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    Ok(())
}
