//! Queries and entity lookups.

use async_graphql::{Context, Object};
use souk_platform::{ApiError, ApiResult, Caller, Id};

use super::cart::{Cart, cart_owner, own_cart};
use super::entities::{Shop, User};
use super::loaders::Loaders;
use super::order::{Order, OrderItem, ShopOrder};

/// The queries.
pub struct Query;

#[Object]
impl Query {
    /// The caller's cart. Visitors without an account need a guest session, see startGuestSession.
    async fn cart(&self, ctx: &Context<'_>) -> ApiResult<Cart> {
        own_cart(ctx).await
    }

    /// An order, for its buyer and the sellers who deliver a part of it. NOT_FOUND for everybody else.
    async fn order(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The order's id.")] id: Id,
    ) -> ApiResult<Option<Order>> {
        ctx.identity().user()?;
        let Some(row) = Loaders::of(ctx).orders.load(id.0).await? else {
            return Err(ApiError::not_found("order", "id"));
        };
        let order = Order::new(row).if_visible(ctx).await?;
        Ok(Some(
            order.ok_or_else(|| ApiError::not_found("order", "id"))?,
        ))
    }

    // An entity that the caller may not see is null rather than an error: an error would take all others with it.

    #[graphql(entity)]
    async fn find_user_by_id(&self, id: Id) -> User {
        User { id }
    }

    #[graphql(entity)]
    async fn find_shop_by_id(&self, id: Id) -> Shop {
        Shop { id }
    }

    #[graphql(entity)]
    async fn find_cart_by_id(&self, ctx: &Context<'_>, id: Id) -> ApiResult<Option<Cart>> {
        match cart_owner(ctx.identity()) {
            Ok(owner) if owner == id.0 => Ok(Some(own_cart(ctx).await?)),
            _ => Ok(None),
        }
    }

    #[graphql(entity)]
    async fn find_order_by_id(&self, ctx: &Context<'_>, id: Id) -> ApiResult<Option<Order>> {
        let Some(row) = Loaders::of(ctx).orders.load(id.0).await? else {
            return Ok(None);
        };
        Order::new(row).if_visible(ctx).await
    }

    #[graphql(entity)]
    async fn find_shop_order_by_id(
        &self,
        ctx: &Context<'_>,
        id: Id,
    ) -> ApiResult<Option<ShopOrder>> {
        let Some(row) = Loaders::of(ctx).parts.load(id.0).await? else {
            return Ok(None);
        };
        ShopOrder::new(row).if_visible(ctx).await
    }

    #[graphql(entity)]
    async fn find_order_item_by_id(
        &self,
        ctx: &Context<'_>,
        id: Id,
    ) -> ApiResult<Option<OrderItem>> {
        OrderItem::visible(ctx, id.0).await
    }
}
