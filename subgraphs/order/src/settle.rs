//! Tells the payment service what it still has to be told: payments to end, money to pay back.

use diesel_async::AsyncConnection;
use souk_platform::peers::PeerError;
use souk_platform::{ApiResult, Services};
use uuid::Uuid;

use crate::calls;
use crate::store::progress;
use crate::store::settlement::{self, Settlement, SettlementKind};

/// How many settlements one run takes.
const AT_ONCE: i64 = 32;

/// Settles what is due, of one order or of all. What fails is noted and tried again later by the job.
pub async fn settle(services: &Services, order: Option<Uuid>) -> ApiResult<()> {
    let due = {
        let mut connection = services.database.get().await?;
        settlement::take_due(&mut connection, order, AT_ONCE).await?
    };
    for settlement in due {
        let told = tell(services, &settlement).await;
        let mut connection = services.database.get().await?;
        match told {
            Ok(outcome) => {
                let late =
                    settlement.kind == SettlementKind::CancelPayment && outcome == calls::PAID;
                connection
                    .transaction(async |connection| {
                        if late {
                            refund_whole(connection, settlement.order_id).await?;
                        }
                        settlement::done(connection, settlement.id, &outcome).await
                    })
                    .await?;
            }
            Err(error) => {
                let (order, attempts) = (settlement.order_id, settlement.attempts);
                tracing::warn!(%order, attempts, kind = settlement.kind.as_str(), %error, "a payment is not settled yet");
                settlement::failed(&mut connection, settlement.id, &error.to_string()).await?;
            }
        }
    }
    Ok(())
}

async fn tell(services: &Services, settlement: &Settlement) -> Result<String, PeerError> {
    let order = settlement.order_id;
    match (settlement.kind, settlement.amount_minor) {
        (SettlementKind::Refund, Some(amount_minor)) => {
            let amount = (amount_minor, settlement.currency);
            let key = &settlement.idempotency_key;
            calls::refund_payment(&services.peers, order, amount, &settlement.reason, key).await
        }
        _ => {
            let status = calls::cancel_payment(&services.peers, order, &order.to_string()).await?;
            Ok(status.unwrap_or_else(|| "NONE".to_owned()))
        }
    }
}

/// The buyer paid in the moment in which the order was cancelled.
async fn refund_whole(
    connection: &mut diesel_async::AsyncPgConnection,
    order: Uuid,
) -> Result<(), diesel::result::Error> {
    let Some((order, _)) = progress::lock(connection, order).await? else {
        return Ok(());
    };
    let total_minor = order.total_minor.unwrap_or_default();
    settlement::refund_late_payment(connection, order.id, total_minor, order.currency).await
}
