//! What can be done with payments: each step safe to repeat, whatever crashed in between.

mod refund;
mod webhook;

use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use diesel_async::{AsyncConnection, AsyncPgConnection};
use serde_json::json;
use souk_platform::cache::Cache;
use souk_platform::database::Database;
use souk_platform::events::{Event, Payload, outbox};
use souk_platform::money::CurrencyCode;
use souk_platform::{ApiError, ApiResult, ErrorCode, Services};
use uuid::Uuid;

pub use self::refund::RefundOrder;
pub use self::webhook::{Refusal, Taken};
use crate::domain::{Fact, PaymentStatus};
use crate::provider::{CheckoutRequest, Closed, Provider, ProviderError};
use crate::store::audit;
use crate::store::payment::{self, NewPayment, Payment};

/// How many overdue payments one run of the job takes.
const OVERDUE_BATCH: i64 = 100;

/// Payments and the provider that takes the money.
#[derive(Clone)]
pub struct Payments {
    database: Database,
    cache: Arc<dyn Cache>,
    provider: Arc<dyn Provider>,
    expire_after: Duration,
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
            cache: services.cache.clone(),
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
        self.log_intent(payment, "checkout.requested", json!({}))
            .await?;
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
        let asked = json!({ "reference": reference });
        self.log_intent(payment, "checkout.close_requested", asked)
            .await?;
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

    /// Logs what the provider is about to be asked, before it is: whatever dies after that leaves a trace.
    async fn log_intent(
        &self,
        payment: &Payment,
        kind: &str,
        detail: serde_json::Value,
    ) -> ApiResult<()> {
        let mut connection = self.database.get().await?;
        Ok(self.log(&mut connection, payment, kind, detail).await?)
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
