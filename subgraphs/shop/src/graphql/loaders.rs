//! Batched loading: one statement for all shops, all their branches, or all the shops of users, that an operation asks
//! for.

use std::collections::HashMap;

use async_graphql::Context;
use souk_platform::ApiResult;
use souk_platform::database::{Connection, Database};
use souk_platform::loading::{ByKey, by_key, grouped_by};
use uuid::Uuid;

use crate::store;
use crate::store::branches::BranchRow;
use crate::store::shops::{ShopRow, Window};

/// Some of the shops of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ShopsOf {
    /// The user.
    pub owner: Uuid,
    /// Which part of the list.
    pub window: Window,
    /// Also those that are not approved.
    pub hidden_too: bool,
}

/// The loaders of one request.
pub struct Loaders {
    shops: ByKey<Uuid, ShopRow>,
    branches: ByKey<Uuid, Vec<BranchRow>>,
    owned: ByKey<ShopsOf, Vec<ShopRow>>,
}

impl Loaders {
    /// Loaders on this database.
    pub fn new(database: &Database) -> Loaders {
        Loaders {
            shops: ByKey::new(database, async |mut connection, ids: Vec<Uuid>| {
                let rows = store::shops::find_many(&mut connection, &ids).await?;
                Ok(by_key(rows, |row| row.id))
            }),
            branches: ByKey::new(database, async |mut connection, shops: Vec<Uuid>| {
                let rows = store::branches::of_shops(&mut connection, &shops).await?;
                Ok(grouped_by(rows, |row| row.shop_id))
            }),
            owned: ByKey::new(database, load_owned),
        }
    }

    /// The loaders of the request that resolves.
    pub fn of<'ctx>(ctx: &Context<'ctx>) -> &'ctx Loaders {
        ctx.data_unchecked()
    }

    /// The shop with this id.
    pub async fn shop(&self, id: Uuid) -> ApiResult<Option<ShopRow>> {
        self.shops.load(id).await
    }

    /// All branches of the shop, oldest first. A shop has at most a hundred.
    pub async fn branches(&self, shop: Uuid) -> ApiResult<Vec<BranchRow>> {
        Ok(self.branches.load(shop).await?.unwrap_or_default())
    }

    /// Some of the shops of a user, oldest first.
    pub async fn owned(&self, wanted: ShopsOf) -> ApiResult<Vec<ShopRow>> {
        Ok(self.owned.load(wanted).await?.unwrap_or_default())
    }
}

/// One statement for each window and visibility. An operation has few: what its fields ask, for the caller and for
/// others.
async fn load_owned(
    mut connection: Connection,
    wanted: Vec<ShopsOf>,
) -> ApiResult<HashMap<ShopsOf, Vec<ShopRow>>> {
    let mut groups: HashMap<(Window, bool), Vec<Uuid>> = HashMap::new();
    for key in wanted {
        groups
            .entry((key.window, key.hidden_too))
            .or_default()
            .push(key.owner);
    }
    let mut found = HashMap::new();
    for ((window, hidden_too), owners) in groups {
        let rows = store::shops::of_owners(&mut connection, &owners, window, hidden_too).await?;
        found.extend(grouped_by(rows, |row| ShopsOf {
            owner: row.owner_id,
            window,
            hidden_too,
        }));
    }
    Ok(found)
}
