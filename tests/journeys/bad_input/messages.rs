//! Messages from the broker that are no events.

use std::time::Duration;

use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{BasicProperties, Connection, ConnectionProperties};
use serde_json::json;
use souk_harness::market::{Offer, fresh_email};
use souk_harness::{Client, wait_for};

use crate::in_separate_processes;

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_do_not_parse_become_dead_letters() {
    let platform = in_separate_processes().await;
    let broken: [&[u8]; 5] = [
        b"",
        b"{ broken",
        b"{ \"hello\": \"broken world\" }",
        b"broken \xff\xfe",
        b"[\"broken\", \"\\u0000\"]",
    ];
    let url = platform.setting("SOUK_EVENTS_URL").expect("a broker");
    let connection = Connection::connect(url, ConnectionProperties::default())
        .await
        .unwrap();
    let channel = connection.create_channel().await.unwrap();
    channel
        .confirm_select(ConfirmSelectOptions::default())
        .await
        .unwrap();
    for body in broken {
        let published = channel
            .basic_publish(
                "souk.events".into(),
                "shop.approved".into(),
                BasicPublishOptions::default(),
                body,
                BasicProperties::default(),
            )
            .await;
        assert!(published.unwrap().await.unwrap().is_ack());
    }

    // The next good event gets through: what is sold in a shop that was approved after the broken messages.
    let anyone = Client::new(platform.url());
    let offer = Offer::make(&anyone, 3).await;
    let buyer = anyone
        .register(&fresh_email("messages"), "Mira Message")
        .await;
    offer.add_to_cart(&buyer, 1).await.unwrap();
    wait_for("the product to be found", Duration::from_secs(20), async || {
        let found = anyone.ask("query($id: ID!) { product(id: $id) { shop { name } } searchProducts(text: \"lamp\") { nodes { product { id } } } }", json!({ "id": offer.product })).await;
        let hits = found["searchProducts"]["nodes"].as_array().unwrap().clone();
        hits.iter().any(|hit| hit["product"]["id"] == json!(offer.product))
    })
    .await;

    wait_for("the dead letters", Duration::from_secs(20), async || {
        let letters = platform.command(&["events", "dead-letters"]).await;
        let of_product = letters.matches("product.shops").count();
        of_product == broken.len()
    })
    .await;
    let letters = platform.command(&["events", "dead-letters"]).await;
    assert!(letters.contains("error: not an event: "), "{letters}");
    assert!(
        letters.contains("event: { \"hello\": \"broken world\" }"),
        "{letters}"
    );
}
