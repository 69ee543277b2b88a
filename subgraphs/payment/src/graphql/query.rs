//! Queries and entity look-ups.

use async_graphql::{Context, Object};
use souk_platform::{ApiResult, Caller, Id};

use super::entities::{Order, Payment, is_open_to};
use super::loaders::Loaders;

/// The queries.
pub struct Query;

#[Object]
impl Query {
    /// The payment with this id. Only its buyer and admins find it.
    async fn payment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The payment's id.")] id: Id,
    ) -> ApiResult<Option<Payment>> {
        ctx.identity().user()?;
        find(ctx, id).await
    }

    #[graphql(entity)]
    async fn payment_by_id(&self, ctx: &Context<'_>, id: Id) -> ApiResult<Option<Payment>> {
        find(ctx, id).await
    }

    #[graphql(entity)]
    async fn order_by_id(&self, id: Id) -> Order {
        Order { id }
    }
}

async fn find(ctx: &Context<'_>, id: Id) -> ApiResult<Option<Payment>> {
    let payment = Loaders::of(ctx).payments.load(id.0).await?;
    Ok(payment
        .filter(|payment| is_open_to(payment, ctx.identity()))
        .map(Payment))
}
