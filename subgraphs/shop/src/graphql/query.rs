//! What can be asked.

use std::collections::HashMap;

use async_graphql::{Context, Json, Object};
use souk_platform::database::Database;
use souk_platform::events::ShopSnapshot;
use souk_platform::page::{self, Page, PageOf, connection};
use souk_platform::{ApiResult, Caller, Id, Role, geo};
use uuid::Uuid;

use super::entities::{Shop, User, sees_hidden};
use super::loaders::Loaders;
use super::types::{NearbyShop, ShopSnapshots};
use crate::domain::nearby;
use crate::domain::status::ShopStatus;
use crate::events::snapshot;
use crate::store;
use crate::store::nearby::Search;
use crate::store::shops::Window;

/// The queries of the shop subgraph.
pub struct Query;

#[Object]
impl Query {
    /// A shop by id. Null when there is none, or when it is not approved and the caller is neither its owner nor a
    /// moderator.
    async fn shop(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The shop's id.")] id: Id,
    ) -> ApiResult<Option<Shop>> {
        let shop = Loaders::of(ctx).shop(id.0).await?;
        let seen = shop.filter(|shop| {
            shop.status == ShopStatus::Approved || sees_hidden(ctx.identity(), shop.owner_id)
        });
        Ok(seen.map(Shop))
    }

    /// The approved shops, newest first.
    async fn shops(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "The cursor after which to begin.")] after: Option<String>,
    ) -> ApiResult<PageOf<Shop>> {
        let page = Page::<Uuid>::new(first, after)?;
        let window = Window {
            after: page.after,
            limit: page.limit(),
        };
        let mut database = ctx.data_unchecked::<Database>().get().await?;
        let rows = store::shops::approved(&mut database, window).await?;
        Ok(connection(&page, rows, |row| row.id, Shop))
    }

    /// The shops that wait for approval, the longest waiting first. For moderators.
    async fn pending_shops(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "The cursor after which to begin.")] after: Option<String>,
    ) -> ApiResult<PageOf<Shop>> {
        ctx.identity().with_role(&[Role::Moderator])?;
        let page = Page::<Uuid>::new(first, after)?;
        let window = Window {
            after: page.after,
            limit: page.limit(),
        };
        let mut database = ctx.data_unchecked::<Database>().get().await?;
        let rows = store::shops::pending(&mut database, window).await?;
        Ok(connection(&page, rows, |row| row.id, Shop))
    }

    /// The approved shops within a radius of a point, nearest first, each once with its nearest branch.
    async fn shops_near(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Degrees north of the equator, -90 to 90.")] latitude: f64,
        #[graphql(desc = "Degrees east of Greenwich, -180 to 180.")] longitude: f64,
        #[graphql(desc = "How far to look, in kilometres; more than 0.")] radius_km: f64,
        #[graphql(desc = "How many, 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "The cursor after which to begin.")] after: Option<String>,
    ) -> ApiResult<PageOf<NearbyShop>> {
        let centre = geo::on_globe(latitude, longitude, "")?;
        let radius_km = nearby::radius_km(radius_km)?;
        // The cursor holds the distance bit by bit, because the next page begins at exactly this number.
        let page = Page::<(u64, Uuid)>::new(first, after)?;
        let after = page.after.map(|(bits, shop)| (f64::from_bits(bits), shop));
        let search = Search {
            centre,
            radius_km,
            after,
            limit: page.limit(),
        };

        let mut database = ctx.data_unchecked::<Database>().get().await?;
        let found = store::nearby::search(&mut database, search).await?;
        let shop_ids: Vec<Uuid> = found.iter().map(|row| row.shop_id).collect();
        let branch_ids: Vec<Uuid> = found.iter().map(|row| row.branch_id).collect();
        let shops = store::shops::find_many(&mut database, &shop_ids).await?;
        let branches = store::branches::find_many(&mut database, &branch_ids).await?;
        drop(database);

        let mut shops: HashMap<_, _> = shops.into_iter().map(|shop| (shop.id, shop)).collect();
        let mut branches: HashMap<_, _> = branches
            .into_iter()
            .map(|branch| (branch.id, branch))
            .collect();
        let mut rows = Vec::with_capacity(found.len());
        for row in found {
            // A branch that was removed between the statements is left out.
            if let (Some(shop), Some(branch)) =
                (shops.remove(&row.shop_id), branches.remove(&row.branch_id))
            {
                rows.push((row.distance_km, shop, branch));
            }
        }
        Ok(connection(
            &page,
            rows,
            |(distance_km, shop, _)| (distance_km.to_bits(), shop.id),
            |(distance_km, shop, branch)| NearbyShop {
                shop: Shop(shop),
                branch: branch.into(),
                distance_km,
            },
        ))
    }

    /// A shop as other subgraphs keep it, null when there is none. Internal.
    #[graphql(inaccessible)]
    async fn shop_snapshot(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The shop's id.")] id: Id,
    ) -> ApiResult<Option<Json<ShopSnapshot>>> {
        ctx.identity().service()?;
        let mut database = ctx.data_unchecked::<Database>().get().await?;
        let shops = store::shops::find_many(&mut database, &[id.0]).await?;
        let Some(shop) = shops.first() else {
            return Ok(None);
        };
        let branches = store::branches::of_shops(&mut database, &[id.0]).await?;
        Ok(Some(Json(snapshot(shop, &branches))))
    }

    /// All shops as other subgraphs keep them, whatever their status. Internal.
    #[graphql(inaccessible)]
    async fn shop_snapshots(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "The endCursor of the page before.")] after: Option<String>,
    ) -> ApiResult<ShopSnapshots> {
        ctx.identity().service()?;
        let page = Page::<Uuid>::new(first, after)?;
        let window = Window {
            after: page.after,
            limit: page.limit(),
        };
        let mut database = ctx.data_unchecked::<Database>().get().await?;
        let mut shops = store::shops::all(&mut database, window).await?;
        let more = shops.len() > page.first;
        shops.truncate(page.first);
        let ids: Vec<Uuid> = shops.iter().map(|shop| shop.id).collect();
        let branches = store::branches::of_shops(&mut database, &ids).await?;
        Ok(ShopSnapshots {
            nodes: shops
                .iter()
                .map(|shop| Json(snapshot(shop, &branches)))
                .collect(),
            end_cursor: ids.last().filter(|_| more).map(page::cursor),
        })
    }

    /// Whoever has a shop's id from an order or a product may resolve it, whatever its status has become since.
    #[graphql(entity)]
    async fn find_shop_by_id(&self, ctx: &Context<'_>, id: Id) -> ApiResult<Option<Shop>> {
        Ok(Loaders::of(ctx).shop(id.0).await?.map(Shop))
    }

    #[graphql(entity)]
    async fn find_user_by_id(&self, id: Id) -> User {
        User { id }
    }
}
