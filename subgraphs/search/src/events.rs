//! Events become documents.

use async_trait::async_trait;
use diesel_async::AsyncPgConnection;
use souk_platform::events::{ConsumeError, Consumer, Event, Payload};

use crate::domain::Entity;
use crate::store;

/// Keeps the newest snapshot of every product and shop, and every stock level.
pub struct Documents;

#[async_trait]
impl Consumer for Documents {
    fn name(&self) -> &'static str {
        "documents"
    }

    fn patterns(&self) -> &'static [&'static str] {
        &["product.*", "stock.changed", "shop.*"]
    }

    async fn consume(
        &self,
        connection: &mut AsyncPgConnection,
        event: &Event,
    ) -> Result<(), ConsumeError> {
        match &event.payload {
            Payload::ProductCreated(product)
            | Payload::ProductUpdated(product)
            | Payload::ProductArchived(product) => {
                let body = json(product)?;
                store::put(
                    connection,
                    product.product_id,
                    Entity::Product,
                    &body,
                    product.revision,
                )
                .await?;
            }
            Payload::ShopCreated(shop)
            | Payload::ShopApproved(shop)
            | Payload::ShopRejected(shop)
            | Payload::ShopUpdated(shop) => {
                store::put(
                    connection,
                    shop.shop_id,
                    Entity::Shop,
                    &json(shop)?,
                    shop.revision,
                )
                .await?;
            }
            Payload::StockChanged { levels } => store::put_stock(connection, levels).await?,
            _ => {}
        }
        Ok(())
    }
}

fn json(snapshot: &impl serde::Serialize) -> Result<serde_json::Value, ConsumeError> {
    serde_json::to_value(snapshot).map_err(|error| ConsumeError::Reject(error.to_string()))
}
