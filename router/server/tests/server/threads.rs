//! Serving on several threads.

use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::json;

use crate::support::{client, serve_on_threads};

#[tokio::test]
async fn connections_are_served_side_by_side() {
    let served = serve_on_threads("", 2).await;
    let url = served.url("/graphql");
    let began = Instant::now();
    // Each client has a connection of its own.
    let answers = (0..20).map(async |_| {
        let request = json!({ "query": "{ slow(milliseconds: 2000) }" });
        let response = client().post(&url).json(&request).send().await.unwrap();
        response.json::<serde_json::Value>().await.unwrap()
    });
    for answer in join_all(answers).await {
        assert_eq!(answer, json!({ "data": { "slow": true } }));
    }
    // One after the other, the ten of each thread would take this long.
    assert!(
        began.elapsed() < Duration::from_secs(20),
        "{:?}",
        began.elapsed()
    );
}
