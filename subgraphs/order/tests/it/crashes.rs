//! Whatever dies whenever while an order is being placed: afterwards it stands, or nothing is left of it.

use souk_harness::error_code;
use souk_platform::Identity;
use uuid::Uuid;

use crate::outside::{How, Reservation, When};
use crate::world::{World, buyer, until};

/// Places an order while the call goes wrong, and lets the reconciler finish.
async fn place_through(call: &'static str, when: When, how: How) {
    let world = World::new().await;
    let who = buyer();
    let book = world.on_sale(Uuid::now_v7(), "Book", "12.50", 10);
    world.add(&who, &book, 2).await;
    world.outside.fail(call, when, how, 1);

    let answer = world.place(&who, "key").await;
    assert!(world.outside.failed(), "the fault did not happen");
    let code = if how == How::Crash {
        "INTERNAL"
    } else {
        "UNAVAILABLE"
    };
    assert_eq!(error_code(&answer), code, "{call} {when:?}");

    until("the reconciler finished the order", async || {
        world.cart(&who).await["itemCount"] == 0
    })
    .await;
    let again = souk_harness::data(world.place(&who, "key").await);
    let order = crate::world::id(&again["placeOrder"]["order"]["id"]);
    assert_eq!(again["placeOrder"]["order"]["status"], "PENDING");
    assert_eq!(world.outside.stock(book.id), 8, "the stock was taken once");
    assert_eq!(world.outside.reserved(), 2);
    let payments = world.outside.payments();
    assert_eq!(payments.len(), 1, "one order, one payment");
    assert_eq!(payments[&order].minor, 2500);

    world.pay(order).await;
    world.until_status(&who, order, "CONFIRMED").await;
}

#[tokio::test]
async fn before_the_stock_is_put_aside() {
    place_through("reserveStock", When::Before, How::Crash).await;
    place_through("reserveStock", When::Before, How::NoAnswer).await;
}

#[tokio::test]
async fn after_the_stock_is_put_aside() {
    place_through("reserveStock", When::After, How::Crash).await;
    place_through("reserveStock", When::After, How::NoAnswer).await;
}

#[tokio::test]
async fn before_the_payment_is_created() {
    place_through("createPayment", When::Before, How::Crash).await;
    place_through("createPayment", When::Before, How::NoAnswer).await;
}

#[tokio::test]
async fn after_the_payment_is_created() {
    place_through("createPayment", When::After, How::Crash).await;
    place_through("createPayment", When::After, How::NoAnswer).await;
}

#[tokio::test]
async fn the_client_itself_can_resume_without_the_reconciler() {
    let world = World::still().await;
    let who = buyer();
    let book = world.on_sale(Uuid::now_v7(), "Book", "12.50", 10);
    world.add(&who, &book, 2).await;
    world
        .outside
        .fail("reserveStock", When::After, How::NoAnswer, 1);
    assert_eq!(error_code(&world.place(&who, "key").await), "UNAVAILABLE");
    souk_harness::data(world.place(&who, "key").await);
    assert_eq!(
        (world.outside.stock(book.id), world.outside.payments().len()),
        (8, 1)
    );
}

#[tokio::test]
async fn a_payment_faster_than_the_last_step_completes_it() {
    let world = World::new().await;
    let who = buyer();
    let book = world.on_sale(Uuid::now_v7(), "Book", "12.50", 10);
    world.add(&who, &book, 2).await;
    // The payment exists and is paid while the placement still waits for the answer.
    world
        .outside
        .fail("createPayment", When::After, How::Slow, 1);
    let (placed, ()) = tokio::join!(world.place(&who, "key"), async {
        until("the payment exists", async || {
            !world.outside.payments().is_empty()
        })
        .await;
        let order = *world.outside.payments().keys().next().unwrap();
        world.pay(order).await;
        world.until_status(&who, order, "CONFIRMED").await;
    });
    assert_eq!(
        souk_harness::data(placed)["placeOrder"]["order"]["status"],
        "CONFIRMED"
    );
    assert_eq!(world.cart(&who).await["itemCount"], 0);
}

/// A placement that must be undone, while undoing it goes wrong.
async fn undo_through(call: &'static str, when: When, how: How) {
    let world = World::new().await;
    let who = buyer();
    let book = world.on_sale(Uuid::now_v7(), "Book", "12.50", 10);
    world.add(&who, &book, 2).await;
    world
        .outside
        .change(book.id, |book| book.price = "20.00".to_owned());
    world.outside.fail(call, when, how, 1);
    let answer = world.place(&who, "key").await;
    assert!(world.outside.failed(), "the fault did not happen");
    assert_eq!(
        error_code(&answer),
        "PRICE_CHANGED",
        "the buyer hears what was decided: {answer}"
    );
    until("the stock is back", async || {
        world.outside.stock(book.id) == 10
    })
    .await;
    assert_eq!(world.outside.payments().len(), 0);

    souk_harness::data(world.place(&who, "key").await);
    assert_eq!(world.outside.stock(book.id), 8);
}

#[tokio::test]
async fn while_a_placement_is_undone() {
    for when in [When::Before, When::After] {
        for how in [How::Crash, How::NoAnswer] {
            undo_through("releaseStock", when, how).await;
        }
    }
}

#[tokio::test]
async fn many_orders_with_faults_at_random_leave_the_books_right() {
    let world = World::new().await;
    let book = world.on_sale(Uuid::now_v7(), "Book", "10.00", 30);
    let buyers: Vec<Identity> = (0..40).map(|_| buyer()).collect();
    for who in &buyers {
        world.add(who, &book, 1).await;
    }
    let faults = [
        ("reserveStock", When::Before),
        ("reserveStock", When::After),
        ("createPayment", When::Before),
        ("createPayment", When::After),
        ("releaseStock", When::Before),
        ("releaseStock", When::After),
    ];
    for (index, some) in buyers.chunks(4).enumerate() {
        let (call, when) = faults[index % faults.len()];
        let how = if index % 2 == 0 {
            How::Crash
        } else {
            How::NoAnswer
        };
        world.outside.fail(call, when, how, 2);
        futures::future::join_all(some.iter().map(|who| world.place(who, "key"))).await;
    }
    let settled = async || {
        let reserved = world.outside.reserved();
        reserved == 30 && i64::try_from(world.outside.payments().len()).unwrap() == reserved
    };
    until("every piece is in an order with a payment", settled).await;
    assert_eq!(world.outside.stock(book.id), 0);
    for order in world.outside.payments().keys() {
        let reservation = world.outside.reservation(*order);
        assert!(
            matches!(reservation, Some(Reservation::Reserved(_))),
            "a payment without stock: {reservation:?}"
        );
    }
}
