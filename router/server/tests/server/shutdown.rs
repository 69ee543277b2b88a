//! Stopping, without losing what is under way.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::socket::Socket;
use crate::support::{Served, serve, serve_on_threads};

#[tokio::test]
async fn requests_get_their_answers_and_subscriptions_are_completed() {
    stops_well(serve("").await).await;
}

#[tokio::test]
async fn so_they_do_on_threads_of_the_routers_own() {
    stops_well(serve_on_threads("", 3).await).await;
}

async fn stops_well(mut served: Served) {
    let mut socket = Socket::ready(&served, Value::Null).await;
    socket
        .subscribe("1", "subscription { productChanged(id: 1) { id } }")
        .await;
    assert_eq!(socket.next().await["type"], "next");
    let query = json!({ "query": "subscription { productChanged(id: 1) { id } }" });
    let mut events = served
        .post()
        .header("accept", "text/event-stream")
        .json(&query)
        .send()
        .await
        .unwrap();
    assert!(events.chunk().await.unwrap().is_some());
    let slow = served
        .post()
        .json(&json!({ "query": "{ slow(milliseconds: 400) }" }))
        .send();
    let slow = tokio::spawn(slow);
    tokio::time::sleep(Duration::from_millis(100)).await;

    served.handle.shutdown();
    let (code, _, before) = socket.closed().await;
    assert_eq!(code, 1001);
    assert_eq!(before, [json!({ "id": "1", "type": "complete" })]);
    let rest = events.text().await.unwrap();
    assert!(rest.ends_with("event: complete\ndata:\n\n"), "{rest}");
    let answer: Value = slow.await.unwrap().unwrap().json().await.unwrap();
    assert_eq!(answer, json!({ "data": { "slow": true } }));
    let server = tokio::time::timeout(Duration::from_secs(5), &mut served.server);
    server.await.expect("the server stops").unwrap().unwrap();
    assert!(
        served
            .client
            .get(served.url("/health"))
            .send()
            .await
            .is_err()
    );
}

#[tokio::test]
async fn what_takes_too_long_is_cut_off() {
    let config = "supergraph: { connection_shutdown_timeout: 200ms }";
    is_cut_off(serve(config).await).await;
    is_cut_off(serve_on_threads(config, 2).await).await;
}

async fn is_cut_off(mut served: Served) {
    let slow = served
        .post()
        .json(&json!({ "query": "{ slow(milliseconds: 30000) }" }))
        .send();
    let slow = tokio::spawn(slow);
    tokio::time::sleep(Duration::from_millis(100)).await;
    served.handle.shutdown();
    let server = tokio::time::timeout(Duration::from_secs(5), &mut served.server);
    server.await.expect("the server stops").unwrap().unwrap();
    slow.abort();
}
