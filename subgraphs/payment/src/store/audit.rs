//! The log of everything said to and by providers. Rows are only ever added.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;

use crate::tables::{payment_event, webhook};

/// An entry of the log.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = payment_event)]
pub struct Entry {
    /// The entry.
    pub id: Uuid,
    /// The payment it is about; `None` for a webhook that could not be attributed.
    pub payment_id: Option<Uuid>,
    /// Whom we talked to.
    pub provider: String,
    /// What it was: `checkout.created`, `webhook.received`, `webhook.refused` and so on.
    pub kind: String,
    /// What was said.
    pub detail: Value,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// Adds an entry.
pub async fn log(
    connection: &mut AsyncPgConnection,
    payment: Option<Uuid>,
    provider: &str,
    kind: &str,
    detail: Value,
) -> QueryResult<()> {
    diesel::insert_into(payment_event::table)
        .values((
            payment_event::id.eq(Uuid::now_v7()),
            payment_event::payment_id.eq(payment),
            payment_event::provider.eq(provider),
            payment_event::kind.eq(kind),
            payment_event::detail.eq(detail),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

/// The log of several payments, oldest first.
pub async fn of_payments(
    connection: &mut AsyncPgConnection,
    payments: &[Uuid],
) -> QueryResult<Vec<Entry>> {
    payment_event::table
        .filter(payment_event::payment_id.eq_any(payments))
        .order(payment_event::id)
        .select(Entry::as_select())
        .load(connection)
        .await
}

/// Notes that a webhook is being worked. False if it was worked before.
pub async fn first_delivery(
    connection: &mut AsyncPgConnection,
    provider: &str,
    event_id: &str,
) -> QueryResult<bool> {
    let inserted = diesel::insert_into(webhook::table)
        .values((
            webhook::provider.eq(provider),
            webhook::event_id.eq(event_id),
        ))
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    Ok(inserted == 1)
}
