//! The entity `User`.

use async_graphql::{Context, Object};
use chrono::{DateTime, Utc};
use souk_platform::page::{Page, PageOf, connection};
use souk_platform::{ApiResult, Caller, Id, Identity, Role};
use uuid::Uuid;

use super::loaders::Loaders;
use super::types::Address;
use crate::store::users::UserRow;

/// Somebody with an account.
pub struct User(pub UserRow);

impl User {
    /// True when the caller may see more than the name: the user, an admin, or one of our own subgraphs.
    fn is_open_to(&self, identity: &Identity) -> bool {
        match identity {
            Identity::Subject(subject) => subject.id == self.0.id || subject.has(Role::Admin),
            Identity::Service(_) => true,
            Identity::Anonymous => false,
        }
    }

    /// `value` for those who may see it.
    fn private<T>(&self, ctx: &Context<'_>, value: impl FnOnce(&UserRow) -> T) -> Option<T> {
        self.is_open_to(ctx.identity()).then(|| value(&self.0))
    }
}

/// Somebody with an account. Everybody may see the name; the rest is for the user and for admins, and null for others.
#[Object]
impl User {
    /// The user's id.
    pub async fn id(&self) -> Id {
        self.0.id.into()
    }

    /// The name that others see.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The e-mail address, in lower case. For the user and for admins; null for others.
    async fn email(&self, ctx: &Context<'_>) -> Option<String> {
        self.private(ctx, |user| user.email.clone())
    }

    /// What the user may do. For the user and for admins; null for others.
    async fn roles(&self, ctx: &Context<'_>) -> Option<Vec<Role>> {
        self.private(ctx, UserRow::roles)
    }

    /// The kind of customer, such as "REGULAR". For the user and for admins; null for others.
    async fn customer_type(&self, ctx: &Context<'_>) -> Option<String> {
        self.private(ctx, |user| user.customer_type.clone())
    }

    /// When the account was made. For the user and for admins; null for others.
    async fn created_at(&self, ctx: &Context<'_>) -> Option<DateTime<Utc>> {
        self.private(ctx, |user| user.created_at)
    }

    /// The addresses that the user keeps, oldest first. For the user and for admins; null for others.
    async fn addresses(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "The cursor after which to begin.")] after: Option<String>,
    ) -> ApiResult<Option<PageOf<Address>>> {
        if !self.is_open_to(ctx.identity()) {
            return Ok(None);
        }
        let page = Page::<Uuid>::new(first, after)?;
        let mut rows = Loaders::of(ctx).addresses(self.0.id).await?;
        if let Some(after) = page.after {
            rows.retain(|row| row.id > after);
        }
        Ok(Some(connection(&page, rows, |row| row.id, Address::from)))
    }

    /// The address that is offered first, if there is any. For the user and for admins; null for others.
    async fn default_address(&self, ctx: &Context<'_>) -> ApiResult<Option<Address>> {
        if !self.is_open_to(ctx.identity()) {
            return Ok(None);
        }
        let rows = Loaders::of(ctx).addresses(self.0.id).await?;
        Ok(rows
            .into_iter()
            .find(|row| row.is_default)
            .map(Address::from))
    }
}
