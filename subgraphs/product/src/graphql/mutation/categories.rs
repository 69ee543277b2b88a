//! The category tree.

use async_graphql::{Context, InputObject, MaybeUndefined, Object, SimpleObject};
use diesel_async::AsyncConnection;
use souk_platform::{ApiResult, Caller, Id, Role, Services, input};

use crate::domain::LONGEST_CATEGORY_NAME;
use crate::graphql::category::Category;
use crate::store::category;
use crate::store::category_tree::{self, CategoryChanges};

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

/// What to change of a category. Fields that are absent stay as they are.
#[derive(InputObject)]
pub struct UpdateCategoryInput {
    /// The category.
    id: Id,
    /// Another name, unique below its parent, at most 80 characters.
    name: Option<String>,
    /// Another category above it, which must not be below it; null makes it a root of the tree. Everything below it
    /// comes along.
    parent_id: MaybeUndefined<Id>,
}

/// A category that was changed.
#[derive(SimpleObject)]
pub struct UpdateCategoryPayload {
    /// The category as it is now.
    category: Category,
}

/// Which category to remove.
#[derive(InputObject)]
pub struct RemoveCategoryInput {
    /// The category.
    id: Id,
}

/// A category that was removed.
#[derive(SimpleObject)]
pub struct RemoveCategoryPayload {
    /// The category that is gone.
    removed_id: Id,
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

    /// Gives a category another name or another place in the tree. Only moderators and admins may.
    async fn update_category(
        &self,
        ctx: &Context<'_>,
        input: UpdateCategoryInput,
    ) -> ApiResult<UpdateCategoryPayload> {
        ctx.identity().with_role(&[Role::Moderator])?;
        let name = input
            .name
            .map(|name| input::line("input.name", &name, LONGEST_CATEGORY_NAME))
            .transpose()?;
        let parent_id = match input.parent_id {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(id) => Some(Some(id.0)),
        };
        let changes = CategoryChanges { name, parent_id };
        let (id, correlation_id) = (input.id.0, ctx.correlation_id());
        let mut connection = ctx.data_unchecked::<Services>().database.get().await?;
        let category = connection
            .transaction(async |connection| {
                category_tree::update(connection, id, changes, correlation_id).await
            })
            .await?;
        Ok(UpdateCategoryPayload {
            category: Category(category),
        })
    }

    /// Removes a category. `CONFLICT` while there are categories below it or products on sale in it; archived ones
    /// move up. Only moderators and admins may.
    async fn remove_category(
        &self,
        ctx: &Context<'_>,
        input: RemoveCategoryInput,
    ) -> ApiResult<RemoveCategoryPayload> {
        ctx.identity().with_role(&[Role::Moderator])?;
        let id = input.id.0;
        let mut connection = ctx.data_unchecked::<Services>().database.get().await?;
        connection
            .transaction(async |connection| category_tree::remove(connection, id).await)
            .await?;
        Ok(RemoveCategoryPayload { removed_id: Id(id) })
    }
}
