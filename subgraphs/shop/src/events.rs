//! What the shop subgraph publishes. It consumes nothing.

use diesel_async::AsyncPgConnection;
use souk_platform::ApiResult;
use souk_platform::events::{Event, Payload, ShopSnapshot, outbox};

use crate::domain::status::ShopStatus;
use crate::store;
use crate::store::branches::BranchRow;
use crate::store::shops::ShopRow;

/// Tells of a change of a shop, in the transaction of the change. `payload` makes the event of the shop's snapshot.
pub async fn tell(
    connection: &mut AsyncPgConnection,
    shop: &ShopRow,
    correlation_id: &str,
    payload: impl FnOnce(ShopSnapshot) -> Payload,
) -> ApiResult<()> {
    let branches = store::branches::of_shops(connection, &[shop.id]).await?;
    let event = Event::new(shop.id, correlation_id, payload(snapshot(shop, &branches)));
    Ok(outbox::append(connection, &event).await?)
}

/// The shop as others need to know it.
pub fn snapshot(shop: &ShopRow, branches: &[BranchRow]) -> ShopSnapshot {
    let positions = branches.iter().filter(|branch| branch.shop_id == shop.id);
    ShopSnapshot {
        shop_id: shop.id,
        owner_id: shop.owner_id,
        name: shop.name.clone(),
        description: shop.description.clone(),
        approved: shop.status == ShopStatus::Approved,
        positions: positions
            .map(|branch| (branch.fields.latitude, branch.fields.longitude))
            .collect(),
        revision: shop.revision,
    }
}
