//! The category tree.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use diesel_async::AsyncConnection;
use souk_platform::{ApiResult, Caller, Id, Role, Services, input};

use crate::domain::LONGEST_CATEGORY_NAME;
use crate::graphql::category::Category;
use crate::store::category;

/// A category to be made.
#[derive(InputObject)]
pub struct CreateCategoryInput {
    /// Its name, unique below its parent, at most 80 characters.
    name: String,
    /// The category above it; without one it becomes a root of the tree.
    parent_id: Option<Id>,
}

/// A category that was made.
#[derive(SimpleObject)]
pub struct CreateCategoryPayload {
    /// The new category.
    category: Category,
}

/// Mutations of categories.
#[derive(Default)]
pub struct Categories;

#[Object]
impl Categories {
    /// Creates a category. Only moderators and admins may.
    async fn create_category(
        &self,
        ctx: &Context<'_>,
        input: CreateCategoryInput,
    ) -> ApiResult<CreateCategoryPayload> {
        ctx.identity().with_role(&[Role::Moderator])?;
        let name = input::line("input.name", &input.name, LONGEST_CATEGORY_NAME)?;
        let parent = input.parent_id.map(|id| id.0);
        let mut connection = ctx.data_unchecked::<Services>().database.get().await?;
        let category = connection
            .transaction(async |connection| category::create(connection, name, parent).await)
            .await?;
        Ok(CreateCategoryPayload {
            category: Category(category),
        })
    }
}
