//! What sellers do with the branches of their shops.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use diesel_async::{AsyncConnection, AsyncPgConnection};
use souk_platform::database::Database;
use souk_platform::events::Payload;
use souk_platform::identity::Subject;
use souk_platform::{ApiError, ApiResult, Caller, Id, Role};
use uuid::Uuid;

use super::lock_own;
use crate::domain::branch::{BranchInput, MOST_PER_SHOP};
use crate::events;
use crate::graphql::entities::Shop;
use crate::graphql::types::Branch;
use crate::store;
use crate::store::shops::ShopRow;

/// A new branch.
#[derive(InputObject)]
pub struct AddBranchInput {
    /// The shop that gets it.
    shop_id: Id,
    /// The branch.
    branch: BranchInput,
}

/// The new branch.
#[derive(SimpleObject)]
pub struct AddBranchPayload {
    /// The branch.
    branch: Branch,
    /// Its shop.
    shop: Shop,
}

/// Another branch in place of one.
#[derive(InputObject)]
pub struct UpdateBranchInput {
    /// Which branch to replace.
    id: Id,
    /// What to replace it with, as a whole.
    branch: BranchInput,
}

/// The changed branch.
#[derive(SimpleObject)]
pub struct UpdateBranchPayload {
    /// The branch.
    branch: Branch,
    /// Its shop.
    shop: Shop,
}

/// A branch to remove.
#[derive(InputObject)]
pub struct RemoveBranchInput {
    /// Which.
    id: Id,
}

/// A branch was removed.
#[derive(SimpleObject)]
pub struct RemoveBranchPayload {
    /// The id of the removed branch.
    removed_id: Id,
    /// Its shop.
    shop: Shop,
}

#[derive(Default)]
pub struct BranchMutations;

#[Object]
impl BranchMutations {
    /// Adds a branch to a shop of the caller. Errors: UNAUTHENTICATED, FORBIDDEN, BAD_USER_INPUT, NOT_FOUND, CONFLICT
    /// beyond 100 branches.
    async fn add_branch(
        &self,
        ctx: &Context<'_>,
        input: AddBranchInput,
    ) -> ApiResult<AddBranchPayload> {
        let subject = ctx.identity().with_role(&[Role::Seller])?;
        let fields = [input.branch.checked("input.branch")?];
        let correlation = ctx.correlation_id();
        let mut database = ctx.data_unchecked::<Database>().get().await?;
        let (branch, shop) = database
            .transaction(async |connection| {
                let shop = lock_own(connection, subject, input.shop_id.0, "input.shopId").await?;
                let branches = store::branches::count(connection, shop.id).await?;
                if usize::try_from(branches).is_ok_and(|branches| branches >= MOST_PER_SHOP) {
                    return Err(ApiError::conflict(format!(
                        "a shop has at most {MOST_PER_SHOP} branches; remove one first"
                    )));
                }
                let mut added = store::branches::insert(connection, shop.id, &fields).await?;
                let branch = added
                    .pop()
                    .ok_or_else(|| ApiError::internal("an inserted branch was not returned"))?;
                Ok((branch, changed(connection, &shop, correlation).await?))
            })
            .await?;
        Ok(AddBranchPayload {
            branch: branch.into(),
            shop: Shop(shop),
        })
    }

    /// Replaces a branch of a shop of the caller. Errors: UNAUTHENTICATED, FORBIDDEN, BAD_USER_INPUT, NOT_FOUND.
    async fn update_branch(
        &self,
        ctx: &Context<'_>,
        input: UpdateBranchInput,
    ) -> ApiResult<UpdateBranchPayload> {
        let subject = ctx.identity().with_role(&[Role::Seller])?;
        let fields = input.branch.checked("input.branch")?;
        let correlation = ctx.correlation_id();
        let mut database = ctx.data_unchecked::<Database>().get().await?;
        let (branch, shop) = database
            .transaction(async |connection| {
                let shop = lock_shop_of(connection, subject, input.id.0).await?;
                let branch = store::branches::update(connection, input.id.0, &fields)
                    .await?
                    .ok_or_else(unknown)?;
                Ok::<_, ApiError>((branch, changed(connection, &shop, correlation).await?))
            })
            .await?;
        Ok(UpdateBranchPayload {
            branch: branch.into(),
            shop: Shop(shop),
        })
    }

    /// Removes a branch of a shop of the caller. Errors: UNAUTHENTICATED, FORBIDDEN, NOT_FOUND.
    async fn remove_branch(
        &self,
        ctx: &Context<'_>,
        input: RemoveBranchInput,
    ) -> ApiResult<RemoveBranchPayload> {
        let subject = ctx.identity().with_role(&[Role::Seller])?;
        let correlation = ctx.correlation_id();
        let mut database = ctx.data_unchecked::<Database>().get().await?;
        let shop = database
            .transaction(async |connection| {
                let shop = lock_shop_of(connection, subject, input.id.0).await?;
                if !store::branches::delete(connection, input.id.0).await? {
                    return Err(unknown());
                }
                changed(connection, &shop, correlation).await
            })
            .await?;
        Ok(RemoveBranchPayload {
            removed_id: input.id,
            shop: Shop(shop),
        })
    }
}

/// The shop of a branch, locked for its owner.
async fn lock_shop_of(
    connection: &mut AsyncPgConnection,
    subject: &Subject,
    branch: Uuid,
) -> ApiResult<ShopRow> {
    let shop = store::branches::shop_of(connection, branch)
        .await?
        .ok_or_else(unknown)?;
    match lock_own(connection, subject, shop, "input.id").await {
        // Speak of the branch that was named, not of the shop behind it.
        Err(error) if error.code == souk_platform::ErrorCode::NotFound => Err(unknown()),
        locked => locked,
    }
}

/// Counts and tells a change of the shop's branches.
async fn changed(
    connection: &mut AsyncPgConnection,
    shop: &ShopRow,
    correlation: &str,
) -> ApiResult<ShopRow> {
    let status = shop.status.after_edit();
    let shop =
        store::shops::update(connection, shop.id, &shop.name, &shop.description, status).await?;
    events::tell(connection, &shop, correlation, Payload::ShopUpdated).await?;
    Ok(shop)
}

fn unknown() -> ApiError {
    ApiError::not_found("branch", "input.id")
}
