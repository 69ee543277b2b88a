//! Giving money back.

use diesel_async::{AsyncConnection, AsyncPgConnection};
use serde_json::json;
use souk_platform::money::CurrencyCode;
use souk_platform::{ApiError, ApiResult};
use uuid::Uuid;

use super::{Payments, tell};
use crate::domain::{Fact, PaymentStatus};
use crate::provider::RefundRequest;
use crate::store::payment::{self, Payment};
use crate::store::refund::{self, Refund};

/// What to do with an order's money.
pub struct RefundOrder {
    /// The order.
    pub order_id: Uuid,
    /// How much, in minor units.
    pub amount_minor: i64,
    /// The amount's currency; must be the payment's.
    pub currency: CurrencyCode,
    /// Why, for people.
    pub reason: String,
    /// Makes a repeated request the same refund.
    pub key: String,
}

impl Payments {
    /// Gives an order's money back, in whole or in part. Repeating it with the same key is the same refund.
    pub async fn refund_order(
        &self,
        request: RefundOrder,
        correlation_id: &str,
    ) -> ApiResult<PaymentStatus> {
        let mut connection = self.database.get().await?;
        let found = payment::by_orders(&mut connection, &[request.order_id])
            .await?
            .pop();
        let payment =
            found.ok_or_else(|| ApiError::not_found("payment for an order", "input.orderId"))?;
        let refund = connection
            .transaction(async |transaction| {
                let locked = payment::lock(transaction, payment.id).await?;
                if let Some(known) = refund::by_key(transaction, payment.id, &request.key).await? {
                    return same_refund(known, &locked, &request);
                }
                check_refund(transaction, &locked, &request).await?;
                let new = refund::insert(
                    transaction,
                    payment.id,
                    &request.key,
                    request.amount_minor,
                    &request.reason,
                );
                Ok::<_, ApiErrorInTransaction>(new.await?)
            })
            .await
            .map_err(|error| error.0)?;
        if refund.status == "SUCCEEDED" {
            return Ok(payment::by_ids(&mut connection, &[payment.id])
                .await?
                .pop()
                .map_or(payment.status(), |p| p.status()));
        }
        drop(connection);
        let reference = payment.reference.clone().unwrap_or_default();
        let asked = RefundRequest {
            refund_id: refund.id,
            reference,
            amount_minor: refund.amount_minor,
        };
        let detail = json!({ "refund": refund.id, "amountMinor": refund.amount_minor, "reason": refund.reason });
        self.log_intent(&payment, "refund.requested", detail.clone())
            .await?;
        let answer = self.provider.refund(&asked).await;
        let mut connection = self.database.get().await?;
        if let Err(error) = answer {
            self.log(
                &mut connection,
                &payment,
                "refund.failed",
                json!({ "error": error.to_string() }),
            )
            .await?;
            return Err(error.into());
        }
        let status = connection
            .transaction(async |transaction| {
                let locked = payment::lock(transaction, payment.id).await?;
                refund::succeeded(transaction, refund.id).await?;
                self.log(transaction, &payment, "refund.succeeded", detail)
                    .await?;
                if refunded_minor(transaction, payment.id).await? < locked.amount_minor {
                    return Ok(locked.status());
                }
                let next = payment::apply(transaction, &locked, Fact::GivenBack, None).await?;
                if let Some(next) = next {
                    tell(transaction, &locked, next, None, correlation_id).await?;
                }
                Ok::<_, diesel::result::Error>(next.unwrap_or(locked.status()))
            })
            .await?;
        Ok(status)
    }
}

/// An [`ApiError`] that a transaction can end with.
struct ApiErrorInTransaction(ApiError);

impl From<diesel::result::Error> for ApiErrorInTransaction {
    fn from(error: diesel::result::Error) -> Self {
        ApiErrorInTransaction(error.into())
    }
}

async fn check_refund(
    connection: &mut AsyncPgConnection,
    payment: &Payment,
    request: &RefundOrder,
) -> Result<(), ApiErrorInTransaction> {
    let refuse = |error: ApiError| Err(ApiErrorInTransaction(error));
    if payment.status() != PaymentStatus::Succeeded {
        return refuse(ApiError::conflict(format!(
            "a payment that is {} has nothing to give back",
            payment.status().as_str()
        )));
    }
    if request.currency != payment.currency {
        let code = payment.currency.as_str();
        return refuse(ApiError::bad_input(
            "input.amount.currency",
            format!("the order was paid in {code}"),
        ));
    }
    let left = payment.amount_minor - asked_minor(connection, payment.id).await?;
    if request.amount_minor > left {
        return refuse(ApiError::bad_input(
            "input.amount.amount",
            "this is more than is left of the payment",
        ));
    }
    Ok(())
}

/// The refund that is known under the request's key, if it is the one that the request asks for.
fn same_refund(
    known: Refund,
    payment: &Payment,
    request: &RefundOrder,
) -> Result<Refund, ApiErrorInTransaction> {
    if known.amount_minor == request.amount_minor && payment.currency == request.currency {
        return Ok(known);
    }
    let message = "this idempotency key was used for a refund of another amount";
    Err(ApiErrorInTransaction(
        ApiError::conflict(message).at("input.idempotencyKey"),
    ))
}

/// What was asked to be given back of a payment so far, done or not.
async fn asked_minor(
    connection: &mut AsyncPgConnection,
    payment: Uuid,
) -> diesel::QueryResult<i64> {
    Ok(refund::of_payments(connection, &[payment])
        .await?
        .iter()
        .map(|refund| refund.amount_minor)
        .sum())
}

/// What was given back of a payment so far.
async fn refunded_minor(
    connection: &mut AsyncPgConnection,
    payment: Uuid,
) -> diesel::QueryResult<i64> {
    let refunds = refund::of_payments(connection, &[payment]).await?;
    Ok(refunds
        .iter()
        .filter(|refund| refund.status == "SUCCEEDED")
        .map(|refund| refund.amount_minor)
        .sum())
}
