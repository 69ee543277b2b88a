//! What can be asked.

use async_graphql::{Context, Object};
use souk_platform::page::{Page, PageOf, connection};
use souk_platform::{ApiResult, Caller, Id, Role};
use uuid::Uuid;

use super::entities::User;
use super::loaders::Loaders;
use crate::domain::email;
use crate::state::State;
use crate::store;

/// The queries of the user subgraph.
pub struct Query;

#[Object]
impl Query {
    /// The user who is logged in; null for nobody and for guests.
    async fn me(&self, ctx: &Context<'_>) -> ApiResult<Option<User>> {
        match ctx.identity().user() {
            Ok(subject) => Ok(Loaders::of(ctx).user(subject.id).await?.map(User)),
            Err(_) => Ok(None),
        }
    }

    /// A user by id; null when there is none. Everybody may see the name.
    async fn user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The user's id.")] id: Id,
    ) -> ApiResult<Option<User>> {
        Ok(Loaders::of(ctx).user(id.0).await?.map(User))
    }

    /// All users, oldest first. For admins.
    async fn users(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only the one with this e-mail address.")] email: Option<String>,
        #[graphql(desc = "How many, 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "The cursor after which to begin.")] after: Option<String>,
    ) -> ApiResult<PageOf<User>> {
        ctx.identity().with_role(&[Role::Admin])?;
        let page = Page::<Uuid>::new(first, after)?;
        let email = match email {
            Some(email) => Some(email::normalised("email", &email)?),
            None => None,
        };
        let mut database = State::of(ctx).database.get().await?;
        let rows =
            store::users::list(&mut database, email.as_deref(), page.after, page.limit()).await?;
        Ok(connection(&page, rows, |row| row.id, User))
    }

    #[graphql(entity)]
    async fn find_user_by_id(&self, ctx: &Context<'_>, id: Id) -> ApiResult<Option<User>> {
        Ok(Loaders::of(ctx).user(id.0).await?.map(User))
    }
}
