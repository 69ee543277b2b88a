//! Another supergraph while requests go on.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::socket::Socket;
use crate::support::{Served, serve, shop};

async fn knows_version(served: &Served) -> bool {
    served.query("{ version }").await == json!({ "data": { "version": 2 } })
}

#[tokio::test]
async fn a_new_supergraph_is_served_and_subscriptions_go_on() {
    let served = serve("").await;
    let mut socket = Socket::ready(&served, Value::Null).await;
    socket
        .subscribe("1", "subscription { countdown(from: 20) }")
        .await;
    assert_eq!(
        socket.next().await["payload"],
        json!({ "data": { "countdown": 20 } })
    );
    assert_eq!(
        served.error_code("{ version }").await,
        "GRAPHQL_VALIDATION_FAILED"
    );

    served.handle.reload(shop::next_supergraph()).await.unwrap();
    assert!(knows_version(&served).await);
    for number in (0..20).rev() {
        assert_eq!(
            socket.next().await["payload"],
            json!({ "data": { "countdown": number } })
        );
    }
}

#[tokio::test]
async fn a_bad_supergraph_is_refused_and_the_old_one_stays() {
    let served = serve("").await;
    assert!(
        served
            .handle
            .reload("type Query { a: Int }".to_owned())
            .await
            .is_err()
    );
    let unreachable = shop::SUPERGRAPH.replace("name: \"reviews\"", "name: \"elsewhere\"");
    let error = served.handle.reload(unreachable).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the subgraph \"elsewhere\" cannot be reached: it has no transport"
    );
    assert_eq!(
        served.query("{ product(id: 1) { rating } }").await["data"]["product"]["rating"],
        5
    );
}

#[tokio::test]
async fn a_changed_file_is_loaded_and_a_broken_one_is_not() {
    let served = serve("").await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("supergraph.graphql");
    std::fs::write(&path, shop::SUPERGRAPH).unwrap();
    let _watch = served.handle.watch(&path).unwrap();

    std::fs::write(&path, "not a supergraph").unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(served.query("{ __typename }").await.get("data").is_some());

    // As careful programs write: a new file, moved over the old one.
    let new = folder.path().join("new");
    std::fs::write(&new, shop::next_supergraph()).unwrap();
    std::fs::rename(&new, &path).unwrap();
    for _ in 0..100 {
        if knows_version(&served).await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the changed file was not loaded");
}
