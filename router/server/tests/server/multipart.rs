//! Apollo's multipart subscription protocol.

use serde_json::{Value, json};

use crate::support::{Served, serve};

async fn send(served: &Served, query: &str) -> reqwest::Response {
    let request = served.post().header(
        "accept",
        "multipart/mixed;boundary=\"graphql\";subscriptionSpec=1.0,application/json",
    );
    request
        .json(&json!({ "query": query }))
        .send()
        .await
        .unwrap()
}

#[tokio::test]
async fn each_response_is_the_payload_of_a_part() {
    let served = serve("").await;
    let response = send(&served, "subscription { countdown(from: 1) }").await;
    assert_eq!(response.status(), 200);
    assert_eq!(
        response.headers()["content-type"],
        "multipart/mixed;boundary=\"graphql\";subscriptionSpec=1.0"
    );
    let expected = "--graphql\r\ncontent-type: application/json\r\n\r\n\
        {\"payload\":{\"data\":{\"countdown\":1}}}\r\n\
        --graphql\r\ncontent-type: application/json\r\n\r\n\
        {\"payload\":{\"data\":{\"countdown\":0}}}\r\n\
        --graphql--\r\n";
    assert_eq!(response.text().await.unwrap(), expected);
}

/// A client cannot know that a part is complete before it has the delimiter behind it.
#[tokio::test]
async fn a_part_is_complete_when_it_is_sent_and_quiet_streams_show_that_they_are_alive() {
    let served = serve("subscription: { heartbeat_interval: 30ms }").await;
    let mut response = send(&served, "subscription { productChanged(id: 1) { id } }").await;
    let mut text = String::new();
    while text.matches("--graphql").count() < 4 {
        let chunk = response.chunk().await.unwrap();
        text += std::str::from_utf8(&chunk.expect("the stream stays open")).unwrap();
    }
    let parts: Vec<&str> = text.split("--graphql").collect();
    assert!(parts[1].contains("{\"payload\":{\"data\":"), "{text}");
    assert!(parts[2].ends_with("\r\n\r\n{}\r\n"), "{text}");
    assert_eq!(parts.last(), Some(&""), "{text}");
}

#[tokio::test]
async fn what_is_no_subscription_is_answered_in_json() {
    let served = serve("").await;
    let answer: Value = send(&served, "{ product(id: 1) { rating } }")
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(answer, json!({ "data": { "product": { "rating": 5 } } }));
    let refused: Value = send(&served, "subscription { nothing }")
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(
        refused["errors"][0]["extensions"]["code"],
        "GRAPHQL_VALIDATION_FAILED"
    );
}
