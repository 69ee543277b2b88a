//! Decides orders whose payment is over without a word: its event was lost or is a dead letter, and the order would
//! hold its stock, and perhaps the buyer's money, for ever.

use diesel_async::AsyncConnection;
use souk_platform::{ApiError, ApiResult, Services};
use uuid::Uuid;

use crate::calls;
use crate::domain::lifecycle::Action;
use crate::store::{overdue, progress};

/// How many orders one run takes.
const AT_ONCE: i64 = 32;

/// Asks payment about every overdue order and applies what it says. One run of the job.
pub async fn ask(services: &Services) -> ApiResult<()> {
    let due = {
        let mut connection = services.database.get().await?;
        overdue::take(&mut connection, AT_ONCE).await?
    };
    for order in due {
        if let Err(error) = decide(services, order).await {
            tracing::warn!(%order, code = error.code.as_str(), message = error.message, "an overdue order is not decided yet");
        }
    }
    Ok(())
}

async fn decide(services: &Services, order: Uuid) -> ApiResult<()> {
    let correlation_id = order.to_string();
    // Ends the payment if it is still open, so that the answer is final.
    let status = calls::cancel_payment(&services.peers, order, &correlation_id).await?;
    let (action, note) = match status.as_deref() {
        Some(calls::PAID) => (Action::Pay, None),
        Some(calls::DECLINED) => (Action::LosePayment, Some("the payment was declined")),
        _ => (Action::LosePayment, Some("nobody paid in time")),
    };
    tracing::warn!(%order, status, "the payment's event did not come; payment was asked instead");
    let mut connection = services.database.get().await?;
    connection
        .transaction(async |connection| {
            if let Some(locked) = progress::lock(connection, order).await? {
                // A refusal means that the order moved on in the meantime.
                let note = note.map(str::to_owned);
                let _ = progress::apply(connection, locked, action, note, &correlation_id).await?;
            }
            Ok(())
        })
        .await
        .map_err(|error: diesel::result::Error| ApiError::from(error))
}
