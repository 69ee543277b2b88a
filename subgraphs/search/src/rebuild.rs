//! Makes the documents again from what the other subgraphs have.

use diesel::result::Error;
use diesel_async::AsyncConnection;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;
use souk_platform::events::{ProductSnapshot, ShopSnapshot};
use souk_platform::{ApiResult, Services};
use uuid::Uuid;

use crate::domain::Entity;
use crate::store;

const PRODUCTS: &str = "query($first: Int!, $after: String) {
    page: productSnapshots(first: $first, after: $after) { nodes endCursor } }";
const SHOPS: &str = "query($first: Int!, $after: String) {
    page: shopSnapshots(first: $first, after: $after) { nodes endCursor } }";

/// How many snapshots are asked for at a time.
const PAGE: usize = 100;

/// What a rebuild found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rebuilt {
    /// Products that the product subgraph has.
    pub products: usize,
    /// Shops that the shop subgraph has.
    pub shops: usize,
    /// Documents of things that are no more.
    pub forgotten: usize,
}

#[derive(Deserialize)]
struct Answer<T> {
    page: SnapshotPage<T>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SnapshotPage<T> {
    nodes: Vec<T>,
    end_cursor: Option<String>,
}

/// What the other subgraphs give page by page.
trait Snapshot: Serialize + DeserializeOwned + Send + Sync {
    const ENTITY: Entity;

    fn id(&self) -> Uuid;
    fn revision(&self) -> i64;
}

impl Snapshot for ProductSnapshot {
    const ENTITY: Entity = Entity::Product;

    fn id(&self) -> Uuid {
        self.product_id
    }

    fn revision(&self) -> i64 {
        self.revision
    }
}

impl Snapshot for ShopSnapshot {
    const ENTITY: Entity = Entity::Shop;

    fn id(&self) -> Uuid {
        self.shop_id
    }

    fn revision(&self) -> i64 {
        self.revision
    }
}

/// Reads every product and shop from their subgraphs, forgets what they no longer have, and lets every instance make
/// its index again. Searches go on meanwhile; events that arrive meanwhile win by their revision.
pub async fn rebuild(services: &Services) -> ApiResult<Rebuilt> {
    // Both must answer before anything is changed.
    read_page::<ProductSnapshot>(services, "product", PRODUCTS, 1, None).await?;
    read_page::<ShopSnapshot>(services, "shop", SHOPS, 1, None).await?;
    let (begun_at, begun) = {
        let mut connection = services.database.get().await?;
        let time = store::time(&mut connection).await?;
        (time, store::feed(&mut connection).await?.sequence)
    };
    let products = put_all::<ProductSnapshot>(services, "product", PRODUCTS, begun).await?;
    let shops = put_all::<ShopSnapshot>(services, "shop", SHOPS, begun).await?;
    // Everything that is still there was put again just now, or by an event since. What is older goes last and at once:
    // a rebuild that fails before leaves it as it was.
    let mut connection = services.database.get().await?;
    let forgotten = connection
        .transaction(async |transaction| {
            store::forget_stock_until(transaction, begun_at).await?;
            let forgotten = store::forget_until(transaction, begun).await?;
            store::next_generation(transaction).await?;
            Ok::<_, Error>(forgotten)
        })
        .await?;
    Ok(Rebuilt {
        products,
        shops,
        forgotten,
    })
}

/// Reads page after page and puts each in one transaction. Gives how many snapshots there were.
async fn put_all<T: Snapshot>(
    services: &Services,
    subgraph: &'static str,
    query: &'static str,
    begun: i64,
) -> ApiResult<usize> {
    let mut count = 0;
    let mut after: Option<String> = None;
    loop {
        let page: SnapshotPage<T> = read_page(services, subgraph, query, PAGE, after).await?;
        let mut connection = services.database.get().await?;
        connection
            .transaction(async |transaction| {
                for snapshot in &page.nodes {
                    let body = serde_json::to_value(snapshot)
                        .map_err(|error| Error::SerializationError(error.into()))?;
                    let (id, revision) = (snapshot.id(), snapshot.revision());
                    store::put_over(transaction, id, T::ENTITY, &body, revision, begun).await?;
                }
                Ok::<_, Error>(())
            })
            .await?;
        count += page.nodes.len();
        after = page.end_cursor;
        if after.is_none() {
            return Ok(count);
        }
    }
}

async fn read_page<T: DeserializeOwned>(
    services: &Services,
    subgraph: &'static str,
    query: &'static str,
    first: usize,
    after: Option<String>,
) -> ApiResult<SnapshotPage<T>> {
    let variables = json!({ "first": first, "after": after });
    let answer: Answer<T> = services
        .peers
        .query(subgraph, query, variables, "search-rebuild")
        .await?;
    Ok(answer.page)
}
