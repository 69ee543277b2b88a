//! A request's correlation id, followed through the logs as an operator would.

use std::time::Duration;

use serde_json::{Value, json};
use souk_harness::market::fresh_email;
use souk_harness::{Client, Platform, wait_for};
use uuid::Uuid;

use crate::{in_one_process, in_separate_processes};

/// A mutation of the user subgraph whose event the shop subgraph consumes.
const BECOME_SELLER: &str = "mutation { becomeSeller { accessToken } }";

#[tokio::test(flavor = "multi_thread")]
async fn an_id_is_in_the_log_from_the_router_to_the_consumer_in_one_process() {
    follow(in_one_process().await, ["serve"; 3]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_is_in_the_logs_from_the_router_to_the_consumer_over_separate_processes() {
    follow(in_separate_processes().await, ["router", "user", "shop"]).await;
}

/// The parts are those in whose logs router, resolver and consumer write.
async fn follow(platform: &Platform, [router, resolver, consumer]: [&str; 3]) {
    let id = format!("journey-{}", Uuid::now_v7());
    let somebody = Client::new(platform.url())
        .register(&fresh_email("sol"), "Sol")
        .await;
    let request = somebody
        .request("/graphql")
        .header("x-correlation-id", &id)
        .json(&json!({ "query": BECOME_SELLER }));
    let answer = request.send().await.unwrap();
    assert_eq!(answer.headers()["x-correlation-id"], id);
    let answer: Value = answer.json().await.unwrap();
    assert!(answer.get("errors").is_none(), "{answer}");

    let logged = async |part: &str, field: &str, value: &str| {
        let what = format!("a line of {id} with {field} {value} in the log of {part}");
        wait_for(&what, Duration::from_secs(30), async || {
            let log = platform.log_of(part);
            log.lines().any(|line| is_of(line, &id, field, value))
        })
        .await;
    };
    logged(router, "path", "/graphql").await;
    logged(resolver, "subgraph", "user").await;
    logged(consumer, "queue", "shop.owners").await;
}

/// Whether a line of the log belongs to a request with this id, in a span with this field.
fn is_of(line: &str, id: &str, field: &str, value: &str) -> bool {
    // `souk serve` prints its announcement for people between the lines.
    let Ok(line) = serde_json::from_str::<Value>(line) else {
        return false;
    };
    let spans = line["spans"].as_array();
    spans.is_some_and(|spans| {
        let is_it = |span: &Value| span["correlation_id"] == id && span[field] == value;
        spans.iter().any(is_it)
    })
}
