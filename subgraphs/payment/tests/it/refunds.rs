//! Money given back.

use serde_json::{Value, json};
use souk_harness::{data, error_code};
use uuid::Uuid;

use crate::world::{Created, REFUND, World};

fn refund(created: &Created, amount: &str, key: &str) -> Value {
    json!({
        "orderId": created.order,
        "amount": { "amount": amount, "currency": "EUR" },
        "reason": "sent back",
        "idempotencyKey": key,
    })
}

impl World {
    async fn refund(&self, created: &Created, amount: &str, key: &str) -> Value {
        let answer = data(self.ask(REFUND, refund(created, amount, key)).await);
        answer["refundPayment"]["status"].clone()
    }
}

#[tokio::test]
async fn money_goes_back_in_parts_and_never_more_than_was_paid() {
    let world = World::new().await;
    let created = world.paid_payment().await;
    let settled_at = world.payment(&created).await["settledAt"].clone();
    assert_eq!(world.refund(&created, "2.50", "first").await, "SUCCEEDED");
    assert_eq!(
        world.refund(&created, "2.50", "first").await,
        "SUCCEEDED",
        "the same one"
    );
    let too_much = world.ask(REFUND, refund(&created, "10.01", "second")).await;
    assert_eq!(error_code(&too_much), "BAD_USER_INPUT");
    assert_eq!(
        too_much["errors"][0]["extensions"]["argument"],
        "input.amount.amount"
    );
    assert_eq!(world.refund(&created, "10.00", "second").await, "REFUNDED");
    assert_eq!(world.refund(&created, "10.00", "second").await, "REFUNDED");
    let nothing_left = world.ask(REFUND, refund(&created, "0.01", "third")).await;
    assert_eq!(error_code(&nothing_left), "CONFLICT");

    let payment = world.payment(&created).await;
    assert_eq!(payment["status"], "REFUNDED");
    assert_eq!(payment["settledAt"], settled_at, "when it was paid");
    let given_back = |amount: &str| json!({ "amount": { "amount": amount }, "reason": "sent back", "status": "SUCCEEDED" });
    assert_eq!(
        payment["refunds"],
        json!([given_back("2.50"), given_back("10.00")])
    );
    let mut log = world.log(&created).await;
    log.retain(|kind| kind.starts_with("refund."));
    // The two may be asked for at once.
    log.sort();
    assert_eq!(
        log,
        [
            "refund.requested",
            "refund.requested",
            "refund.succeeded",
            "refund.succeeded"
        ]
    );
    assert_eq!(
        world
            .count("SELECT sum(amount_minor)::bigint AS count FROM sandbox_refund")
            .await,
        1250
    );
}

#[tokio::test]
async fn a_key_stands_for_one_refund() {
    let world = World::new().await;
    let created = world.paid_payment().await;
    let requests = (0..10).map(|_| world.refund(&created, "12.50", "all"));
    let statuses = futures::future::join_all(requests).await;
    assert!(
        statuses.iter().all(|status| status == "REFUNDED"),
        "{statuses:?}"
    );
    assert_eq!(world.count("SELECT count(*) FROM sandbox_refund").await, 1);
    let other = world.ask(REFUND, refund(&created, "1.00", "all")).await;
    assert_eq!(error_code(&other), "CONFLICT");
    assert_eq!(
        other["errors"][0]["extensions"]["argument"],
        "input.idempotencyKey"
    );
}

#[tokio::test]
async fn refunds_at_once_do_not_exceed_the_payment() {
    let world = World::new().await;
    let created = world.paid_payment().await;
    let keys: Vec<String> = (0..10).map(|number| number.to_string()).collect();
    let requests = keys
        .iter()
        .map(|key| world.ask(REFUND, refund(&created, "3.00", key)));
    let answers = futures::future::join_all(requests).await;
    let done = answers
        .iter()
        .filter(|answer| answer.get("errors").is_none())
        .count();
    assert_eq!(done, 4, "4 times 3.00 of 12.50");
    assert_eq!(world.payment(&created).await["status"], "SUCCEEDED");
}

#[tokio::test]
async fn only_what_was_paid_goes_back() {
    let world = World::new().await;
    let open = world.new_payment().await;
    assert_eq!(
        error_code(&world.ask(REFUND, refund(&open, "1.00", "k")).await),
        "CONFLICT"
    );
    let mut unknown = refund(&open, "1.00", "k");
    unknown["orderId"] = json!(Uuid::now_v7());
    assert_eq!(error_code(&world.ask(REFUND, unknown).await), "NOT_FOUND");

    let created = world.paid_payment().await;
    for amount in ["0", "-1", "0.001"] {
        let answer = world.ask(REFUND, refund(&created, amount, "k")).await;
        assert_eq!(error_code(&answer), "BAD_USER_INPUT", "{amount}");
    }
    let mut in_dollars = refund(&created, "1.00", "k");
    in_dollars["amount"]["currency"] = "USD".into();
    let answer = world.ask(REFUND, in_dollars).await;
    assert_eq!(error_code(&answer), "BAD_USER_INPUT");
    assert_eq!(
        answer["errors"][0]["extensions"]["argument"],
        "input.amount.currency"
    );
    assert_eq!(world.count("SELECT count(*) FROM refund").await, 0);
}
