//! Signing keys.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};

use crate::tables::signing_keys;

/// The advisory lock under which the first key is made. The number is arbitrary, unique within this database.
const FIRST_KEY_LOCK: i64 = 0x7369_676e;

/// A private key.
#[derive(Queryable, Selectable)]
#[diesel(table_name = signing_keys)]
pub struct SigningKeyRow {
    /// Its thumbprint, the `kid` of tokens.
    pub id: String,
    /// The key in PKCS #8 DER.
    pub pkcs8: Vec<u8>,
}

/// All keys, the newest last.
pub async fn all(connection: &mut AsyncPgConnection) -> QueryResult<Vec<SigningKeyRow>> {
    signing_keys::table
        .order((signing_keys::created_at, signing_keys::id))
        .select(SigningKeyRow::as_select())
        .load(connection)
        .await
}

/// Stores the key unless another instance stored one first; all keys.
pub async fn create_first(
    connection: &mut AsyncPgConnection,
    id: &str,
    pkcs8: &[u8],
    now: DateTime<Utc>,
) -> QueryResult<Vec<SigningKeyRow>> {
    connection
        .transaction(async |connection| {
            diesel::sql_query("SELECT pg_advisory_xact_lock($1)")
                .bind::<diesel::sql_types::BigInt, _>(FIRST_KEY_LOCK)
                .execute(connection)
                .await?;
            let keys = all(connection).await?;
            if !keys.is_empty() {
                return Ok(keys);
            }
            diesel::insert_into(signing_keys::table)
                .values((
                    signing_keys::id.eq(id),
                    signing_keys::pkcs8.eq(pkcs8),
                    signing_keys::created_at.eq(now),
                ))
                .execute(connection)
                .await?;
            all(connection).await
        })
        .await
}
