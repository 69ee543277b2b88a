//! What the shop subgraph publishes, and what it does when others tell it something.

use async_trait::async_trait;
use diesel_async::AsyncPgConnection;
use souk_platform::events::{ConsumeError, Consumer, Event, Payload, ShopSnapshot, outbox};
use souk_platform::{ApiResult, Role};

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

/// Closes the shops of those who may not sell any more. Who may again asks for approval by changing the shop.
pub struct Owners;

#[async_trait]
impl Consumer for Owners {
    fn name(&self) -> &'static str {
        "owners"
    }

    fn patterns(&self) -> &'static [&'static str] {
        &["user.roles_changed"]
    }

    async fn consume(
        &self,
        connection: &mut AsyncPgConnection,
        event: &Event,
    ) -> Result<(), ConsumeError> {
        let Payload::UserRolesChanged { user_id, roles } = &event.payload else {
            return Ok(());
        };
        // An admin has every role.
        if roles.contains(&Role::Seller) || roles.contains(&Role::Admin) {
            return Ok(());
        }
        for shop in store::shops::lock_open_of(connection, *user_id).await? {
            let reason = Some("the owner may not sell any more");
            let shop = store::shops::decide(connection, shop.id, None, reason).await?;
            tell(
                connection,
                &shop,
                &event.correlation_id,
                Payload::ShopRejected,
            )
            .await?;
        }
        Ok(())
    }
}
