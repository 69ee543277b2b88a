//! What the user subgraph consumes: which shops a user owns. What it publishes (`user.registered`,
//! `user.roles_changed`) is written next to the changes, in `graphql/mutation`.

use async_trait::async_trait;
use diesel_async::AsyncPgConnection;
use souk_platform::events::{ConsumeError, Consumer, Event, Payload};

use crate::store;

/// Keeps the shop ids for access tokens.
pub struct RememberShops;

#[async_trait]
impl Consumer for RememberShops {
    fn name(&self) -> &'static str {
        "owned-shops"
    }

    fn patterns(&self) -> &'static [&'static str] {
        &["shop.created"]
    }

    async fn consume(
        &self,
        connection: &mut AsyncPgConnection,
        event: &Event,
    ) -> Result<(), ConsumeError> {
        if let Payload::ShopCreated(shop) = &event.payload {
            store::shops::remember(connection, shop.owner_id, shop.shop_id).await?;
        }
        Ok(())
    }
}
