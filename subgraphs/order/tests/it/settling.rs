//! Payments that come, do not come, come too late, and go back.

use serde_json::json;
use souk_harness::{data, error_code};
use souk_platform::events::Payload;
use uuid::Uuid;

use crate::outside::{How, When};
use crate::world::{World, buyer, seller, until};

#[tokio::test]
async fn an_order_that_is_not_paid_is_cancelled_with_its_stock_back() {
    let world = World::new().await;
    let who = buyer();
    let book = world.on_sale(Uuid::now_v7(), "Book", "12.50", 10);
    let (declined, expired) = (
        world.ordered(&who, &book).await,
        world.ordered(&who, &book).await,
    );
    let payment = |order| world.outside.payment(order).unwrap().id;
    let reason = "card declined".to_owned();
    let (payment_id, order_id) = (payment(declined), declined);
    world
        .tell(
            payment_id,
            Payload::PaymentFailed {
                payment_id,
                order_id,
                reason,
            },
        )
        .await;
    let (payment_id, order_id) = (payment(expired), expired);
    world
        .tell(
            payment_id,
            Payload::PaymentExpired {
                payment_id,
                order_id,
            },
        )
        .await;
    for (order, note) in [
        (declined, "the payment was declined: card declined"),
        (expired, "nobody paid in time"),
    ] {
        world.until_status(&who, order, "CANCELLED").await;
        assert_eq!(
            world.order(&who, order).await["statusHistory"][1]["note"],
            note
        );
    }
    until("the stock is back", async || {
        world.outside.stock(book.id) == 10
    })
    .await;
}

#[tokio::test]
async fn an_order_whose_payment_event_is_lost_is_decided_all_the_same() {
    let mut world = World::still().await;
    let who = buyer();
    let book = world.on_sale(Uuid::now_v7(), "Book", "12.50", 10);
    let in_time = world.ordered(&who, &book).await;
    world.outside.leave_no_time_to_pay();
    let (paid, unpaid) = (
        world.ordered(&who, &book).await,
        world.ordered(&who, &book).await,
    );
    assert!(world.outside.pay(paid), "and nobody tells");
    world.wake().await;

    world.until_status(&who, paid, "CONFIRMED").await;
    world.until_status(&who, unpaid, "CANCELLED").await;
    until("the stock of the unpaid order is back", async || {
        world.outside.stock(book.id) == 8
    })
    .await;
    assert!(!world.outside.pay(unpaid), "its payment is ended");
    // The event comes after all and changes nothing.
    world.tell_paid(paid).await;
    world.outside.leave_time_to_pay();
    world.bought(&who, &book).await;
    assert_eq!(world.order(&who, paid).await["revision"], 2);
    assert!(world.outside.payment(paid).unwrap().refunds.is_empty());
    assert_eq!(
        world.order(&who, in_time).await["status"],
        "PENDING",
        "who still has time is left alone"
    );
}

#[tokio::test]
async fn events_told_twice_have_their_effect_once() {
    let world = World::new().await;
    let who = buyer();
    let book = world.on_sale(Uuid::now_v7(), "Book", "12.50", 10);
    let order = world.bought(&who, &book).await;
    world.tell_paid(order).await;
    let payment_id = world.outside.payment(order).unwrap().id;
    world
        .tell(
            payment_id,
            Payload::PaymentExpired {
                payment_id,
                order_id: order,
            },
        )
        .await;
    // A later event of another order, worked after the repeated ones.
    world.bought(&who, &book).await;
    let after = world.order(&who, order).await;
    assert_eq!(
        (&after["status"], &after["revision"]),
        (&json!("CONFIRMED"), &json!(2))
    );
    assert!(world.outside.payment(order).unwrap().refunds.is_empty());
}

#[tokio::test]
async fn cancelling_an_unpaid_order_ends_its_payment() {
    let world = World::new().await;
    let who = buyer();
    let book = world.on_sale(Uuid::now_v7(), "Book", "12.50", 10);
    let order = world.ordered(&who, &book).await;
    let cancelled = data(world.cancel(&who, order).await);
    assert_eq!(cancelled["cancelOrder"]["order"]["status"], "CANCELLED");
    until("the payment is ended", async || {
        world.outside.payment(order).unwrap().status == "CANCELLED"
    })
    .await;
    until("the stock is back", async || {
        world.outside.stock(book.id) == 10
    })
    .await;
    assert_eq!(error_code(&world.cancel(&who, order).await), "CONFLICT");
    assert_eq!(
        error_code(&world.cancel(&buyer(), order).await),
        "NOT_FOUND"
    );
    assert_eq!(
        world.order(&who, order).await["statusHistory"][1]["note"],
        "changed my mind"
    );
}

#[tokio::test]
async fn cancelling_a_paid_order_pays_it_back_once() {
    for (when, how) in [
        (When::Before, How::NoAnswer),
        (When::After, How::NoAnswer),
        (When::Before, How::Slow),
    ] {
        let world = World::new().await;
        let who = buyer();
        let book = world.on_sale(Uuid::now_v7(), "Book", "12.50", 10);
        let order = world.bought(&who, &book).await;
        world.outside.fail("refundPayment", when, how, 1);
        data(world.cancel(&who, order).await);
        until("the money is back", async || {
            !world.outside.payment(order).unwrap().refunds.is_empty()
        })
        .await;
        let refunds = world.outside.payment(order).unwrap().refunds;
        assert_eq!(refunds.into_values().collect::<Vec<_>>(), [1250]);
    }
}

#[tokio::test]
async fn a_part_that_the_seller_cannot_deliver_is_paid_back() {
    let world = World::new().await;
    let who = buyer();
    let ((books, books_id), (lamps, lamps_id)) = (seller(), seller());
    let book = world.on_sale(books_id, "Book", "12.50", 10);
    let lamp = world.on_sale(lamps_id, "Lamp", "40.00", 10);
    world.add(&who, &book, 2).await;
    let order = world.ordered(&who, &lamp).await;
    let (book_part, lamp_part) = (
        world.part_of(&books, order).await,
        world.part_of(&lamps, order).await,
    );
    let cancel = "mutation ($input: CancelShopOrderInput!) { cancelShopOrder(input: $input) {
        shopOrder { status order { status } } } }";
    let input = json!({ "input": { "shopOrderId": book_part, "reason": "out of print" } });
    assert_eq!(
        error_code(&world.ask(&books, cancel, input.clone()).await),
        "CONFLICT",
        "not before it is paid"
    );

    world.pay(order).await;
    world.until_status(&who, order, "CONFIRMED").await;
    let cancelled = world.get(&books, cancel, input).await;
    assert_eq!(
        cancelled["cancelShopOrder"]["shopOrder"]["status"],
        "CANCELLED"
    );
    until("the part's money is back", async || {
        let refunds = world.outside.payment(order).unwrap().refunds;
        refunds.into_values().eq([2500])
    })
    .await;

    // The rest goes its way, and a buyer who cancels it gets the rest back.
    let others = json!({ "input": { "shopOrderId": lamp_part } });
    assert_eq!(
        error_code(&world.ask(&books, cancel, others).await),
        "NOT_FOUND"
    );
    assert_eq!(world.order(&who, order).await["status"], "PROCESSING");
    data(world.cancel(&who, order).await);
    until("all the money is back", async || {
        let mut refunds: Vec<i64> = world
            .outside
            .payment(order)
            .unwrap()
            .refunds
            .into_values()
            .collect();
        refunds.sort_unstable();
        refunds == [2500, 4000]
    })
    .await;
    assert_eq!(world.order(&who, order).await["status"], "CANCELLED");
}

#[tokio::test]
async fn money_that_comes_after_the_order_was_cancelled_goes_back() {
    let world = World::new().await;
    let who = buyer();
    let book = world.on_sale(Uuid::now_v7(), "Book", "12.50", 10);
    let order = world.ordered(&who, &book).await;
    // The buyer pays in the moment in which the order is cancelled: the provider was faster than we.
    assert!(world.outside.pay(order));
    data(world.cancel(&who, order).await);
    world.tell_paid(order).await;
    world.tell_paid(order).await;
    until("the money is back", async || {
        !world.outside.payment(order).unwrap().refunds.is_empty()
    })
    .await;
    // Another order's event, worked after the late ones.
    world.bought(&who, &book).await;
    let refunds = world.outside.payment(order).unwrap().refunds;
    assert_eq!(
        refunds.into_values().collect::<Vec<_>>(),
        [1250],
        "once, whoever noticed it"
    );
    assert_eq!(world.order(&who, order).await["status"], "CANCELLED");
}

#[tokio::test]
async fn a_payment_for_nothing_we_know_is_a_dead_letter() {
    let world = World::new().await;
    let (payment_id, order_id) = (Uuid::now_v7(), Uuid::now_v7());
    world
        .tell(
            payment_id,
            Payload::PaymentExpired {
                payment_id,
                order_id,
            },
        )
        .await;
    until("it is a dead letter", async || {
        let mut connection = world.services.database.get().await.unwrap();
        let dead = souk_platform::events::inbox::dead_letters(&mut connection)
            .await
            .unwrap();
        dead.iter().any(|letter| {
            letter
                .error
                .as_ref()
                .is_some_and(|error| error.contains(&order_id.to_string()))
        })
    })
    .await;
}
