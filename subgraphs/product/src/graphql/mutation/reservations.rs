//! The stock calls of the order subgraph. Each may be repeated: the order's id makes it happen once.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use souk_platform::money::Money;
use souk_platform::{ApiError, ApiResult, Caller, Id, Services};

use crate::domain::stock::LONGEST_LINE;
use crate::store::reservation::{self, Line, Wanted};

/// How many lines an order may have.
const MOST_LINES: usize = 500;

/// What an order wants put aside.
#[derive(InputObject)]
#[graphql(inaccessible)]
pub struct ReserveStockInput {
    /// The order.
    order_id: Id,
    /// What it wants, 1 to 500 lines.
    lines: Vec<ReserveLineInput>,
}

/// What an order wants of one variant.
#[derive(InputObject)]
#[graphql(inaccessible)]
pub struct ReserveLineInput {
    /// The variant.
    variant_id: Id,
    /// Pieces, 1 to 1,000,000.
    quantity: i32,
}

/// An order whose pieces are to be given back or taken out.
#[derive(InputObject)]
#[graphql(inaccessible)]
pub struct OrderStockInput {
    /// The order.
    order_id: Id,
}

/// What was put aside.
#[derive(SimpleObject)]
#[graphql(inaccessible)]
pub struct ReserveStockPayload {
    /// The lines in the order in which they were wanted.
    lines: Vec<ReservedLine>,
}

/// A line that was put aside, with the price and the names at that moment.
#[derive(SimpleObject)]
#[graphql(inaccessible, serial)]
pub struct ReservedLine {
    /// The variant.
    variant_id: Id,
    /// Its product.
    product_id: Id,
    /// The shop that sells it.
    shop_id: Id,
    /// Who owns the shop.
    seller_id: Id,
    /// Stock keeping unit.
    sku: String,
    /// The product's name with what sets the variant apart.
    name: String,
    /// The price of one piece.
    unit_price: Money,
    /// Pieces.
    quantity: i32,
}

/// Whether pieces were given back.
#[derive(SimpleObject)]
#[graphql(inaccessible)]
pub struct ReleaseStockPayload {
    /// True when pieces were given back, now or before; false when there were none.
    released: bool,
}

/// Whether pieces were taken out.
#[derive(SimpleObject)]
#[graphql(inaccessible)]
pub struct CommitStockPayload {
    /// True when the pieces are out, now or since before; false when they were given back.
    committed: bool,
}

/// Mutations of other subgraphs.
#[derive(Default)]
pub struct Reservations;

#[Object]
impl Reservations {
    /// Puts all of an order's pieces aside, or none. Repeated, it answers the same. `OUT_OF_STOCK`, `NOT_FOUND` and
    /// `CONFLICT` (not sold at the moment) name the line; `CONFLICT` also when the order was released before.
    #[graphql(inaccessible)]
    async fn reserve_stock(
        &self,
        ctx: &Context<'_>,
        input: ReserveStockInput,
    ) -> ApiResult<ReserveStockPayload> {
        ctx.identity().service()?;
        if input.lines.is_empty() || input.lines.len() > MOST_LINES {
            return Err(ApiError::bad_input(
                "input.lines",
                format!("an order has 1 to {MOST_LINES} lines"),
            ));
        }
        let mut wanted = Vec::with_capacity(input.lines.len());
        for (index, line) in input.lines.iter().enumerate() {
            if !(1..=LONGEST_LINE).contains(&line.quantity) {
                let at = format!("input.lines.{index}.quantity");
                let message = format!(
                    "a line has 1 to {LONGEST_LINE} pieces, got {}",
                    line.quantity
                );
                return Err(ApiError::bad_input(at, message));
            }
            wanted.push(Wanted {
                variant_id: line.variant_id.0,
                quantity: line.quantity,
            });
        }
        let database = &ctx.data_unchecked::<Services>().database;
        let lines =
            reservation::reserve(database, input.order_id.0, &wanted, ctx.correlation_id()).await?;
        Ok(ReserveStockPayload {
            lines: lines.into_iter().map(ReservedLine::from).collect(),
        })
    }

    /// Gives an order's pieces back, and makes sure that none are put aside for it later.
    #[graphql(inaccessible)]
    async fn release_stock(
        &self,
        ctx: &Context<'_>,
        input: OrderStockInput,
    ) -> ApiResult<ReleaseStockPayload> {
        ctx.identity().service()?;
        let database = &ctx.data_unchecked::<Services>().database;
        let released =
            reservation::release(database, input.order_id.0, ctx.correlation_id()).await?;
        Ok(ReleaseStockPayload { released })
    }

    /// Takes an order's pieces out for good. `NOT_FOUND` when none were ever put aside.
    #[graphql(inaccessible)]
    async fn commit_stock(
        &self,
        ctx: &Context<'_>,
        input: OrderStockInput,
    ) -> ApiResult<CommitStockPayload> {
        ctx.identity().service()?;
        let database = &ctx.data_unchecked::<Services>().database;
        let committed =
            reservation::commit(database, input.order_id.0, ctx.correlation_id()).await?;
        Ok(CommitStockPayload { committed })
    }
}

impl From<Line> for ReservedLine {
    fn from(line: Line) -> Self {
        ReservedLine {
            variant_id: Id(line.variant_id),
            product_id: Id(line.product_id),
            shop_id: Id(line.shop_id),
            seller_id: Id(line.seller_id),
            sku: line.sku,
            name: line.name,
            unit_price: Money::from_minor(line.unit_price_minor, line.currency),
            quantity: line.quantity,
        }
    }
}
