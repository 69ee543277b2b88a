//! What the subgraph does with events. What it tells itself is written where the change is made, in `store`.

use async_trait::async_trait;
use diesel_async::AsyncPgConnection;
use souk_platform::events::{ConsumeError, Consumer, Event, OrderShopPart, Payload};
use uuid::Uuid;

use crate::store::reservation::{self, Part};
use crate::store::shop;

/// Keeps the snapshot of shops.
pub struct Shops;

#[async_trait]
impl Consumer for Shops {
    fn name(&self) -> &'static str {
        "shops"
    }

    fn patterns(&self) -> &'static [&'static str] {
        &["shop.*"]
    }

    async fn consume(
        &self,
        connection: &mut AsyncPgConnection,
        event: &Event,
    ) -> Result<(), ConsumeError> {
        let (Payload::ShopCreated(snapshot)
        | Payload::ShopApproved(snapshot)
        | Payload::ShopRejected(snapshot)
        | Payload::ShopUpdated(snapshot)) = &event.payload
        else {
            return Ok(());
        };
        Ok(shop::apply(connection, snapshot, &event.correlation_id).await?)
    }
}

/// Takes the stock of confirmed orders out, and gives that of cancelled ones back.
pub struct Orders;

#[async_trait]
impl Consumer for Orders {
    fn name(&self) -> &'static str {
        "orders"
    }

    fn patterns(&self) -> &'static [&'static str] {
        &["order.status_changed"]
    }

    async fn consume(
        &self,
        connection: &mut AsyncPgConnection,
        event: &Event,
    ) -> Result<(), ConsumeError> {
        let Payload::OrderStatusChanged {
            order_id,
            status,
            parts,
            ..
        } = &event.payload
        else {
            return Ok(());
        };
        let (order_id, cause) = (*order_id, event.correlation_id.as_str());
        match status.as_str() {
            "CANCELLED" => {
                reservation::release_part(connection, order_id, &Part::Whole, cause).await?;
            }
            "PENDING" => {}
            // Confirmed, or further: a shop may still cancel its part of an order while the others deliver.
            _ => {
                if !reservation::exists(connection, order_id).await? {
                    return Err(ConsumeError::Reject(format!(
                        "order {order_id} is {status}, but has no stock put aside"
                    )));
                }
                let cancelled = cancelled_shops(parts);
                reservation::release_part(
                    connection,
                    order_id,
                    &Part::Shops(cancelled.clone()),
                    cause,
                )
                .await?;
                reservation::commit_part(connection, order_id, &Part::AllBut(cancelled), cause)
                    .await?;
            }
        }
        Ok(())
    }
}

fn cancelled_shops(parts: &[OrderShopPart]) -> Vec<Uuid> {
    parts
        .iter()
        .filter(|part| part.status == "CANCELLED")
        .map(|part| part.shop_id)
        .collect()
}
