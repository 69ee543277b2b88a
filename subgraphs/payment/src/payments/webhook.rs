//! What providers tell us.

use std::time::Duration;

use axum::http::HeaderMap;
use diesel_async::AsyncConnection;
use serde_json::json;
use souk_platform::{ApiError, ApiResult};

use super::{Payments, tell};
use crate::domain::Fact;
use crate::provider::{News, Webhook, WebhookError};
use crate::store::{audit, payment};

/// How many unsigned webhooks are logged...
const MOST_LOGGED: u64 = 60;
/// ... in this time.
const LOGGED_PER: Duration = Duration::from_secs(60);

/// What became of a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It had its effect, or none was needed.
    Worked,
    /// It was worked before.
    Duplicate,
    /// It says something that cannot be.
    Refused(Refusal),
}

/// Why a webhook that the provider signed is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is about a page that we never opened.
    #[error("there is no payment with this reference")]
    UnknownPayment,
    /// Another amount was paid.
    #[error("the amount is not the one that was asked for")]
    WrongAmount,
}

impl Payments {
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
                let logged = self.may_log(&error).await;
                metrics::counter!("souk_payment_webhooks_refused_total", "provider" => self.provider.name(), "logged" => logged.to_string())
                    .increment(1);
                if logged {
                    self.log_refused_webhook(&error, body)
                        .await
                        .map_err(unavailable)?;
                }
                Err(error)
            }
        }
    }

    /// Anybody can send what nobody we know signed, so only so much of it is written down; the metric counts all.
    async fn may_log(&self, error: &WebhookError) -> bool {
        if !matches!(error, WebhookError::Unsigned(_)) {
            return true;
        }
        let key = format!("payment:unsigned-webhooks:{}", self.provider.name());
        let count = self.cache.increment(&key, LOGGED_PER).await;
        count.is_ok_and(|count| count <= MOST_LOGGED)
    }

    async fn log_refused_webhook(&self, error: &WebhookError, body: &[u8]) -> ApiResult<()> {
        // It can be anything, so only a piece of it is kept.
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
                    return Ok(Taken::Refused(Refusal::UnknownPayment));
                };
                let (fact, reason) = match &webhook.news {
                    News::Paid { amount_minor, currency } => {
                        if *amount_minor != locked.amount_minor || *currency != locked.currency {
                            tracing::error!(payment = %locked.id, "a webhook tells of another amount than was asked for");
                            self.log(transaction, &locked, "webhook.wrong_amount", webhook.body.clone()).await?;
                            return Ok(Taken::Refused(Refusal::WrongAmount));
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
}
