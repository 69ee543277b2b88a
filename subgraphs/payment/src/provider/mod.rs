//! What a payment provider has to do for us.

pub mod sandbox;

use async_trait::async_trait;
use axum::http::HeaderMap;
use serde_json::Value;
use souk_platform::money::CurrencyCode;
use uuid::Uuid;

/// A payment provider. Every call is idempotent by the id that we give it.
#[async_trait]
pub trait Provider: Send + Sync {
    /// Its name in the database, in the webhook's path and in the log.
    fn name(&self) -> &'static str;

    /// Opens a page where the buyer pays.
    async fn create_checkout(&self, request: &CheckoutRequest) -> Result<Checkout, ProviderError>;

    /// Closes the page, unless it was paid already.
    async fn cancel_checkout(&self, reference: &str) -> Result<Closed, ProviderError>;

    /// Gives money back.
    async fn refund(&self, request: &RefundRequest) -> Result<(), ProviderError>;

    /// Checks who sent the webhook and reads it.
    async fn read_webhook(&self, headers: &HeaderMap, body: &[u8])
    -> Result<Webhook, WebhookError>;
}

/// What the buyer is to pay.
#[derive(Debug, Clone)]
pub struct CheckoutRequest {
    /// Our payment: the idempotency key.
    pub payment_id: Uuid,
    /// What stands on the page.
    pub description: String,
    /// In minor units.
    pub amount_minor: i64,
    /// The currency.
    pub currency: CurrencyCode,
}

/// An open page.
#[derive(Debug, Clone)]
pub struct Checkout {
    /// The provider's name for it.
    pub reference: String,
    /// Its address.
    pub url: String,
}

/// What closing a page brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// Nobody can pay any more.
    Closed,
    /// It was paid before; the webhook is on its way.
    AlreadyPaid,
}

/// Money to give back.
#[derive(Debug, Clone)]
pub struct RefundRequest {
    /// Our refund: the idempotency key.
    pub refund_id: Uuid,
    /// The page that was paid.
    pub reference: String,
    /// In minor units.
    pub amount_minor: i64,
}

/// What a webhook tells.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// The provider's id of it; the same when it is sent again.
    pub event_id: String,
    /// The page it is about.
    pub reference: String,
    /// What happened.
    pub news: News,
    /// The whole body, for the log.
    pub body: Value,
}

/// What happened at the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// The buyer paid.
    Paid {
        /// In minor units.
        amount_minor: i64,
        /// The currency.
        currency: CurrencyCode,
    },
    /// The buyer or the bank said no.
    Declined {
        /// Why, for people.
        reason: String,
    },
}

/// The provider did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// No answer; ask again.
    #[error("the payment provider does not answer: {0}")]
    Unavailable(String),
    /// It refuses.
    #[error("the payment provider refused: {0}")]
    Refused(String),
}

/// A webhook that is not taken.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// Nobody we know signed it.
    #[error("{0}")]
    Unsigned(String),
    /// Signed, but not of the shape we know.
    #[error("the webhook's body is not understood: {0}")]
    Malformed(String),
    /// The secret cannot be read now.
    #[error("{0}")]
    Unavailable(String),
}
