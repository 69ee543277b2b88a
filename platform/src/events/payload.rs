//! What every type of event says. Producers and consumers share these types; a change that older consumers
//! cannot read raises the event's version.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::money::CurrencyCode;

/// A shop as others need to know it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShopSnapshot {
    /// The shop.
    pub shop_id: Uuid,
    /// The seller who owns it.
    pub owner_id: Uuid,
    /// Its display name.
    pub name: String,
    /// What it says of itself.
    pub description: String,
    /// True once a moderator has approved it, false again when rejected.
    pub approved: bool,
    /// Latitude and longitude in degrees (WGS 84) of each branch.
    pub positions: Vec<(f64, f64)>,
    /// Grows with every change of the shop; an older snapshot never replaces a newer one.
    pub revision: i64,
}

/// A product as others need to know it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProductSnapshot {
    /// The product.
    pub product_id: Uuid,
    /// The shop that sells it.
    pub shop_id: Uuid,
    /// The shop's name when this was sent.
    pub shop_name: String,
    /// Latitude and longitude in degrees of the shop's branches when this was sent.
    pub positions: Vec<(f64, f64)>,
    /// The GraphQL type: `Book`, `Laptop`, `Mobile`, `Clothing` or `GeneralProduct`.
    pub kind: String,
    /// Title.
    pub name: String,
    /// Long text.
    pub description: String,
    /// The category and all its ancestors, root first.
    pub category_ids: Vec<Uuid>,
    /// The names of `category_ids`, in the same order.
    pub category_names: Vec<String>,
    /// Further words to find it by: author, brand, material and so on.
    pub keywords: Vec<String>,
    /// What can be bought.
    pub variants: Vec<VariantSnapshot>,
    /// True when it may be found and bought: not archived and its shop is approved.
    pub listed: bool,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// Grows with every change of the product.
    pub revision: i64,
}

/// A variant of a product.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VariantSnapshot {
    /// The variant.
    pub variant_id: Uuid,
    /// Stock keeping unit, unique within the shop.
    pub sku: String,
    /// Price in minor units.
    pub price_minor: i64,
    /// The price's currency.
    pub currency: CurrencyCode,
    /// Pieces that can be bought now.
    pub available: i64,
}

/// Pieces left of a variant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StockLevel {
    /// The variant's product.
    pub product_id: Uuid,
    /// The variant.
    pub variant_id: Uuid,
    /// Pieces that can be bought now (on hand, less reserved).
    pub available: i64,
    /// Grows with every change of this variant's stock.
    pub revision: i64,
}

/// One line of an order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OrderLine {
    /// The line.
    pub item_id: Uuid,
    /// What was ordered.
    pub product_id: Uuid,
    /// Which variant of it.
    pub variant_id: Uuid,
    /// How many, at least 1.
    pub quantity: i32,
    /// Price of one piece in minor units, frozen when the order was placed.
    pub unit_price_minor: i64,
}

/// The part of an order that one shop delivers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OrderShopPart {
    /// The part.
    pub shop_order_id: Uuid,
    /// The shop.
    pub shop_id: Uuid,
    /// The shop's owner.
    pub seller_id: Uuid,
    /// Its state, such as `SHIPPED`.
    pub status: String,
    /// Its lines.
    pub lines: Vec<OrderLine>,
}

/// The body of an event; the variant is its type. The routing key on the bus is the type's name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "payload")]
pub enum Payload {
    /// A user registered.
    #[serde(rename = "user.registered")]
    UserRegistered {
        /// The user.
        user_id: Uuid,
        /// Address for mail.
        email: String,
        /// Display name.
        name: String,
    },
    /// A user's roles changed: by an admin, or because it became a seller.
    #[serde(rename = "user.roles_changed")]
    UserRolesChanged {
        /// The user.
        user_id: Uuid,
        /// All roles it has now.
        roles: Vec<crate::identity::Role>,
    },
    /// A shop was created; it waits for approval.
    #[serde(rename = "shop.created")]
    ShopCreated(ShopSnapshot),
    /// A moderator approved a shop.
    #[serde(rename = "shop.approved")]
    ShopApproved(ShopSnapshot),
    /// A moderator rejected a shop.
    #[serde(rename = "shop.rejected")]
    ShopRejected(ShopSnapshot),
    /// A shop's name, description or branches changed.
    #[serde(rename = "shop.updated")]
    ShopUpdated(ShopSnapshot),
    /// A product was created.
    #[serde(rename = "product.created")]
    ProductCreated(ProductSnapshot),
    /// A product, its variants, prices, categories or its shop's snapshot changed.
    #[serde(rename = "product.updated")]
    ProductUpdated(ProductSnapshot),
    /// A product is no longer sold.
    #[serde(rename = "product.archived")]
    ProductArchived(ProductSnapshot),
    /// The available stock of variants changed by an order or by the seller.
    #[serde(rename = "stock.changed")]
    StockChanged {
        /// The new levels.
        levels: Vec<StockLevel>,
    },
    /// Stock was put aside for an order.
    #[serde(rename = "stock.reserved")]
    StockReserved {
        /// The order.
        order_id: Uuid,
    },
    /// Stock put aside for an order was given back.
    #[serde(rename = "stock.released")]
    StockReleased {
        /// The order.
        order_id: Uuid,
    },
    /// Stock put aside for an order has left for good.
    #[serde(rename = "stock.committed")]
    StockCommitted {
        /// The order.
        order_id: Uuid,
    },
    /// An order was placed, its prices frozen.
    #[serde(rename = "order.placed")]
    OrderPlaced {
        /// The order.
        order_id: Uuid,
        /// Who buys.
        buyer_id: Uuid,
        /// Sum in minor units.
        total_minor: i64,
        /// The currency of the sum.
        currency: CurrencyCode,
        /// Its parts per shop.
        parts: Vec<OrderShopPart>,
    },
    /// The status of an order, or of one of its parts, changed.
    #[serde(rename = "order.status_changed")]
    OrderStatusChanged {
        /// The order.
        order_id: Uuid,
        /// Who buys.
        buyer_id: Uuid,
        /// The order's status now, such as `CONFIRMED`.
        status: String,
        /// All its parts with their status now.
        parts: Vec<OrderShopPart>,
        /// Grows with every change of the order; receivers drop what is older than what they showed.
        revision: i64,
    },
    /// A payment was created for an order and waits for the buyer.
    #[serde(rename = "payment.created")]
    PaymentCreated {
        /// The payment.
        payment_id: Uuid,
        /// The order it pays.
        order_id: Uuid,
    },
    /// The provider has the money.
    #[serde(rename = "payment.succeeded")]
    PaymentSucceeded {
        /// The payment.
        payment_id: Uuid,
        /// The order it pays.
        order_id: Uuid,
        /// Paid in minor units.
        amount_minor: i64,
        /// The currency paid in.
        currency: CurrencyCode,
    },
    /// The provider or the buyer declined.
    #[serde(rename = "payment.failed")]
    PaymentFailed {
        /// The payment.
        payment_id: Uuid,
        /// The order it was to pay.
        order_id: Uuid,
        /// Why, for people.
        reason: String,
    },
    /// Nobody paid in time.
    #[serde(rename = "payment.expired")]
    PaymentExpired {
        /// The payment.
        payment_id: Uuid,
        /// The order it was to pay.
        order_id: Uuid,
    },
}

impl Payload {
    /// The event's type, which is also its routing key: `order.placed`.
    pub fn event_type(&self) -> &'static str {
        match self {
            Payload::UserRegistered { .. } => "user.registered",
            Payload::UserRolesChanged { .. } => "user.roles_changed",
            Payload::ShopCreated(_) => "shop.created",
            Payload::ShopApproved(_) => "shop.approved",
            Payload::ShopRejected(_) => "shop.rejected",
            Payload::ShopUpdated(_) => "shop.updated",
            Payload::ProductCreated(_) => "product.created",
            Payload::ProductUpdated(_) => "product.updated",
            Payload::ProductArchived(_) => "product.archived",
            Payload::StockChanged { .. } => "stock.changed",
            Payload::StockReserved { .. } => "stock.reserved",
            Payload::StockReleased { .. } => "stock.released",
            Payload::StockCommitted { .. } => "stock.committed",
            Payload::OrderPlaced { .. } => "order.placed",
            Payload::OrderStatusChanged { .. } => "order.status_changed",
            Payload::PaymentCreated { .. } => "payment.created",
            Payload::PaymentSucceeded { .. } => "payment.succeeded",
            Payload::PaymentFailed { .. } => "payment.failed",
            Payload::PaymentExpired { .. } => "payment.expired",
        }
    }
}
