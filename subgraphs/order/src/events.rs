//! What order does when others tell it something. It publishes `order.placed` and `order.status_changed`, see
//! [`crate::store::placement::finish`] and [`crate::store::progress::apply`].

use async_trait::async_trait;
use chrono::Utc;
use diesel_async::AsyncPgConnection;
use souk_platform::events::{ConsumeError, Consumer, Event, Payload};
use souk_platform::money::CurrencyCode;
use uuid::Uuid;

use crate::calls::AwaitedPayment;
use crate::domain::lifecycle::Action;
use crate::domain::saga::SagaStep;
use crate::store::{placement, progress, settlement, shop};

/// Confirms orders that were paid and cancels those that were not.
pub struct Payments;

#[async_trait]
impl Consumer for Payments {
    fn name(&self) -> &'static str {
        "payments"
    }

    fn patterns(&self) -> &'static [&'static str] {
        &["payment.succeeded", "payment.failed", "payment.expired"]
    }

    async fn consume(
        &self,
        connection: &mut AsyncPgConnection,
        event: &Event,
    ) -> Result<(), ConsumeError> {
        let correlation_id = &event.correlation_id;
        match &event.payload {
            Payload::PaymentSucceeded {
                payment_id,
                order_id,
                amount_minor,
                currency,
            } => {
                let order = Paid {
                    id: *order_id,
                    payment: *payment_id,
                    amount_minor: *amount_minor,
                    currency: *currency,
                };
                succeeded(connection, &order, correlation_id).await
            }
            Payload::PaymentFailed {
                payment_id,
                order_id,
                reason,
            } => {
                let note = format!("the payment was declined: {reason}");
                lost(connection, *order_id, *payment_id, note, correlation_id).await
            }
            Payload::PaymentExpired {
                payment_id,
                order_id,
            } => {
                lost(
                    connection,
                    *order_id,
                    *payment_id,
                    "nobody paid in time".to_owned(),
                    correlation_id,
                )
                .await
            }
            _ => Ok(()),
        }
    }
}

struct Paid {
    id: Uuid,
    payment: Uuid,
    amount_minor: i64,
    currency: CurrencyCode,
}

async fn succeeded(
    connection: &mut AsyncPgConnection,
    paid: &Paid,
    correlation_id: &str,
) -> Result<(), ConsumeError> {
    let step = settle_placement(connection, paid.id, paid.payment, correlation_id).await?;
    if step != SagaStep::Placed {
        // The placement was given up. Nothing was delivered, so everything goes back.
        if progress::note_late_payment(connection, paid.id).await? {
            settlement::refund_late_payment(connection, paid.id, paid.amount_minor, paid.currency)
                .await?;
        }
        return Ok(());
    }
    let Some(locked) = progress::lock(connection, paid.id).await? else {
        return Ok(());
    };
    if locked.0.paid_at.is_some() {
        return Ok(());
    }
    if (locked.0.total_minor, locked.0.currency) != (Some(paid.amount_minor), paid.currency) {
        let message = format!(
            "payment {} is not over the total of order {}",
            paid.payment, paid.id
        );
        return Err(ConsumeError::Reject(message));
    }
    if progress::apply(connection, locked, Action::Pay, None, correlation_id)
        .await?
        .is_err()
    {
        // Cancelled before the money came.
        progress::note_late_payment(connection, paid.id).await?;
        settlement::refund_late_payment(connection, paid.id, paid.amount_minor, paid.currency)
            .await?;
    }
    Ok(())
}

async fn lost(
    connection: &mut AsyncPgConnection,
    order: Uuid,
    payment: Uuid,
    note: String,
    correlation_id: &str,
) -> Result<(), ConsumeError> {
    if settle_placement(connection, order, payment, correlation_id).await? != SagaStep::Placed {
        return Ok(());
    }
    let Some(locked) = progress::lock(connection, order).await? else {
        return Ok(());
    };
    // A refusal means that the order is cancelled already.
    let _ = progress::apply(
        connection,
        locked,
        Action::LosePayment,
        Some(note),
        correlation_id,
    )
    .await?;
    Ok(())
}

/// Where the order's placement is. The payment may be faster than the last step of the saga, which is then made here.
async fn settle_placement(
    connection: &mut AsyncPgConnection,
    order: Uuid,
    payment: Uuid,
    correlation_id: &str,
) -> Result<SagaStep, ConsumeError> {
    let Some(known) = placement::load(connection, order).await? else {
        return Err(ConsumeError::Reject(format!(
            "payment {payment} is for order {order}, which does not exist"
        )));
    };
    if known.step != SagaStep::Paying {
        return Ok(known.step);
    }
    let payment = AwaitedPayment {
        id: payment,
        // Its event is being worked, so there is nothing to wait for any more.
        expires_at: Utc::now(),
    };
    placement::finish(connection, &known, Some(payment), correlation_id).await?;
    let now = placement::load(connection, order).await?;
    Ok(now.map_or(known.step, |placement| placement.step))
}

/// Keeps what order needs to know about shops.
pub struct Shops;

#[async_trait]
impl Consumer for Shops {
    fn name(&self) -> &'static str {
        "shops"
    }

    fn patterns(&self) -> &'static [&'static str] {
        &["shop.*"]
    }

    async fn consume(
        &self,
        connection: &mut AsyncPgConnection,
        event: &Event,
    ) -> Result<(), ConsumeError> {
        match &event.payload {
            Payload::ShopCreated(shop)
            | Payload::ShopApproved(shop)
            | Payload::ShopRejected(shop)
            | Payload::ShopUpdated(shop) => Ok(shop::keep(connection, shop).await?),
            _ => Ok(()),
        }
    }
}
