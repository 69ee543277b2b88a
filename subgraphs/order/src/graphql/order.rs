//! Orders, their parts and lines.

use std::sync::Arc;

use async_graphql::{Context, Object, SimpleObject};
use chrono::{DateTime, Utc};
use souk_platform::money::Money;
use souk_platform::{ApiError, ApiResult, Caller, Id, Identity};
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::entities::{Shop, User};
use super::loaders::Loaders;
use super::types::{Product, Variant};
use crate::domain::address::ShippingAddress;
use crate::domain::status::{OrderStatus, PartStatus};
use crate::live::Change;
use crate::store::order::{HistoryRow, ItemRow, OrderRow, PartRow, ShipmentRow};

/// An order as the caller may see it: the buyer sees all of it, a seller only what the own shops deliver.
#[derive(Clone)]
pub struct Order {
    row: OrderRow,
    /// What does not change with the status, shared by everything that shows this order in one request or subscription.
    kept: Arc<Kept>,
    /// The parts' statuses when they are those of a change, not of what was read.
    change: Option<Arc<Change>>,
}

#[derive(Default)]
struct Kept {
    parts: OnceCell<Vec<PartRow>>,
    items: OnceCell<Vec<ItemRow>>,
}

/// An order: what somebody bought at one moment, from one or several shops.
#[Object]
impl Order {
    /// The order's id.
    async fn id(&self) -> Id {
        self.row.id.into()
    }

    /// Where the order is as a whole; it follows from its parts.
    async fn status(&self) -> OrderStatus {
        self.row.status
    }

    /// Grows with every change of the order or of one of its parts.
    async fn revision(&self) -> i32 {
        i32::try_from(self.row.revision).unwrap_or(i32::MAX)
    }

    /// Who buys.
    async fn buyer(&self) -> User {
        User {
            id: self.row.buyer_id.into(),
        }
    }

    /// The lines, in the order of the cart. A seller sees those that the own shops deliver.
    async fn items(&self, ctx: &Context<'_>) -> ApiResult<Vec<OrderItem>> {
        let parts = self.visible_parts(ctx).await?;
        let items = self.all_items(ctx).await?;
        let visible = items
            .iter()
            .filter(|item| parts.iter().any(|part| part.id == item.shop_order_id));
        Ok(visible
            .map(|row| OrderItem {
                row: row.clone(),
                order: self.clone(),
            })
            .collect())
    }

    /// The parts, one per shop. A seller sees those of the own shops.
    async fn shop_orders(&self, ctx: &Context<'_>) -> ApiResult<Vec<ShopOrder>> {
        let parts = self.visible_parts(ctx).await?;
        Ok(parts
            .into_iter()
            .map(|row| ShopOrder {
                row,
                order: Some(self.clone()),
            })
            .collect())
    }

    /// What the order costs. For a seller: what the own shops' parts cost.
    async fn total(&self, ctx: &Context<'_>) -> ApiResult<Money> {
        let minor = match self.row.total_minor {
            Some(total) if sees_all(ctx.identity(), &self.row) => total,
            _ => self
                .visible_parts(ctx)
                .await?
                .iter()
                .map(|part| part.subtotal_minor)
                .sum(),
        };
        Ok(Money::from_minor(minor, self.row.currency))
    }

    /// Where the order goes, as it was when the order was placed.
    async fn shipping_address(&self) -> ApiResult<ShippingAddress> {
        serde_json::from_value(self.row.shipping_address.clone()).map_err(ApiError::internal)
    }

    /// Everything that happened to the order, oldest first. A seller sees what concerns the whole order or the own
    /// shops' parts.
    async fn status_history(&self, ctx: &Context<'_>) -> ApiResult<Vec<OrderStatusChange>> {
        let parts = self.visible_parts(ctx).await?;
        let rows = Loaders::of(ctx)
            .history_of
            .load(self.row.id)
            .await?
            .unwrap_or_default();
        let mut changes = Vec::with_capacity(rows.len());
        for row in rows {
            let part = row
                .shop_order_id
                .map(|id| parts.iter().find(|part| part.id == id));
            match part {
                Some(None) => {}
                Some(Some(part)) => changes.push(self.change_of(row, Some(part))),
                None => changes.push(self.change_of(row, None)),
            }
        }
        Ok(changes)
    }

    /// When the order was placed.
    async fn placed_at(&self) -> DateTime<Utc> {
        self.row.placed_at.unwrap_or(self.row.created_at)
    }

    /// When the payment arrived.
    async fn paid_at(&self) -> Option<DateTime<Utc>> {
        self.row.paid_at
    }

    /// When the order last changed.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.row.updated_at
    }
}

fn sees_all(identity: &Identity, order: &OrderRow) -> bool {
    match identity {
        Identity::Subject(subject) => subject.id == order.buyer_id,
        Identity::Service(_) => true,
        Identity::Anonymous => false,
    }
}

fn sells(identity: &Identity, part: &PartRow) -> bool {
    matches!(identity, Identity::Subject(subject) if subject.id == part.seller_id)
}

impl Order {
    /// The order.
    pub fn new(row: OrderRow) -> Order {
        Order {
            row,
            kept: Arc::default(),
            change: None,
        }
    }

    /// The order with its parts, when they are at hand.
    pub fn with_parts(row: OrderRow, parts: Vec<PartRow>) -> Order {
        Order {
            row,
            kept: Arc::new(Kept {
                parts: OnceCell::new_with(Some(parts)),
                items: OnceCell::new(),
            }),
            change: None,
        }
    }

    /// The order as it became by the change.
    pub fn changed(&self, change: Arc<Change>) -> Order {
        let mut row = self.row.clone();
        row.status = change.status;
        row.revision = change.revision;
        row.updated_at = change.at;
        if row.paid_at.is_none() && change.status == OrderStatus::Confirmed {
            row.paid_at = Some(change.at);
        }
        Order {
            row,
            kept: self.kept.clone(),
            change: Some(change),
        }
    }

    /// The revision that this shows.
    pub fn shown(&self) -> i64 {
        self.row.revision
    }

    /// True when nothing will change any more.
    pub fn is_final(&self) -> bool {
        self.row.status.is_final()
    }

    /// This order, if the caller is its buyer, sells a part of it, or is one of our own subgraphs.
    pub async fn if_visible(self, ctx: &Context<'_>) -> ApiResult<Option<Order>> {
        if sees_all(ctx.identity(), &self.row) {
            return Ok(Some(self));
        }
        let sells_some = self
            .all_parts(ctx)
            .await?
            .iter()
            .any(|part| sells(ctx.identity(), part));
        Ok(Some(self).filter(|_| sells_some))
    }

    async fn all_parts(&self, ctx: &Context<'_>) -> ApiResult<&Vec<PartRow>> {
        let load = async || {
            Ok(Loaders::of(ctx)
                .parts_of
                .load(self.row.id)
                .await?
                .unwrap_or_default())
        };
        self.kept.parts.get_or_try_init(load).await
    }

    async fn all_items(&self, ctx: &Context<'_>) -> ApiResult<&Vec<ItemRow>> {
        let load = async || {
            Ok(Loaders::of(ctx)
                .items_of
                .load(self.row.id)
                .await?
                .unwrap_or_default())
        };
        self.kept.items.get_or_try_init(load).await
    }

    async fn visible_parts(&self, ctx: &Context<'_>) -> ApiResult<Vec<PartRow>> {
        let identity = ctx.identity();
        let sees_all = sees_all(identity, &self.row);
        let mut parts = self.all_parts(ctx).await?.clone();
        parts.retain(|part| sees_all || sells(identity, part));
        if let Some(change) = &self.change {
            for part in &mut parts {
                let changed = change.parts.iter().find(|(id, _)| *id == part.id);
                part.status = changed.map_or(part.status, |(_, status)| *status);
            }
        }
        Ok(parts)
    }

    fn change_of(&self, row: HistoryRow, part: Option<&PartRow>) -> OrderStatusChange {
        OrderStatusChange {
            status: row.status,
            shop_order: part.map(|part| ShopOrder {
                row: part.clone(),
                order: Some(self.clone()),
            }),
            shop_order_status: row.part_status,
            note: row.note,
            at: row.at,
        }
    }
}

/// A change of an order.
#[derive(SimpleObject)]
pub struct OrderStatusChange {
    /// The order's status after the change.
    status: OrderStatus,
    /// The part that changed, when it was a single one of several.
    shop_order: Option<ShopOrder>,
    /// That part's status after the change.
    shop_order_status: Option<PartStatus>,
    /// Why, for people.
    note: Option<String>,
    /// When it happened.
    at: DateTime<Utc>,
}

/// A shop's part of an order.
pub struct ShopOrder {
    row: PartRow,
    order: Option<Order>,
}

/// The part of an order that one shop delivers. The buyer and the shop's seller see it.
#[Object]
impl ShopOrder {
    /// The part's id.
    async fn id(&self) -> Id {
        self.row.id.into()
    }

    /// The order it belongs to.
    async fn order(&self, ctx: &Context<'_>) -> ApiResult<Order> {
        self.whole(ctx).await
    }

    /// The shop that delivers it.
    async fn shop(&self) -> Shop {
        Shop {
            id: self.row.shop_id.into(),
        }
    }

    /// Where it is.
    async fn status(&self) -> PartStatus {
        self.row.status
    }

    /// Its lines, in the order of the cart.
    async fn items(&self, ctx: &Context<'_>) -> ApiResult<Vec<OrderItem>> {
        let order = self.whole(ctx).await?;
        let items = order.all_items(ctx).await?;
        let own = items
            .iter()
            .filter(|item| item.shop_order_id == self.row.id);
        Ok(own
            .map(|row| OrderItem {
                row: row.clone(),
                order: order.clone(),
            })
            .collect())
    }

    /// What its lines cost.
    async fn subtotal(&self) -> Money {
        Money::from_minor(self.row.subtotal_minor, self.row.currency)
    }

    /// The parcel, once it is on its way.
    async fn shipment(&self, ctx: &Context<'_>) -> ApiResult<Option<Shipment>> {
        if !matches!(self.row.status, PartStatus::Shipped | PartStatus::Delivered) {
            return Ok(None);
        }
        Ok(Loaders::of(ctx)
            .shipments
            .load(self.row.id)
            .await?
            .map(Shipment))
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        self.row.created_at
    }
}

impl ShopOrder {
    /// The part, of an order that is read when it is needed.
    pub fn new(row: PartRow) -> ShopOrder {
        ShopOrder { row, order: None }
    }

    /// The part of this order.
    pub fn of(row: PartRow, order: Order) -> ShopOrder {
        ShopOrder {
            row,
            order: Some(order),
        }
    }

    /// The order's id.
    pub fn order_id(&self) -> Uuid {
        self.row.order_id
    }

    /// This part, if the caller may see it.
    pub async fn if_visible(self, ctx: &Context<'_>) -> ApiResult<Option<ShopOrder>> {
        if sells(ctx.identity(), &self.row) {
            return Ok(Some(self));
        }
        let order = self.whole(ctx).await?;
        let visible = sees_all(ctx.identity(), &order.row);
        Ok(visible.then(|| ShopOrder {
            row: self.row,
            order: Some(order),
        }))
    }

    async fn whole(&self, ctx: &Context<'_>) -> ApiResult<Order> {
        if let Some(order) = &self.order {
            return Ok(order.clone());
        }
        let row = Loaders::of(ctx).orders.load(self.row.order_id).await?;
        row.map(Order::new)
            .ok_or_else(|| ApiError::internal(format!("part {} has no order", self.row.id)))
    }
}

/// A line of an order.
pub struct OrderItem {
    row: ItemRow,
    order: Order,
}

/// A line of an order: a variant, how many pieces of it, and the price that was agreed.
#[Object]
impl OrderItem {
    /// The line's id.
    async fn id(&self) -> Id {
        self.row.id.into()
    }

    /// The product as it is now; its name and price may have changed since.
    async fn product(&self) -> Product {
        Product {
            id: self.row.product_id.into(),
        }
    }

    /// The variant as it is now.
    async fn variant(&self) -> Variant {
        Variant {
            id: self.row.variant_id.into(),
        }
    }

    /// The product's name when the order was placed.
    async fn name(&self) -> &str {
        &self.row.name
    }

    /// The variant's stock keeping unit when the order was placed.
    async fn sku(&self) -> &str {
        &self.row.sku
    }

    /// How many pieces.
    async fn quantity(&self) -> i32 {
        self.row.quantity
    }

    /// The price of one piece when the order was placed.
    async fn unit_price(&self) -> Money {
        Money::from_minor(self.row.unit_price_minor, self.row.currency)
    }

    /// What the line costs: the price of one piece times the quantity.
    async fn total(&self) -> Money {
        Money::from_minor(
            self.row.unit_price_minor * i64::from(self.row.quantity),
            self.row.currency,
        )
    }

    /// The part of the order that it belongs to.
    async fn shop_order(&self, ctx: &Context<'_>) -> ApiResult<ShopOrder> {
        let parts = self.order.visible_parts(ctx).await?;
        let part = parts
            .into_iter()
            .find(|part| part.id == self.row.shop_order_id);
        let part =
            part.ok_or_else(|| ApiError::internal(format!("line {} has no part", self.row.id)))?;
        Ok(ShopOrder::of(part, self.order.clone()))
    }
}

impl OrderItem {
    /// The line with this id, if the caller may see it.
    pub async fn visible(ctx: &Context<'_>, id: Uuid) -> ApiResult<Option<OrderItem>> {
        let Some(row) = Loaders::of(ctx).items.load(id).await? else {
            return Ok(None);
        };
        let Some(order) = Loaders::of(ctx).orders.load(row.order_id).await? else {
            return Ok(None);
        };
        let order = Order::new(order);
        let parts = order.visible_parts(ctx).await?;
        let visible = parts.iter().any(|part| part.id == row.shop_order_id);
        Ok(visible.then_some(OrderItem { row, order }))
    }
}

/// A parcel.
pub struct Shipment(ShipmentRow);

/// A parcel on its way to the buyer.
#[Object]
impl Shipment {
    /// The shipment's id.
    async fn id(&self) -> Id {
        self.0.id.into()
    }

    /// Who carries it.
    async fn carrier(&self) -> &str {
        &self.0.carrier
    }

    /// The carrier's number for it.
    async fn tracking_number(&self) -> &str {
        &self.0.tracking_number
    }

    /// When the carrier got it.
    async fn shipped_at(&self) -> DateTime<Utc> {
        self.0.shipped_at
    }

    /// When the buyer got it.
    async fn delivered_at(&self) -> Option<DateTime<Utc>> {
        self.0.delivered_at
    }
}
