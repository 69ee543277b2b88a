//! Reading placed orders and what belongs to them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use souk_platform::loading::grouped_by;
use souk_platform::money::CurrencyCode;
use uuid::Uuid;

use crate::domain::saga::SagaStep;
use crate::domain::status::{OrderStatus, PartStatus};
use crate::tables::{order_history, order_items, orders, shipments, shop_orders};

/// An order that was placed.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = orders)]
pub struct OrderRow {
    /// The order.
    pub id: Uuid,
    /// Who buys.
    pub buyer_id: Uuid,
    /// The status, derived from the parts.
    pub status: OrderStatus,
    /// The one currency of all its prices.
    pub currency: CurrencyCode,
    /// The sum in minor units; every placed order has one.
    pub total_minor: Option<i64>,
    /// A [`crate::domain::address::ShippingAddress`].
    pub shipping_address: serde_json::Value,
    /// Grows with every change.
    pub revision: i64,
    /// When the buyer asked for it.
    pub created_at: DateTime<Utc>,
    /// When it was placed; every placed order has it.
    pub placed_at: Option<DateTime<Utc>>,
    /// When the payment arrived.
    pub paid_at: Option<DateTime<Utc>>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// The part of an order that one shop delivers.
#[derive(Debug, Clone, Queryable, QueryableByName, Selectable)]
#[diesel(table_name = shop_orders)]
pub struct PartRow {
    /// The part.
    pub id: Uuid,
    /// Its order.
    pub order_id: Uuid,
    /// The shop.
    pub shop_id: Uuid,
    /// The shop's owner.
    pub seller_id: Uuid,
    /// Where it is.
    pub status: PartStatus,
    /// The order's currency.
    pub currency: CurrencyCode,
    /// The sum of its lines in minor units.
    pub subtotal_minor: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// A line of an order.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = order_items)]
pub struct ItemRow {
    /// The line.
    pub id: Uuid,
    /// Its order.
    pub order_id: Uuid,
    /// Its part.
    pub shop_order_id: Uuid,
    /// Where it stood in the cart, from 0.
    pub position: i32,
    /// What was bought.
    pub product_id: Uuid,
    /// Which variant of it.
    pub variant_id: Uuid,
    /// The product's name when the order was placed.
    pub name: String,
    /// The variant's stock keeping unit when the order was placed.
    pub sku: String,
    /// The order's currency.
    pub currency: CurrencyCode,
    /// The price of one piece in minor units when the order was placed.
    pub unit_price_minor: i64,
    /// How many pieces.
    pub quantity: i32,
}

/// A parcel on its way.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = shipments)]
pub struct ShipmentRow {
    /// The shipment.
    pub id: Uuid,
    /// The part that it carries.
    pub shop_order_id: Uuid,
    /// Who carries it.
    pub carrier: String,
    /// The carrier's number for it.
    pub tracking_number: String,
    /// When the carrier got it.
    pub shipped_at: DateTime<Utc>,
    /// When the buyer got it.
    pub delivered_at: Option<DateTime<Utc>>,
}

/// One change of an order.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = order_history)]
pub struct HistoryRow {
    /// The order.
    pub order_id: Uuid,
    /// The order's revision after the change.
    pub revision: i64,
    /// The order's status after the change.
    pub status: OrderStatus,
    /// The part that changed, when it was a single one.
    pub shop_order_id: Option<Uuid>,
    /// That part's new status.
    pub part_status: Option<PartStatus>,
    /// Why, for people.
    pub note: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
}

/// The placed orders with these ids.
pub async fn by_ids(
    connection: &mut AsyncPgConnection,
    ids: &[Uuid],
) -> QueryResult<Vec<OrderRow>> {
    orders::table
        .filter(
            orders::id
                .eq_any(ids)
                .and(orders::saga.eq(SagaStep::Placed)),
        )
        .select(OrderRow::as_select())
        .load(connection)
        .await
}

/// The placed order with this id and all its parts.
pub async fn with_parts(
    connection: &mut AsyncPgConnection,
    id: Uuid,
) -> QueryResult<Option<(OrderRow, Vec<PartRow>)>> {
    let Some(order) = by_ids(connection, &[id]).await?.pop() else {
        return Ok(None);
    };
    let parts = parts_of(connection, &[id])
        .await?
        .remove(&id)
        .unwrap_or_default();
    Ok(Some((order, parts)))
}

/// The parts of each of these orders, in the order of the cart.
pub async fn parts_of(
    connection: &mut AsyncPgConnection,
    orders: &[Uuid],
) -> QueryResult<HashMap<Uuid, Vec<PartRow>>> {
    let rows: Vec<PartRow> = shop_orders::table
        .filter(shop_orders::order_id.eq_any(orders))
        .order(shop_orders::id)
        .select(PartRow::as_select())
        .load(connection)
        .await?;
    Ok(grouped_by(rows, |row| row.order_id))
}

/// The parts of placed orders with these ids.
pub async fn parts_by_ids(
    connection: &mut AsyncPgConnection,
    ids: &[Uuid],
) -> QueryResult<Vec<PartRow>> {
    shop_orders::table
        .inner_join(orders::table)
        .filter(
            shop_orders::id
                .eq_any(ids)
                .and(orders::saga.eq(SagaStep::Placed)),
        )
        .select(PartRow::as_select())
        .load(connection)
        .await
}

/// The lines of each of these orders, in the order of the cart.
pub async fn items_of(
    connection: &mut AsyncPgConnection,
    orders: &[Uuid],
) -> QueryResult<HashMap<Uuid, Vec<ItemRow>>> {
    let rows: Vec<ItemRow> = order_items::table
        .filter(order_items::order_id.eq_any(orders))
        .order((order_items::order_id, order_items::position))
        .select(ItemRow::as_select())
        .load(connection)
        .await?;
    Ok(grouped_by(rows, |row| row.order_id))
}

/// The lines with these ids.
pub async fn items_by_ids(
    connection: &mut AsyncPgConnection,
    ids: &[Uuid],
) -> QueryResult<Vec<ItemRow>> {
    order_items::table
        .filter(order_items::id.eq_any(ids))
        .select(ItemRow::as_select())
        .load(connection)
        .await
}

/// The shipments of these parts.
pub async fn shipments_of(
    connection: &mut AsyncPgConnection,
    parts: &[Uuid],
) -> QueryResult<Vec<ShipmentRow>> {
    shipments::table
        .filter(shipments::shop_order_id.eq_any(parts))
        .select(ShipmentRow::as_select())
        .load(connection)
        .await
}

/// What happened to each of these orders, oldest first.
pub async fn history_of(
    connection: &mut AsyncPgConnection,
    orders: &[Uuid],
) -> QueryResult<HashMap<Uuid, Vec<HistoryRow>>> {
    let rows: Vec<HistoryRow> = order_history::table
        .filter(order_history::order_id.eq_any(orders))
        .order((order_history::order_id, order_history::revision))
        .select(HistoryRow::as_select())
        .load(connection)
        .await?;
    Ok(grouped_by(rows, |row| row.order_id))
}

/// The revisions of these orders.
pub async fn revisions(
    connection: &mut AsyncPgConnection,
    ids: &[Uuid],
) -> QueryResult<Vec<(Uuid, i64)>> {
    orders::table
        .filter(orders::id.eq_any(ids))
        .select((orders::id, orders::revision))
        .load(connection)
        .await
}
