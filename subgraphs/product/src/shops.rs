//! Asking the shop subgraph about a shop when its events may be late.

use diesel_async::AsyncConnection;
use serde::Deserialize;
use serde_json::json;
use souk_platform::events::ShopSnapshot;
use souk_platform::{ApiError, ApiResult, Services};
use uuid::Uuid;

use crate::store::{Author, shop};

const SNAPSHOT: &str = "query ($id: ID!) { shopSnapshot(id: $id) }";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    shop_snapshot: Option<ShopSnapshot>,
}

/// Before a seller is refused because the shop is unknown or not approved, the shop subgraph is asked: the seller
/// may have read of the approval before its event arrived here. A shop of somebody else is refused at once.
///
/// `UNAVAILABLE` when the shop subgraph does not answer, `NOT_FOUND` when there is no such shop.
pub async fn refresh_unapproved(
    services: &Services,
    shop_id: Uuid,
    author: &Author,
) -> ApiResult<()> {
    let mut connection = services.database.get().await?;
    let known = shop::find(&mut connection, shop_id).await?;
    // Not held while another subgraph is asked.
    drop(connection);
    if let Some(known) = known {
        known.must_belong_to(author.seller)?;
        if known.approved {
            return Ok(());
        }
    }
    let variables = json!({ "id": shop_id });
    let answer: Answer = services
        .peers
        .query("shop", SNAPSHOT, variables, &author.correlation_id)
        .await?;
    let snapshot = answer
        .shop_snapshot
        .ok_or_else(|| ApiError::not_found("shop", "input.shopId"))?;
    let mut connection = services.database.get().await?;
    connection
        .transaction(async |connection| {
            shop::apply(connection, &snapshot, &author.correlation_id).await
        })
        .await?;
    Ok(())
}
