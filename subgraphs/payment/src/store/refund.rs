//! Refunds.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::tables::refund;

/// Money given back.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = refund)]
pub struct Refund {
    /// The refund.
    pub id: Uuid,
    /// The payment it gives back.
    pub payment_id: Uuid,
    /// How much, in minor units of the payment's currency.
    pub amount_minor: i64,
    /// Why, for people.
    pub reason: String,
    /// `PENDING` or `SUCCEEDED`.
    pub status: String,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
}

/// A new refund. The caller holds the payment's lock and has looked that there is none with this key.
pub async fn insert(
    connection: &mut AsyncPgConnection,
    payment: Uuid,
    key: &str,
    amount_minor: i64,
    reason: &str,
) -> QueryResult<Refund> {
    diesel::insert_into(refund::table)
        .values((
            refund::id.eq(Uuid::now_v7()),
            refund::payment_id.eq(payment),
            refund::idempotency_key.eq(key),
            refund::amount_minor.eq(amount_minor),
            refund::reason.eq(reason),
            refund::status.eq("PENDING"),
        ))
        .returning(Refund::as_returning())
        .get_result(connection)
        .await
}

/// The key's refund, if there is one.
pub async fn by_key(
    connection: &mut AsyncPgConnection,
    payment: Uuid,
    key: &str,
) -> QueryResult<Option<Refund>> {
    refund::table
        .filter(refund::payment_id.eq(payment))
        .filter(refund::idempotency_key.eq(key))
        .select(Refund::as_select())
        .first(connection)
        .await
        .optional()
}

/// Marks a refund as done.
pub async fn succeeded(connection: &mut AsyncPgConnection, id: Uuid) -> QueryResult<()> {
    diesel::update(refund::table.find(id))
        .set(refund::status.eq("SUCCEEDED"))
        .execute(connection)
        .await?;
    Ok(())
}

/// The refunds of several payments, oldest first.
pub async fn of_payments(
    connection: &mut AsyncPgConnection,
    payments: &[Uuid],
) -> QueryResult<Vec<Refund>> {
    refund::table
        .filter(refund::payment_id.eq_any(payments))
        .order(refund::id)
        .select(Refund::as_select())
        .load(connection)
        .await
}
