//! Values beside the entities.

use async_graphql::{Enum, InputObject, Json, Object, SimpleObject};
use chrono::{DateTime, Utc};
use souk_platform::Id;
use souk_platform::money::{CurrencyCode, Money, MoneyInput};

use crate::domain::PaymentStatus;
use crate::store::audit::Entry;
use crate::store::refund::Refund as RefundRow;

/// Money given back to the buyer.
pub struct Refund {
    /// The row.
    pub row: RefundRow,
    /// The payment's currency.
    pub currency: CurrencyCode,
}

/// Where a refund stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum RefundStatus {
    /// The provider was asked and has not confirmed yet.
    Pending,
    /// The money is on its way to the buyer.
    Succeeded,
}

/// Money given back to the buyer.
#[Object]
impl Refund {
    /// The refund's id.
    async fn id(&self) -> Id {
        self.row.id.into()
    }

    /// How much is given back.
    async fn amount(&self) -> Money {
        Money::from_minor(self.row.amount_minor, self.currency)
    }

    /// Why, for people.
    async fn reason(&self) -> &str {
        &self.row.reason
    }

    /// Where it stands.
    async fn status(&self) -> RefundStatus {
        match self.row.status.as_str() {
            "SUCCEEDED" => RefundStatus::Succeeded,
            _ => RefundStatus::Pending,
        }
    }

    /// When it was asked for.
    async fn created_at(&self) -> DateTime<Utc> {
        self.row.created_at
    }
}

/// An entry in the log of what was said to and by a payment provider.
#[derive(Debug, SimpleObject)]
pub struct PaymentEvent {
    /// The entry's id.
    id: Id,
    /// The provider's name.
    provider: String,
    /// What it was, such as "checkout.created" or "webhook.received".
    kind: String,
    /// What was said.
    detail: Json<serde_json::Value>,
    /// When.
    created_at: DateTime<Utc>,
}

impl From<Entry> for PaymentEvent {
    fn from(entry: Entry) -> Self {
        PaymentEvent {
            id: entry.id.into(),
            provider: entry.provider,
            kind: entry.kind,
            detail: Json(entry.detail),
            created_at: entry.created_at,
        }
    }
}

/// What to create a payment for.
#[derive(Debug, InputObject)]
#[graphql(inaccessible)]
pub struct CreatePaymentInput {
    /// The order.
    pub order_id: Id,
    /// Who pays.
    pub buyer_id: Id,
    /// How much.
    pub amount: MoneyInput,
}

/// The payment of an order.
#[derive(Debug, SimpleObject)]
#[graphql(inaccessible)]
pub struct CreatePaymentPayload {
    /// The payment.
    pub payment_id: Id,
    /// Where the buyer pays.
    pub checkout_url: Option<String>,
    /// Where it stands.
    pub status: PaymentStatus,
    /// When the time to pay is over.
    pub expires_at: DateTime<Utc>,
}

/// Which order's payment to end.
#[derive(Debug, InputObject)]
#[graphql(inaccessible)]
pub struct CancelPaymentInput {
    /// The order.
    pub order_id: Id,
}

/// How the payment ended.
#[derive(Debug, SimpleObject)]
#[graphql(inaccessible)]
pub struct CancelPaymentPayload {
    /// `SUCCEEDED` when the buyer was faster.
    pub status: PaymentStatus,
}

/// What to give back.
#[derive(Debug, InputObject)]
#[graphql(inaccessible)]
pub struct RefundPaymentInput {
    /// The order.
    pub order_id: Id,
    /// How much.
    pub amount: MoneyInput,
    /// Why, for people.
    pub reason: String,
    /// Makes a repeated request the same refund.
    pub idempotency_key: String,
}

/// The payment after the refund.
#[derive(Debug, SimpleObject)]
#[graphql(inaccessible)]
pub struct RefundPaymentPayload {
    /// `REFUNDED` when all was given back.
    pub status: PaymentStatus,
}
