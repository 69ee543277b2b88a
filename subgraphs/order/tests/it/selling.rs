//! Delivering orders.

use serde_json::{Value, json};
use souk_harness::{data, error_code, identity};
use uuid::Uuid;

use crate::world::{World, buyer, seller};

#[tokio::test]
async fn parts_are_shipped_and_delivered_shop_by_shop() {
    let world = World::new().await;
    let who = buyer();
    let ((books, books_id), (lamps, lamps_id)) = (seller(), seller());
    let book = world.on_sale(books_id, "Book", "12.50", 10);
    let lamp = world.on_sale(lamps_id, "Lamp", "40.00", 10);
    world.add(&who, &book, 2).await;
    let order = world.bought(&who, &lamp).await;
    let (book_part, lamp_part) = (
        world.part_of(&books, order).await,
        world.part_of(&lamps, order).await,
    );

    let start = "mutation ($input: StartShopOrderInput!) { startShopOrder(input: $input) { shopOrder { status } } }";
    let started = world
        .get(
            &books,
            start,
            json!({ "input": { "shopOrderId": book_part } }),
        )
        .await;
    assert_eq!(
        started["startShopOrder"]["shopOrder"]["status"],
        "PROCESSING"
    );
    let shipped = data(world.ship(&books, book_part).await);
    let part = &shipped["shipShopOrder"]["shopOrder"];
    assert_eq!(
        part["shipment"],
        json!({ "carrier": "DHL", "trackingNumber": "JD01" })
    );
    assert_eq!(
        (&part["status"], &part["order"]["status"]),
        (&json!("SHIPPED"), &json!("PROCESSING"))
    );

    data(world.ship(&lamps, lamp_part).await);
    assert_eq!(world.order(&who, order).await["status"], "SHIPPED");
    data(world.deliver(&books, book_part).await);
    assert_eq!(world.order(&who, order).await["status"], "SHIPPED");
    let delivered = data(world.deliver(&lamps, lamp_part).await);
    assert_eq!(
        delivered["deliverShopOrder"]["shopOrder"]["order"]["status"],
        "DELIVERED"
    );
    assert!(delivered["deliverShopOrder"]["shopOrder"]["shipment"]["deliveredAt"].is_string());

    let done = world.order(&who, order).await;
    let history: Vec<(&Value, &Value)> = done["statusHistory"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| (&change["status"], &change["shopOrderStatus"]))
        .collect();
    assert_eq!(
        json!(history),
        json!([
            ["PENDING", null],
            ["CONFIRMED", null],
            ["PROCESSING", "PROCESSING"],
            ["PROCESSING", "SHIPPED"],
            ["SHIPPED", "SHIPPED"],
            ["SHIPPED", "DELIVERED"],
            ["DELIVERED", "DELIVERED"]
        ])
    );
}

#[tokio::test]
async fn a_seller_sees_and_moves_only_the_own_part() {
    let world = World::new().await;
    let who = buyer();
    let ((books, books_id), (lamps, lamps_id), (stranger, _)) = (seller(), seller(), seller());
    let book = world.on_sale(books_id, "Book", "12.50", 10);
    let lamp = world.on_sale(lamps_id, "Lamp", "40.00", 10);
    world.add(&who, &book, 2).await;
    let order = world.bought(&who, &lamp).await;

    let seen = world.order(&books, order).await;
    assert_eq!(seen["total"]["amount"], "25.00", "what the own part costs");
    assert_eq!(seen["items"].as_array().unwrap().len(), 1);
    assert_eq!(seen["items"][0]["name"], "Book");
    assert_eq!(seen["shopOrders"].as_array().unwrap().len(), 1);

    let lamp_part = world.part_of(&lamps, order).await;
    for outsider in [&books, &stranger] {
        assert_eq!(
            error_code(&world.ship(outsider, lamp_part).await),
            "NOT_FOUND"
        );
        assert_eq!(
            error_code(&world.deliver(outsider, lamp_part).await),
            "NOT_FOUND"
        );
    }
    let hidden = world
        .ask(
            &stranger,
            "query ($id: ID!) { order(id: $id) { id } }",
            json!({ "id": order }),
        )
        .await;
    assert_eq!(error_code(&hidden), "NOT_FOUND");
    assert_eq!(hidden["data"]["order"], Value::Null);

    data(world.ship(&lamps, lamp_part).await);
    let history = world.order(&books, order).await["statusHistory"].take();
    assert!(
        !history.to_string().contains("SHIPPED"),
        "another shop's part is none of this seller's business"
    );
}

#[tokio::test]
async fn who_may_not_sell_any_more_still_finishes_what_was_sold() {
    let world = World::new().await;
    let who = buyer();
    let (_, books_id) = seller();
    let books = identity::buyer(books_id);
    let book = world.on_sale(books_id, "Book", "12.50", 10);
    let (sent, kept) = (
        world.bought(&who, &book).await,
        world.bought(&who, &book).await,
    );

    let part = world.part_of(&books, sent).await;
    data(world.ship(&books, part).await);
    data(world.deliver(&books, part).await);
    assert_eq!(world.order(&who, sent).await["status"], "DELIVERED");

    let part = world.part_of(&books, kept).await;
    let cancel = "mutation ($input: CancelShopOrderInput!) { cancelShopOrder(input: $input) { shopOrder { status } } }";
    world
        .get(&books, cancel, json!({ "input": { "shopOrderId": part } }))
        .await;
    assert_eq!(world.order(&who, kept).await["status"], "CANCELLED");
}

#[tokio::test]
async fn steps_cannot_be_skipped_or_repeated() {
    let world = World::new().await;
    let who = buyer();
    let (books, books_id) = seller();
    let book = world.on_sale(books_id, "Book", "12.50", 10);
    let order = world.ordered(&who, &book).await;
    let part = world.part_of(&books, order).await;
    assert_eq!(
        error_code(&world.ship(&books, part).await),
        "CONFLICT",
        "not before it is paid"
    );
    world.pay(order).await;
    world.until_status(&who, order, "CONFIRMED").await;
    assert_eq!(
        error_code(&world.deliver(&books, part).await),
        "CONFLICT",
        "not before it is shipped"
    );
    data(world.ship(&books, part).await);
    let twice = world.ship(&books, part).await;
    assert_eq!(error_code(&twice), "CONFLICT");
    assert_eq!(
        twice["errors"][0]["extensions"]["argument"],
        "input.shopOrderId"
    );
    data(world.deliver(&books, part).await);
    assert_eq!(error_code(&world.deliver(&books, part).await), "CONFLICT");
    assert_eq!(error_code(&world.cancel(&who, order).await), "CONFLICT");

    for (field, value) in [
        ("carrier", ""),
        ("trackingNumber", "  "),
        ("trackingNumber", "a\u{0}b"),
    ] {
        let mut input = json!({ "shopOrderId": part, "carrier": "DHL", "trackingNumber": "JD01" });
        input[field] = json!(value);
        let query = "mutation ($input: ShipShopOrderInput!) { shipShopOrder(input: $input) { shopOrder { id } } }";
        let answer = world.ask(&books, query, json!({ "input": input })).await;
        assert_eq!(
            answer["errors"][0]["extensions"]["argument"],
            format!("input.{field}").as_str()
        );
    }
}

#[tokio::test]
async fn of_two_who_ship_at_once_one_wins() {
    let world = World::new().await;
    let who = buyer();
    let (books, books_id) = seller();
    let book = world.on_sale(books_id, "Book", "12.50", 10);
    let order = world.bought(&who, &book).await;
    let part = world.part_of(&books, order).await;
    let answers = futures::future::join_all((0..8).map(|_| world.ship(&books, part))).await;
    assert_eq!(
        answers
            .iter()
            .filter(|answer| answer["errors"].is_null())
            .count(),
        1
    );
    assert_eq!(world.order(&who, order).await["revision"], 3);
}

#[tokio::test]
async fn an_id_that_names_nothing_is_not_found() {
    let world = World::still().await;
    let (books, _) = seller();
    assert_eq!(
        error_code(&world.ship(&books, Uuid::now_v7()).await),
        "NOT_FOUND"
    );
    assert_eq!(
        error_code(&world.cancel(&books, Uuid::now_v7()).await),
        "NOT_FOUND"
    );
}
