//! Orders that stand and wait for a payment whose time is over.

use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::domain::saga::SagaStep;
use crate::domain::status::OrderStatus;
use crate::tables::orders;

/// How long after the payment's time is over its event may still take.
const MARGIN: Duration = Duration::minutes(2);
/// The pause before payment is asked about the same order again.
const ASK_AGAIN: Duration = Duration::minutes(1);

/// From when on an order is overdue whose payment ends at `expires_at`.
pub fn from(expires_at: DateTime<Utc>) -> DateTime<Utc> {
    expires_at + MARGIN
}

/// Takes up to `limit` overdue orders, longest first. Nobody else takes them before a pause has passed; they are due
/// again afterwards, unless they moved on.
pub async fn take(connection: &mut AsyncPgConnection, limit: i64) -> QueryResult<Vec<Uuid>> {
    let now = Utc::now();
    connection
        .transaction(async |connection| {
            let overdue: Vec<Uuid> = orders::table
                .filter(
                    orders::saga
                        .eq(SagaStep::Placed)
                        .and(orders::status.eq(OrderStatus::Pending))
                        .and(orders::leased_until.le(now)),
                )
                .order(orders::leased_until)
                .limit(limit)
                .select(orders::id)
                .for_update()
                .skip_locked()
                .load(connection)
                .await?;
            if !overdue.is_empty() {
                diesel::update(orders::table.filter(orders::id.eq_any(&overdue)))
                    .set(orders::leased_until.eq(now + ASK_AGAIN))
                    .execute(connection)
                    .await?;
            }
            Ok(overdue)
        })
        .await
}
