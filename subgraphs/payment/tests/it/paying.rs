//! The checkout page and what follows from it.

use std::time::Duration;

use serde_json::json;
use souk_harness::wait_for;
use uuid::Uuid;

use crate::world::{SOON, World, paid};

#[tokio::test]
async fn a_buyer_pays_without_javascript() {
    let world = World::new().await;
    let created = world.new_payment().await;
    let (status, page) = world.page(&created.reference).await;
    assert_eq!(status, 200);
    assert!(
        page.contains("12.50 EUR") && page.contains(&created.order.to_string()),
        "{page}"
    );
    assert!(!page.contains("<script"), "{page}");
    for button in ["pay", "decline"] {
        let form = format!(
            "<form method=\"post\" action=\"/sandbox/checkout/{}/{button}\">",
            created.reference
        );
        assert!(page.contains(&form), "{page}");
    }

    let page = world.press(&created, "pay").await;
    assert!(page.contains("Paid.") && !page.contains("<form"), "{page}");
    world.wait_for_status(&created, "SUCCEEDED").await;
    let payment = world.payment(&created).await;
    assert_eq!(
        payment["amount"],
        json!({ "amount": "12.50", "currency": "EUR" })
    );
    assert_eq!(payment["provider"], "sandbox");
    assert_eq!(payment["checkoutUrl"], json!(null));
    assert!(payment["settledAt"].is_string());
    assert_eq!(
        world.told(created.order).await,
        ["payment.created", "payment.succeeded"]
    );
    assert_eq!(
        world.log(&created).await,
        ["checkout.requested", "checkout.created", "webhook.received"]
    );

    // Pressed again, in a second tab.
    world.press(&created, "decline").await;
    world.press(&created, "pay").await;
    assert_eq!(world.count("SELECT count(*) FROM sandbox_webhook").await, 1);
}

#[tokio::test]
async fn a_buyer_declines() {
    let world = World::new().await;
    let created = world.new_payment().await;
    let page = world.press(&created, "decline").await;
    assert!(page.contains("Declined."), "{page}");
    world.wait_for_status(&created, "FAILED").await;
    assert_eq!(
        world.payment(&created).await["failureReason"],
        "the buyer declined"
    );
    assert_eq!(
        world.told(created.order).await,
        ["payment.created", "payment.failed"]
    );
}

#[tokio::test]
async fn pages_that_do_not_exist_say_so() {
    let world = World::new().await;
    let unknown = Uuid::now_v7().to_string();
    for reference in [unknown.as_str(), "x", "%0A", "..%2F", "%3Cscript%3E"] {
        let (status, page) = world.page(reference).await;
        assert_eq!(status, 404, "{reference}");
        assert!(
            page.contains("Not found") && !page.contains("<script"),
            "{page}"
        );
        for button in ["pay", "decline"] {
            let address = format!("{}/sandbox/checkout/{reference}/{button}", world.url);
            let answer = world.client.post(address).send().await.unwrap();
            assert_eq!(answer.status(), 404, "{reference}");
        }
    }
}

#[tokio::test]
async fn texts_on_the_page_are_escaped_and_nothing_foreign_is_loaded() {
    let world = World::new().await;
    let created = world.new_payment().await;
    world
        .sql("UPDATE sandbox_checkout SET description = '<img src=x onerror=alert(1)>&\"'''")
        .await;
    let address = format!("{}/sandbox/checkout/{}", world.url, created.reference);
    let answer = world.client.get(address).send().await.unwrap();
    let policy = answer.headers()["content-security-policy"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        policy.contains("default-src 'none'") && policy.contains("form-action 'self'"),
        "{policy}"
    );
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let page = answer.text().await.unwrap();
    assert!(
        page.contains("&lt;img src=x onerror=alert(1)&gt;&amp;") && !page.contains("<img"),
        "{page}"
    );
}

#[tokio::test]
async fn a_webhook_that_nobody_took_is_sent_again() {
    let world = World::new().await;
    let created = world.new_payment().await;
    world.network.cut();
    world.press(&created, "pay").await;
    let failed =
        "SELECT count(*) FROM sandbox_webhook WHERE attempts > 0 AND last_error IS NOT NULL";
    wait_for("a failed attempt", SOON, async || {
        world.count(failed).await == 1
    })
    .await;
    assert_eq!(world.payment(&created).await["status"], "PENDING");
    world.network.restore();
    world.wait_for_status(&created, "SUCCEEDED").await;
    assert_eq!(
        world.told(created.order).await,
        ["payment.created", "payment.succeeded"]
    );
}

#[tokio::test]
async fn what_nobody_pays_in_time_expires_and_money_that_comes_later_counts() {
    let world = World::expiring_after(Duration::from_millis(500)).await;
    let created = world.new_payment().await;
    world.wait_for_status(&created, "EXPIRED").await;
    assert_eq!(
        world.told(created.order).await,
        ["payment.created", "payment.expired"]
    );
    let settled_at = world.payment(&created).await["settledAt"].clone();
    let page = world.press(&created, "pay").await;
    assert!(page.contains("The time to pay is over"), "{page}");
    assert_eq!(world.payment(&created).await["status"], "EXPIRED");

    // Another provider may be less strict, or a bank slower.
    let (status, _) = world
        .deliver_signed(&paid(Uuid::now_v7(), &created.reference, 1250))
        .await;
    assert_eq!(status, 200);
    let payment = world.payment(&created).await;
    assert_eq!(payment["status"], "SUCCEEDED");
    assert_eq!(payment["settledAt"], settled_at, "when it left PENDING");
    let told = ["payment.created", "payment.expired", "payment.succeeded"];
    assert_eq!(world.told(created.order).await, told);

    // The same order asked for again is told how it ended.
    assert_eq!(world.count("SELECT count(*) FROM payment").await, 1);
}

#[tokio::test]
async fn what_was_paid_in_time_does_not_expire_because_the_webhook_is_late() {
    let world = World::expiring_after(Duration::from_millis(1500)).await;
    let created = world.new_payment().await;
    world.network.cut();
    world.press(&created, "pay").await;
    world.wait_for_status(&created, "SUCCEEDED").await;
    world.network.restore();
    let waiting = "SELECT count(*) FROM sandbox_webhook WHERE delivered_at IS NULL";
    wait_for("the webhook", SOON, async || {
        world.count(waiting).await == 0
    })
    .await;
    assert_eq!(
        world.told(created.order).await,
        ["payment.created", "payment.succeeded"]
    );
}
