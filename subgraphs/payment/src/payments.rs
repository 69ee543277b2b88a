//! What can be done with payments: each step safe to repeat, whatever crashed in between.

use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderMap;
use chrono::Utc;
use diesel_async::{AsyncConnection, AsyncPgConnection};
use serde_json::json;
use souk_platform::database::Database;
use souk_platform::events::{Event, Payload, outbox};
use souk_platform::money::CurrencyCode;
use souk_platform::{ApiError, ApiResult, ErrorCode, Services};
use uuid::Uuid;

use crate::domain::{Fact, PaymentStatus};
use crate::provider::{
    CheckoutRequest, Closed, News, Provider, ProviderError, RefundRequest, Webhook, WebhookError,
};
use crate::store::audit;
use crate::store::payment::{self, NewPayment, Payment};
use crate::store::refund::{self, Refund};

/// How many overdue payments one run of the job takes.
const OVERDUE_BATCH: i64 = 100;

/// Payments and the provider that takes the money.
#[derive(Clone)]
pub struct Payments {
    database: Database,
    provider: Arc<dyn Provider>,
    expire_after: Duration,
}

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

/// What became of a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It had its effect, or none was needed.
    Worked,
    /// It was worked before.
    Duplicate,
    /// It is about something we do not know, or says something that cannot be.
    Refused(&'static str),
}

impl From<ProviderError> for ApiError {
    fn from(error: ProviderError) -> Self {
        match error {
            ProviderError::Unavailable(_) => {
                ApiError::new(ErrorCode::Unavailable, error.to_string())
            }
            ProviderError::Refused(_) => {
                ApiError::new(ErrorCode::PaymentDeclined, error.to_string())
            }
        }
    }
}

impl Payments {
    /// Payments through `provider`.
    pub fn new(services: &Services, provider: Arc<dyn Provider>) -> Payments {
        Payments {
            database: services.database.clone(),
            provider,
            expire_after: services.config.payments.expire_after,
        }
    }

    /// The payment of the order, with an open page. Repeating it gives the same payment.
    pub async fn create(
        &self,
        order_id: Uuid,
        buyer_id: Uuid,
        amount_minor: i64,
        currency: CurrencyCode,
        correlation_id: &str,
    ) -> ApiResult<Payment> {
        let new = NewPayment {
            id: Uuid::now_v7(),
            order_id,
            buyer_id,
            amount_minor,
            currency,
            status: PaymentStatus::Pending.as_str(),
            provider: self.provider.name(),
            expires_at: Utc::now() + self.expire_after,
        };
        let mut connection = self.database.get().await?;
        let payment = payment::insert_or_get(&mut connection, &new).await?;
        // Asked after the payment is stored, as `cancel_order` stores the refusal before it looks for a payment: of two
        // that run at once, at least one sees the other.
        if payment::is_refused(&mut connection, order_id).await? {
            drop(connection);
            self.close(&payment, Fact::OrderCancelled, correlation_id)
                .await?;
            return Err(ApiError::conflict("the order was cancelled").at("input.orderId"));
        }
        let same = payment.buyer_id == buyer_id
            && payment.amount_minor == amount_minor
            && payment.currency == currency;
        if !same {
            return Err(
                ApiError::conflict("the order has a payment of another amount").at("input.orderId"),
            );
        }
        if payment.reference.is_some() || payment.status() != PaymentStatus::Pending {
            return Ok(payment);
        }
        drop(connection);
        self.open_checkout(&payment, correlation_id).await
    }

    /// Opens the provider's page and notes it. The provider knows the payment's id, so that a crash between the two
    /// leads to the same page.
    async fn open_checkout(&self, payment: &Payment, correlation_id: &str) -> ApiResult<Payment> {
        let request = CheckoutRequest {
            payment_id: payment.id,
            description: format!("Order {}", payment.order_id),
            amount_minor: payment.amount_minor,
            currency: payment.currency,
        };
        let checkout = self.provider.create_checkout(&request).await;
        let mut connection = self.database.get().await?;
        let checkout = match checkout {
            Ok(checkout) => checkout,
            Err(error) => {
                self.log(
                    &mut connection,
                    payment,
                    "checkout.failed",
                    json!({ "error": error.to_string() }),
                )
                .await?;
                return Err(error.into());
            }
        };
        let noted = connection
            .transaction(async |transaction| {
                // Locked first: the log refers to the payment, and a shared lock is not raised without deadlocks.
                let locked = payment::lock(transaction, payment.id).await?;
                let detail = json!({ "reference": checkout.reference, "url": checkout.url });
                self.log(transaction, payment, "checkout.created", detail)
                    .await?;
                if locked.reference.is_some() {
                    return Ok(locked);
                }
                if locked.status() == PaymentStatus::Pending {
                    let created = Payload::PaymentCreated {
                        payment_id: payment.id,
                        order_id: payment.order_id,
                    };
                    let event = Event::new(payment.id, correlation_id, created);
                    outbox::append(transaction, &event).await?;
                }
                payment::set_checkout(transaction, payment.id, &checkout.reference, &checkout.url)
                    .await
            })
            .await
            .map_err(|error: diesel::result::Error| ApiError::from(error))?;
        drop(connection);
        if noted.status() != PaymentStatus::Pending {
            // It ended while the page was being opened, so nobody may pay there.
            self.close_page(&noted, &checkout.reference).await?;
        }
        Ok(noted)
    }

    /// Closes the provider's page, unless it was paid already, and logs what the provider says.
    async fn close_page(&self, payment: &Payment, reference: &str) -> ApiResult<Closed> {
        let answer = self.provider.cancel_checkout(reference).await;
        let (kind, detail) = match &answer {
            Ok(Closed::Closed) => ("checkout.closed", json!({})),
            Ok(Closed::AlreadyPaid) => ("checkout.already_paid", json!({})),
            Err(error) => (
                "checkout.close_failed",
                json!({ "error": error.to_string() }),
            ),
        };
        let mut connection = self.database.get().await?;
        self.log(&mut connection, payment, kind, detail).await?;
        Ok(answer?)
    }

    /// Ends the order's open payment and refuses later ones. Gives the state it ended in: `SUCCEEDED` when the buyer
    /// was faster.
    pub async fn cancel_order(
        &self,
        order_id: Uuid,
        correlation_id: &str,
    ) -> ApiResult<PaymentStatus> {
        let mut connection = self.database.get().await?;
        payment::refuse_order(&mut connection, order_id).await?;
        let found = payment::by_orders(&mut connection, &[order_id])
            .await?
            .pop();
        drop(connection);
        match found {
            Some(payment) => {
                self.close(&payment, Fact::OrderCancelled, correlation_id)
                    .await
            }
            None => Ok(PaymentStatus::Cancelled),
        }
    }

    /// Closes the page of an open payment and moves the payment on, unless the buyer was faster.
    async fn close(
        &self,
        payment: &Payment,
        fact: Fact,
        correlation_id: &str,
    ) -> ApiResult<PaymentStatus> {
        if payment.status() != PaymentStatus::Pending {
            return Ok(payment.status());
        }
        let closed = match &payment.reference {
            Some(reference) => self.close_page(payment, reference).await?,
            None => Closed::Closed,
        };
        // The webhook that says so is still on its way, or was lost: the provider's own word is as good.
        let fact = match closed {
            Closed::AlreadyPaid => Fact::Paid,
            Closed::Closed => fact,
        };
        let mut connection = self.database.get().await?;
        let status = connection
            .transaction(async |transaction| {
                let locked = payment::lock(transaction, payment.id).await?;
                let Some(next) = payment::apply(transaction, &locked, fact, None).await? else {
                    return Ok(locked.status());
                };
                tell(transaction, &locked, next, None, correlation_id).await?;
                Ok::<_, diesel::result::Error>(next)
            })
            .await?;
        Ok(status)
    }

    /// Ends the payments that nobody made in time.
    pub async fn expire_due(&self) -> ApiResult<()> {
        let overdue = payment::overdue(&mut *self.database.get().await?, OVERDUE_BATCH).await?;
        let mut failure = None;
        for payment in overdue {
            // One that cannot be ended must not keep the others open.
            if let Err(error) = self.close(&payment, Fact::TimeOver, "").await {
                failure = Some(error);
            }
        }
        failure.map_or(Ok(()), Err)
    }

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
                let detail = json!({ "refund": refund.id, "amountMinor": refund.amount_minor, "reason": refund.reason });
                self.log(transaction, &payment, "refund.succeeded", detail).await?;
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

    /// Checks, logs and works a webhook. Sent twice, it has its effect once.
    pub async fn webhook(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        correlation_id: &str,
    ) -> Result<Taken, WebhookError> {
        let unavailable = |error: ApiError| WebhookError::Unavailable(error.message);
        match self.provider.read_webhook(headers, body).await {
            Ok(webhook) => self
                .work_webhook(&webhook, correlation_id)
                .await
                .map_err(unavailable),
            Err(error) => {
                self.log_refused_webhook(&error, body)
                    .await
                    .map_err(unavailable)?;
                Err(error)
            }
        }
    }

    async fn log_refused_webhook(&self, error: &WebhookError, body: &[u8]) -> ApiResult<()> {
        // Anybody can send this, so only a piece of it is kept.
        let start = String::from_utf8_lossy(&body[..body.len().min(512)]).replace('\0', "");
        let detail =
            json!({ "error": error.to_string(), "bodyStart": start, "bodyLength": body.len() });
        let mut connection = self.database.get().await?;
        audit::log(
            &mut connection,
            None,
            self.provider.name(),
            "webhook.refused",
            detail,
        )
        .await?;
        Ok(())
    }

    async fn work_webhook(&self, webhook: &Webhook, correlation_id: &str) -> ApiResult<Taken> {
        let provider = self.provider.name();
        let mut connection = self.database.get().await?;
        let taken = connection
            .transaction(async |transaction| {
                let Some(locked) = payment::lock_by_reference(transaction, provider, &webhook.reference).await? else {
                    audit::log(transaction, None, provider, "webhook.unknown", webhook.body.clone()).await?;
                    return Ok(Taken::Refused("there is no payment with this reference"));
                };
                let (fact, reason) = match &webhook.news {
                    News::Paid { amount_minor, currency } => {
                        if *amount_minor != locked.amount_minor || *currency != locked.currency {
                            tracing::error!(payment = %locked.id, "a webhook tells of another amount than was asked for");
                            self.log(transaction, &locked, "webhook.wrong_amount", webhook.body.clone()).await?;
                            return Ok(Taken::Refused("the amount is not the one that was asked for"));
                        }
                        (Fact::Paid, None)
                    }
                    News::Declined { reason } => (Fact::Declined, Some(reason.as_str())),
                };
                // Only what is taken counts as worked: what was refused is refused again.
                if !audit::first_delivery(transaction, provider, &webhook.event_id).await? {
                    self.log(transaction, &locked, "webhook.duplicate", webhook.body.clone()).await?;
                    return Ok(Taken::Duplicate);
                }
                self.log(transaction, &locked, "webhook.received", webhook.body.clone()).await?;
                if let Some(next) = payment::apply(transaction, &locked, fact, reason).await? {
                    tell(transaction, &locked, next, reason, correlation_id).await?;
                }
                Ok::<_, diesel::result::Error>(Taken::Worked)
            })
            .await?;
        Ok(taken)
    }

    async fn log(
        &self,
        connection: &mut AsyncPgConnection,
        payment: &Payment,
        kind: &str,
        detail: serde_json::Value,
    ) -> diesel::QueryResult<()> {
        audit::log(
            connection,
            Some(payment.id),
            self.provider.name(),
            kind,
            detail,
        )
        .await
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

/// Writes the event that tells of a payment's new state. What nobody's request caused is tied together by the order's
/// id.
async fn tell(
    connection: &mut AsyncPgConnection,
    payment: &Payment,
    status: PaymentStatus,
    reason: Option<&str>,
    correlation_id: &str,
) -> diesel::QueryResult<()> {
    let (payment_id, order_id) = (payment.id, payment.order_id);
    let correlation_id = match correlation_id {
        "" => order_id.to_string(),
        known => known.to_owned(),
    };
    let payload = match status {
        PaymentStatus::Succeeded => {
            let (amount_minor, currency) = (payment.amount_minor, payment.currency);
            Payload::PaymentSucceeded {
                payment_id,
                order_id,
                amount_minor,
                currency,
            }
        }
        PaymentStatus::Failed => Payload::PaymentFailed {
            payment_id,
            order_id,
            reason: reason.unwrap_or_default().to_owned(),
        },
        PaymentStatus::Expired => Payload::PaymentExpired {
            payment_id,
            order_id,
        },
        // The order asked for these itself.
        PaymentStatus::Pending | PaymentStatus::Cancelled | PaymentStatus::Refunded => {
            return Ok(());
        }
    };
    let event = Event::new(payment.id, &correlation_id, payload);
    outbox::append(connection, &event).await
}
