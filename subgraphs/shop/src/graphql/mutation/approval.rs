//! What moderators decide.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use diesel_async::AsyncConnection;
use souk_platform::database::Database;
use souk_platform::events::Payload;
use souk_platform::{ApiError, ApiResult, Caller, Id, Role, input};

use super::check_version;
use crate::domain::status::ShopStatus;
use crate::events;
use crate::graphql::entities::Shop;
use crate::store;

/// A shop to approve.
#[derive(InputObject)]
pub struct ApproveShopInput {
    /// The shop.
    id: Id,
    /// The version that was looked at. When the shop has another by now, the error is CONFLICT.
    version: Option<i32>,
}

/// The approved shop.
#[derive(SimpleObject)]
pub struct ApproveShopPayload {
    /// The shop.
    shop: Shop,
}

/// A shop to reject.
#[derive(InputObject)]
pub struct RejectShopInput {
    /// The shop.
    id: Id,
    /// Why, for the owner; 1 to 1,000 characters.
    reason: String,
    /// The version that was looked at. When the shop has another by now, the error is CONFLICT.
    version: Option<i32>,
}

/// The rejected shop.
#[derive(SimpleObject)]
pub struct RejectShopPayload {
    /// The shop.
    shop: Shop,
}

#[derive(Default)]
pub struct ApprovalMutations;

#[Object]
impl ApprovalMutations {
    /// Lets a shop sell. Approving an approved shop changes nothing. Errors: UNAUTHENTICATED, FORBIDDEN for everybody
    /// but moderators, NOT_FOUND, CONFLICT.
    async fn approve_shop(
        &self,
        ctx: &Context<'_>,
        input: ApproveShopInput,
    ) -> ApiResult<ApproveShopPayload> {
        let moderator = ctx.identity().with_role(&[Role::Moderator])?;
        let correlation = ctx.correlation_id();
        let mut database = ctx.data_unchecked::<Database>().get().await?;
        let shop = database
            .transaction(async |connection| {
                let shop = store::shops::lock(connection, input.id.0)
                    .await?
                    .ok_or_else(unknown)?;
                check_version(&shop, input.version)?;
                if shop.status == ShopStatus::Approved {
                    return Ok(shop);
                }
                let shop =
                    store::shops::decide(connection, shop.id, Some(moderator.id), None).await?;
                events::tell(connection, &shop, correlation, Payload::ShopApproved).await?;
                Ok::<_, ApiError>(shop)
            })
            .await?;
        Ok(ApproveShopPayload { shop: Shop(shop) })
    }

    /// Forbids a shop to sell, also one that was approved. Rejecting a rejected shop replaces the reason. Errors:
    /// UNAUTHENTICATED, FORBIDDEN for everybody but moderators, BAD_USER_INPUT, NOT_FOUND, CONFLICT.
    async fn reject_shop(
        &self,
        ctx: &Context<'_>,
        input: RejectShopInput,
    ) -> ApiResult<RejectShopPayload> {
        let moderator = ctx.identity().with_role(&[Role::Moderator])?;
        let reason = input::paragraphs("input.reason", &input.reason, 1000)?;
        if reason.is_empty() {
            return Err(ApiError::bad_input("input.reason", "tell the owner why"));
        }
        let correlation = ctx.correlation_id();
        let mut database = ctx.data_unchecked::<Database>().get().await?;
        let shop = database
            .transaction(async |connection| {
                let shop = store::shops::lock(connection, input.id.0)
                    .await?
                    .ok_or_else(unknown)?;
                check_version(&shop, input.version)?;
                let shop =
                    store::shops::decide(connection, shop.id, Some(moderator.id), Some(&reason))
                        .await?;
                events::tell(connection, &shop, correlation, Payload::ShopRejected).await?;
                Ok::<_, ApiError>(shop)
            })
            .await?;
        Ok(RejectShopPayload { shop: Shop(shop) })
    }
}

fn unknown() -> ApiError {
    ApiError::not_found("shop", "input.id")
}
