//! Placing orders.

use futures::future::join_all;
use serde_json::{Value, json};
use souk_harness::{data, error_code, identity};
use souk_platform::Identity;
use uuid::Uuid;

use crate::outside::{How, Reservation, When};
use crate::world::{PLACE, World, buyer, id, place_variables, until};

#[tokio::test]
async fn an_order_is_placed_paid_and_confirmed() {
    let world = World::new().await;
    let who = buyer();
    let book = world.on_sale(Uuid::now_v7(), "Book", "12.50", 10);
    let lamp = world.on_sale(Uuid::now_v7(), "Lamp", "40.00", 10);
    world.add(&who, &book, 2).await;
    world.add(&who, &lamp, 1).await;

    let answer = data(world.place(&who, "key").await);
    let placed = &answer["placeOrder"]["order"];
    assert_eq!(placed["status"], "PENDING");
    assert_eq!(
        placed["total"],
        json!({ "amount": "65.00", "currency": "EUR" })
    );
    assert_eq!(
        placed["items"],
        json!([{ "name": "Book", "quantity": 2 }, { "name": "Lamp", "quantity": 1 }])
    );
    let order = id(&placed["id"]);
    assert_eq!(world.outside.payment(order).unwrap().minor, 6500);
    assert_eq!(
        (world.outside.stock(book.id), world.outside.stock(lamp.id)),
        (8, 9)
    );
    assert_eq!(
        world.cart(&who).await["items"],
        json!([]),
        "the cart is empty again"
    );

    world.pay(order).await;
    world.until_status(&who, order, "CONFIRMED").await;
    let confirmed = world.order(&who, order).await;
    assert!(confirmed["paidAt"].is_string());
    assert_eq!(
        confirmed["shopOrders"].as_array().unwrap().len(),
        2,
        "one part per shop"
    );
    assert_eq!(confirmed["shopOrders"][1]["subtotal"]["amount"], "40.00");
    assert_eq!(
        confirmed["shippingAddress"],
        json!({ "recipient": "Ada Lovelace", "city": "Bonn", "country": "DE" })
    );
    let history: Vec<&Value> = confirmed["statusHistory"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["status"])
        .collect();
    assert_eq!(history, ["PENDING", "CONFIRMED"]);
    until("the stock is committed", async || {
        world.outside.reservation(order) == Some(Reservation::Committed)
    })
    .await;
}

#[tokio::test]
async fn the_same_key_is_the_same_order() {
    let world = World::still().await;
    let who = buyer();
    let book = world.on_sale(Uuid::now_v7(), "Book", "12.50", 10);
    world.add(&who, &book, 2).await;
    let first = data(world.place(&who, "key").await);
    assert_eq!(
        data(world.place(&who, "key").await),
        first,
        "after the cart was emptied"
    );
    world.add(&who, &book, 1).await;
    assert_eq!(
        data(world.place(&who, "key").await),
        first,
        "whatever the cart holds now"
    );
    assert_eq!(world.outside.stock(book.id), 8);

    let mut elsewhere = place_variables("key");
    elsewhere["input"]["shippingAddress"]["city"] = json!("Paris");
    let answer = world.ask(&who, PLACE, elsewhere).await;
    assert_eq!(error_code(&answer), "CONFLICT");
    assert_eq!(
        answer["errors"][0]["extensions"]["argument"],
        "input.idempotencyKey"
    );

    let other = buyer();
    world.add(&other, &book, 1).await;
    let others = data(world.place(&other, "key").await);
    assert_ne!(
        others["placeOrder"]["order"]["id"], first["placeOrder"]["order"]["id"],
        "a key is its user's own"
    );
}

#[tokio::test]
async fn a_double_click_is_one_order() {
    let world = World::still().await;
    let who = buyer();
    let book = world.on_sale(Uuid::now_v7(), "Book", "12.50", 10);
    world.add(&who, &book, 2).await;
    world
        .outside
        .fail("reserveStock", When::Before, How::Slow, 1);
    let answers = join_all((0..6).map(|_| world.place(&who, "key"))).await;
    let orders: Vec<Value> = answers
        .into_iter()
        .map(|answer| data(answer)["placeOrder"]["order"]["id"].clone())
        .collect();
    assert!(orders.iter().all(|order| order == &orders[0]), "{orders:?}");
    assert_eq!(world.outside.stock(book.id), 8);

    // Two keys at once would order one cart twice.
    world.add(&who, &book, 3).await;
    world
        .outside
        .fail("reserveStock", When::Before, How::Slow, 1);
    let answers = join_all(["one", "two"].map(|key| world.place(&who, key))).await;
    let (placed, refused): (Vec<&Value>, Vec<&Value>) = answers
        .iter()
        .partition(|answer| answer["errors"].is_null());
    assert_eq!((placed.len(), refused.len()), (1, 1));
    assert_eq!(error_code(refused[0]), "CONFLICT");
    assert_eq!(world.outside.stock(book.id), 5);
}

#[tokio::test]
async fn what_is_sold_out_is_named() {
    let world = World::still().await;
    let who = buyer();
    let book = world.on_sale(Uuid::now_v7(), "Book", "12.50", 10);
    let lamp = world.on_sale(Uuid::now_v7(), "Lamp", "40.00", 5);
    world.add(&who, &book, 2).await;
    world.add(&who, &lamp, 5).await;
    world.outside.change(lamp.id, |lamp| lamp.stock = 4);

    let answer = world.place(&who, "key").await;
    assert_eq!(error_code(&answer), "OUT_OF_STOCK");
    assert_eq!(
        answer["errors"][0]["extensions"]["argument"],
        "cart.items.1"
    );
    assert!(
        answer["errors"][0]["message"]
            .as_str()
            .unwrap()
            .contains("Lamp")
    );
    assert_eq!(
        world.cart(&who).await["itemCount"],
        7,
        "the cart is left to be corrected"
    );
    assert_eq!(
        (world.outside.stock(book.id), world.outside.stock(lamp.id)),
        (10, 4)
    );
    let orders = "query ($r: [_Any!]!) { _entities(representations: $r) { ... on User { orders { edges { node { id } } } } } }";
    let Identity::Subject(subject) = &who else {
        unreachable!()
    };
    let representations = json!({ "r": [{ "__typename": "User", "id": subject.id }] });
    let history = world.get(&who, orders, representations).await;
    assert_eq!(
        history["_entities"][0]["orders"]["edges"],
        json!([]),
        "nothing was ordered"
    );

    // The key is free for the corrected cart.
    world.outside.change(lamp.id, |lamp| lamp.stock = 5);
    data(world.place(&who, "key").await);
}

#[tokio::test]
async fn a_changed_price_is_told_and_then_accepted() {
    let world = World::still().await;
    let who = buyer();
    let book = world.on_sale(Uuid::now_v7(), "Book", "12.50", 10);
    world.add(&who, &book, 2).await;
    world
        .outside
        .change(book.id, |book| book.price = "13.00".to_owned());

    let answer = world.place(&who, "key").await;
    assert_eq!(error_code(&answer), "PRICE_CHANGED");
    assert_eq!(
        answer["errors"][0]["extensions"]["argument"],
        "cart.items.0"
    );
    assert!(
        answer["errors"][0]["message"]
            .as_str()
            .unwrap()
            .contains("13.00 EUR now instead of 12.50 EUR")
    );
    assert_eq!(world.outside.stock(book.id), 10, "the stock is back");
    assert_eq!(
        world.cart(&who).await["items"][0]["unitPrice"]["amount"],
        "13.00"
    );

    let placed = data(world.place(&who, "key").await);
    assert_eq!(placed["placeOrder"]["order"]["total"]["amount"], "26.00");
}

#[tokio::test]
async fn a_cart_that_cannot_be_ordered_says_why() {
    let world = World::still().await;
    let who = buyer();
    let empty = world.place(&who, "key").await;
    assert_eq!(error_code(&empty), "CONFLICT");

    let book = world.on_sale(Uuid::now_v7(), "Book", "12.50", 10);
    let tea = world.on_sale(Uuid::now_v7(), "Tea", "700", 5);
    world.outside.change(tea.id, |tea| tea.currency = "JPY");
    world.add(&who, &book, 1).await;
    world.add(&who, &tea, 1).await;
    let mixed = world.place(&who, "key").await;
    assert_eq!(error_code(&mixed), "CONFLICT");
    assert!(
        mixed["errors"][0]["message"]
            .as_str()
            .unwrap()
            .contains("EUR, JPY")
    );

    for (field, value) in [
        ("recipient", ""),
        ("line1", "a\nb"),
        ("country", "Germany"),
        ("city", " "),
    ] {
        let mut wrong = place_variables("key");
        wrong["input"]["shippingAddress"][field] = json!(value);
        let answer = world.ask(&who, PLACE, wrong).await;
        assert_eq!(error_code(&answer), "BAD_USER_INPUT");
        let argument = format!("input.shippingAddress.{field}");
        assert_eq!(
            answer["errors"][0]["extensions"]["argument"],
            argument.as_str()
        );
    }
    for key in ["", &"k".repeat(129)] {
        let answer = world.place(&who, key).await;
        assert_eq!(
            answer["errors"][0]["extensions"]["argument"],
            "input.idempotencyKey"
        );
    }
}

#[tokio::test]
async fn what_was_put_in_meanwhile_stays_in_the_cart() {
    let world = World::still().await;
    let who = buyer();
    let book = world.on_sale(Uuid::now_v7(), "Book", "12.50", 10);
    let lamp = world.on_sale(Uuid::now_v7(), "Lamp", "40.00", 10);
    world.add(&who, &book, 2).await;
    world
        .outside
        .fail("createPayment", When::Before, How::Slow, 1);
    let (placed, ()) = tokio::join!(world.place(&who, "key"), async {
        until("the payment is being created", async || {
            world.outside.calls("createPayment") == 1
        })
        .await;
        world.add(&who, &book, 1).await;
        world.add(&who, &lamp, 1).await;
    });
    assert_eq!(
        data(placed)["placeOrder"]["order"]["items"],
        json!([{ "name": "Book", "quantity": 2 }])
    );
    let cart = world.cart(&who).await;
    let left: Vec<(&Value, &Value)> = cart["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (&line["variant"]["id"], &line["quantity"]))
        .collect();
    assert_eq!(
        left,
        [(&json!(book.id), &json!(1)), (&json!(lamp.id), &json!(1))]
    );
}

#[tokio::test]
async fn what_costs_nothing_is_confirmed_at_once() {
    let world = World::still().await;
    let who = buyer();
    let sample = world.on_sale(Uuid::now_v7(), "Sample", "0.00", 10);
    let order = world.ordered(&who, &sample).await;
    let placed = world.order(&who, order).await;
    assert_eq!(
        (&placed["status"], &placed["total"]["amount"]),
        (&json!("CONFIRMED"), &json!("0.00"))
    );
    assert_eq!(world.outside.calls("createPayment"), 0);
}

#[tokio::test]
async fn two_hundred_buyers_share_fifty_pieces() {
    let world = World::still().await;
    let book = world.on_sale(Uuid::now_v7(), "Book", "12.50", 50);
    let buyers: Vec<Identity> = (0..200).map(|_| identity::buyer(Uuid::now_v7())).collect();
    for who in &buyers {
        world.add(who, &book, 1).await;
    }
    let answers = join_all(buyers.iter().map(|who| world.place(who, "key"))).await;
    let (placed, refused): (Vec<&Value>, Vec<&Value>) = answers
        .iter()
        .partition(|answer| answer["errors"].is_null());
    assert_eq!(placed.len(), 50);
    for answer in &refused {
        assert_eq!(error_code(answer), "OUT_OF_STOCK");
    }
    assert_eq!(world.outside.stock(book.id), 0);
    assert_eq!(world.outside.reserved(), 50);
    assert_eq!(world.outside.payments().len(), 50);
}
