//! Placing and cancelling orders, for buyers.

use async_graphql::{Context, Object};
use diesel_async::AsyncConnection;
use souk_platform::{ApiError, ApiResult, Caller, Role, input as check};

use crate::domain::lifecycle::Action;
use crate::graphql::cart::{services, with_merged_cart};
use crate::graphql::order::Order;
use crate::graphql::types::{
    CancelOrderInput, CancelOrderPayload, PlaceOrderInput, PlaceOrderPayload,
};
use crate::saga::Saga;
use crate::settle::settle;
use crate::store::{order, progress};

#[derive(Default)]
pub struct OrderMutation;

#[Object]
impl OrderMutation {
    /// Orders everything in the cart: puts the stock aside, freezes the prices, creates the payment and empties the
    /// cart. OUT_OF_STOCK and PRICE_CHANGED name the line of the cart and leave the cart to be corrected; CONFLICT when
    /// the cart is empty, holds several currencies, or an order with this key is still being placed; UNAVAILABLE when a
    /// service does not answer: repeat the request with the same key.
    async fn place_order(
        &self,
        ctx: &Context<'_>,
        input: PlaceOrderInput,
    ) -> ApiResult<PlaceOrderPayload> {
        ctx.identity().with_role(&[Role::Buyer])?;
        let key = check::line("input.idempotencyKey", &input.idempotency_key, 128)?;
        let address = input.shipping_address.check("input.shippingAddress")?;
        let (connection, buyer) = with_merged_cart(ctx).await?;
        drop(connection);
        let saga: &Saga = ctx.data_unchecked();
        let id = saga
            .place(buyer, &key, &address, ctx.correlation_id())
            .await?;
        let mut connection = services(ctx)?.database.get().await?;
        let placed = order::with_parts(&mut connection, id).await?;
        let (row, parts) = placed
            .ok_or_else(|| ApiError::internal(format!("the placed order {id} is not there")))?;
        Ok(PlaceOrderPayload {
            order: Order::with_parts(row, parts),
        })
    }

    /// Cancels an order of which nothing was shipped yet. What was paid goes back; what was not, need not be.
    async fn cancel_order(
        &self,
        ctx: &Context<'_>,
        input: CancelOrderInput,
    ) -> ApiResult<CancelOrderPayload> {
        let buyer = ctx.identity().with_role(&[Role::Buyer])?.id;
        let reason = check::optional_line(
            "input.reason",
            input.reason.as_deref().unwrap_or_default(),
            500,
        )?;
        let note = if reason.is_empty() {
            "cancelled by the buyer".to_owned()
        } else {
            reason
        };
        let services = services(ctx)?;
        let mut connection = services.database.get().await?;
        let correlation_id = ctx.correlation_id();
        let (row, parts) = connection
            .transaction(async |connection| {
                let locked = progress::lock(connection, input.order_id.0).await?;
                let own = locked.filter(|(order, _)| order.buyer_id == buyer);
                let own = own.ok_or_else(|| ApiError::not_found("order", "input.orderId"))?;
                let changed =
                    progress::apply(connection, own, Action::Cancel, Some(note), correlation_id)
                        .await?;
                changed
                    .map_err(|refusal| ApiError::conflict(refusal.to_string()).at("input.orderId"))
            })
            .await?;
        drop(connection);
        settle_now(services, row.id).await;
        Ok(CancelOrderPayload {
            order: Order::with_parts(row, parts),
        })
    }
}

/// Tells the payment service at once what the job would tell it a moment later anyway.
pub(super) async fn settle_now(services: &souk_platform::Services, order: uuid::Uuid) {
    if let Err(error) = settle(services, Some(order)).await {
        tracing::warn!(%order, code = error.code.as_str(), message = error.message, "the order's payment is not settled yet");
    }
}
