//! Addresses. Whoever changes one holds the lock of its user, so that there is always exactly one default.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::domain::address::PostalAddress;
use crate::tables::addresses;

/// An address of a user.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable)]
#[diesel(table_name = addresses)]
pub struct AddressRow {
    /// Id.
    pub id: Uuid,
    /// Whose.
    pub user_id: Uuid,
    /// The address.
    #[diesel(embed)]
    pub postal: PostalAddress,
    /// True for the one that is offered first.
    pub is_default: bool,
    /// When it was added.
    pub created_at: DateTime<Utc>,
}

/// The addresses of these users, each user's oldest first.
pub async fn of_users(
    connection: &mut AsyncPgConnection,
    users: &[Uuid],
) -> QueryResult<Vec<AddressRow>> {
    addresses::table
        .filter(addresses::user_id.eq_any(users))
        .order((addresses::user_id, addresses::id))
        .select(AddressRow::as_select())
        .load(connection)
        .await
}

/// How many addresses the user has.
pub async fn count(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<i64> {
    addresses::table
        .filter(addresses::user_id.eq(user))
        .count()
        .get_result(connection)
        .await
}

/// Adds an address.
pub async fn insert(
    connection: &mut AsyncPgConnection,
    user: Uuid,
    address: &PostalAddress,
    is_default: bool,
) -> QueryResult<AddressRow> {
    diesel::insert_into(addresses::table)
        .values((
            addresses::id.eq(Uuid::now_v7()),
            addresses::user_id.eq(user),
            address,
            addresses::is_default.eq(is_default),
            addresses::created_at.eq(Utc::now()),
        ))
        .returning(AddressRow::as_returning())
        .get_result(connection)
        .await
}

/// Replaces the user's address; `None` when the user has no such address.
pub async fn update(
    connection: &mut AsyncPgConnection,
    user: Uuid,
    id: Uuid,
    address: &PostalAddress,
) -> QueryResult<Option<AddressRow>> {
    diesel::update(
        addresses::table
            .find(id)
            .filter(addresses::user_id.eq(user)),
    )
    .set(address)
    .returning(AddressRow::as_returning())
    .get_result(connection)
    .await
    .optional()
}

/// Removes the user's address; `None` when the user has no such address.
pub async fn delete(
    connection: &mut AsyncPgConnection,
    user: Uuid,
    id: Uuid,
) -> QueryResult<Option<AddressRow>> {
    diesel::delete(
        addresses::table
            .find(id)
            .filter(addresses::user_id.eq(user)),
    )
    .returning(AddressRow::as_returning())
    .get_result(connection)
    .await
    .optional()
}

/// Leaves the user without a default: the unique index allows no second one, not even within a statement.
pub async fn clear_default(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<()> {
    diesel::update(
        addresses::table
            .filter(addresses::user_id.eq(user))
            .filter(addresses::is_default),
    )
    .set(addresses::is_default.eq(false))
    .execute(connection)
    .await?;
    Ok(())
}

/// Makes the user's address the default, after [`clear_default`]; `None` when the user has no such address.
pub async fn set_default(
    connection: &mut AsyncPgConnection,
    user: Uuid,
    id: Uuid,
) -> QueryResult<Option<AddressRow>> {
    diesel::update(
        addresses::table
            .find(id)
            .filter(addresses::user_id.eq(user)),
    )
    .set(addresses::is_default.eq(true))
    .returning(AddressRow::as_returning())
    .get_result(connection)
    .await
    .optional()
}

/// Makes the oldest address the default, if there is one.
pub async fn default_to_oldest(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<()> {
    let oldest = addresses::table
        .filter(addresses::user_id.eq(user))
        .order(addresses::id)
        .select(addresses::id)
        .first::<Uuid>(connection)
        .await
        .optional()?;
    if let Some(oldest) = oldest {
        set_default(connection, user, oldest).await?;
    }
    Ok(())
}
