//! Batched loading: one statement for all users, or all their addresses, that an operation asks for.

use async_graphql::Context;
use souk_platform::ApiResult;
use souk_platform::database::Database;
use souk_platform::loading::{ByKey, by_key, grouped_by};
use uuid::Uuid;

use crate::store;
use crate::store::addresses::AddressRow;
use crate::store::users::UserRow;

/// The loaders of one request.
pub struct Loaders {
    users: ByKey<Uuid, UserRow>,
    addresses: ByKey<Uuid, Vec<AddressRow>>,
}

impl Loaders {
    /// Loaders on this database.
    pub fn new(database: &Database) -> Loaders {
        Loaders {
            users: ByKey::new(database, async |mut connection, ids: Vec<Uuid>| {
                let rows = store::users::find_many(&mut connection, &ids).await?;
                Ok(by_key(rows, |row| row.id))
            }),
            addresses: ByKey::new(database, async |mut connection, users: Vec<Uuid>| {
                let rows = store::addresses::of_users(&mut connection, &users).await?;
                Ok(grouped_by(rows, |row| row.user_id))
            }),
        }
    }

    /// The loaders of the request that resolves.
    pub fn of<'ctx>(ctx: &Context<'ctx>) -> &'ctx Loaders {
        ctx.data_unchecked()
    }

    /// The user with this id.
    pub async fn user(&self, id: Uuid) -> ApiResult<Option<UserRow>> {
        self.users.load(id).await
    }

    /// All addresses of the user, oldest first. A user has few.
    pub async fn addresses(&self, user: Uuid) -> ApiResult<Vec<AddressRow>> {
        Ok(self.addresses.load(user).await?.unwrap_or_default())
    }
}
