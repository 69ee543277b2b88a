//! What the payment service still has to be told about an order.

use chrono::{DateTime, Utc};
use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use souk_platform::money::CurrencyCode;
use uuid::Uuid;

use crate::tables::settlements;
use crate::text_enum::text_enum;

/// What kind of thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub enum SettlementKind {
    /// End a payment that may still be open.
    CancelPayment,
    /// Pay money back.
    Refund,
}

text_enum!(SettlementKind { CancelPayment = "CANCEL_PAYMENT", Refund = "REFUND" });

/// Something the payment service must be told.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = settlements)]
pub struct Settlement {
    /// Its id.
    pub id: Uuid,
    /// The order it is about.
    pub order_id: Uuid,
    /// What to do.
    pub kind: SettlementKind,
    /// The key under which the payment service does it once.
    pub idempotency_key: String,
    /// How much to pay back, in minor units; none for [`SettlementKind::CancelPayment`].
    pub amount_minor: Option<i64>,
    /// The order's currency.
    pub currency: CurrencyCode,
    /// Why, for people.
    pub reason: String,
    /// How often it was tried, this time included.
    pub attempts: i32,
}

/// Notes that the order's payment must be ended.
pub async fn cancel_payment(
    connection: &mut AsyncPgConnection,
    order: Uuid,
    currency: CurrencyCode,
    reason: &str,
) -> QueryResult<()> {
    let key = format!("{order}:cancel-payment");
    note(
        connection,
        order,
        SettlementKind::CancelPayment,
        &key,
        None,
        currency,
        reason,
    )
    .await
}

/// Notes that `amount_minor` must be paid back; once per key.
pub async fn refund(
    connection: &mut AsyncPgConnection,
    order: Uuid,
    key: &str,
    amount_minor: i64,
    currency: CurrencyCode,
    reason: &str,
) -> QueryResult<()> {
    note(
        connection,
        order,
        SettlementKind::Refund,
        key,
        Some(amount_minor),
        currency,
        reason,
    )
    .await
}

/// Notes that an order which was cancelled unpaid must be paid back, because the payment came after all. Once per
/// order, whoever notices it.
pub async fn refund_late_payment(
    connection: &mut AsyncPgConnection,
    order: Uuid,
    amount_minor: i64,
    currency: CurrencyCode,
) -> QueryResult<()> {
    if amount_minor == 0 {
        return Ok(());
    }
    let key = format!("{order}:late-payment");
    refund(
        connection,
        order,
        &key,
        amount_minor,
        currency,
        "the payment came after the order was cancelled",
    )
    .await
}

async fn note(
    connection: &mut AsyncPgConnection,
    order: Uuid,
    kind: SettlementKind,
    key: &str,
    amount_minor: Option<i64>,
    currency: CurrencyCode,
    reason: &str,
) -> QueryResult<()> {
    diesel::insert_into(settlements::table)
        .values((
            settlements::id.eq(Uuid::now_v7()),
            settlements::order_id.eq(order),
            settlements::kind.eq(kind),
            settlements::idempotency_key.eq(key),
            settlements::amount_minor.eq(amount_minor),
            settlements::currency.eq(currency),
            settlements::reason.eq(reason),
        ))
        .on_conflict(settlements::idempotency_key)
        .do_nothing()
        .execute(connection)
        .await?;
    Ok(())
}

/// Takes up to `limit` things that are due, of one order or of all. They become due again after a pause that doubles
/// with every attempt, unless [`done`] is called.
pub async fn take_due(
    connection: &mut AsyncPgConnection,
    order: Option<Uuid>,
    limit: i64,
) -> QueryResult<Vec<Settlement>> {
    connection
        .transaction(async |connection| {
            let of_all = order.is_none().into_sql::<Bool>();
            let mut due: Vec<Settlement> = settlements::table
                .filter(
                    settlements::done_at
                        .is_null()
                        .and(settlements::next_attempt_at.le(Utc::now())),
                )
                .filter(of_all.or(settlements::order_id.eq(order.unwrap_or_default())))
                .order(settlements::next_attempt_at)
                .limit(limit)
                .select(Settlement::as_select())
                .for_update()
                .skip_locked()
                .load(connection)
                .await?;
            for settlement in &mut due {
                settlement.attempts += 1;
                diesel::update(settlements::table.find(settlement.id))
                    .set((
                        settlements::attempts.eq(settlement.attempts),
                        settlements::next_attempt_at.eq(next_attempt(settlement.attempts)),
                    ))
                    .execute(connection)
                    .await?;
            }
            Ok(due)
        })
        .await
}

/// 4 s after the first attempt, then twice as long each time, up to about an hour.
fn next_attempt(attempts: i32) -> DateTime<Utc> {
    let doublings = u32::try_from(attempts.clamp(0, 10)).unwrap_or_default();
    Utc::now() + chrono::Duration::seconds(2 * 2_i64.pow(doublings))
}

/// Notes how it went. A payment that turns out to have been paid must be paid back: the caller notes that refund in
/// the same transaction.
pub async fn done(connection: &mut AsyncPgConnection, id: Uuid, outcome: &str) -> QueryResult<()> {
    diesel::update(settlements::table.find(id))
        .set((
            settlements::done_at.eq(Utc::now()),
            settlements::outcome.eq(outcome),
            settlements::last_error.eq(None::<String>),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

/// Notes why an attempt failed.
pub async fn failed(connection: &mut AsyncPgConnection, id: Uuid, error: &str) -> QueryResult<()> {
    diesel::update(settlements::table.find(id))
        .set(settlements::last_error.eq(error))
        .execute(connection)
        .await?;
    Ok(())
}
