//! Webhooks: who is believed, and what is made of what they say.

use chrono::Utc;
use serde_json::json;
use uuid::Uuid;

use crate::world::{SECRET, World, paid, sign};

#[tokio::test]
async fn a_webhook_that_the_provider_did_not_sign_changes_nothing() {
    let world = World::new().await;
    let created = world.new_payment().await;
    let body = paid(Uuid::now_v7(), &created.reference, 1250).to_string();
    let now = Utc::now().timestamp();
    let good = sign(SECRET, now, body.as_bytes());
    let tampered = body.replace("1250", "1");
    let (old, future) = (
        sign(SECRET, now - 301, body.as_bytes()),
        sign(SECRET, now + 400, body.as_bytes()),
    );
    let other_time = good.replace(&now.to_string(), &(now - 1).to_string());
    let cases: [(&str, Option<&str>); 9] = [
        (&body, None),
        (&body, Some("")),
        (&body, Some("t=1,v1=zz")),
        (&body, Some(&sign("another secret", now, body.as_bytes()))),
        (&body, Some(&sign("", now, body.as_bytes()))),
        (&tampered, Some(&good)),
        (&body, Some(&old)),
        (&body, Some(&future)),
        (&body, Some(&other_time)),
    ];
    for (body, signature) in cases {
        let (status, answer) = world.deliver(body, signature).await;
        assert_eq!(status, 401, "{signature:?} {answer}");
        assert!(answer.contains(r#""code":"SIGNATURE_INVALID""#), "{answer}");
    }
    assert_eq!(world.payment(&created).await["status"], "PENDING");
    // Every one of them is in the log, though of no payment.
    let refused =
        "SELECT count(*) FROM payment_event WHERE kind = 'webhook.refused' AND payment_id IS NULL";
    assert_eq!(world.count(refused).await, 9);

    let (status, _) = world.deliver(body, Some(&good)).await;
    assert_eq!(status, 200);
    assert_eq!(world.payment(&created).await["status"], "SUCCEEDED");
}

#[tokio::test]
async fn strangers_cannot_fill_the_log() {
    let world = World::new().await;
    let created = world.new_payment().await;
    for _ in 0..100 {
        assert_eq!(world.deliver("paid!", None).await.0, 401);
    }
    let refused = "SELECT count(*) FROM payment_event WHERE kind = 'webhook.refused'";
    assert_eq!(
        world.count(refused).await,
        60,
        "as many as fit into a minute"
    );

    // What the provider itself says is logged all the same.
    let now = Utc::now().timestamp();
    let (status, _) = world
        .deliver("paid!", Some(&sign(SECRET, now, b"paid!")))
        .await;
    assert_eq!(status, 400);
    assert_eq!(world.count(refused).await, 61);
    let webhook = paid(Uuid::now_v7(), &created.reference, 1250);
    assert_eq!(world.deliver_signed(&webhook).await.0, 200);
}

#[tokio::test]
async fn a_webhook_that_cannot_be_read_is_refused() {
    let world = World::new().await;
    let created = world.new_payment().await;
    let valid = paid(Uuid::now_v7(), &created.reference, 1250);
    let mut zero = valid.clone();
    zero["id"] = "a\0b".into();
    let mut unknown_type = valid.clone();
    unknown_type["type"] = "checkout.vanished".into();
    let mut without_amount = valid.clone();
    without_amount
        .as_object_mut()
        .unwrap()
        .remove("amountMinor");
    let mut unknown_currency = valid.clone();
    unknown_currency["currency"] = "XXX".into();
    let mut fraction = valid.clone();
    fraction["amountMinor"] = json!(12.5);
    let bodies: [Vec<u8>; 10] = [
        Vec::new(),
        b"{".to_vec(),
        b"[]".to_vec(),
        b"null".to_vec(),
        b"\xff\xfe".to_vec(),
        zero.to_string().into_bytes(),
        unknown_type.to_string().into_bytes(),
        without_amount.to_string().into_bytes(),
        unknown_currency.to_string().into_bytes(),
        fraction.to_string().into_bytes(),
    ];
    for body in bodies {
        let signature = sign(SECRET, Utc::now().timestamp(), &body);
        let shown = String::from_utf8_lossy(&body).into_owned();
        let (status, answer) = world.deliver(body, Some(&signature)).await;
        assert_eq!(status, 400, "{shown}: {answer}");
        assert!(answer.contains(r#""code":"MALFORMED""#), "{answer}");
    }
    let (status, answer) = world.deliver(vec![b' '; 65 * 1024], None).await;
    assert_eq!(status, 413, "longer than any webhook");
    assert!(answer.contains(r#""code":"TOO_LARGE""#), "{answer}");
    assert_eq!(world.payment(&created).await["status"], "PENDING");
    let logged = "SELECT count(*) FROM payment_event WHERE kind = 'webhook.refused'";
    assert_eq!(world.count(logged).await, 10);
}

#[tokio::test]
async fn a_webhook_of_an_unknown_page_is_refused_and_logged() {
    let world = World::new().await;
    for reference in [Uuid::now_v7().to_string().as_str(), "", "x"] {
        let (status, answer) = world
            .deliver_signed(&paid(Uuid::now_v7(), reference, 1))
            .await;
        assert_eq!(status, 422, "{answer}");
        assert!(answer.contains("no payment"), "{answer}");
    }
    let logged = "SELECT count(*) FROM payment_event WHERE kind = 'webhook.unknown'";
    assert_eq!(world.count(logged).await, 3);
}

#[tokio::test]
async fn a_webhook_sent_twice_has_its_effect_once() {
    let world = World::new().await;
    let created = world.new_payment().await;
    let webhook = paid(Uuid::now_v7(), &created.reference, 1250);
    let sent = (0..10).map(|_| world.deliver_signed(&webhook));
    let answers = futures::future::join_all(sent).await;
    assert!(
        answers.iter().all(|(status, _)| *status == 200),
        "{answers:?}"
    );
    let worked = answers
        .iter()
        .filter(|(_, answer)| answer.contains("worked"))
        .count();
    assert_eq!(worked, 1, "{answers:?}");
    assert_eq!(
        world.told(created.order).await,
        ["payment.created", "payment.succeeded"]
    );

    // Another webhook with the same news is no duplicate, and changes nothing.
    let (status, _) = world
        .deliver_signed(&paid(Uuid::now_v7(), &created.reference, 1250))
        .await;
    assert_eq!(status, 200);
    assert_eq!(
        world.told(created.order).await,
        ["payment.created", "payment.succeeded"]
    );
    let log = world.log(&created).await;
    assert_eq!(
        log.iter()
            .filter(|kind| *kind == "webhook.received")
            .count(),
        2
    );
    assert_eq!(
        log.iter()
            .filter(|kind| *kind == "webhook.duplicate")
            .count(),
        9
    );
}

#[tokio::test]
async fn money_of_another_amount_does_not_count() {
    let world = World::new().await;
    let created = world.new_payment().await;
    let mut in_yen = paid(Uuid::now_v7(), &created.reference, 1250);
    in_yen["currency"] = "JPY".into();
    let too_little = paid(Uuid::now_v7(), &created.reference, 1249);
    // Sent again it is refused again: a provider must not take it for accepted.
    for webhook in [&in_yen, &too_little, &too_little] {
        let (status, answer) = world.deliver_signed(webhook).await;
        assert_eq!(status, 422, "{answer}");
    }
    assert_eq!(world.payment(&created).await["status"], "PENDING");
    assert_eq!(world.told(created.order).await, ["payment.created"]);
    let log = world.log(&created).await;
    assert_eq!(log[2..], ["webhook.wrong_amount"; 3]);
}

#[tokio::test]
async fn without_a_configured_secret_one_is_made_and_kept() {
    let world = World::signing_with(None).await;
    let created = world.paid_payment().await;
    let secrets = world
        .texts("SELECT webhook_secret AS text FROM sandbox_account")
        .await;
    assert!(secrets.len() == 1 && secrets[0].len() == 64, "{secrets:?}");
    let webhook = paid(Uuid::now_v7(), &created.reference, 1250).to_string();
    let now = Utc::now().timestamp();
    for (secret, status) in [(secrets[0].as_str(), 200), (SECRET, 401), ("", 401)] {
        let signature = sign(secret, now, webhook.as_bytes());
        let answer = world.deliver(webhook.as_str(), Some(&signature)).await;
        assert_eq!(answer.0, status);
    }
}
