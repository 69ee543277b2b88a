//! Delivering orders, for sellers.

use async_graphql::{Context, Object};
use diesel_async::AsyncConnection;
use souk_platform::{ApiError, ApiResult, Caller, input as check};
use uuid::Uuid;

use super::order::settle_now;
use crate::domain::lifecycle::Action;
use crate::graphql::cart::services;
use crate::graphql::order::{Order, ShopOrder};
use crate::graphql::types::{
    CancelShopOrderInput, CancelShopOrderPayload, DeliverShopOrderInput, DeliverShopOrderPayload,
    ShipShopOrderInput, ShipShopOrderPayload, StartShopOrderInput, StartShopOrderPayload,
};
use crate::store::{order, progress};

#[derive(Default)]
pub struct SellingMutation;

#[Object]
impl SellingMutation {
    /// The seller begins to work on a paid part: it becomes PROCESSING.
    async fn start_shop_order(
        &self,
        ctx: &Context<'_>,
        input: StartShopOrderInput,
    ) -> ApiResult<StartShopOrderPayload> {
        let part = input.shop_order_id.0;
        let shop_order = act(ctx, part, Action::Start(part), None, None).await?;
        Ok(StartShopOrderPayload { shop_order })
    }

    /// The seller handed a paid part to a carrier: it becomes SHIPPED.
    async fn ship_shop_order(
        &self,
        ctx: &Context<'_>,
        input: ShipShopOrderInput,
    ) -> ApiResult<ShipShopOrderPayload> {
        ctx.identity().user()?;
        let carrier = check::line("input.carrier", &input.carrier, 100)?;
        let tracking_number = check::line("input.trackingNumber", &input.tracking_number, 100)?;
        let part = input.shop_order_id.0;
        let shipment = Some((carrier, tracking_number));
        let shop_order = act(ctx, part, Action::Ship(part), None, shipment).await?;
        Ok(ShipShopOrderPayload { shop_order })
    }

    /// A shipped part reached the buyer: it becomes DELIVERED.
    async fn deliver_shop_order(
        &self,
        ctx: &Context<'_>,
        input: DeliverShopOrderInput,
    ) -> ApiResult<DeliverShopOrderPayload> {
        let part = input.shop_order_id.0;
        let shop_order = act(ctx, part, Action::Deliver(part), None, None).await?;
        Ok(DeliverShopOrderPayload { shop_order })
    }

    /// The seller cannot deliver a part that is paid and not shipped: it becomes CANCELLED, and the buyer gets back
    /// what was paid for it.
    async fn cancel_shop_order(
        &self,
        ctx: &Context<'_>,
        input: CancelShopOrderInput,
    ) -> ApiResult<CancelShopOrderPayload> {
        ctx.identity().user()?;
        let reason = check::optional_line(
            "input.reason",
            input.reason.as_deref().unwrap_or_default(),
            500,
        )?;
        let note = if reason.is_empty() {
            "cancelled by the seller".to_owned()
        } else {
            reason
        };
        let part = input.shop_order_id.0;
        let shop_order = act(ctx, part, Action::CancelPart(part), Some(note), None).await?;
        settle_now(services(ctx)?, shop_order.order_id()).await;
        Ok(CancelShopOrderPayload { shop_order })
    }
}

/// Applies the action to a part of the seller who asks; everybody else's parts are `NOT_FOUND`. The part decides, not
/// the role: who may not sell any more still finishes what was sold.
async fn act(
    ctx: &Context<'_>,
    part: Uuid,
    action: Action,
    note: Option<String>,
    shipment: Option<(String, String)>,
) -> ApiResult<ShopOrder> {
    let seller = ctx.identity().user()?.id;
    let correlation_id = ctx.correlation_id();
    let not_found = || ApiError::not_found("part of an order", "input.shopOrderId");
    let mut connection = services(ctx)?.database.get().await?;
    let (row, parts) = connection
        .transaction(async |connection| {
            let own = order::parts_by_ids(connection, &[part])
                .await?
                .into_iter()
                .find(|row| row.seller_id == seller);
            let own = own.ok_or_else(not_found)?;
            let locked = progress::lock(connection, own.order_id)
                .await?
                .ok_or_else(not_found)?;
            let changed = progress::apply(connection, locked, action, note, correlation_id).await?;
            let changed = changed.map_err(|refusal| {
                ApiError::conflict(refusal.to_string()).at("input.shopOrderId")
            })?;
            if let Some((carrier, tracking_number)) = &shipment {
                progress::add_shipment(connection, part, carrier, tracking_number).await?;
            }
            Ok::<_, ApiError>(changed)
        })
        .await?;
    let own = parts
        .iter()
        .find(|row| row.id == part)
        .cloned()
        .ok_or_else(not_found)?;
    Ok(ShopOrder::of(own, Order::with_parts(row, parts)))
}
