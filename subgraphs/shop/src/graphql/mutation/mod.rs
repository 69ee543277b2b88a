//! What can be done.

mod approval;
mod branches;
mod shops;

use async_graphql::MergedObject;
use diesel_async::AsyncPgConnection;
use souk_platform::identity::Subject;
use souk_platform::{ApiError, ApiResult};
use uuid::Uuid;

use super::entities::sees_hidden;
use crate::domain::status::ShopStatus;
use crate::store;
use crate::store::shops::ShopRow;

// Without a description: `Mutation` is one type of all subgraphs.
#[derive(MergedObject, Default)]
pub struct Mutation(
    shops::ShopMutations,
    approval::ApprovalMutations,
    branches::BranchMutations,
);

/// The shop, locked for its owner. `NOT_FOUND` for `argument` when there is none that the caller may know of,
/// `FORBIDDEN` when it is somebody else's.
async fn lock_own(
    connection: &mut AsyncPgConnection,
    subject: &Subject,
    shop: Uuid,
    argument: &str,
) -> ApiResult<ShopRow> {
    let shop = store::shops::lock(connection, shop).await?;
    let shop = shop.ok_or_else(|| ApiError::not_found("shop", argument))?;
    if shop.owner_id == subject.id {
        return Ok(shop);
    }
    let identity = souk_platform::Identity::Subject(subject.clone());
    if shop.status == ShopStatus::Approved || sees_hidden(&identity, shop.owner_id) {
        return Err(ApiError::forbidden("only the owner of a shop may change it").at(argument));
    }
    Err(ApiError::not_found("shop", argument))
}

/// `CONFLICT` when the client saw another version of the shop than there is now.
fn check_version(shop: &ShopRow, seen: Option<i32>) -> ApiResult<()> {
    match seen {
        Some(seen) if i64::from(seen) != shop.revision => {
            let message = format!(
                "the shop was changed meanwhile: it has version {}, not {seen}",
                shop.revision
            );
            Err(ApiError::conflict(message).at("input.version"))
        }
        _ => Ok(()),
    }
}
