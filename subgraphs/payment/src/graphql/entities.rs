//! The entities: `Payment`, and `Order` with its payment.

use async_graphql::{Context, Object};
use chrono::{DateTime, Utc};
use souk_platform::money::Money;
use souk_platform::{ApiResult, Caller, Id, Identity, Role};

use super::loaders::Loaders;
use super::types::{PaymentEvent, Refund};
use crate::domain::PaymentStatus;
use crate::store::payment::Payment as Row;

/// The payment of an order.
pub struct Payment(pub Row);

/// True when the caller may see the payment: its buyer, an admin, or one of our own subgraphs.
pub fn is_open_to(payment: &Row, identity: &Identity) -> bool {
    match identity {
        Identity::Subject(subject) => subject.id == payment.buyer_id || subject.has(Role::Admin),
        Identity::Service(_) => true,
        Identity::Anonymous => false,
    }
}

/// The payment of an order. Only its buyer and admins see it.
#[Object]
impl Payment {
    /// The payment's id.
    pub async fn id(&self) -> Id {
        self.0.id.into()
    }

    /// How much is to be paid, or was.
    async fn amount(&self) -> Money {
        Money::from_minor(self.0.amount_minor, self.0.currency)
    }

    /// Where the payment stands.
    async fn status(&self) -> PaymentStatus {
        self.0.status()
    }

    /// Who takes the money, such as "sandbox".
    async fn provider(&self) -> &str {
        &self.0.provider
    }

    /// The page where the buyer pays, as long as the payment waits for it.
    async fn checkout_url(&self) -> Option<&str> {
        let waits = self.0.status() == PaymentStatus::Pending;
        self.0.checkout_url.as_deref().filter(|_| waits)
    }

    /// Why the payment failed, if it did.
    async fn failure_reason(&self) -> Option<&str> {
        self.0.failure_reason.as_deref()
    }

    /// When the time to pay is over.
    async fn expires_at(&self) -> DateTime<Utc> {
        self.0.expires_at
    }

    /// When the payment was created.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When the payment left PENDING.
    async fn settled_at(&self) -> Option<DateTime<Utc>> {
        self.0.settled_at
    }

    /// What was given back, oldest first. An order has at most one refund for each of its parts.
    async fn refunds(&self, ctx: &Context<'_>) -> ApiResult<Vec<Refund>> {
        let rows = Loaders::of(ctx)
            .refunds
            .load(self.0.id)
            .await?
            .unwrap_or_default();
        Ok(rows
            .into_iter()
            .map(|row| Refund {
                row,
                currency: self.0.currency,
            })
            .collect())
    }

    /// Everything said to and by the provider about this payment, oldest first. For admins only.
    async fn events(&self, ctx: &Context<'_>) -> ApiResult<Option<Vec<PaymentEvent>>> {
        ctx.identity().with_role(&[Role::Admin])?;
        let entries = Loaders::of(ctx)
            .log
            .load(self.0.id)
            .await?
            .unwrap_or_default();
        Ok(Some(entries.into_iter().map(PaymentEvent::from).collect()))
    }
}

/// An order, as this subgraph knows it: by its id.
pub struct Order {
    /// The order.
    pub id: Id,
}

#[Object]
impl Order {
    /// The order's id.
    pub async fn id(&self) -> Id {
        self.id
    }

    /// The order's payment. Null for everybody but its buyer and admins, and while the order is being placed.
    async fn payment(&self, ctx: &Context<'_>) -> ApiResult<Option<Payment>> {
        let payment = Loaders::of(ctx).payments_of_orders.load(self.id.0).await?;
        Ok(payment
            .filter(|payment| is_open_to(payment, ctx.identity()))
            .map(Payment))
    }
}
