//! What events of other subgraphs do.

use serde_json::json;
use souk_harness::{data, identity};
use souk_platform::events::{ConsumeError, Payload};
use uuid::Uuid;

use crate::market::{Market, order_event, shop_event, snapshot};

#[tokio::test]
async fn a_rejected_shop_sells_nothing_and_its_products_are_told_of() {
    let market = Market::open().await;
    let book = market.book("Atlas", 5).await;
    let archived = market.book("Gone", 5).await;
    let archive = "mutation ($id: ID!) { archiveProduct(input: { id: $id }) { product { id } } }";
    data(market.sell(archive, json!({ "id": archived.id })).await);
    let before = market.events().await.len();

    let mut told = snapshot(market.shop, market.seller, 3);
    told.approved = false;
    told.name = "Shut shop".to_owned();
    let event = shop_event(Payload::ShopRejected(told));
    market.consume(&event).await;
    market.consume(&event).await;

    let events = market.events().await;
    assert_eq!(
        events.len(),
        before + 1,
        "told once, for the product that was listed"
    );
    let Payload::ProductUpdated(retold) = &events[before].payload else {
        panic!("{events:?}")
    };
    assert_eq!(
        (retold.product_id, retold.listed, retold.shop_name.as_str()),
        (book.id, false, "Shut shop")
    );
    assert_eq!(retold.revision, 2);
    let query =
        "query ($id: ID!) { product(id: $id) { listed inStock variants { inStock available } } }";
    let variables = json!({ "id": book.id });
    assert_eq!(
        data(
            market
                .ask(identity::anonymous(), query, variables.clone())
                .await
        )["product"],
        json!(null)
    );
    assert_eq!(
        data(market.sell(query, variables).await)["product"],
        json!({ "listed": false, "inStock": false, "variants": [{ "inStock": false, "available": 0 }] })
    );
    assert_eq!(
        souk_harness::error_code(
            &market
                .reserve(Uuid::now_v7(), &[(book.variants[0], 1)])
                .await
        ),
        "CONFLICT"
    );
}

#[tokio::test]
async fn a_shop_that_moves_takes_its_products_along() {
    let market = Market::open().await;
    let book = market.book("Atlas", 5).await;
    let before = market.events().await.len();
    let mut moved = snapshot(market.shop, market.seller, 3);
    moved.positions = vec![(48.1, 11.6), (50.7, 7.1)];
    let event = shop_event(Payload::ShopUpdated(moved.clone()));
    market.consume(&event).await;
    market.consume(&event).await;

    let events = market.events().await;
    assert_eq!(events.len(), before + 1, "told once");
    let Payload::ProductUpdated(retold) = &events[before].payload else {
        panic!("{events:?}")
    };
    assert_eq!(
        (retold.product_id, &retold.positions),
        (book.id, &moved.positions)
    );
}

#[tokio::test]
async fn an_older_snapshot_changes_nothing() {
    let market = Market::open().await;
    market.book("Atlas", 5).await;
    let mut newer = snapshot(market.shop, market.seller, 9);
    newer.name = "New name".to_owned();
    market
        .consume(&shop_event(Payload::ShopUpdated(newer)))
        .await;
    let before = market.events().await.len();
    let mut older = snapshot(market.shop, market.seller, 8);
    older.approved = false;
    market
        .consume(&shop_event(Payload::ShopRejected(older)))
        .await;
    // A description is nothing that a product shows.
    let mut described = snapshot(market.shop, market.seller, 10);
    described.name = "New name".to_owned();
    described.description = "Now with words".to_owned();
    market
        .consume(&shop_event(Payload::ShopUpdated(described)))
        .await;
    assert_eq!(market.event_types(before).await, Vec::<&str>::new());
    let list = data(
        market
            .ask(
                identity::anonymous(),
                "{ products { nodes { name } } }",
                json!({}),
            )
            .await,
    );
    assert_eq!(list["products"]["nodes"], json!([{ "name": "Atlas" }]));
}

#[tokio::test]
async fn a_confirmed_order_takes_its_stock_and_a_cancelled_one_gives_it_back() {
    let market = Market::open().await;
    let variant = market.book("Atlas", 10).await.variants[0];
    let (paid, unpaid) = (Uuid::now_v7(), Uuid::now_v7());
    data(market.reserve(paid, &[(variant, 3)]).await);
    data(market.reserve(unpaid, &[(variant, 4)]).await);

    market
        .consume(&order_event(paid, "PENDING", &[(market.shop, "PENDING")]))
        .await;
    assert_eq!(market.stock(variant).await, (10, 7));
    let confirmed = order_event(paid, "CONFIRMED", &[(market.shop, "CONFIRMED")]);
    let cancelled = order_event(unpaid, "CANCELLED", &[(market.shop, "CANCELLED")]);
    for _ in 0..2 {
        market.consume(&confirmed).await;
        market.consume(&cancelled).await;
        assert_eq!(market.stock(variant).await, (7, 0));
    }
    market
        .consume(&order_event(paid, "SHIPPED", &[(market.shop, "SHIPPED")]))
        .await;
    assert_eq!(market.stock(variant).await, (7, 0));
    // A confirmation that was delayed past the cancellation is too late.
    market
        .consume(&order_event(
            unpaid,
            "CONFIRMED",
            &[(market.shop, "CONFIRMED")],
        ))
        .await;
    assert_eq!(market.stock(variant).await, (7, 0));
}

#[tokio::test]
async fn a_cancelled_part_gives_back_the_lines_of_its_shop() {
    let market = Market::open().await;
    let mine = market.book("Mine", 5).await.variants[0];
    let mut other = Market::open().await;
    // A second shop in the same market.
    let (seller, shop) = (Uuid::now_v7(), Uuid::now_v7());
    market
        .consume(&shop_event(Payload::ShopApproved(snapshot(
            shop, seller, 1,
        ))))
        .await;
    other.services = market.services.clone();
    other.subgraph =
        souk_product::subgraph(market.services.clone()).unwrap_or_else(|error| panic!("{error:?}"));
    (other.seller, other.shop) = (seller, shop);
    let theirs = other.book("Theirs", 5).await.variants[0];

    let order = Uuid::now_v7();
    data(market.reserve(order, &[(mine, 1), (theirs, 2)]).await);
    let parts = [(market.shop, "PROCESSING"), (shop, "CANCELLED")];
    for _ in 0..2 {
        market
            .consume(&order_event(order, "PROCESSING", &parts))
            .await;
        assert_eq!(
            (market.stock(mine).await, other.stock(theirs).await),
            ((4, 0), (5, 0))
        );
    }
}

#[tokio::test]
async fn a_confirmed_order_without_stock_is_a_dead_letter() {
    let market = Market::open().await;
    let event = order_event(Uuid::now_v7(), "CONFIRMED", &[(market.shop, "CONFIRMED")]);
    let mut connection = market.services.database.get().await.unwrap();
    let consumer = market
        .subgraph
        .consumers
        .iter()
        .find(|consumer| consumer.name() == "orders")
        .unwrap();
    let outcome = consumer.consume(&mut connection, &event).await;
    assert!(
        matches!(outcome, Err(ConsumeError::Reject(_))),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn snapshots_of_all_products_are_paged_for_an_index() {
    let market = Market::open().await;
    let mut created = Vec::new();
    for number in 0..5 {
        created.push(market.book(&format!("Book {number}"), 1).await.id);
    }
    let query =
        "query ($after: String) { productSnapshots(first: 2, after: $after) { nodes endCursor } }";
    let (mut seen, mut after) = (Vec::new(), json!(null));
    loop {
        let page = data(market.order(query, json!({ "after": after })).await);
        after = page["productSnapshots"]["endCursor"].clone();
        if after.is_null() {
            break;
        }
        for node in page["productSnapshots"]["nodes"].as_array().unwrap() {
            let snapshot: souk_platform::events::ProductSnapshot =
                serde_json::from_value(node.clone()).unwrap();
            seen.push(snapshot.product_id);
        }
    }
    assert_eq!(seen, created);
}
