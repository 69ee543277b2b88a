//! Documents made again from what the other subgraphs have.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use souk_harness::{peers, wait_for};
use souk_platform::events::{Event, Payload, ProductSnapshot, ShopSnapshot, inbox};
use souk_platform::peers::{PeerRequest, PeerTransport, Peers};
use souk_platform::{ErrorCode, Identity, Services};
use souk_search::Rebuilt;

use crate::world::{SOON, World, level, product, shop};

/// What the product and the shop subgraph have, in pages of at most three. `None` does not answer.
#[derive(Default)]
struct Others {
    products: Option<Vec<ProductSnapshot>>,
    shops: Option<Vec<ShopSnapshot>>,
    /// Stops to answer in the middle of the products.
    fails_half_way: bool,
}

fn page<T: serde::Serialize>(all: &[T], variables: &Value) -> Value {
    let begin: usize = variables["after"]
        .as_str()
        .map_or(0, |cursor| cursor.parse().unwrap());
    let first = usize::try_from(variables["first"].as_u64().unwrap())
        .unwrap()
        .min(3);
    let end = (begin + first).min(all.len());
    let end_cursor = (end < all.len()).then(|| end.to_string());
    json!({ "data": { "page": { "nodes": all[begin..end], "endCursor": end_cursor } } })
}

fn transport(others: &Arc<Mutex<Others>>) -> Arc<dyn PeerTransport> {
    let others = others.clone();
    peers::answering(move |request| {
        assert_eq!(request.identity, Identity::Service("search".to_owned()));
        let others = others.lock().unwrap();
        if others.fails_half_way && request.variables["after"].is_string() {
            return Err(format!("{} died", request.subgraph));
        }
        let answer = match request.subgraph {
            "product" => others
                .products
                .as_ref()
                .map(|all| page(all, &request.variables)),
            _ => others
                .shops
                .as_ref()
                .map(|all| page(all, &request.variables)),
        };
        answer.ok_or_else(|| format!("{} is away", request.subgraph))
    })
}

#[tokio::test]
async fn a_rebuild_takes_over_what_the_others_have_and_forgets_the_rest() {
    let others = Arc::new(Mutex::new(Others::default()));
    let world = World::with_peers(transport(&others)).await;
    let products: Vec<ProductSnapshot> = (0..8)
        .map(|number| product(&format!("thing{number}")))
        .collect();
    // Search knows one that is the same, one that is newer than its owner says, and one that is no more.
    let restored = ProductSnapshot {
        name: "mistake".to_owned(),
        revision: 9,
        ..products[1].clone()
    };
    let gone = product("gone");
    world.tell(&[products[0].clone(), restored, gone]).await;
    let sold_out = Payload::StockChanged {
        levels: vec![level(&products[0], 0, 5)],
    };
    world.send(products[0].product_id, sold_out).await;
    world.settled().await;
    let in_stock = async || {
        world
            .search("", json!({ "filter": { "inStock": true } }))
            .await["totalCount"]
            .clone()
    };
    assert_eq!(in_stock().await, 2);

    let shops = vec![shop("One"), shop("Two"), shop("Three"), shop("Four")];
    *others.lock().unwrap() = Others {
        products: Some(products.clone()),
        shops: Some(shops),
        fails_half_way: false,
    };
    let rebuilt = souk_search::rebuild(&world.services).await;
    // The one that is no more, and two that this test told of to see how far the index is.
    assert_eq!(
        rebuilt,
        Ok(Rebuilt {
            products: 8,
            shops: 4,
            forgotten: 3
        })
    );
    wait_for("the index", SOON, async || {
        world.ids("", json!({})).await.len() == 8
    })
    .await;
    let names: Vec<String> = products
        .iter()
        .map(|product| product.name.clone())
        .collect();
    assert_eq!(world.names("", json!({})).await, names);
    assert_eq!(in_stock().await, 8, "levels come with the snapshots");
    let found = world.ask("{ searchShops { totalCount } }", json!({})).await;
    assert_eq!(found["searchShops"]["totalCount"], 4);

    let again = souk_search::rebuild(&world.services).await;
    assert_eq!(
        again,
        Ok(Rebuilt {
            products: 8,
            shops: 4,
            forgotten: 0
        })
    );
}

#[tokio::test]
async fn a_rebuild_that_fails_half_way_leaves_the_stock_as_it_was() {
    let others = Arc::new(Mutex::new(Others::default()));
    let world = World::with_peers(transport(&others)).await;
    let products: Vec<ProductSnapshot> = (0..8)
        .map(|number| product(&format!("thing{number}")))
        .collect();
    let last = products[7].clone();
    world.tell(&products).await;
    let sold_out = Payload::StockChanged {
        levels: vec![level(&last, 0, 5)],
    };
    world.send(last.product_id, sold_out).await;
    world.settled().await;

    *others.lock().unwrap() = Others {
        products: Some(products),
        shops: Some(Vec::new()),
        fails_half_way: true,
    };
    let failed = souk_search::rebuild(&world.services).await;
    assert_eq!(failed.unwrap_err().code, ErrorCode::Unavailable);
    // A change that has nothing to do with the stock, which the index reads again with it.
    let renamed = ProductSnapshot {
        name: "renamed".to_owned(),
        revision: 2,
        ..last
    };
    world.tell(&[renamed]).await;
    let sold_out = json!({ "filter": { "inStock": false } });
    assert_eq!(world.names("renamed", sold_out).await, ["renamed"]);
}

#[tokio::test]
async fn what_arrives_during_a_rebuild_is_kept() {
    let others = Arc::new(Mutex::new(Others::default()));
    let known = product("known");
    others.lock().unwrap().products = Some(vec![known.clone()]);
    let world = World::with_peers(transport(&others)).await;
    world.tell(std::slice::from_ref(&known)).await;

    // The shops are away, so the first rebuild is not even begun.
    let failed = souk_search::rebuild(&world.services).await;
    assert_eq!(failed.unwrap_err().code, ErrorCode::Unavailable);
    assert_eq!(world.names("", json!({})).await, ["known"]);

    // While the snapshots are read, a product is created and the known one changes.
    let (created, changed) = (
        product("created"),
        ProductSnapshot {
            name: "changed".to_owned(),
            revision: 2,
            ..known.clone()
        },
    );
    others.lock().unwrap().shops = Some(vec![shop("One")]);
    let racing = transport(&others);
    let services = world.services.clone();
    let (new, newer) = (created.clone(), changed.clone());
    let during = Arc::new(During {
        inner: racing,
        services: services.clone(),
        events: Mutex::new(vec![new, newer]),
    });
    let mut services = services;
    services.peers = Peers::new("search", during);
    souk_search::rebuild(&services).await.unwrap();
    world.settled().await;
    assert_eq!(world.names("", json!({})).await, ["changed", "created"]);
}

/// Tells of products, and waits until that is worked, when the shops are asked for.
struct During {
    inner: Arc<dyn PeerTransport>,
    services: Services,
    events: Mutex<Vec<ProductSnapshot>>,
}

#[async_trait::async_trait]
impl PeerTransport for During {
    async fn execute(&self, request: PeerRequest) -> Result<Value, String> {
        // The first question for shops comes before anything is forgotten, the second after the products.
        if request.subgraph == "shop" && request.variables["first"] != 1 {
            let products: Vec<_> = self.events.lock().unwrap().drain(..).collect();
            for product in products {
                let id = product.product_id;
                let event = Event::new(id, "test", Payload::ProductUpdated(product));
                self.services.bus.publish(&[event]).await.unwrap();
            }
            loop {
                let database = self.services.database.clone();
                let mut connection = database.get().await.unwrap();
                if inbox::waiting(&mut connection).await.unwrap() == 0 {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        self.inner.execute(request).await
    }
}
