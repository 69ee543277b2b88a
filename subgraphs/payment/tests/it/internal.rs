//! What the order subgraph asks for: payments created and cancelled.

use std::collections::HashSet;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::json;
use souk_harness::{data, error_code, execute, identity};
use souk_platform::Identity;
use uuid::Uuid;

use crate::world::{CANCEL, CREATE, REFUND, SOON, World, creation};

#[tokio::test]
async fn a_payment_is_created_once_per_order() {
    let world = World::new().await;
    let (order, buyer) = (Uuid::now_v7(), Uuid::now_v7());
    let first = world.create(order, buyer, "12.50").await;
    assert_eq!(first.status, "PENDING");
    assert_eq!(
        world.create(order, buyer, "12.5").await,
        first,
        "the same amount, written otherwise"
    );

    let answer = data(world.ask(CREATE, creation(order, buyer, "12.50")).await);
    let expires_at = answer["createPayment"]["expiresAt"].as_str().unwrap();
    let left = expires_at.parse::<DateTime<Utc>>().unwrap() - Utc::now();
    assert!((1700..=1800).contains(&left.num_seconds()), "{left}");
    assert_eq!(world.told(order).await, ["payment.created"]);
    assert_eq!(
        world.log(&first).await,
        ["checkout.requested", "checkout.created"]
    );
}

#[tokio::test]
async fn twenty_requests_at_once_make_one_payment() {
    let world = World::new().await;
    let (order, buyer) = (Uuid::now_v7(), Uuid::now_v7());
    let requests = (0..20).map(|_| world.create(order, buyer, "99.99"));
    let created = futures::future::join_all(requests).await;
    assert!(created.iter().all(|one| *one == created[0]), "{created:?}");
    assert_eq!(world.count("SELECT count(*) FROM payment").await, 1);
    assert_eq!(
        world.count("SELECT count(*) FROM sandbox_checkout").await,
        1
    );
    assert_eq!(world.told(order).await, ["payment.created"]);
}

#[tokio::test]
async fn an_order_has_one_amount() {
    let world = World::new().await;
    let created = world.new_payment().await;
    let (order, buyer) = (created.order, created.buyer);
    let mut in_dollars = creation(order, buyer, "12.50");
    in_dollars["amount"]["currency"] = "USD".into();
    let others = [
        creation(order, buyer, "12.51"),
        creation(order, Uuid::now_v7(), "12.50"),
        in_dollars,
    ];
    for other in others {
        let answer = world.ask(CREATE, other).await;
        assert_eq!(error_code(&answer), "CONFLICT");
        assert_eq!(
            answer["errors"][0]["extensions"]["argument"],
            "input.orderId"
        );
    }
    for nothing in ["0", "0.00", "-1", "0.001", "99999999999999"] {
        let answer = world
            .ask(CREATE, creation(Uuid::now_v7(), buyer, nothing))
            .await;
        assert_eq!(error_code(&answer), "BAD_USER_INPUT", "{nothing}");
        assert_eq!(
            answer["errors"][0]["extensions"]["argument"],
            "input.amount.amount"
        );
    }
    assert_eq!(world.count("SELECT count(*) FROM payment").await, 1);
}

#[tokio::test]
async fn only_our_own_subgraphs_move_payments() {
    let world = World::new().await;
    let created = world.paid_payment().await;
    let id = Uuid::now_v7();
    let strangers: [(Identity, &str); 8] = [
        (identity::anonymous(), "UNAUTHENTICATED"),
        (identity::buyer(id), "FORBIDDEN"),
        (identity::buyer(created.buyer), "FORBIDDEN"),
        (identity::seller(id), "FORBIDDEN"),
        (identity::moderator(id), "FORBIDDEN"),
        (identity::admin(id), "FORBIDDEN"),
        (identity::guest(id), "FORBIDDEN"),
        (identity::partner(id), "FORBIDDEN"),
    ];
    let amount = json!({ "amount": "1", "currency": "EUR" });
    let refund =
        json!({ "orderId": created.order, "amount": amount, "reason": "", "idempotencyKey": "k" });
    let calls = [
        (CREATE, creation(Uuid::now_v7(), id, "1.00")),
        (CANCEL, json!({ "orderId": Uuid::now_v7() })),
        (REFUND, refund),
    ];
    for (stranger, code) in strangers {
        for (mutation, input) in &calls {
            let variables = json!({ "input": input });
            let answer = execute(&world.subgraph, stranger.clone(), mutation, variables).await;
            assert_eq!(error_code(&answer), code, "{stranger:?} {mutation}");
        }
    }
    assert_eq!(world.count("SELECT count(*) FROM payment").await, 1);
    assert_eq!(world.count("SELECT count(*) FROM cancelled_order").await, 0);
    assert_eq!(world.count("SELECT count(*) FROM refund").await, 0);
}

#[tokio::test]
async fn cancelling_closes_the_page() {
    let world = World::new().await;
    let created = world.new_payment().await;
    assert_eq!(world.cancel(created.order).await, "CANCELLED");
    assert_eq!(world.cancel(created.order).await, "CANCELLED");

    let page = world.press(&created, "pay").await;
    assert!(
        page.contains("Closed.") && !page.contains("<form"),
        "{page}"
    );
    let payment = world.payment(&created).await;
    assert_eq!(payment["status"], "CANCELLED");
    assert_eq!(payment["checkoutUrl"], json!(null));
    assert_eq!(world.count("SELECT count(*) FROM sandbox_webhook").await, 0);
    // The order knows already.
    assert_eq!(world.told(created.order).await, ["payment.created"]);
    assert_eq!(
        world.log(&created).await,
        [
            "checkout.requested",
            "checkout.created",
            "checkout.close_requested",
            "checkout.closed"
        ]
    );

    let again = world
        .ask(CREATE, creation(created.order, created.buyer, "12.50"))
        .await;
    assert_eq!(error_code(&again), "CONFLICT");
}

#[tokio::test]
async fn an_order_cancelled_before_its_payment_never_gets_one() {
    let world = World::new().await;
    let order = Uuid::now_v7();
    assert_eq!(world.cancel(order).await, "CANCELLED");
    for _ in 0..2 {
        let late = world
            .ask(CREATE, creation(order, Uuid::now_v7(), "5.00"))
            .await;
        assert_eq!(error_code(&late), "CONFLICT");
    }
    assert_eq!(
        world.count("SELECT count(*) FROM sandbox_checkout").await,
        0
    );
    assert_eq!(world.told(order).await, [""; 0]);
}

#[tokio::test]
async fn a_buyer_who_was_faster_has_paid() {
    let world = World::new().await;
    let created = world.paid_payment().await;
    assert_eq!(world.cancel(created.order).await, "SUCCEEDED");
    assert_eq!(
        world.told(created.order).await,
        ["payment.created", "payment.succeeded"]
    );

    // Also when the provider's webhook is still on its way.
    let other = world.new_payment().await;
    world.network.cut();
    world.press(&other, "pay").await;
    assert_eq!(world.cancel(other.order).await, "SUCCEEDED");
    assert_eq!(world.payment(&other).await["status"], "SUCCEEDED");
    world.network.restore();
    let waiting = "SELECT count(*) FROM sandbox_webhook WHERE delivered_at IS NULL";
    souk_harness::wait_for("the webhook", SOON, async || {
        world.count(waiting).await == 0
    })
    .await;
    assert_eq!(
        world.told(other.order).await,
        ["payment.created", "payment.succeeded"],
        "told once"
    );
    let log = [
        "checkout.requested",
        "checkout.created",
        "checkout.close_requested",
        "checkout.already_paid",
        "webhook.received",
    ];
    assert_eq!(world.log(&other).await, log);
}

#[tokio::test]
async fn creating_and_cancelling_at_once_leaves_no_page_open() {
    let world = World::new().await;
    let orders: Vec<Uuid> = (0..20).map(|_| Uuid::now_v7()).collect();
    let races = orders.iter().map(async |order| {
        let created = world.ask(CREATE, creation(*order, *order, "5.00"));
        let cancelled = async {
            tokio::time::sleep(Duration::from_millis(u64::from(order.as_bytes()[15] % 8))).await;
            world.cancel(*order).await
        };
        let (_, cancelled) = tokio::join!(created, cancelled);
        assert_eq!(cancelled, "CANCELLED");
    });
    futures::future::join_all(races).await;
    let states = world
        .texts("SELECT DISTINCT status AS text FROM payment")
        .await;
    assert_eq!(states, ["CANCELLED"]);
    let pages = world
        .texts("SELECT DISTINCT state AS text FROM sandbox_checkout")
        .await;
    let open: HashSet<_> = pages
        .into_iter()
        .filter(|state| state != "CANCELLED")
        .collect();
    assert_eq!(open, HashSet::new());
}
