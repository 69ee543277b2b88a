//! Shops.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::domain::status::ShopStatus;
use crate::tables::shops;

/// A shop.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, QueryableByName)]
#[diesel(table_name = shops)]
pub struct ShopRow {
    /// Id.
    pub id: Uuid,
    /// The seller's user id.
    pub owner_id: Uuid,
    /// Display name.
    pub name: String,
    /// What it says of itself.
    pub description: String,
    /// Whether it may sell.
    pub status: ShopStatus,
    /// Why not, when it was rejected.
    pub rejection_reason: Option<String>,
    /// Grows with every change.
    pub revision: i64,
    /// When it was created.
    pub created_at: DateTime<Utc>,
}

/// Which part of a list of shops to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Window {
    /// Shops with ids beyond this one.
    pub after: Option<Uuid>,
    /// At most so many.
    pub limit: i64,
}

/// Creates a shop that waits for approval.
pub async fn insert(
    connection: &mut AsyncPgConnection,
    owner: Uuid,
    name: &str,
    description: &str,
) -> QueryResult<ShopRow> {
    let now = Utc::now();
    diesel::insert_into(shops::table)
        .values((
            shops::id.eq(Uuid::now_v7()),
            shops::owner_id.eq(owner),
            shops::name.eq(name),
            shops::description.eq(description),
            shops::status.eq(ShopStatus::Pending),
            shops::created_at.eq(now),
            shops::updated_at.eq(now),
        ))
        .returning(ShopRow::as_returning())
        .get_result(connection)
        .await
}

/// The shops with these ids, in no order; unknown ids are left out.
pub async fn find_many(
    connection: &mut AsyncPgConnection,
    ids: &[Uuid],
) -> QueryResult<Vec<ShopRow>> {
    shops::table
        .filter(shops::id.eq_any(ids))
        .select(ShopRow::as_select())
        .load(connection)
        .await
}

/// The shop, locked until the transaction ends.
pub async fn lock(connection: &mut AsyncPgConnection, id: Uuid) -> QueryResult<Option<ShopRow>> {
    shops::table
        .find(id)
        .select(ShopRow::as_select())
        .for_update()
        .first(connection)
        .await
        .optional()
}

/// The approved shops, newest first.
pub async fn approved(
    connection: &mut AsyncPgConnection,
    window: Window,
) -> QueryResult<Vec<ShopRow>> {
    let mut query = shops::table
        .filter(shops::status.eq(ShopStatus::Approved))
        .order(shops::id.desc())
        .limit(window.limit)
        .select(ShopRow::as_select())
        .into_boxed();
    if let Some(after) = window.after {
        query = query.filter(shops::id.lt(after));
    }
    query.load(connection).await
}

/// The shops that wait for a moderator, the longest waiting first.
pub async fn pending(
    connection: &mut AsyncPgConnection,
    window: Window,
) -> QueryResult<Vec<ShopRow>> {
    let mut query = shops::table
        .filter(shops::status.eq(ShopStatus::Pending))
        .order(shops::id)
        .limit(window.limit)
        .select(ShopRow::as_select())
        .into_boxed();
    if let Some(after) = window.after {
        query = query.filter(shops::id.gt(after));
    }
    query.load(connection).await
}

/// All shops, oldest first.
pub async fn all(connection: &mut AsyncPgConnection, window: Window) -> QueryResult<Vec<ShopRow>> {
    let mut query = shops::table
        .order(shops::id)
        .limit(window.limit)
        .select(ShopRow::as_select())
        .into_boxed();
    if let Some(after) = window.after {
        query = query.filter(shops::id.gt(after));
    }
    query.load(connection).await
}

/// The shops of these owners, oldest first, the same window of each; only the approved ones unless `hidden_too`.
pub async fn of_owners(
    connection: &mut AsyncPgConnection,
    owners: &[Uuid],
    window: Window,
    hidden_too: bool,
) -> QueryResult<Vec<ShopRow>> {
    let query = diesel::sql_query(
        "SELECT shop.* FROM unnest($1) AS owner (id) \
         CROSS JOIN LATERAL ( \
             SELECT * FROM shops \
             WHERE owner_id = owner.id AND ($2 IS NULL OR id > $2) AND ($3 OR status = 'APPROVED') \
             ORDER BY id LIMIT $4 \
         ) AS shop \
         ORDER BY shop.owner_id, shop.id",
    );
    query
        .bind::<Array<diesel::sql_types::Uuid>, _>(owners)
        .bind::<Nullable<diesel::sql_types::Uuid>, _>(window.after)
        .bind::<Bool, _>(hidden_too)
        .bind::<BigInt, _>(window.limit)
        .load(connection)
        .await
}

/// Changes what the owner may change of the locked shop, and its status with it.
pub async fn update(
    connection: &mut AsyncPgConnection,
    id: Uuid,
    name: &str,
    description: &str,
    status: ShopStatus,
) -> QueryResult<ShopRow> {
    // Only a moderator rejects, so that what leaves here has no reason of rejection.
    diesel::update(shops::table.find(id))
        .set((
            shops::name.eq(name),
            shops::description.eq(description),
            shops::status.eq(status),
            shops::rejection_reason.eq(None::<String>),
            shops::revision.eq(shops::revision + 1),
            shops::updated_at.eq(Utc::now()),
        ))
        .returning(ShopRow::as_returning())
        .get_result(connection)
        .await
}

/// The shops of this owner that sell or wait to be approved, locked until the transaction ends.
pub async fn lock_open_of(
    connection: &mut AsyncPgConnection,
    owner: Uuid,
) -> QueryResult<Vec<ShopRow>> {
    shops::table
        .filter(
            shops::owner_id
                .eq(owner)
                .and(shops::status.ne(ShopStatus::Rejected)),
        )
        .order(shops::id)
        .select(ShopRow::as_select())
        .for_update()
        .load(connection)
        .await
}

/// A decision about the locked shop: approved, or rejected with a reason. By a moderator, or by nobody when it
/// follows from something else.
pub async fn decide(
    connection: &mut AsyncPgConnection,
    id: Uuid,
    moderator: Option<Uuid>,
    rejection_reason: Option<&str>,
) -> QueryResult<ShopRow> {
    let status = if rejection_reason.is_some() {
        ShopStatus::Rejected
    } else {
        ShopStatus::Approved
    };
    let now = Utc::now();
    diesel::update(shops::table.find(id))
        .set((
            shops::status.eq(status),
            shops::rejection_reason.eq(rejection_reason),
            shops::decided_by.eq(moderator),
            shops::decided_at.eq(now),
            shops::revision.eq(shops::revision + 1),
            shops::updated_at.eq(now),
        ))
        .returning(ShopRow::as_returning())
        .get_result(connection)
        .await
}
