//! What becomes of events.

use std::time::{Duration, Instant};

use serde_json::json;
use souk_harness::wait_for;
use souk_platform::events::{Payload, ProductSnapshot, inbox};

use crate::world::{SOON, World, level, product, shop};

#[tokio::test]
async fn a_change_is_found_within_a_second() {
    let world = World::new().await;
    world.tell(&[product("first, to warm up")]).await;
    let mut taken = Vec::new();
    for round in 0..9 {
        let name = format!("kettle{round}");
        let one = product(&name);
        let told = Instant::now();
        world.send_product(&one).await;
        wait_for("the product", SOON, async || {
            world.ids(&name, json!({})).await.len() == 1
        })
        .await;
        taken.push(told.elapsed());
    }
    // The median: the machine may be busy with other tests.
    taken.sort();
    assert!(taken[4] < Duration::from_secs(1), "{taken:?}");
}

#[tokio::test]
async fn changed_products_are_found_by_their_new_words_and_archived_ones_not_at_all() {
    let world = World::new().await;
    let one = product("teapot");
    world.tell(std::slice::from_ref(&one)).await;
    let renamed = ProductSnapshot {
        name: "samovar".to_owned(),
        revision: 3,
        ..one.clone()
    };
    world.tell(std::slice::from_ref(&renamed)).await;
    assert_eq!(world.names("samovar", json!({})).await, ["samovar"]);
    assert_eq!(world.names("teapot", json!({})).await, [""; 0]);

    // What is older than what is known comes too late.
    world
        .tell(&[ProductSnapshot {
            revision: 2,
            ..one.clone()
        }])
        .await;
    assert_eq!(world.names("teapot", json!({})).await, [""; 0]);

    // Its shop lost its approval, and got it again.
    world
        .tell(&[ProductSnapshot {
            listed: false,
            revision: 4,
            ..renamed.clone()
        }])
        .await;
    assert_eq!(world.names("", json!({})).await, [""; 0]);
    world
        .tell(&[ProductSnapshot {
            revision: 5,
            ..renamed.clone()
        }])
        .await;
    assert_eq!(world.names("", json!({})).await, ["samovar"]);

    let archived = ProductSnapshot {
        listed: false,
        revision: 6,
        ..renamed
    };
    world
        .send(
            archived.product_id,
            Payload::ProductArchived(archived.clone()),
        )
        .await;
    world.settled().await;
    assert_eq!(world.names("", json!({})).await, [""; 0]);
}

#[tokio::test]
async fn stock_follows_its_own_events() {
    let world = World::new().await;
    let one = product("teapot");
    let total = async |in_stock: bool| {
        world
            .search("teapot", json!({ "filter": { "inStock": in_stock } }))
            .await["totalCount"]
            .clone()
    };
    // The level may be faster than the product.
    let change = |levels| Payload::StockChanged { levels };
    world
        .send(one.product_id, change(vec![level(&one, 0, 7)]))
        .await;
    world.tell(std::slice::from_ref(&one)).await;
    assert_eq!(
        (total(true).await, total(false).await),
        (json!(0), json!(1))
    );

    world
        .send(
            one.product_id,
            change(vec![level(&one, 4, 9), level(&one, 0, 8)]),
        )
        .await;
    world.settled().await;
    assert_eq!(
        (total(true).await, total(false).await),
        (json!(1), json!(0))
    );
    world
        .send(one.product_id, change(vec![level(&one, 0, 8)]))
        .await;
    world.send(one.product_id, change(Vec::new())).await;
    world.settled().await;
    assert_eq!(
        total(true).await,
        json!(1),
        "an older level changes nothing"
    );
    world
        .send(one.product_id, change(vec![level(&one, 0, 10)]))
        .await;
    world.settled().await;
    assert_eq!(
        (total(true).await, total(false).await),
        (json!(0), json!(1))
    );
    let mut connection = world.services.database.get().await.unwrap();
    assert!(
        inbox::dead_letters(&mut connection)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn shops_come_and_go() {
    let world = World::new().await;
    let one = shop("Corner shop");
    let query = "{ searchShops { totalCount } }";
    world.tell_shop(one.clone()).await;
    assert_eq!(
        world.ask(query, json!({})).await["searchShops"]["totalCount"],
        1
    );
    let mut rejected = one;
    (rejected.approved, rejected.revision) = (false, 2);
    world
        .send(rejected.shop_id, Payload::ShopRejected(rejected.clone()))
        .await;
    world.settled().await;
    assert_eq!(
        world.ask(query, json!({})).await["searchShops"]["totalCount"],
        0
    );
}
