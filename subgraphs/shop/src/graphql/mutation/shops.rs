//! What sellers do with their shops.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use diesel_async::AsyncConnection;
use souk_platform::database::Database;
use souk_platform::events::Payload;
use souk_platform::{ApiError, ApiResult, Caller, Id, Role, input};

use super::{check_version, lock_own};
use crate::domain::branch::{BranchInput, MOST_PER_SHOP};
use crate::events;
use crate::graphql::entities::Shop;
use crate::store;

const LONGEST_NAME: usize = 100;
const LONGEST_DESCRIPTION: usize = 5000;

/// A new shop.
#[derive(InputObject)]
pub struct CreateShopInput {
    /// The shop's name; at most 100 characters.
    name: String,
    /// What the shop says of itself; at most 5,000 characters.
    #[graphql(default)]
    description: String,
    /// Its first branches; at most 100.
    #[graphql(default)]
    branches: Vec<BranchInput>,
}

/// The new shop.
#[derive(SimpleObject)]
pub struct CreateShopPayload {
    /// The shop, which waits for approval.
    shop: Shop,
}

/// What to change of a shop. Absent fields stay.
#[derive(InputObject)]
pub struct UpdateShopInput {
    /// The shop.
    id: Id,
    /// The shop's name; at most 100 characters.
    name: Option<String>,
    /// What the shop says of itself; at most 5,000 characters.
    description: Option<String>,
    /// The version that the change is based on. When the shop has another by now, the error is CONFLICT.
    version: Option<i32>,
}

/// The changed shop.
#[derive(SimpleObject)]
pub struct UpdateShopPayload {
    /// The shop.
    shop: Shop,
}

#[derive(Default)]
pub struct ShopMutations;

#[Object]
impl ShopMutations {
    /// Opens a shop for the caller; it sells nothing before a moderator has approved it. Errors: UNAUTHENTICATED,
    /// FORBIDDEN for everybody but sellers, BAD_USER_INPUT.
    async fn create_shop(
        &self,
        ctx: &Context<'_>,
        input: CreateShopInput,
    ) -> ApiResult<CreateShopPayload> {
        let subject = ctx.identity().with_role(&[Role::Seller])?;
        let name = input::line("input.name", &input.name, LONGEST_NAME)?;
        let description =
            input::paragraphs("input.description", &input.description, LONGEST_DESCRIPTION)?;
        if input.branches.len() > MOST_PER_SHOP {
            return Err(ApiError::bad_input(
                "input.branches",
                format!("a shop has at most {MOST_PER_SHOP} branches"),
            ));
        }
        let mut branches = Vec::with_capacity(input.branches.len());
        for (index, branch) in input.branches.iter().enumerate() {
            branches.push(branch.checked(&format!("input.branches.{index}"))?);
        }

        let correlation = ctx.correlation_id();
        let mut database = ctx.data_unchecked::<Database>().get().await?;
        let shop = database
            .transaction(async |connection| {
                let shop =
                    store::shops::insert(connection, subject.id, &name, &description).await?;
                store::branches::insert(connection, shop.id, &branches).await?;
                events::tell(connection, &shop, correlation, Payload::ShopCreated).await?;
                Ok::<_, ApiError>(shop)
            })
            .await?;
        Ok(CreateShopPayload { shop: Shop(shop) })
    }

    /// Changes a shop of the caller. A rejected shop waits for approval again. Errors: UNAUTHENTICATED, FORBIDDEN,
    /// BAD_USER_INPUT, NOT_FOUND, CONFLICT when the version is not the shop's any more.
    async fn update_shop(
        &self,
        ctx: &Context<'_>,
        input: UpdateShopInput,
    ) -> ApiResult<UpdateShopPayload> {
        let subject = ctx.identity().with_role(&[Role::Seller])?;
        let name = match &input.name {
            Some(name) => Some(input::line("input.name", name, LONGEST_NAME)?),
            None => None,
        };
        let description = match &input.description {
            Some(text) => Some(input::paragraphs(
                "input.description",
                text,
                LONGEST_DESCRIPTION,
            )?),
            None => None,
        };

        let correlation = ctx.correlation_id();
        let mut database = ctx.data_unchecked::<Database>().get().await?;
        let shop = database
            .transaction(async |connection| {
                let shop = lock_own(connection, subject, input.id.0, "input.id").await?;
                check_version(&shop, input.version)?;
                let name = name.as_ref().unwrap_or(&shop.name);
                let description = description.as_ref().unwrap_or(&shop.description);
                let status = shop.status.after_edit();
                let shop =
                    store::shops::update(connection, shop.id, name, description, status).await?;
                events::tell(connection, &shop, correlation, Payload::ShopUpdated).await?;
                Ok::<_, ApiError>(shop)
            })
            .await?;
        Ok(UpdateShopPayload { shop: Shop(shop) })
    }
}
