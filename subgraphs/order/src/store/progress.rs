//! Moving a placed order on: the one place where statuses change.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use souk_platform::database::prepared;
use souk_platform::events::{Event, OrderLine, OrderShopPart, Payload, outbox};
use uuid::Uuid;

use super::order::{self, HistoryRow, OrderRow, PartRow, ShipmentRow};
use super::settlement;
use crate::domain::lifecycle::{self, Action, Part, Refusal, Transition};
use crate::domain::saga::SagaStep;
use crate::domain::status::PartStatus;
use crate::tables::{order_history, orders, shipments, shop_orders};

/// An order and its parts after a change.
pub type Changed = (OrderRow, Vec<PartRow>);

/// Locks the placed order until the end of the transaction and reads it with its parts.
pub async fn lock(connection: &mut AsyncPgConnection, id: Uuid) -> QueryResult<Option<Changed>> {
    let locked: Option<OrderRow> = orders::table
        .filter(orders::id.eq(id).and(orders::saga.eq(SagaStep::Placed)))
        .select(OrderRow::as_select())
        .for_update()
        .first(connection)
        .await
        .optional()?;
    let Some(locked) = locked else {
        return Ok(None);
    };
    let parts = order::parts_of(connection, &[id])
        .await?
        .remove(&id)
        .unwrap_or_default();
    Ok(Some((locked, parts)))
}

/// Applies the action to an order that the transaction has locked: parts, derived status, history, what the payment
/// service must be told, and the event. Changes nothing when the rules refuse it.
pub async fn apply(
    connection: &mut AsyncPgConnection,
    (mut order, mut parts): Changed,
    action: Action,
    note: Option<String>,
    correlation_id: &str,
) -> QueryResult<Result<Changed, Refusal>> {
    let rules: Vec<Part> = parts
        .iter()
        .map(|part| Part {
            id: part.id,
            status: part.status,
            subtotal_minor: part.subtotal_minor,
        })
        .collect();
    let transition = match lifecycle::decide(&rules, action) {
        Ok(transition) => transition,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let now = Utc::now();
    move_parts(connection, &mut parts, &transition, now).await?;

    order.status = transition.status;
    order.revision += 1;
    order.updated_at = now;
    if action == Action::Pay {
        order.paid_at = Some(now);
    }
    let update = diesel::update(orders::table.find(order.id)).set((
        orders::status.eq(order.status),
        orders::revision.eq(order.revision),
        orders::updated_at.eq(now),
        orders::paid_at.eq(order.paid_at),
    ));
    prepared(update).execute(connection).await?;

    let single = match transition.moves[..] {
        [(part, status)] if parts.len() > 1 => Some((part, status)),
        _ => None,
    };
    let reason = note
        .clone()
        .unwrap_or_else(|| "the order was cancelled".to_owned());
    let entry = HistoryRow {
        order_id: order.id,
        revision: order.revision,
        status: order.status,
        shop_order_id: single.map(|(part, _)| part),
        part_status: single.map(|(_, status)| status),
        note,
        at: now,
    };
    diesel::insert_into(order_history::table)
        .values(entry)
        .execute(connection)
        .await?;

    if transition.ends_payment {
        settlement::cancel_payment(connection, order.id, order.currency, &reason).await?;
    }
    if transition.refund_minor > 0 {
        let key = format!("{}:{}", order.id, order.revision);
        settlement::refund(
            connection,
            order.id,
            &key,
            transition.refund_minor,
            order.currency,
            &reason,
        )
        .await?;
    }
    let payload = Payload::OrderStatusChanged {
        order_id: order.id,
        buyer_id: order.buyer_id,
        status: order.status.as_str().to_owned(),
        parts: event_parts(connection, order.id).await?,
        revision: order.revision,
    };
    outbox::append(connection, &Event::new(order.id, correlation_id, payload)).await?;
    Ok(Ok((order, parts)))
}

async fn move_parts(
    connection: &mut AsyncPgConnection,
    parts: &mut [PartRow],
    transition: &Transition,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    // All moves of one transition have the same target.
    let [(_, next), ..] = transition.moves[..] else {
        return Ok(());
    };
    let ids: Vec<Uuid> = transition.moves.iter().map(|(id, _)| *id).collect();
    for part in parts.iter_mut().filter(|part| ids.contains(&part.id)) {
        part.status = next;
    }
    diesel::update(shop_orders::table.filter(shop_orders::id.eq_any(&ids)))
        .set((
            shop_orders::status.eq(next),
            shop_orders::updated_at.eq(now),
        ))
        .execute(connection)
        .await?;
    if next == PartStatus::Delivered {
        diesel::update(shipments::table.filter(shipments::shop_order_id.eq_any(&ids)))
            .set(shipments::delivered_at.eq(now))
            .execute(connection)
            .await?;
    }
    Ok(())
}

/// Notes who carries a part.
pub async fn add_shipment(
    connection: &mut AsyncPgConnection,
    part: Uuid,
    carrier: &str,
    tracking_number: &str,
) -> QueryResult<()> {
    let shipment = ShipmentRow {
        id: Uuid::now_v7(),
        shop_order_id: part,
        carrier: carrier.to_owned(),
        tracking_number: tracking_number.to_owned(),
        shipped_at: Utc::now(),
        delivered_at: None,
    };
    diesel::insert_into(shipments::table)
        .values(shipment)
        .execute(connection)
        .await?;
    Ok(())
}

/// Notes that a cancelled order was paid all the same, so that it happens once; false when that was noted before.
pub async fn note_late_payment(connection: &mut AsyncPgConnection, id: Uuid) -> QueryResult<bool> {
    let unpaid = orders::id.eq(id).and(orders::paid_at.is_null());
    let noted = diesel::update(orders::table.filter(unpaid))
        .set(orders::paid_at.eq(Utc::now()))
        .execute(connection)
        .await?;
    Ok(noted == 1)
}

/// The order's parts as events tell them.
pub async fn event_parts(
    connection: &mut AsyncPgConnection,
    id: Uuid,
) -> QueryResult<Vec<OrderShopPart>> {
    let parts = order::parts_of(connection, &[id])
        .await?
        .remove(&id)
        .unwrap_or_default();
    let items = order::items_of(connection, &[id])
        .await?
        .remove(&id)
        .unwrap_or_default();
    let told = parts.iter().map(|part| {
        let own = items.iter().filter(|item| item.shop_order_id == part.id);
        let lines = own.map(|item| OrderLine {
            item_id: item.id,
            product_id: item.product_id,
            variant_id: item.variant_id,
            quantity: item.quantity,
            unit_price_minor: item.unit_price_minor,
        });
        OrderShopPart {
            shop_order_id: part.id,
            shop_id: part.shop_id,
            seller_id: part.seller_id,
            status: part.status.as_str().to_owned(),
            lines: lines.collect(),
        }
    });
    Ok(told.collect())
}
