//! What order asks product and payment to do. Every call is idempotent by the order's id, so it may be repeated.

use async_graphql::{ScalarType, Value};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::json;
use souk_platform::ErrorCode;
use souk_platform::money::{CurrencyCode, Decimal, Money};
use souk_platform::peers::{PeerError, Peers};
use uuid::Uuid;

use crate::domain::pricing::{RequestedLine, ReservedLine};

/// A price as a peer sends it.
#[derive(Debug, Clone, Deserialize)]
struct Price {
    amount: String,
    currency: CurrencyCode,
}

impl Price {
    fn minor(&self, subgraph: &'static str) -> Result<i64, PeerError> {
        let amount = <Decimal as ScalarType>::parse(Value::String(self.amount.clone())).ok();
        let minor = amount.and_then(|amount| {
            Money {
                amount,
                currency: self.currency,
            }
            .to_minor()
        });
        minor.ok_or_else(|| PeerError::Unavailable {
            subgraph,
            reason: format!("{:?} is no price", self.amount),
        })
    }
}

fn money(minor: i64, currency: CurrencyCode) -> serde_json::Value {
    json!({ "amount": Money::from_minor(minor, currency).amount.0.to_string(), "currency": currency.as_str() })
}

/// What product says about a variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The variant.
    pub variant_id: Uuid,
    /// Its product.
    pub product_id: Uuid,
    /// The price of one piece now, in minor units.
    pub unit_price_minor: i64,
    /// The price's currency.
    pub currency: CurrencyCode,
    /// Pieces that can be bought now.
    pub available: i64,
    /// True when it can be bought at all: not archived, and its shop is approved.
    pub listed: bool,
}

/// Asks product about variants; the answers are in the order of the question, `None` for what it does not know.
pub async fn offers(
    peers: &Peers,
    variants: &[Uuid],
    correlation_id: &str,
) -> Result<Vec<Option<Offer>>, PeerError> {
    const QUERY: &str = "query ($variantIds: [ID!]!) { variantOffers(variantIds: $variantIds) \
         { variantId productId price { amount currency } available listed } }";

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Answer {
        variant_offers: Vec<Option<AnswerOffer>>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct AnswerOffer {
        variant_id: Uuid,
        product_id: Uuid,
        price: Price,
        available: i64,
        listed: bool,
    }

    let answer: Answer = peers
        .query(
            "product",
            QUERY,
            json!({ "variantIds": variants }),
            correlation_id,
        )
        .await?;
    let mut offers = Vec::with_capacity(variants.len());
    for offer in answer.variant_offers {
        let Some(offer) = offer else {
            offers.push(None);
            continue;
        };
        offers.push(Some(Offer {
            variant_id: offer.variant_id,
            product_id: offer.product_id,
            unit_price_minor: offer.price.minor("product")?,
            currency: offer.price.currency,
            available: offer.available,
            listed: offer.listed,
        }));
    }
    Ok(offers)
}

/// Puts stock aside for the order: all lines or none.
pub async fn reserve(
    peers: &Peers,
    order: Uuid,
    lines: &[RequestedLine],
    correlation_id: &str,
) -> Result<Vec<ReservedLine>, PeerError> {
    const QUERY: &str = "mutation ($input: ReserveStockInput!) { reserveStock(input: $input) \
         { lines { variantId productId shopId sellerId sku name unitPrice { amount currency } quantity } } }";

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Answer {
        reserve_stock: Reserved,
    }
    #[derive(Deserialize)]
    struct Reserved {
        lines: Vec<Line>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Line {
        variant_id: Uuid,
        product_id: Uuid,
        shop_id: Uuid,
        seller_id: Uuid,
        sku: String,
        name: String,
        unit_price: Price,
        quantity: i32,
    }

    let mut wanted = Vec::with_capacity(lines.len());
    for line in lines {
        wanted.push(json!({ "variantId": line.variant_id, "quantity": line.quantity }));
    }
    let variables = json!({ "input": { "orderId": order, "lines": wanted } });
    let answer: Answer = peers
        .query("product", QUERY, variables, correlation_id)
        .await?;
    let mut reserved = Vec::with_capacity(answer.reserve_stock.lines.len());
    for line in answer.reserve_stock.lines {
        reserved.push(ReservedLine {
            variant_id: line.variant_id,
            product_id: line.product_id,
            shop_id: line.shop_id,
            seller_id: line.seller_id,
            sku: line.sku,
            name: line.name,
            unit_price_minor: line.unit_price.minor("product")?,
            currency: line.unit_price.currency,
            quantity: line.quantity,
        });
    }
    Ok(reserved)
}

/// Gives back the stock put aside for the order; a reservation that arrives later finds it given back already.
pub async fn release(peers: &Peers, order: Uuid, correlation_id: &str) -> Result<(), PeerError> {
    const QUERY: &str =
        "mutation ($input: ReleaseStockInput!) { releaseStock(input: $input) { released } }";
    let variables = json!({ "input": { "orderId": order } });
    match peers
        .query::<serde_json::Value>("product", QUERY, variables, correlation_id)
        .await
    {
        // Nothing to give back.
        Ok(_)
        | Err(PeerError::Refused {
            code: ErrorCode::NotFound,
            ..
        }) => Ok(()),
        Err(error) => Err(error),
    }
}

/// The payment that an order waits for.
#[derive(Debug, Clone, Copy)]
pub struct AwaitedPayment {
    /// Its id.
    pub id: Uuid,
    /// When the time to pay is over.
    pub expires_at: DateTime<Utc>,
}

/// Creates the order's payment, or finds the one that exists.
pub async fn create_payment(
    peers: &Peers,
    order: Uuid,
    buyer: Uuid,
    total_minor: i64,
    currency: CurrencyCode,
    correlation_id: &str,
) -> Result<AwaitedPayment, PeerError> {
    const QUERY: &str = "mutation ($input: CreatePaymentInput!) { createPayment(input: $input) { paymentId expiresAt } }";

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Answer {
        create_payment: Created,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Created {
        payment_id: Uuid,
        expires_at: DateTime<Utc>,
    }

    let variables = json!({ "input": { "orderId": order, "buyerId": buyer, "amount": money(total_minor, currency) } });
    let answer: Answer = peers
        .query("payment", QUERY, variables, correlation_id)
        .await?;
    Ok(AwaitedPayment {
        id: answer.create_payment.payment_id,
        expires_at: answer.create_payment.expires_at,
    })
}

/// The payment's status when it was already paid.
pub const PAID: &str = "SUCCEEDED";
/// The payment's status when the provider declined it.
pub const DECLINED: &str = "FAILED";

#[derive(Deserialize)]
struct Status {
    status: String,
}

/// Ends the order's payment if it is still open. Gives its final status, [`PAID`] when the money came first; `None`
/// when there is no payment.
pub async fn cancel_payment(
    peers: &Peers,
    order: Uuid,
    correlation_id: &str,
) -> Result<Option<String>, PeerError> {
    const QUERY: &str =
        "mutation ($input: CancelPaymentInput!) { cancelPayment(input: $input) { status } }";

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Answer {
        cancel_payment: Status,
    }

    let variables = json!({ "input": { "orderId": order } });
    match peers
        .query::<Answer>("payment", QUERY, variables, correlation_id)
        .await
    {
        Ok(answer) => Ok(Some(answer.cancel_payment.status)),
        Err(PeerError::Refused {
            code: ErrorCode::NotFound,
            ..
        }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Pays back a part of what was paid for the order, once per key. Gives the status.
pub async fn refund_payment(
    peers: &Peers,
    order: Uuid,
    (amount_minor, currency): (i64, CurrencyCode),
    reason: &str,
    idempotency_key: &str,
) -> Result<String, PeerError> {
    const QUERY: &str =
        "mutation ($input: RefundPaymentInput!) { refundPayment(input: $input) { status } }";

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Answer {
        refund_payment: Status,
    }

    let variables = json!({ "input": {
        "orderId": order,
        "amount": money(amount_minor, currency),
        "reason": reason,
        "idempotencyKey": idempotency_key,
    } });
    let answer: Answer = peers
        .query("payment", QUERY, variables, &order.to_string())
        .await?;
    Ok(answer.refund_payment.status)
}
