//! What orders add to the entities of other subgraphs.

use async_graphql::{ComplexObject, Context, SimpleObject};
use souk_platform::page::{Page, PageOf, connection};
use souk_platform::{ApiError, ApiResult, Caller, Id, Role};
use uuid::Uuid;

use super::cart::{Cart, own_cart};
use super::loaders::{Deliveries, Loaders};
use super::order::{Order, ShopOrder};
use crate::domain::status::{OrderStatus, PartStatus};
use crate::store::list::Window;

/// Somebody with an account. Everybody may see the name; the rest is for the user and for admins, and null for others.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct User {
    /// The user's id.
    pub id: Id,
}

#[ComplexObject]
impl User {
    /// What the user means to buy. FORBIDDEN for anybody but the user.
    async fn cart(&self, ctx: &Context<'_>) -> ApiResult<Option<Cart>> {
        self.only_oneself(ctx)?;
        Ok(Some(own_cart(ctx).await?))
    }

    /// What the user has ordered, newest first. FORBIDDEN for anybody but the user.
    async fn orders(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only orders with this status.")] status: Option<OrderStatus>,
        #[graphql(desc = "How many, 1 to 100; 20 if left out.")] first: Option<i32>,
        #[graphql(desc = "The cursor behind which the page begins.")] after: Option<String>,
    ) -> ApiResult<Option<PageOf<Order>>> {
        self.only_oneself(ctx)?;
        let page: Page<Uuid> = Page::new(first, after)?;
        let window = Window::of(&page, status);
        let rows = Loaders::of(ctx).orders_of((self.id.0, window)).await?;
        Ok(Some(connection(&page, rows, |row| row.id, Order::new)))
    }
}

impl User {
    fn only_oneself(&self, ctx: &Context<'_>) -> ApiResult<()> {
        if ctx.identity().user()?.id != self.id.0 {
            return Err(ApiError::forbidden("only the user may see this"));
        }
        Ok(())
    }
}

/// A shop on the platform.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Shop {
    /// The shop's id.
    pub id: Id,
}

#[ComplexObject]
impl Shop {
    /// What the shop has to deliver, newest first. FORBIDDEN for anybody but the shop's owner.
    async fn orders(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only parts with this status.")] status: Option<PartStatus>,
        #[graphql(desc = "How many, 1 to 100; 20 if left out.")] first: Option<i32>,
        #[graphql(desc = "The cursor behind which the page begins.")] after: Option<String>,
    ) -> ApiResult<Option<PageOf<ShopOrder>>> {
        let seller = ctx.identity().with_role(&[Role::Seller])?.id;
        let page: Page<Uuid> = Page::new(first, after)?;
        let loaders = Loaders::of(ctx);
        // A shop that has not been heard of yet has no orders either: the query below only gives the seller's own.
        let owner = loaders.shop_owners.load(self.id.0).await?;
        if owner.is_some_and(|owner| owner != seller) {
            return Err(ApiError::forbidden(
                "only the shop's owner may see its orders",
            ));
        }
        let deliveries = Deliveries {
            seller,
            shop: self.id.0,
            window: Window::of(&page, status),
        };
        let rows = loaders.deliveries_of(deliveries).await?;
        Ok(Some(connection(&page, rows, |row| row.id, ShopOrder::new)))
    }
}
