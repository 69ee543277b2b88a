//! The sandbox: a payment provider without money, for development and tests. Buyers see a page with Pay and
//! Decline; the answer comes back as a signed webhook over HTTP, as from a real provider.

mod deliver;
mod store;

use std::sync::Arc;

use async_trait::async_trait;
use axum::http::HeaderMap;
use chrono::Utc;
use serde::Deserialize;
use serde_json::Value;
use souk_platform::config::Config;
use souk_platform::database::Database;
use souk_platform::money::CurrencyCode;
use souk_platform::{ApiError, ApiResult, Services, client};
use tokio::sync::OnceCell;
use uuid::Uuid;

pub use self::store::{CheckoutPage, Choice};
use super::{
    Checkout, CheckoutRequest, Closed, News, Provider, ProviderError, RefundRequest, Webhook,
    WebhookError,
};
use crate::domain::signature;

/// The header with the signature of a webhook.
pub const SIGNATURE_HEADER: &str = "souk-sandbox-signature";

/// The sandbox provider.
pub struct Sandbox {
    database: Database,
    config: Arc<Config>,
    secret: OnceCell<String>,
    client: reqwest::Client,
}

impl Sandbox {
    /// The sandbox on this subgraph's database.
    pub fn new(services: &Services) -> ApiResult<Sandbox> {
        let config = &services.config;
        // The receiver is this subgraph itself.
        let client = client::for_addresses([&*config.payments_url()], deliver::ANSWER_WITHIN)
            .map_err(ApiError::internal)?;
        Ok(Sandbox {
            database: services.database.clone(),
            config: config.clone(),
            secret: OnceCell::new(),
            client,
        })
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.config.payments_url())
    }

    /// The secret that signs webhooks: the configured one, or one kept in the database so that all instances have
    /// the same.
    async fn secret(&self) -> ApiResult<&str> {
        let secret = self.secret.get_or_try_init(|| async {
            match &self.config.payments.webhook_secret {
                Some(configured) => Ok(configured.to_string()),
                None => store::account_secret(&mut *self.database.get().await?)
                    .await
                    .map_err(ApiError::from),
            }
        });
        Ok(secret.await?)
    }

    /// The page, or `None` when there is no such one.
    pub async fn page(&self, checkout: Uuid) -> ApiResult<Option<CheckoutPage>> {
        Ok(store::page(&mut *self.database.get().await?, checkout).await?)
    }

    /// The buyer's choice. A page that is not open any more stays as it is. The webhook is written with the change
    /// and sent at once; what cannot be delivered now is sent later.
    pub async fn choose(self: &Arc<Self>, checkout: Uuid, choice: Choice) -> ApiResult<()> {
        store::choose(&mut *self.database.get().await?, checkout, choice).await?;
        let sandbox = self.clone();
        tokio::spawn(async move {
            if let Err(error) = sandbox.deliver_webhooks().await {
                tracing::warn!(
                    message = error.message,
                    "webhooks could not be delivered at once"
                );
            }
        });
        Ok(())
    }
}

fn unavailable(error: impl std::fmt::Display) -> ProviderError {
    ProviderError::Unavailable(error.to_string())
}

#[async_trait]
impl Provider for Sandbox {
    fn name(&self) -> &'static str {
        "sandbox"
    }

    async fn create_checkout(&self, request: &CheckoutRequest) -> Result<Checkout, ProviderError> {
        let mut connection = self.database.get().await.map_err(unavailable)?;
        let id = store::create(&mut connection, request)
            .await
            .map_err(unavailable)?;
        Ok(Checkout {
            reference: id.to_string(),
            url: self.url(&format!("/sandbox/checkout/{id}")),
        })
    }

    async fn cancel_checkout(&self, reference: &str) -> Result<Closed, ProviderError> {
        let id = reference_id(reference)?;
        let mut connection = self.database.get().await.map_err(unavailable)?;
        let paid = store::cancel(&mut connection, id)
            .await
            .map_err(unavailable)?;
        Ok(if paid {
            Closed::AlreadyPaid
        } else {
            Closed::Closed
        })
    }

    async fn refund(&self, request: &RefundRequest) -> Result<(), ProviderError> {
        let id = reference_id(&request.reference)?;
        let mut connection = self.database.get().await.map_err(unavailable)?;
        let key = request.refund_id.to_string();
        let refunded = store::refund(&mut connection, id, &key, request.amount_minor).await;
        match refunded.map_err(unavailable)? {
            true => Ok(()),
            false => Err(ProviderError::Refused(
                "that is more than was paid".to_owned(),
            )),
        }
    }

    async fn read_webhook(
        &self,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Webhook, WebhookError> {
        let header = headers.get(SIGNATURE_HEADER).ok_or_else(|| {
            WebhookError::Unsigned(format!("the header {SIGNATURE_HEADER} is missing"))
        })?;
        let header = header
            .to_str()
            .map_err(|_| WebhookError::Unsigned(signature::SignatureError::Form.to_string()))?;
        let secret = self
            .secret()
            .await
            .map_err(|error| WebhookError::Unavailable(error.message))?;
        signature::verify(secret, header, Utc::now().timestamp(), body)
            .map_err(|error| WebhookError::Unsigned(error.to_string()))?;
        read_body(body)
    }
}

fn reference_id(reference: &str) -> Result<Uuid, ProviderError> {
    Uuid::parse_str(reference)
        .map_err(|_| ProviderError::Refused(format!("there is no checkout {reference}")))
}

/// The body of the sandbox's webhooks.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    id: String,
    checkout: String,
    #[serde(flatten)]
    event: EventBody,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type")]
enum EventBody {
    #[serde(rename = "checkout.paid", rename_all = "camelCase")]
    Paid {
        amount_minor: i64,
        currency: CurrencyCode,
    },
    #[serde(rename = "checkout.declined")]
    Declined { reason: String },
}

fn holds_zero(json: &Value) -> bool {
    match json {
        Value::String(text) => text.contains('\0'),
        Value::Array(values) => values.iter().any(holds_zero),
        Value::Object(entries) => entries
            .iter()
            .any(|(key, value)| key.contains('\0') || holds_zero(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn read_body(bytes: &[u8]) -> Result<Webhook, WebhookError> {
    let malformed = |error: serde_json::Error| WebhookError::Malformed(error.to_string());
    let json: Value = serde_json::from_slice(bytes).map_err(malformed)?;
    if holds_zero(&json) {
        // PostgreSQL cannot store it, in the log least of all.
        let message = "a text holds a zero character".to_owned();
        return Err(WebhookError::Malformed(message));
    }
    let body: Body = serde_json::from_slice(bytes).map_err(malformed)?;
    let news = match body.event {
        EventBody::Paid {
            amount_minor,
            currency,
        } => News::Paid {
            amount_minor,
            currency,
        },
        EventBody::Declined { reason } => News::Declined { reason },
    };
    Ok(Webhook {
        event_id: body.id,
        reference: body.checkout,
        news,
        body: json,
    })
}
