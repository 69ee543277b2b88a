//! Stopping, without losing what is under way.

use std::time::{Duration, Instant};

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
async fn what_takes_too_long_is_cut_off_at_once() {
    let config = "supergraph: { connection_shutdown_timeout: 4s }";
    is_cut_off(serve(config).await).await;
    is_cut_off(serve_on_threads(config, 2).await).await;
}

/// Requests and mutations have the same time, not one after the other.
async fn is_cut_off(mut served: Served) {
    let slow = [
        "{ slow(milliseconds: 30000) }",
        "mutation { slowly(milliseconds: 30000) }",
    ];
    let slow = slow.map(|query| {
        let request = served.post().json(&json!({ "query": query }));
        tokio::spawn(request.send())
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    served.handle.shutdown();
    let began = Instant::now();
    let server = tokio::time::timeout(Duration::from_secs(10), &mut served.server);
    server.await.expect("the server stops").unwrap().unwrap();
    let took = began.elapsed();
    assert!(
        Duration::from_secs(4) <= took && took < Duration::from_millis(7_500),
        "{took:?}"
    );
    for request in slow {
        request.abort();
    }
}
