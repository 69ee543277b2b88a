//! Filling the cart.

use async_graphql::{Context, Object};
use chrono::{DateTime, Utc};
use diesel_async::AsyncConnection;
use souk_platform::{ApiError, ApiResult, Caller, ErrorCode, Identity, Role};
use uuid::Uuid;

use crate::calls::{self, Offer};
use crate::domain::cart::{GUEST_CART_KEPT_FOR, quantity};
use crate::graphql::cart::{Cart, cart_owner, own_cart, services, with_merged_cart};
use crate::graphql::types::{
    AddToCartInput, AddToCartPayload, ClearCartPayload, RemoveFromCartInput, RemoveFromCartPayload,
    UpdateCartItemInput, UpdateCartItemPayload,
};
use crate::store::cart::{self, CartItem};

#[derive(Default)]
pub struct CartMutation;

#[Object]
impl CartMutation {
    /// Puts pieces of a variant into the caller's cart, besides those that are in it. OUT_OF_STOCK when there are not
    /// enough for what the cart then holds.
    async fn add_to_cart(
        &self,
        ctx: &Context<'_>,
        input: AddToCartInput,
    ) -> ApiResult<AddToCartPayload> {
        cart_owner(ctx.identity())?;
        let pieces = quantity("input.quantity", input.quantity)?;
        let offer = offer(ctx, input.variant_id.0, "input.variantId").await?;
        let (mut connection, owner) = with_merged_cart(ctx).await?;
        let line = CartItem {
            id: Uuid::now_v7(),
            owner_id: owner,
            product_id: offer.product_id,
            variant_id: offer.variant_id,
            quantity: pieces,
            unit_price_minor: offer.unit_price_minor,
            currency: offer.currency,
            added_at: Utc::now(),
        };
        let kept_until = kept_until(ctx.identity());
        let (added, items) = connection
            .transaction(async |connection| {
                cart::lock(connection, owner, kept_until).await?;
                let added = cart::add(connection, &line).await?;
                enough(&offer, added.quantity)?;
                Ok::<_, ApiError>((added.id, cart::items(connection, owner).await?))
            })
            .await?;
        let cart = Cart::new(ctx, owner, items)?;
        let item = cart
            .item(added)
            .ok_or_else(|| ApiError::internal("the added line is not in the cart"))?;
        Ok(AddToCartPayload { cart, item })
    }

    /// Sets how many pieces of a line to buy. OUT_OF_STOCK when there are not enough.
    async fn update_cart_item(
        &self,
        ctx: &Context<'_>,
        input: UpdateCartItemInput,
    ) -> ApiResult<UpdateCartItemPayload> {
        cart_owner(ctx.identity())?;
        let pieces = quantity("input.quantity", input.quantity)?;
        let not_found = || ApiError::not_found("line in the cart", "input.itemId");
        let known = {
            let (mut connection, owner) = with_merged_cart(ctx).await?;
            cart::item(&mut connection, owner, input.item_id.0)
                .await?
                .ok_or_else(not_found)?
        };
        let offer = offer(ctx, known.variant_id, "input.itemId").await?;
        enough(&offer, pieces)?;
        let line = CartItem {
            quantity: pieces,
            unit_price_minor: offer.unit_price_minor,
            currency: offer.currency,
            ..known
        };
        let mut connection = services(ctx)?.database.get().await?;
        let kept_until = kept_until(ctx.identity());
        let items = connection
            .transaction(async |connection| {
                cart::lock(connection, line.owner_id, kept_until).await?;
                if !cart::update(connection, &line).await? {
                    return Err(not_found());
                }
                Ok(cart::items(connection, line.owner_id).await?)
            })
            .await?;
        let cart = Cart::new(ctx, line.owner_id, items)?;
        let item = cart.item(line.id).ok_or_else(not_found)?;
        Ok(UpdateCartItemPayload { cart, item })
    }

    /// Takes a line out of the cart.
    async fn remove_from_cart(
        &self,
        ctx: &Context<'_>,
        input: RemoveFromCartInput,
    ) -> ApiResult<RemoveFromCartPayload> {
        let (mut connection, owner) = with_merged_cart(ctx).await?;
        let kept_until = kept_until(ctx.identity());
        let items = connection
            .transaction(async |connection| {
                cart::lock(connection, owner, kept_until).await?;
                if !cart::remove(connection, owner, input.item_id.0).await? {
                    return Err(ApiError::not_found("line in the cart", "input.itemId"));
                }
                Ok(cart::items(connection, owner).await?)
            })
            .await?;
        Ok(RemoveFromCartPayload {
            cart: Cart::new(ctx, owner, items)?,
        })
    }

    /// Takes everything out of the cart.
    async fn clear_cart(&self, ctx: &Context<'_>) -> ApiResult<ClearCartPayload> {
        let (mut connection, owner) = with_merged_cart(ctx).await?;
        let kept_until = kept_until(ctx.identity());
        connection
            .transaction(async |connection| {
                cart::lock(connection, owner, kept_until).await?;
                cart::clear(connection, owner).await
            })
            .await?;
        drop(connection);
        Ok(ClearCartPayload {
            cart: own_cart(ctx).await?,
        })
    }
}

/// Until when the caller's cart is kept, if nobody touches it again: a guest may never come back.
fn kept_until(identity: &Identity) -> Option<DateTime<Utc>> {
    let guest = identity
        .subject()
        .is_ok_and(|subject| subject.has(Role::Guest));
    guest.then(|| Utc::now() + GUEST_CART_KEPT_FOR)
}

/// What product offers for the variant: `NOT_FOUND` when there is no such variant, `CONFLICT` when it is not sold.
async fn offer(ctx: &Context<'_>, variant: Uuid, argument: &str) -> ApiResult<Offer> {
    let offers = calls::offers(&services(ctx)?.peers, &[variant], ctx.correlation_id()).await?;
    let offer = offers.into_iter().next().flatten();
    let offer = offer.ok_or_else(|| ApiError::not_found("variant", argument))?;
    if !offer.listed {
        return Err(ApiError::conflict("this product is not sold any more").at(argument));
    }
    Ok(offer)
}

/// A courtesy: the stock may change until the order is placed, which checks it for good.
fn enough(offer: &Offer, pieces: i32) -> ApiResult<()> {
    if offer.available >= i64::from(pieces) {
        return Ok(());
    }
    let message = match offer.available {
        ..=0 => "this is sold out".to_owned(),
        left => format!("only {left} pieces are left, and the cart would hold {pieces}"),
    };
    Err(ApiError::new(ErrorCode::OutOfStock, message).at("input.quantity"))
}
