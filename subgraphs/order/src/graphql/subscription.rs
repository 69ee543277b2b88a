//! Watching an order.

use std::sync::Arc;

use async_graphql::{Context, Subscription as GraphqlSubscription};
use async_stream::stream;
use futures::Stream;
use souk_platform::{ApiError, ApiResult, Caller, Id, Services};
use uuid::Uuid;

use super::cart::services;
use super::order::Order;
use crate::live::{Live, Next};
use crate::store::order;

/// The subscriptions.
pub struct Subscription;

/// What can be watched.
#[GraphqlSubscription]
impl Subscription {
    /// Sends the order as it is now, then again after every change of its status or of one of its parts, and ends
    /// after DELIVERED or CANCELLED. For the buyer and the sellers who deliver a part; NOT_FOUND for everybody else.
    /// A client that was cut off subscribes again and has missed nothing that still matters.
    async fn order_status_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The order.")] order_id: Id,
    ) -> Result<impl Stream<Item = ApiResult<Order>>, ApiError> {
        ctx.identity().user()?;
        let live: &Arc<Live> = ctx.data_unchecked();
        // Watching before reading: a change between the two is heard, and skipped if the state has it already.
        let mut watch = live.watch(order_id.0);
        let services = services(ctx)?.clone();
        let current = read(&services, order_id.0).await?;
        let visible = current.if_visible(ctx).await?;
        let mut order = visible.ok_or_else(|| ApiError::not_found("order", "orderId"))?;
        Ok(stream! {
            loop {
                yield Ok(order.clone());
                if order.is_final() {
                    return;
                }
                order = match watch.next(order.shown()).await {
                    Next::Show(change) => order.changed(change),
                    Next::Reread => match read(&services, order_id.0).await {
                        Ok(order) => order,
                        // The client subscribes again when it can; the state then comes first.
                        Err(error) => {
                            yield Err(error);
                            return;
                        }
                    },
                };
            }
        })
    }
}

async fn read(services: &Services, id: Uuid) -> ApiResult<Order> {
    let mut connection = services.database.get().await?;
    let found = order::with_parts(&mut connection, id).await?;
    let (row, parts) = found.ok_or_else(|| ApiError::not_found("order", "orderId"))?;
    Ok(Order::with_parts(row, parts))
}
