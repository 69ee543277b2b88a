//! Branches. Whoever changes one holds the lock of its shop.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::domain::branch::BranchFields;
use crate::tables::branches;

/// A branch of a shop.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable)]
#[diesel(table_name = branches)]
pub struct BranchRow {
    /// Id.
    pub id: Uuid,
    /// Whose.
    pub shop_id: Uuid,
    /// What the owner said.
    #[diesel(embed)]
    pub fields: BranchFields,
    /// When it was added.
    pub created_at: DateTime<Utc>,
}

/// The branches of these shops, each shop's oldest first.
pub async fn of_shops(
    connection: &mut AsyncPgConnection,
    shops: &[Uuid],
) -> QueryResult<Vec<BranchRow>> {
    branches::table
        .filter(branches::shop_id.eq_any(shops))
        .order((branches::shop_id, branches::id))
        .select(BranchRow::as_select())
        .load(connection)
        .await
}

/// The branches with these ids, in no order; unknown ids are left out.
pub async fn find_many(
    connection: &mut AsyncPgConnection,
    ids: &[Uuid],
) -> QueryResult<Vec<BranchRow>> {
    branches::table
        .filter(branches::id.eq_any(ids))
        .select(BranchRow::as_select())
        .load(connection)
        .await
}

/// The shop that a branch belongs to.
pub async fn shop_of(connection: &mut AsyncPgConnection, id: Uuid) -> QueryResult<Option<Uuid>> {
    branches::table
        .find(id)
        .select(branches::shop_id)
        .first(connection)
        .await
        .optional()
}

/// How many branches the shop has.
pub async fn count(connection: &mut AsyncPgConnection, shop: Uuid) -> QueryResult<i64> {
    branches::table
        .filter(branches::shop_id.eq(shop))
        .count()
        .get_result(connection)
        .await
}

/// Adds branches in one statement, in this order.
pub async fn insert(
    connection: &mut AsyncPgConnection,
    shop: Uuid,
    fields: &[BranchFields],
) -> QueryResult<Vec<BranchRow>> {
    if fields.is_empty() {
        return Ok(Vec::new());
    }
    let now = Utc::now();
    let mut rows = Vec::with_capacity(fields.len());
    for branch in fields {
        rows.push((
            branches::id.eq(Uuid::now_v7()),
            branches::shop_id.eq(shop),
            branch,
            branches::created_at.eq(now),
        ));
    }
    diesel::insert_into(branches::table)
        .values(rows)
        .returning(BranchRow::as_returning())
        .get_results(connection)
        .await
}

/// Replaces a branch; `None` when it is gone.
pub async fn update(
    connection: &mut AsyncPgConnection,
    id: Uuid,
    fields: &BranchFields,
) -> QueryResult<Option<BranchRow>> {
    diesel::update(branches::table.find(id))
        .set(fields)
        .returning(BranchRow::as_returning())
        .get_result(connection)
        .await
        .optional()
}

/// Removes a branch; false when it was gone already.
pub async fn delete(connection: &mut AsyncPgConnection, id: Uuid) -> QueryResult<bool> {
    Ok(diesel::delete(branches::table.find(id))
        .execute(connection)
        .await?
        > 0)
}
