//! The steps of placing an order, each one transaction that has its effect at most once.

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use serde::de::DeserializeOwned;
use souk_platform::database::prepared;
use souk_platform::events::{Event, Payload, outbox};
use souk_platform::money::CurrencyCode;
use souk_platform::{ApiError, ApiResult};
use uuid::Uuid;

use super::order::{HistoryRow, ItemRow};
use super::{cart, overdue, progress, settlement};
use crate::calls::AwaitedPayment;
use crate::domain::address::ShippingAddress;
use crate::domain::cart::one_currency;
use crate::domain::lifecycle::Action;
use crate::domain::pricing::{Priced, RequestedLine, ReservedLine};
use crate::domain::saga::{Failure, SagaStep};
use crate::domain::status::{OrderStatus, PartStatus};
use crate::tables::{order_history, order_items, orders, shop_orders};

/// The placement of an order, as its saga sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// The order.
    pub id: Uuid,
    /// Who buys.
    pub buyer_id: Uuid,
    /// How far it is.
    pub step: SagaStep,
    /// How often somebody took it up.
    pub attempts: i32,
    /// The lines as the cart had them.
    pub requested: Vec<RequestedLine>,
    /// The currency of all prices.
    pub currency: CurrencyCode,
    /// The sum in minor units, once prices are frozen.
    pub total_minor: Option<i64>,
    /// Where it goes.
    pub address: ShippingAddress,
    /// Why it was given up.
    pub failure: Option<Failure>,
    /// When the buyer asked for it.
    pub created_at: DateTime<Utc>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = orders)]
struct Row {
    id: Uuid,
    buyer_id: Uuid,
    saga: SagaStep,
    saga_attempts: i32,
    requested: serde_json::Value,
    currency: CurrencyCode,
    total_minor: Option<i64>,
    shipping_address: serde_json::Value,
    failure: Option<serde_json::Value>,
    created_at: DateTime<Utc>,
}

impl TryFrom<Row> for Placement {
    type Error = ApiError;

    fn try_from(row: Row) -> ApiResult<Placement> {
        Ok(Placement {
            id: row.id,
            buyer_id: row.buyer_id,
            step: row.saga,
            attempts: row.saga_attempts,
            requested: from_json(row.requested)?,
            currency: row.currency,
            total_minor: row.total_minor,
            address: from_json(row.shipping_address)?,
            failure: row.failure.map(from_json).transpose()?,
            created_at: row.created_at,
        })
    }
}

/// What [`begin`] found.
#[derive(Debug)]
pub enum Begun {
    /// A new placement, leased to the caller.
    New(Uuid),
    /// The key was used before, for this placement.
    Known(Box<Placement>),
}

/// Begins to place what is in the buyer's cart, leased to the caller for `lease`. The same key gives the same
/// placement. `CONFLICT` when the cart cannot be ordered or another placement of the buyer is under way.
pub async fn begin(
    connection: &mut AsyncPgConnection,
    buyer: Uuid,
    key: &str,
    address: &ShippingAddress,
    lease: Duration,
) -> ApiResult<Begun> {
    connection
        .transaction(async |connection| {
            cart::lock(connection, buyer, None).await?;
            let items = cart::items(connection, buyer).await?;
            let currency = match one_currency(items.iter().map(|item| item.currency)) {
                Ok(currency) => currency,
                // A repeated request finds the cart emptied by the first.
                Err(refused) => {
                    return by_key(connection, buyer, key)
                        .await?
                        .map(Box::new)
                        .map(Begun::Known)
                        .ok_or(refused);
                }
            };
            let mut requested = Vec::with_capacity(items.len());
            for item in items {
                requested.push(RequestedLine {
                    variant_id: item.variant_id,
                    quantity: item.quantity,
                    unit_price_minor: item.unit_price_minor,
                });
            }
            let id = Uuid::now_v7();
            let begun = diesel::insert_into(orders::table)
                .values((
                    orders::id.eq(id),
                    orders::buyer_id.eq(buyer),
                    orders::idempotency_key.eq(key),
                    orders::saga.eq(SagaStep::Reserving),
                    orders::leased_until.eq(Utc::now() + lease),
                    orders::requested.eq(to_json(&requested)?),
                    orders::status.eq(OrderStatus::Pending),
                    orders::currency.eq(currency),
                    orders::shipping_address.eq(to_json(address)?),
                ))
                .on_conflict_do_nothing()
                .execute(connection)
                .await?;
            if begun == 1 {
                return Ok(Begun::New(id));
            }
            // Either index may have stopped it: the key's, or the one that allows a buyer one placement at a time.
            by_key(connection, buyer, key)
                .await?
                .map(Box::new)
                .map(Begun::Known)
                .ok_or_else(|| {
                    ApiError::conflict(
                        "another order of yours is being placed right now; wait for it to finish",
                    )
                })
        })
        .await
}

async fn by_key(
    connection: &mut AsyncPgConnection,
    buyer: Uuid,
    key: &str,
) -> ApiResult<Option<Placement>> {
    let row: Option<Row> = orders::table
        .filter(
            orders::buyer_id
                .eq(buyer)
                .and(orders::idempotency_key.eq(key)),
        )
        .select(Row::as_select())
        .first(connection)
        .await
        .optional()?;
    row.map(Placement::try_from).transpose()
}

/// The placement of this order.
pub async fn load(connection: &mut AsyncPgConnection, id: Uuid) -> ApiResult<Option<Placement>> {
    let row: Option<Row> = orders::table
        .find(id)
        .select(Row::as_select())
        .first(connection)
        .await
        .optional()?;
    row.map(Placement::try_from).transpose()
}

/// Takes up a placement that stands still; false when somebody works on it or nothing is left to do.
pub async fn claim(
    connection: &mut AsyncPgConnection,
    id: Uuid,
    lease: Duration,
) -> QueryResult<bool> {
    let now = Utc::now();
    let idle = orders::id
        .eq(id)
        .and(orders::saga.eq_any(SagaStep::UNFINISHED))
        .and(orders::leased_until.le(now));
    let claimed = diesel::update(orders::table.filter(idle))
        .set((
            orders::leased_until.eq(now + lease),
            orders::saga_attempts.eq(orders::saga_attempts + 1),
        ))
        .execute(connection)
        .await?;
    Ok(claimed == 1)
}

/// Takes up to `limit` placements that stand still, longest first.
pub async fn claim_idle(
    connection: &mut AsyncPgConnection,
    lease: Duration,
    limit: i64,
) -> QueryResult<Vec<Uuid>> {
    let now = Utc::now();
    connection
        .transaction(async |connection| {
            let idle: Vec<Uuid> = orders::table
                .filter(
                    orders::saga
                        .eq_any(SagaStep::UNFINISHED)
                        .and(orders::leased_until.le(now)),
                )
                .order(orders::leased_until)
                .limit(limit)
                .select(orders::id)
                .for_update()
                .skip_locked()
                .load(connection)
                .await?;
            if idle.is_empty() {
                return Ok(idle);
            }
            diesel::update(orders::table.filter(orders::id.eq_any(&idle)))
                .set((
                    orders::leased_until.eq(now + lease),
                    orders::saga_attempts.eq(orders::saga_attempts + 1),
                ))
                .execute(connection)
                .await?;
            Ok(idle)
        })
        .await
}

/// Lets anybody take up the placement after `pause`.
pub async fn give_back(
    connection: &mut AsyncPgConnection,
    id: Uuid,
    pause: Duration,
) -> QueryResult<()> {
    let unfinished = orders::id
        .eq(id)
        .and(orders::saga.eq_any(SagaStep::UNFINISHED));
    diesel::update(orders::table.filter(unfinished))
        .set(orders::leased_until.eq(Utc::now() + pause))
        .execute(connection)
        .await?;
    Ok(())
}

/// RESERVING to PAYING: freezes names and prices. Does nothing when the placement is not at that step any more.
pub async fn freeze(
    connection: &mut AsyncPgConnection,
    placement: &Placement,
    priced: Priced,
) -> QueryResult<()> {
    connection
        .transaction(async |connection| {
            let at_step = orders::id
                .eq(placement.id)
                .and(orders::saga.eq(SagaStep::Reserving));
            let update = diesel::update(orders::table.filter(at_step)).set((
                orders::saga.eq(SagaStep::Paying),
                orders::total_minor.eq(priced.total_minor),
            ));
            let frozen = prepared(update).execute(connection).await?;
            if frozen == 0 {
                return Ok(());
            }
            let mut parts = Vec::with_capacity(priced.parts.len());
            let mut items = Vec::with_capacity(placement.requested.len());
            for part in priced.parts {
                let shop_order_id = Uuid::now_v7();
                parts.push((
                    shop_orders::id.eq(shop_order_id),
                    shop_orders::order_id.eq(placement.id),
                    shop_orders::shop_id.eq(part.shop_id),
                    shop_orders::seller_id.eq(part.seller_id),
                    shop_orders::status.eq(PartStatus::Pending),
                    shop_orders::currency.eq(placement.currency),
                    shop_orders::subtotal_minor.eq(part.subtotal_minor),
                ));
                for (position, line) in part.lines {
                    items.push(item(placement.id, shop_order_id, position, line));
                }
            }
            // A cart has at most a hundred lines, so these texts are few.
            prepared(diesel::insert_into(shop_orders::table).values(parts))
                .execute(connection)
                .await?;
            prepared(diesel::insert_into(order_items::table).values(items))
                .execute(connection)
                .await?;
            Ok(())
        })
        .await
}

fn item(order_id: Uuid, shop_order_id: Uuid, position: usize, line: ReservedLine) -> ItemRow {
    ItemRow {
        id: Uuid::now_v7(),
        order_id,
        shop_order_id,
        position: i32::try_from(position).unwrap_or(i32::MAX),
        product_id: line.product_id,
        variant_id: line.variant_id,
        name: line.name,
        sku: line.sku,
        currency: line.currency,
        unit_price_minor: line.unit_price_minor,
        quantity: line.quantity,
    }
}

/// PAYING to PLACED: the order stands, the cart gives up what was ordered, and everybody is told. Without a payment
/// there was nothing to pay, and the order is confirmed at once. Does nothing when the placement is not at that step
/// any more. In a transaction of the caller.
pub async fn finish(
    connection: &mut AsyncPgConnection,
    placement: &Placement,
    payment: Option<AwaitedPayment>,
    correlation_id: &str,
) -> QueryResult<()> {
    // The cart before the order: every transaction that needs both locks them so.
    cart::lock(connection, placement.buyer_id, None).await?;
    let now = Utc::now();
    let at_step = orders::id
        .eq(placement.id)
        .and(orders::saga.eq(SagaStep::Paying));
    let update = diesel::update(orders::table.filter(at_step))
        .set((
            orders::saga.eq(SagaStep::Placed),
            orders::payment_id.eq(payment.map(|payment| payment.id)),
            orders::leased_until
                .eq(payment.map_or(now, |payment| overdue::from(payment.expires_at))),
            orders::revision.eq(1),
            orders::placed_at.eq(now),
            orders::updated_at.eq(now),
        ))
        .returning(orders::total_minor);
    let total_minor: Option<Option<i64>> =
        prepared(update).get_result(connection).await.optional()?;
    let Some(total_minor) = total_minor else {
        return Ok(());
    };
    let first = HistoryRow {
        order_id: placement.id,
        revision: 1,
        status: OrderStatus::Pending,
        shop_order_id: None,
        part_status: None,
        note: None,
        at: now,
    };
    diesel::insert_into(order_history::table)
        .values(first)
        .execute(connection)
        .await?;
    cart::take_ordered(connection, placement.buyer_id, &placement.requested).await?;
    let payload = Payload::OrderPlaced {
        order_id: placement.id,
        buyer_id: placement.buyer_id,
        total_minor: total_minor.unwrap_or_default(),
        currency: placement.currency,
        parts: progress::event_parts(connection, placement.id).await?,
    };
    outbox::append(
        connection,
        &Event::new(placement.id, correlation_id, payload),
    )
    .await?;
    if payment.is_none()
        && let Some(placed) = progress::lock(connection, placement.id).await?
    {
        // A new order refuses nothing.
        let _ = progress::apply(connection, placed, Action::Pay, None, correlation_id).await?;
    }
    Ok(())
}

/// RESERVING or PAYING to ABANDONING, for the reason in `failure`; the key is free again. `repriced` lines get their
/// new price in the buyer's cart.
pub async fn abandon(
    connection: &mut AsyncPgConnection,
    placement: &Placement,
    failure: &ApiError,
    repriced: &[&ReservedLine],
) -> ApiResult<()> {
    let failure = to_json(&Failure::from(failure))?;
    connection
        .transaction(async |connection| {
            if !repriced.is_empty() {
                cart::lock(connection, placement.buyer_id, None).await?;
            }
            let at_step = orders::id
                .eq(placement.id)
                .and(orders::saga.eq_any([SagaStep::Reserving, SagaStep::Paying]));
            let abandoned = diesel::update(orders::table.filter(at_step))
                .set((
                    orders::saga.eq(SagaStep::Abandoning),
                    orders::status.eq(OrderStatus::Cancelled),
                    orders::failure.eq(failure),
                    orders::idempotency_key.eq(None::<String>),
                    orders::updated_at.eq(Utc::now()),
                ))
                .execute(connection)
                .await?;
            if abandoned == 1 && !repriced.is_empty() {
                cart::reprice(connection, placement.buyer_id, repriced).await?;
            }
            Ok(())
        })
        .await
}

/// ABANDONING to ABANDONED, once stock and payment are given back. With `paid` the buyer had paid all the same: the
/// refund is noted in the same transaction.
pub async fn abandoned(
    connection: &mut AsyncPgConnection,
    placement: &Placement,
    paid: bool,
) -> QueryResult<()> {
    connection
        .transaction(async |connection| {
            if paid {
                let total_minor = placement.total_minor.unwrap_or_default();
                settlement::refund_late_payment(
                    connection,
                    placement.id,
                    total_minor,
                    placement.currency,
                )
                .await?;
            }
            let at_step = orders::id
                .eq(placement.id)
                .and(orders::saga.eq(SagaStep::Abandoning));
            diesel::update(orders::table.filter(at_step))
                .set((
                    orders::saga.eq(SagaStep::Abandoned),
                    orders::updated_at.eq(Utc::now()),
                ))
                .execute(connection)
                .await?;
            Ok(())
        })
        .await
}

fn to_json<T: Serialize>(value: &T) -> ApiResult<serde_json::Value> {
    serde_json::to_value(value).map_err(ApiError::internal)
}

fn from_json<T: DeserializeOwned>(value: serde_json::Value) -> ApiResult<T> {
    serde_json::from_value(value).map_err(ApiError::internal)
}
