//! Sessions and their refresh tokens.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::domain::refresh_token::{self, RefreshToken};
use crate::tables::{refresh_tokens, sessions};

/// A session: a family of refresh tokens.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = sessions)]
pub struct SessionRow {
    /// Id, the `sid` of its access tokens.
    pub id: Uuid,
    /// The user, or nobody for a guest session.
    pub user_id: Option<Uuid>,
    /// The guest, see the migration.
    pub guest_id: Option<Uuid>,
    /// When it ends unless it is refreshed.
    pub expires_at: DateTime<Utc>,
}

/// A session with the refresh token that continues it.
pub struct Continued {
    /// The session.
    pub session: SessionRow,
    /// Its only token that is good now.
    pub token: RefreshToken,
}

/// What became of a refresh token that was presented.
pub enum Rotation {
    /// It was exchanged for a new one.
    Renewed(Continued),
    /// It had been exchanged before, so two parties hold it: the session was ended.
    Reused(SessionRow),
    /// No session can be continued with it.
    Unknown,
}

/// Begins a session of a user, who may have been a guest before, or of a guest.
pub async fn open(
    connection: &mut AsyncPgConnection,
    user: Option<Uuid>,
    guest: Option<Uuid>,
    lifetime: Duration,
) -> QueryResult<Continued> {
    let now = Utc::now();
    let session = diesel::insert_into(sessions::table)
        .values((
            sessions::id.eq(Uuid::now_v7()),
            sessions::user_id.eq(user),
            sessions::guest_id.eq(guest),
            sessions::created_at.eq(now),
            sessions::expires_at.eq(later(now, lifetime)),
        ))
        .returning(SessionRow::as_returning())
        .get_result(connection)
        .await?;
    let token = issue(connection, session.id, now).await?;
    Ok(Continued { session, token })
}

/// Exchanges a refresh token. Of two exchanges of one token at once, the first to mark it wins and the other is a
/// reuse.
pub async fn rotate(
    connection: &mut AsyncPgConnection,
    token: &str,
    lifetime: Duration,
) -> QueryResult<Rotation> {
    let hash = refresh_token::hash(token);
    connection
        .transaction(async move |connection| {
            let now = Utc::now();
            let unused = refresh_tokens::table
                .find(&hash)
                .filter(refresh_tokens::rotated_at.is_null());
            let marked: Option<Uuid> = diesel::update(unused)
                .set(refresh_tokens::rotated_at.eq(now))
                .returning(refresh_tokens::session_id)
                .get_result(connection)
                .await
                .optional()?;
            let Some(session) = marked else {
                return reused(connection, &hash, now).await;
            };
            let open = sessions::table
                .find(session)
                .filter(sessions::revoked_at.is_null())
                .filter(sessions::expires_at.gt(now));
            let renewed = diesel::update(open)
                .set(sessions::expires_at.eq(later(now, lifetime)))
                .returning(SessionRow::as_returning())
                .get_result(connection)
                .await
                .optional()?;
            let Some(session) = renewed else {
                return Ok(Rotation::Unknown);
            };
            let token = issue(connection, session.id, now).await?;
            Ok(Rotation::Renewed(Continued { session, token }))
        })
        .await
}

async fn reused(
    connection: &mut AsyncPgConnection,
    hash: &[u8],
    now: DateTime<Utc>,
) -> QueryResult<Rotation> {
    let session = refresh_tokens::table
        .find(hash)
        .select(refresh_tokens::session_id)
        .first(connection)
        .await
        .optional()?;
    let Some(session) = session else {
        return Ok(Rotation::Unknown);
    };
    Ok(revoke(connection, session, now)
        .await?
        .map_or(Rotation::Unknown, Rotation::Reused))
}

async fn issue(
    connection: &mut AsyncPgConnection,
    session: Uuid,
    now: DateTime<Utc>,
) -> QueryResult<RefreshToken> {
    let token = RefreshToken::new();
    diesel::insert_into(refresh_tokens::table)
        .values((
            refresh_tokens::hash.eq(token.hash()),
            refresh_tokens::session_id.eq(session),
            refresh_tokens::created_at.eq(now),
        ))
        .execute(connection)
        .await?;
    Ok(token)
}

/// The session that a refresh token belongs to, also when it was exchanged already.
pub async fn of_token(
    connection: &mut AsyncPgConnection,
    token: &str,
) -> QueryResult<Option<Uuid>> {
    let hash = refresh_token::hash(token);
    refresh_tokens::table
        .find(hash)
        .select(refresh_tokens::session_id)
        .first(connection)
        .await
        .optional()
}

/// Ends the session; the session, or `None` when it is unknown or was ended before.
pub async fn revoke(
    connection: &mut AsyncPgConnection,
    id: Uuid,
    now: DateTime<Utc>,
) -> QueryResult<Option<SessionRow>> {
    diesel::update(
        sessions::table
            .find(id)
            .filter(sessions::revoked_at.is_null()),
    )
    .set(sessions::revoked_at.eq(now))
    .returning(SessionRow::as_returning())
    .get_result(connection)
    .await
    .optional()
}

/// Ends the user's sessions, except `kept`; their ids.
pub async fn revoke_of_user(
    connection: &mut AsyncPgConnection,
    user: Uuid,
    kept: Option<Uuid>,
) -> QueryResult<Vec<Uuid>> {
    let open = sessions::table
        .filter(sessions::user_id.eq(user))
        .filter(sessions::revoked_at.is_null())
        .filter(sessions::id.ne(kept.unwrap_or(Uuid::nil())));
    diesel::update(open)
        .set(sessions::revoked_at.eq(Utc::now()))
        .returning(sessions::id)
        .get_results(connection)
        .await
}

/// The session, if it goes on.
pub async fn find_open(
    connection: &mut AsyncPgConnection,
    id: Uuid,
    now: DateTime<Utc>,
) -> QueryResult<Option<SessionRow>> {
    sessions::table
        .find(id)
        .filter(sessions::revoked_at.is_null())
        .filter(sessions::expires_at.gt(now))
        .select(SessionRow::as_select())
        .first(connection)
        .await
        .optional()
}

/// The sessions that were ended since then.
pub async fn revoked_since(
    connection: &mut AsyncPgConnection,
    since: DateTime<Utc>,
) -> QueryResult<Vec<Uuid>> {
    sessions::table
        .filter(sessions::revoked_at.gt(since))
        .select(sessions::id)
        .load(connection)
        .await
}

/// Deletes the sessions, and with them their refresh tokens, that expired before then; how many.
pub async fn delete_expired(
    connection: &mut AsyncPgConnection,
    before: DateTime<Utc>,
) -> QueryResult<usize> {
    diesel::delete(sessions::table.filter(sessions::expires_at.lt(before)))
        .execute(connection)
        .await
}

/// Deletes the exchanged tokens that were issued before then; how many.
pub async fn delete_exchanged(
    connection: &mut AsyncPgConnection,
    before: DateTime<Utc>,
) -> QueryResult<usize> {
    let exchanged = refresh_tokens::table
        .filter(refresh_tokens::rotated_at.is_not_null())
        .filter(refresh_tokens::created_at.lt(before));
    diesel::delete(exchanged).execute(connection).await
}

fn later(now: DateTime<Utc>, lifetime: Duration) -> DateTime<Utc> {
    TimeDelta::from_std(lifetime)
        .ok()
        .and_then(|lifetime| now.checked_add_signed(lifetime))
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}
