//! Webhooks that the payment provider did not send, or sent twice.

use std::time::Duration;

use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use souk_harness::market::{Offer, Pieces, fresh_email, place_order};
use souk_harness::platform::WEBHOOK_SECRET;
use souk_harness::{Client, wait_for};

use crate::in_separate_processes;

const ORDER: &str =
    "query($id: ID!) { order(id: $id) { status payment { status } statusHistory { status } } }";

#[tokio::test(flavor = "multi_thread")]
async fn only_the_providers_own_webhooks_count_and_each_once() {
    let platform = in_separate_processes().await;
    let anyone = Client::new(platform.url());
    let offer = Offer::make(&anyone, 1).await;
    let buyer = anyone
        .register(&fresh_email("webhook"), "Wilma Webhook")
        .await;
    offer.add_to_cart(&buyer, 1).await.unwrap();
    let order = place_order(&buyer, "one").await.unwrap();
    let checkout = order.checkout().rsplit('/').next().unwrap();
    let paid = |id: &str, checkout: &str, amount: i64| {
        json!({ "id": id, "checkout": checkout, "type": "checkout.paid", "amountMinor": amount, "currency": "EUR" }).to_string()
    };
    let body = paid("event-1", checkout, 990);
    let payments = Client::new(&platform.url_of("payment"));
    let send = async |signature: Option<String>, body: &str| -> (u16, Value) {
        let mut request = payments
            .request("/webhooks/payments/sandbox")
            .body(body.to_owned());
        if let Some(signature) = signature {
            request = request.header("souk-sandbox-signature", signature);
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    };
    let state =
        async || -> Value { buyer.ask(ORDER, json!({ "id": order.id })).await["order"].take() };
    let pending = json!({ "status": "PENDING", "payment": { "status": "PENDING" }, "statusHistory": [{ "status": "PENDING" }] });

    let elsewhere = paid("event-2", "01890a5d-ac96-774b-bcce-b302099a8057", 990);
    let cheaper = paid("event-3", checkout, 1);
    let long = paid(&"x".repeat(70_000), checkout, 990);
    for (what, signature, body, (status, code), error) in [
        (
            "unsigned",
            None,
            &*body,
            (401, "SIGNATURE_INVALID"),
            "the header souk-sandbox-signature is missing",
        ),
        (
            "garbage",
            Some("yes".to_owned()),
            &body,
            (401, "SIGNATURE_INVALID"),
            "must have the form t=<seconds since 1970>,v1=<64 hexadecimal digits>",
        ),
        (
            "another secret",
            Some(sign("another secret", 0, &body)),
            &body,
            (401, "SIGNATURE_INVALID"),
            "does not fit the body",
        ),
        (
            "another body",
            Some(sign(WEBHOOK_SECRET, 0, &body)),
            &cheaper,
            (401, "SIGNATURE_INVALID"),
            "does not fit the body",
        ),
        (
            "old",
            Some(sign(WEBHOOK_SECRET, -400, &body)),
            &body,
            (401, "SIGNATURE_INVALID"),
            "more than 300 seconds from now",
        ),
        (
            "from the future",
            Some(sign(WEBHOOK_SECRET, 400, &body)),
            &body,
            (401, "SIGNATURE_INVALID"),
            "more than 300 seconds from now",
        ),
        (
            "not JSON",
            Some(sign(WEBHOOK_SECRET, 0, "paid!")),
            "paid!",
            (400, "MALFORMED"),
            "expected value",
        ),
        (
            "of no known type",
            Some(sign(
                WEBHOOK_SECRET,
                0,
                "{\"id\":\"1\",\"checkout\":\"1\",\"type\":\"hello\"}",
            )),
            "{\"id\":\"1\",\"checkout\":\"1\",\"type\":\"hello\"}",
            (400, "MALFORMED"),
            "unknown variant `hello`",
        ),
        (
            "of nothing we know",
            Some(sign(WEBHOOK_SECRET, 0, &elsewhere)),
            &elsewhere,
            (422, "UNKNOWN_PAYMENT"),
            "there is no payment with this reference",
        ),
        (
            "of another amount",
            Some(sign(WEBHOOK_SECRET, 0, &cheaper)),
            &cheaper,
            (422, "WRONG_AMOUNT"),
            "the amount is not the one that was asked for",
        ),
        (
            "too long",
            Some(sign(WEBHOOK_SECRET, 0, &long)),
            &long,
            (413, "TOO_LARGE"),
            "at most 65536 bytes",
        ),
    ] {
        let (got, answer) = send(signature, body).await;
        assert_eq!(got, status, "{what}: {answer}");
        assert_eq!(answer["code"], code, "{what}: {answer}");
        let message = answer["error"].as_str().unwrap_or_default();
        assert!(message.contains(error), "{what}: {answer}");
        assert_eq!(state().await, pending, "{what}");
    }

    let mut confirmed = buyer
        .subscribe(
            "subscription($id: ID!) { orderStatusChanged(orderId: $id) { status } }",
            json!({ "id": order.id }),
        )
        .await;
    let first = send(Some(sign(WEBHOOK_SECRET, 0, &body)), &body).await;
    assert_eq!(first, (200, json!({ "status": "worked" })));
    while confirmed.next().await["orderStatusChanged"]["status"] != "CONFIRMED" {}
    let once = state().await;
    assert_eq!(once["payment"]["status"], "SUCCEEDED");

    let again = send(Some(sign(WEBHOOK_SECRET, 1, &body)), &body).await;
    assert_eq!(again, (200, json!({ "status": "duplicate" })));
    let declined = json!({ "id": "event-4", "checkout": checkout, "type": "checkout.declined", "reason": "too late" }).to_string();
    let late = send(Some(sign(WEBHOOK_SECRET, 0, &declined)), &declined).await;
    assert_eq!(
        late.0, 200,
        "a provider that is refused would send it again for ever"
    );
    assert_eq!(state().await, once);
    // The stock hears of it a little later.
    let sold = Pieces {
        on_hand: 0,
        reserved: 0,
    };
    let is_sold = async || offer.pieces().await == sold;
    wait_for(
        "one piece to be sold, once",
        Duration::from_secs(60),
        is_sold,
    )
    .await;
}

/// The signature of a webhook sent so many seconds from now.
fn sign(secret: &str, seconds: i64, body: &str) -> String {
    let time = chrono::Utc::now().timestamp() + seconds;
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{time}.{body}").as_bytes());
    format!("t={time},v1={}", hex::encode(mac.finalize().into_bytes()))
}
