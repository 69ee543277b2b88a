//! Watching orders.

use std::time::Duration;

use futures::StreamExt;
use futures::stream::BoxStream;
use serde_json::{Value, json};
use souk_harness::{data, error_code, identity};
use souk_platform::Identity;
use souk_platform::events::{OrderShopPart, Payload};
use uuid::Uuid;

use crate::world::{World, buyer, seller};

const WATCH: &str =
    "subscription ($id: ID!) { orderStatusChanged(orderId: $id) { id status revision
    shopOrders { id status shipment { trackingNumber } } items { name product { id } } } }";

async fn next(stream: &mut BoxStream<'static, Value>) -> Option<Value> {
    let next = tokio::time::timeout(Duration::from_secs(10), stream.next()).await;
    next.expect("an event within 10 s")
        .map(|response| data(response)["orderStatusChanged"].take())
}

fn watch(world: &World, who: &Identity, order: Uuid) -> BoxStream<'static, Value> {
    world.subscribe(who, WATCH, json!({ "id": order }))
}

#[tokio::test]
async fn buyer_and_seller_see_every_change_until_the_end() {
    let world = World::new().await;
    let who = buyer();
    let (books, books_id) = seller();
    let book = world.on_sale(books_id, "Book", "12.50", 10);
    let order = world.ordered(&who, &book).await;
    let part = world.part_of(&books, order).await;
    let mut streams = [watch(&world, &who, order), watch(&world, &books, order)];
    for stream in &mut streams {
        let current = next(stream).await.unwrap();
        assert_eq!(current["status"], "PENDING", "the state comes first");
        assert_eq!(
            current["items"],
            json!([{ "name": "Book", "product": { "id": book.product } }])
        );
    }
    world.pay(order).await;
    for stream in &mut streams {
        assert_eq!(next(stream).await.unwrap()["status"], "CONFIRMED");
    }
    data(world.ship(&books, part).await);
    data(world.deliver(&books, part).await);
    for stream in &mut streams {
        let shipped = next(stream).await.unwrap();
        assert_eq!(shipped["status"], "SHIPPED");
        assert_eq!(
            shipped["shopOrders"][0]["status"], "SHIPPED",
            "as it was then, not as it is now"
        );
        assert_eq!(
            shipped["shopOrders"][0]["shipment"]["trackingNumber"],
            "JD01"
        );
        let delivered = next(stream).await.unwrap();
        assert_eq!(delivered["status"], "DELIVERED");
        assert_eq!(delivered["revision"], 4);
        assert_eq!(next(stream).await, None, "nothing follows the end");
    }
    // Who comes after the end gets it, once.
    let mut late = watch(&world, &who, order);
    assert_eq!(next(&mut late).await.unwrap()["status"], "DELIVERED");
    assert_eq!(next(&mut late).await, None);
}

#[tokio::test]
async fn nobody_else_may_watch() {
    let world = World::still().await;
    let book = world.on_sale(Uuid::now_v7(), "Book", "12.50", 10);
    let order = world.ordered(&buyer(), &book).await;
    let others = [
        (buyer(), "NOT_FOUND"),
        (seller().0, "NOT_FOUND"),
        (identity::guest(Uuid::now_v7()), "UNAUTHENTICATED"),
        (identity::anonymous(), "UNAUTHENTICATED"),
    ];
    for (other, code) in others {
        let mut stream = watch(&world, &other, order);
        assert_eq!(error_code(&stream.next().await.unwrap()), code);
        assert!(stream.next().await.is_none());
    }
    let mut unknown = watch(&world, &buyer(), Uuid::now_v7());
    assert_eq!(error_code(&unknown.next().await.unwrap()), "NOT_FOUND");
}

#[tokio::test]
async fn subscribers_who_come_while_it_changes_miss_nothing() {
    let world = World::new().await;
    let who = buyer();
    let (books, books_id) = seller();
    let book = world.on_sale(books_id, "Book", "12.50", 100);
    for _ in 0..5 {
        let order = world.bought(&who, &book).await;
        let part = world.part_of(&books, order).await;
        let subscribers = (0..20_u64).map(|number| {
            let (world, who) = (&world, &who);
            async move {
                tokio::time::sleep(Duration::from_millis(number * 2)).await;
                let mut stream = watch(world, who, order);
                let mut revisions = Vec::new();
                while let Some(event) = next(&mut stream).await {
                    revisions.push(event["revision"].as_i64().unwrap());
                }
                revisions
            }
        });
        let changes = async {
            data(world.ship(&books, part).await);
            data(world.deliver(&books, part).await);
        };
        let (seen, ()) = tokio::join!(futures::future::join_all(subscribers), changes);
        for revisions in seen {
            let first = revisions[0];
            assert_eq!(
                revisions,
                (first..=4).collect::<Vec<_>>(),
                "every revision once, from the first to the last"
            );
        }
    }
}

#[tokio::test]
async fn a_thousand_watch_without_a_query_each() {
    let world = World::new().await;
    let who = buyer();
    let (books, books_id) = seller();
    let book = world.on_sale(books_id, "Book", "12.50", 10);
    let order = world.bought(&who, &book).await;
    let part = world.part_of(&books, order).await;
    let query = "subscription ($id: ID!) { orderStatusChanged(orderId: $id) { status items { name } shopOrders { status } } }";
    let mut streams: Vec<_> = (0..1000)
        .map(|_| world.subscribe(&who, query, json!({ "id": order })))
        .collect();
    for stream in &mut streams {
        assert_eq!(next(stream).await.unwrap()["status"], "CONFIRMED");
    }
    let start = "mutation ($input: StartShopOrderInput!) { startShopOrder(input: $input) { shopOrder { id } } }";
    world
        .get(&books, start, json!({ "input": { "shopOrderId": part } }))
        .await;
    // The relay and the other work beside the requests may send some; the watchers send none.
    let before = world.services.database.statements();
    for stream in &mut streams {
        assert_eq!(next(stream).await.unwrap()["status"], "PROCESSING");
    }
    let sent = world.services.database.statements() - before;
    assert!(sent < 200, "{sent} statements to tell a thousand watchers");
}

#[tokio::test]
async fn a_change_after_a_missed_one_brings_what_the_missed_one_told() {
    // No relay runs: of what happens, the bus carries only what this test publishes.
    let world = World::still().await;
    let who = buyer();
    let (books, books_id) = seller();
    let book = world.on_sale(books_id, "Book", "12.50", 10);
    let order = world.ordered(&who, &book).await;
    let part = world.part_of(&books, order).await;
    let query =
        "subscription ($id: ID!) { orderStatusChanged(orderId: $id) { status revision paidAt } }";
    let mut stream = world.subscribe(&who, query, json!({ "id": order }));
    assert_eq!(next(&mut stream).await.unwrap()["paidAt"], Value::Null);

    world.hear_paid(order).await;
    let start = "mutation ($input: StartShopOrderInput!) { startShopOrder(input: $input) { shopOrder { id } } }";
    world
        .get(&books, start, json!({ "input": { "shopOrderId": part } }))
        .await;
    let part = OrderShopPart {
        shop_order_id: part,
        shop_id: book.shop,
        seller_id: books_id,
        status: "PROCESSING".to_owned(),
        lines: Vec::new(),
    };
    let processing = Payload::OrderStatusChanged {
        order_id: order,
        buyer_id: who.user().unwrap().id,
        status: "PROCESSING".to_owned(),
        parts: vec![part],
        revision: 3,
    };
    world.tell(order, processing).await;
    let event = next(&mut stream).await.unwrap();
    assert_eq!(
        (&event["status"], &event["revision"]),
        (&json!("PROCESSING"), &json!(3))
    );
    assert!(event["paidAt"].is_string(), "{event}");
}

#[tokio::test]
async fn a_missed_event_is_made_up_for() {
    // No relay runs, so the bus carries nothing: the watcher only has what it compares with the database.
    let mut world = World::new().await;
    let who = buyer();
    let (books, books_id) = seller();
    let book = world.on_sale(books_id, "Book", "12.50", 10);
    let order = world.bought(&who, &book).await;
    let part = world.part_of(&books, order).await;
    world.sleep().await;
    let mut stream = watch(&world, &who, order);
    assert_eq!(next(&mut stream).await.unwrap()["status"], "CONFIRMED");
    data(world.ship(&books, part).await);
    let event = tokio::time::timeout(Duration::from_secs(25), stream.next()).await;
    let event = data(event.expect("the change within 25 s").unwrap());
    assert_eq!(event["orderStatusChanged"]["status"], "SHIPPED");
}
