//! Stock put aside for orders: all of an order's lines or none, once per order, and never more than there is.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use souk_platform::database::{Database, prepared};
use souk_platform::events::outbox;
use souk_platform::events::{Event, Payload};
use souk_platform::money::CurrencyCode;
use souk_platform::{ApiError, ApiResult, ErrorCode};
use uuid::Uuid;

use super::offer::{self, Offer};
use super::stock::{self, Effects};
use crate::domain::stock::{self as rules, LineState};
use crate::tables::{reservation_lines, reservations};

/// How often a transaction is tried that the database gave up, as it does with one of two that wait for each other.
const ATTEMPTS: usize = 4;

/// What an order wants of one variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wanted {
    /// The variant.
    pub variant_id: Uuid,
    /// Pieces, at least 1.
    pub quantity: i32,
}

/// A line of a reservation, with what the order was told.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = reservation_lines)]
pub struct Line {
    /// The order.
    pub order_id: Uuid,
    /// Its place among the order's lines, from 0.
    pub position: i32,
    /// The variant.
    pub variant_id: Uuid,
    /// Pieces.
    pub quantity: i32,
    /// Where the pieces are.
    pub state: LineState,
    /// The variant's product.
    pub product_id: Uuid,
    /// The shop that sells it.
    pub shop_id: Uuid,
    /// Who owned the shop then.
    pub seller_id: Uuid,
    /// The SKU then.
    pub sku: String,
    /// The variant's full name then.
    pub name: String,
    /// The price of one piece then, in minor units.
    pub unit_price_minor: i64,
    /// The price's currency.
    pub currency: CurrencyCode,
}

impl Line {
    fn of(offer: &Offer, order_id: Uuid, index: usize, quantity: i32) -> Line {
        Line {
            order_id,
            position: i32::try_from(index).unwrap_or(i32::MAX),
            variant_id: offer.row.id,
            quantity,
            state: LineState::Reserved,
            product_id: offer.row.product_id,
            shop_id: offer.row.shop_id,
            seller_id: offer.seller_id,
            sku: offer.row.sku.clone(),
            name: offer.name(),
            unit_price_minor: offer.row.price_minor,
            currency: offer.currency,
        }
    }
}

/// Why a transaction failed.
enum Failure {
    /// The caller is told.
    Refused(ApiError),
    /// The database is to blame.
    Database(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Database(error)
    }
}

impl Failure {
    /// Deadlocks are among what diesel calls unknown. Repeating is safe: the transaction left nothing behind.
    fn may_pass(&self) -> bool {
        use DatabaseErrorKind::{SerializationFailure, Unknown};
        matches!(
            self,
            Failure::Database(Error::DatabaseError(SerializationFailure | Unknown, _))
        )
    }
}

impl From<Failure> for ApiError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(error) => error,
            Failure::Database(error) => error.into(),
        }
    }
}

/// Puts the order's pieces aside. An order that has them already gets the same answer again.
///
/// `OUT_OF_STOCK`, `NOT_FOUND` and `CONFLICT` name the line; `CONFLICT` also when the order was released before.
pub async fn reserve(
    database: &Database,
    order_id: Uuid,
    wanted: &[Wanted],
    correlation_id: &str,
) -> ApiResult<Vec<Line>> {
    let mut attempt = 1;
    loop {
        let mut connection = database.get().await?;
        let result = connection
            .transaction(async |connection| {
                reserve_once(connection, order_id, wanted, correlation_id).await
            })
            .await;
        match result {
            Err(failure) if failure.may_pass() && attempt < ATTEMPTS => attempt += 1,
            result => return Ok(result?),
        }
    }
}

async fn reserve_once(
    connection: &mut AsyncPgConnection,
    order_id: Uuid,
    wanted: &[Wanted],
    correlation_id: &str,
) -> Result<Vec<Line>, Failure> {
    // The row decides between calls for the same order: the second waits here until the first has committed.
    let new = diesel::insert_into(reservations::table)
        .values((
            reservations::order_id.eq(order_id),
            reservations::released.eq(false),
        ))
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    if new == 0 {
        return repeated(connection, order_id, wanted).await;
    }
    let mut effects = Effects::new();
    for line in wanted {
        let effect = effects.entry(line.variant_id).or_default();
        effect.reserved = effect
            .reserved
            .saturating_add(rules::reserve(line.quantity).reserved);
    }
    let ids: Vec<Uuid> = effects.keys().copied().collect();
    stock::lock(connection, &ids).await?;
    let offers = offer::offers(connection, &ids).await?;

    let mut lines = Vec::with_capacity(wanted.len());
    let mut left: HashMap<Uuid, i32> = offers
        .iter()
        .map(|(id, offer)| (*id, offer.available()))
        .collect();
    for (index, line) in wanted.iter().enumerate() {
        let offer = offers
            .get(&line.variant_id)
            .filter(|offer| offer.row.removed_at.is_none());
        let offer =
            offer.ok_or_else(|| Failure::Refused(ApiError::not_found("variant", at(index))))?;
        if !offer.listed {
            let message = format!("{} is not sold at the moment", offer.name());
            return Err(Failure::Refused(ApiError::conflict(message).at(at(index))));
        }
        let left = left.entry(line.variant_id).or_default();
        if *left < line.quantity {
            return Err(Failure::Refused(out_of_stock(offer, index)));
        }
        *left -= line.quantity;
        lines.push(Line::of(offer, order_id, index, line.quantity));
    }
    let levels = stock::apply(connection, &effects).await?;
    if levels.len() != effects.len() {
        // The rows are locked and were just looked at, so this cannot be reached without a broken invariant.
        return Err(Failure::Refused(ApiError::internal(
            "stock moved below a lock",
        )));
    }
    // An order has at most a hundred lines, so these texts are few.
    prepared(diesel::insert_into(reservation_lines::table).values(&lines))
        .execute(connection)
        .await?;
    let mut events = stock::changed(levels, correlation_id);
    events.push(Event::new(
        order_id,
        correlation_id,
        Payload::StockReserved { order_id },
    ));
    outbox::append_all(connection, &events).await?;
    Ok(lines)
}

fn at(index: usize) -> String {
    format!("input.lines.{index}")
}

fn out_of_stock(offer: &Offer, index: usize) -> ApiError {
    let message = match offer.available() {
        0 => format!("{} is sold out", offer.name()),
        available => format!("only {available} of {} are left", offer.name()),
    };
    ApiError::new(ErrorCode::OutOfStock, message).at(at(index))
}

/// The answer to a call for an order that is known.
async fn repeated(
    connection: &mut AsyncPgConnection,
    order_id: Uuid,
    wanted: &[Wanted],
) -> Result<Vec<Line>, Failure> {
    let released: bool = reservations::table
        .find(order_id)
        .select(reservations::released)
        .first(connection)
        .await?;
    if released {
        return Err(Failure::Refused(ApiError::conflict(
            "the stock of this order was given back",
        )));
    }
    let lines = lines_of(connection, order_id).await?;
    let mut known: Vec<Wanted> = lines
        .iter()
        .map(|line| Wanted {
            variant_id: line.variant_id,
            quantity: line.quantity,
        })
        .collect();
    let mut wanted = wanted.to_vec();
    known.sort_unstable();
    wanted.sort_unstable();
    if known != wanted {
        return Err(Failure::Refused(ApiError::conflict(
            "this order has stock already, for other lines",
        )));
    }
    Ok(lines)
}

/// Which lines of an order an action is about.
#[derive(Debug, Clone)]
pub enum Part {
    /// All.
    Whole,
    /// Those of these shops.
    Shops(Vec<Uuid>),
    /// All but those of these shops.
    AllBut(Vec<Uuid>),
}

impl Part {
    fn holds(&self, line: &Line) -> bool {
        match self {
            Part::Whole => true,
            Part::Shops(shops) => shops.contains(&line.shop_id),
            Part::AllBut(shops) => !shops.contains(&line.shop_id),
        }
    }
}

/// Gives back an order's pieces, whether they were put aside or committed already. When there are none, a late
/// reservation of the order will fail. True when pieces were given back, now or before.
pub async fn release(database: &Database, order_id: Uuid, correlation_id: &str) -> ApiResult<bool> {
    let mut attempt = 1;
    loop {
        let mut connection = database.get().await?;
        let result = connection
            .transaction(async |connection| {
                Ok::<_, Failure>(
                    release_part(connection, order_id, &Part::Whole, correlation_id).await?,
                )
            })
            .await;
        match result {
            Err(failure) if failure.may_pass() && attempt < ATTEMPTS => attempt += 1,
            result => return Ok(result?),
        }
    }
}

/// [`release`] for a part of an order, in the caller's transaction.
pub async fn release_part(
    connection: &mut AsyncPgConnection,
    order_id: Uuid,
    part: &Part,
    correlation_id: &str,
) -> QueryResult<bool> {
    if matches!(part, Part::Whole) {
        diesel::insert_into(reservations::table)
            .values((
                reservations::order_id.eq(order_id),
                reservations::released.eq(true),
            ))
            .on_conflict(reservations::order_id)
            .do_update()
            .set(reservations::released.eq(true))
            .execute(connection)
            .await?;
    }
    let event = Payload::StockReleased { order_id };
    let moved = Move {
        to: LineState::Released,
        rule: rules::release,
        event,
    };
    moved.run(connection, order_id, part, correlation_id).await
}

/// Takes an order's pieces out for good. True when they are out, now or since before; false when they were given
/// back. `NOT_FOUND` when none were ever put aside.
pub async fn commit(database: &Database, order_id: Uuid, correlation_id: &str) -> ApiResult<bool> {
    let mut attempt = 1;
    loop {
        let mut connection = database.get().await?;
        let result = connection
            .transaction(async |connection| {
                if !exists(connection, order_id).await? {
                    return Err(Failure::Refused(ApiError::not_found(
                        "reservation",
                        "input.orderId",
                    )));
                }
                Ok(commit_part(connection, order_id, &Part::Whole, correlation_id).await?)
            })
            .await;
        match result {
            Err(failure) if failure.may_pass() && attempt < ATTEMPTS => attempt += 1,
            result => return Ok(result?),
        }
    }
}

/// [`commit`] for a part of an order, in the caller's transaction.
pub async fn commit_part(
    connection: &mut AsyncPgConnection,
    order_id: Uuid,
    part: &Part,
    correlation_id: &str,
) -> QueryResult<bool> {
    let event = Payload::StockCommitted { order_id };
    let moved = Move {
        to: LineState::Committed,
        rule: rules::commit,
        event,
    };
    moved.run(connection, order_id, part, correlation_id).await
}

/// True when anything is known of the order.
pub async fn exists(connection: &mut AsyncPgConnection, order_id: Uuid) -> QueryResult<bool> {
    diesel::select(diesel::dsl::exists(reservations::table.find(order_id)))
        .get_result(connection)
        .await
}

/// Lines on their way to another state.
struct Move {
    to: LineState,
    rule: fn(LineState, i32) -> Option<rules::Effect>,
    event: Payload,
}

impl Move {
    /// Moves the lines that can be moved. True when lines are in the state at the end.
    async fn run(
        self,
        connection: &mut AsyncPgConnection,
        order_id: Uuid,
        part: &Part,
        correlation_id: &str,
    ) -> QueryResult<bool> {
        let lines = lines_of(connection, order_id).await?;
        let mut effects = Effects::new();
        let mut positions = Vec::new();
        let mut there = false;
        for line in lines.iter().filter(|line| part.holds(line)) {
            there |= line.state == self.to;
            if let Some(effect) = (self.rule)(line.state, line.quantity) {
                let sum = effects.entry(line.variant_id).or_default();
                sum.on_hand += effect.on_hand;
                sum.reserved += effect.reserved;
                positions.push(line.position);
            }
        }
        if positions.is_empty() {
            return Ok(there);
        }
        let ids: Vec<Uuid> = effects.keys().copied().collect();
        stock::lock(connection, &ids).await?;
        let levels = stock::apply(connection, &effects).await?;
        let update = diesel::update(reservation_lines::table)
            .filter(reservation_lines::order_id.eq(order_id))
            .filter(reservation_lines::position.eq_any(&positions))
            .set(reservation_lines::state.eq(self.to));
        prepared(update).execute(connection).await?;
        let mut events = stock::changed(levels, correlation_id);
        events.push(Event::new(order_id, correlation_id, self.event));
        outbox::append_all(connection, &events).await?;
        Ok(true)
    }
}

/// The lines of an order, locked: two actions on one order come one after the other.
async fn lines_of(connection: &mut AsyncPgConnection, order_id: Uuid) -> QueryResult<Vec<Line>> {
    reservation_lines::table
        .filter(reservation_lines::order_id.eq(order_id))
        .order(reservation_lines::position)
        .select(Line::as_select())
        .for_no_key_update()
        .load(connection)
        .await
}
