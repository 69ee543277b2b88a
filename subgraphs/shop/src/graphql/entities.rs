//! The entities `Shop` and, as far as it is about shops, `User`.

use async_graphql::{Context, Object};
use chrono::{DateTime, Utc};
use souk_platform::page::{Page, PageOf, connection};
use souk_platform::{ApiResult, Caller, Id, Identity, Role};
use uuid::Uuid;

use super::loaders::{Loaders, ShopsOf};
use super::types::Branch;
use crate::domain::status::ShopStatus;
use crate::store::shops::{ShopRow, Window};

/// A shop on the platform.
pub struct Shop(pub ShopRow);

/// True when the caller may see what is not public of the shops of `owner`: the owner, moderators, our own subgraphs.
pub fn sees_hidden(identity: &Identity, owner: Uuid) -> bool {
    match identity {
        Identity::Subject(subject) => {
            subject.id == owner || subject.has(Role::Moderator) || subject.has(Role::Admin)
        }
        Identity::Service(_) => true,
        Identity::Anonymous => false,
    }
}

/// A shop on the platform.
#[Object]
impl Shop {
    /// The shop's id.
    pub async fn id(&self) -> Id {
        self.0.id.into()
    }

    /// The shop's name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What the shop says of itself.
    async fn description(&self) -> &str {
        &self.0.description
    }

    /// Whether the shop may sell.
    async fn status(&self) -> ShopStatus {
        self.0.status
    }

    /// Why a moderator rejected the shop. For the owner and moderators; null for others.
    async fn rejection_reason(&self, ctx: &Context<'_>) -> Option<&str> {
        if !sees_hidden(ctx.identity(), self.0.owner_id) {
            return None;
        }
        self.0.rejection_reason.as_deref()
    }

    /// The seller who owns the shop.
    async fn owner(&self) -> User {
        User {
            id: self.0.owner_id.into(),
        }
    }

    /// Grows with every change of the shop or its branches. Send it with a mutation to be told when somebody else
    /// changed the shop meanwhile.
    async fn version(&self) -> i32 {
        i32::try_from(self.0.revision).unwrap_or(i32::MAX)
    }

    /// When the shop was created.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// The shop's branches, oldest first.
    async fn branches(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "The cursor after which to begin.")] after: Option<String>,
    ) -> ApiResult<PageOf<Branch>> {
        let page = Page::<Uuid>::new(first, after)?;
        let mut rows = Loaders::of(ctx).branches(self.0.id).await?;
        if let Some(after) = page.after {
            rows.retain(|row| row.id > after);
        }
        Ok(connection(&page, rows, |row| row.id, Branch::from))
    }
}

/// Somebody with an account.
pub struct User {
    /// The user's id.
    pub id: Id,
}

/// Somebody with an account. Everybody may see the name; the rest is for the user and for admins, and null for others.
#[Object]
impl User {
    /// The user's id.
    pub async fn id(&self) -> Id {
        self.id
    }

    /// The shops that the user owns, oldest first. Others than the user and moderators see the approved ones.
    async fn shops(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "The cursor after which to begin.")] after: Option<String>,
    ) -> ApiResult<PageOf<Shop>> {
        let page = Page::<Uuid>::new(first, after)?;
        let wanted = ShopsOf {
            owner: self.id.0,
            window: Window {
                after: page.after,
                limit: page.limit(),
            },
            hidden_too: sees_hidden(ctx.identity(), self.id.0),
        };
        let rows = Loaders::of(ctx).owned(wanted).await?;
        Ok(connection(&page, rows, |row| row.id, Shop))
    }
}
