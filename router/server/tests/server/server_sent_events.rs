//! Server-sent events, by the graphql-sse protocol in its distinct connections mode.

use reqwest::StatusCode;
use serde_json::json;

use crate::support::{Served, serve};

async fn stream(served: &Served, query: &str) -> (StatusCode, String, String) {
    let request = served
        .post()
        .header("accept", "text/event-stream")
        .json(&json!({ "query": query }));
    let response = request.send().await.unwrap();
    let content_type = response.headers()["content-type"]
        .to_str()
        .unwrap()
        .to_owned();
    (
        response.status(),
        content_type,
        response.text().await.unwrap(),
    )
}

const COUNTDOWN: &str = "event: next\ndata: {\"data\":{\"countdown\":1}}\n\n\
    event: next\ndata: {\"data\":{\"countdown\":0}}\n\n\
    event: complete\ndata:\n\n";

#[tokio::test]
async fn a_subscription_by_post_and_get() {
    let served = serve("").await;
    let posted = stream(&served, "subscription { countdown(from: 1) }").await;
    assert_eq!(
        posted,
        (
            StatusCode::OK,
            "text/event-stream".to_owned(),
            COUNTDOWN.to_owned()
        )
    );
    let mut url = url::Url::parse(&served.url("/graphql")).unwrap();
    url.query_pairs_mut()
        .append_pair("query", "subscription { countdown(from: 1) }");
    let response = served
        .client
        .get(url)
        .header("accept", "text/event-stream")
        .send()
        .await
        .unwrap();
    assert_eq!(response.text().await.unwrap(), COUNTDOWN);
}

/// Clients name all that they can read, before they know what the operation is.
#[tokio::test]
async fn a_subscription_is_a_stream_whatever_else_is_accepted() {
    let served = serve("").await;
    for accept in [
        "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed",
        "text/event-stream, application/json",
        "application/json, text/event-stream;q=0.5",
    ] {
        let ask = |query: &str| {
            let request = served.post().header("accept", accept);
            request.json(&json!({ "query": query })).send()
        };
        let events = ask("subscription { countdown(from: 1) }").await.unwrap();
        assert_eq!(events.text().await.unwrap(), COUNTDOWN, "{accept}");
        let answer = ask("{ product(id: 1) { rating } }").await.unwrap();
        assert_eq!(
            answer.text().await.unwrap(),
            "{\"data\":{\"product\":{\"rating\":5}}}",
            "{accept}"
        );
    }
}

#[tokio::test]
async fn a_query_is_a_stream_of_one() {
    let served = serve("").await;
    let (_, _, text) = stream(&served, "{ product(id: 1) { rating } }").await;
    let expected =
        "event: next\ndata: {\"data\":{\"product\":{\"rating\":5}}}\n\nevent: complete\ndata:\n\n";
    assert_eq!(text, expected);
}

#[tokio::test]
async fn what_graphql_refuses_is_an_event_and_what_http_refuses_a_status() {
    let served = serve("").await;
    let (status, _, text) = stream(&served, "{ nothing }").await;
    assert_eq!(status, 200);
    assert!(
        text.starts_with("event: next\ndata: {\"errors\":[{"),
        "{text}"
    );
    assert!(text.ends_with("event: complete\ndata:\n\n"), "{text}");
    let empty = served
        .post()
        .header("accept", "text/event-stream")
        .json(&json!({}))
        .send()
        .await
        .unwrap();
    assert_eq!(empty.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn quiet_streams_show_that_they_are_alive() {
    let served = serve("subscription: { heartbeat_interval: 30ms }").await;
    let query = json!({ "query": "subscription { productChanged(id: 1) { id } }" });
    let request = served
        .post()
        .header("accept", "text/event-stream")
        .json(&query);
    let mut response = request.send().await.unwrap();
    let mut text = String::new();
    while text.matches("\n\n").count() < 3 {
        let chunk = response
            .chunk()
            .await
            .unwrap()
            .expect("the stream stays open");
        text += std::str::from_utf8(&chunk).unwrap();
    }
    assert!(text.starts_with("event: next\n"), "{text}");
    assert!(text.ends_with(":\n\n"), "{text}");
}
