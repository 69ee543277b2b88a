//! Accounts.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use souk_platform::Role;

use crate::domain::roles;
use crate::tables::users;

/// An account. No `Debug`: the hash must not get into a log.
#[derive(Clone, Queryable, Selectable)]
#[diesel(table_name = users)]
pub struct UserRow {
    /// Id.
    pub id: Uuid,
    /// Normalised e-mail address.
    pub email: String,
    /// Display name.
    pub name: String,
    /// PHC string.
    pub password_hash: String,
    /// Names of the roles.
    pub roles: Vec<String>,
    /// Such as `REGULAR`.
    pub customer_type: String,
    /// When the account was made.
    pub created_at: DateTime<Utc>,
}

impl UserRow {
    /// The roles that this version knows.
    pub fn roles(&self) -> Vec<Role> {
        roles::parse(&self.roles)
    }
}

/// A new account.
pub struct NewUser<'a> {
    /// Normalised e-mail address.
    pub email: &'a str,
    /// Display name.
    pub name: &'a str,
    /// PHC string.
    pub password_hash: &'a str,
    /// At least one.
    pub roles: &'a [Role],
}

/// Creates the account. Violates `users_email_key` when the address is taken.
pub async fn insert(connection: &mut AsyncPgConnection, user: NewUser<'_>) -> QueryResult<UserRow> {
    let now = Utc::now();
    diesel::insert_into(users::table)
        .values((
            users::id.eq(Uuid::now_v7()),
            users::email.eq(user.email),
            users::name.eq(user.name),
            users::password_hash.eq(user.password_hash),
            users::roles.eq(roles::names(user.roles)),
            users::customer_type.eq("REGULAR"),
            users::created_at.eq(now),
            users::updated_at.eq(now),
        ))
        .returning(UserRow::as_returning())
        .get_result(connection)
        .await
}

/// The account with this id.
pub async fn find(connection: &mut AsyncPgConnection, id: Uuid) -> QueryResult<Option<UserRow>> {
    users::table
        .find(id)
        .select(UserRow::as_select())
        .first(connection)
        .await
        .optional()
}

/// The accounts with these ids, in no order; unknown ids are left out.
pub async fn find_many(
    connection: &mut AsyncPgConnection,
    ids: &[Uuid],
) -> QueryResult<Vec<UserRow>> {
    users::table
        .filter(users::id.eq_any(ids))
        .select(UserRow::as_select())
        .load(connection)
        .await
}

/// The account with this normalised e-mail address.
pub async fn find_by_email(
    connection: &mut AsyncPgConnection,
    email: &str,
) -> QueryResult<Option<UserRow>> {
    users::table
        .filter(users::email.eq(email))
        .select(UserRow::as_select())
        .first(connection)
        .await
        .optional()
}

/// The account, locked until the transaction ends.
pub async fn lock(connection: &mut AsyncPgConnection, id: Uuid) -> QueryResult<Option<UserRow>> {
    users::table
        .find(id)
        .select(UserRow::as_select())
        .for_update()
        .first(connection)
        .await
        .optional()
}

/// The account with this normalised e-mail address, locked until the transaction ends.
pub async fn lock_by_email(
    connection: &mut AsyncPgConnection,
    email: &str,
) -> QueryResult<Option<UserRow>> {
    let by_email = users::table.filter(users::email.eq(email));
    by_email
        .select(UserRow::as_select())
        .for_update()
        .first(connection)
        .await
        .optional()
}

/// Accounts in order of their ids, all or the one with this e-mail address, behind `after`.
pub async fn list(
    connection: &mut AsyncPgConnection,
    email: Option<&str>,
    after: Option<Uuid>,
    limit: i64,
) -> QueryResult<Vec<UserRow>> {
    let mut query = users::table
        .order(users::id)
        .limit(limit)
        .select(UserRow::as_select())
        .into_boxed();
    if let Some(email) = email {
        query = query.filter(users::email.eq(email));
    }
    if let Some(after) = after {
        query = query.filter(users::id.gt(after));
    }
    query.load(connection).await
}

/// Changes the display name.
pub async fn rename(
    connection: &mut AsyncPgConnection,
    id: Uuid,
    name: &str,
) -> QueryResult<Option<UserRow>> {
    diesel::update(users::table.find(id))
        .set((users::name.eq(name), users::updated_at.eq(Utc::now())))
        .returning(UserRow::as_returning())
        .get_result(connection)
        .await
        .optional()
}

/// Changes the password.
pub async fn set_password(
    connection: &mut AsyncPgConnection,
    id: Uuid,
    password_hash: &str,
) -> QueryResult<()> {
    diesel::update(users::table.find(id))
        .set((
            users::password_hash.eq(password_hash),
            users::updated_at.eq(Utc::now()),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

/// Replaces the roles.
pub async fn set_roles(
    connection: &mut AsyncPgConnection,
    id: Uuid,
    roles: &[Role],
) -> QueryResult<UserRow> {
    diesel::update(users::table.find(id))
        .set((
            users::roles.eq(roles::names(roles)),
            users::updated_at.eq(Utc::now()),
        ))
        .returning(UserRow::as_returning())
        .get_result(connection)
        .await
}
