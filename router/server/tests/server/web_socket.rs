//! GraphQL over WebSocket, by the graphql-transport-ws protocol.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Error;

use crate::support::socket::Socket;
use crate::support::{Served, serve, serve_over_http, shop};

async fn close_code(served: &Served, text: &str) -> (u16, String) {
    let mut socket = Socket::speaking(served).await;
    socket.send_text(text).await;
    let (code, reason, _) = socket.closed().await;
    (code, reason)
}

#[tokio::test]
async fn a_subscription_runs_to_its_end() {
    let served = serve("").await;
    let mut socket = Socket::ready(&served, Value::Null).await;
    socket
        .subscribe("a", "subscription { countdown(from: 2) }")
        .await;
    for number in [2, 1, 0] {
        let payload = json!({ "data": { "countdown": number } });
        assert_eq!(
            socket.next().await,
            json!({ "id": "a", "type": "next", "payload": payload })
        );
    }
    assert_eq!(
        socket.next().await,
        json!({ "id": "a", "type": "complete" })
    );
    // The id is free again.
    socket
        .subscribe("a", "{ product(id: 2) { name rating } }")
        .await;
    let payload = json!({ "data": { "product": { "name": "Table", "rating": 3 } } });
    assert_eq!(
        socket.next().await,
        json!({ "id": "a", "type": "next", "payload": payload })
    );
    assert_eq!(
        socket.next().await,
        json!({ "id": "a", "type": "complete" })
    );
}

#[tokio::test]
async fn each_event_is_completed_from_other_subgraphs() {
    let served = serve("").await;
    let mut socket = Socket::ready(&served, json!({})).await;
    socket
        .subscribe(
            "1",
            "subscription { productChanged(id: 1) { name rating } }",
        )
        .await;
    let payload = json!({ "data": { "productChanged": { "name": "Lamp", "rating": 5 } } });
    assert_eq!(socket.next().await["payload"], payload);
}

#[tokio::test]
async fn operations_share_a_connection() {
    let served = serve("").await;
    let mut socket = Socket::ready(&served, Value::Null).await;
    socket
        .subscribe("endless", "subscription { productChanged(id: 1) { id } }")
        .await;
    assert_eq!(socket.next().await["id"], "endless");
    socket
        .subscribe(
            "mutation",
            "mutation { rename(id: 1, name: \"Sofa\") { name } }",
        )
        .await;
    assert_eq!(
        socket.next().await["payload"],
        json!({ "data": { "rename": { "name": "Sofa" } } })
    );
    assert_eq!(
        socket.next().await,
        json!({ "id": "mutation", "type": "complete" })
    );
    // After the client has completed it, the id can be used again at once.
    socket
        .send(json!({ "id": "endless", "type": "complete" }))
        .await;
    socket.subscribe("endless", "{ __typename }").await;
    assert_eq!(
        socket.next().await["payload"],
        json!({ "data": { "__typename": "Query" } })
    );
}

#[tokio::test]
async fn operations_that_are_refused_end_with_an_error() {
    let served = serve("subscription: { max_operations_per_connection: 1 }").await;
    let mut socket = Socket::ready(&served, Value::Null).await;
    for (query, code) in [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { countdown }", "GRAPHQL_VALIDATION_FAILED"),
    ] {
        socket.subscribe("1", query).await;
        let message = socket.next().await;
        assert_eq!(
            (&message["id"], &message["type"]),
            (&json!("1"), &json!("error")),
            "{message}"
        );
        assert_eq!(message["payload"][0]["extensions"]["code"], code);
    }
    socket
        .subscribe("1", "subscription { productChanged(id: 1) { id } }")
        .await;
    assert_eq!(socket.next().await["type"], "next");
    socket.subscribe("2", "{ __typename }").await;
    assert_eq!(
        socket.next().await["payload"][0]["extensions"]["code"],
        "MAX_OPERATIONS_PER_CONNECTION_LIMIT"
    );
}

#[tokio::test]
async fn a_hash_instead_of_a_document_leaves_the_connection_open() {
    let served = serve("").await;
    let mut socket = Socket::ready(&served, Value::Null).await;
    let hash = json!({ "persistedQuery": { "version": 1, "sha256Hash": "ab".repeat(32) } });
    socket
        .send(json!({ "id": "1", "type": "subscribe", "payload": { "extensions": hash } }))
        .await;
    let message = socket.next().await;
    assert_eq!(message["type"], "error");
    assert_eq!(
        message["payload"][0]["message"],
        "PersistedQueryNotSupported"
    );
    socket.subscribe("1", "{ __typename }").await;
    assert_eq!(socket.next().await["type"], "next");
}

#[tokio::test]
async fn field_errors_are_results() {
    let served = serve("").await;
    let mut socket = Socket::ready(&served, Value::Null).await;
    socket.subscribe("1", "{ broken }").await;
    let message = socket.next().await;
    assert_eq!(message["type"], "next");
    assert_eq!(message["payload"]["data"], json!({ "broken": null }));
}

/// A subgraph that refuses a subscription has executed nothing, so there is no result.
#[tokio::test]
async fn a_subscription_that_a_subgraph_refuses_ends_with_an_error() {
    let refuse = || async { axum::Json(json!({ "errors": [{ "message": "not yours" }] })) };
    let routes = axum::Router::new().route("/products", axum::routing::post(refuse));
    let config = shop::publish(routes).await
        + "\nsubscription: { mode: { passthrough: { all: { protocol: sse } } } }";
    let served = serve_over_http(&config).await;
    let mut socket = Socket::ready(&served, Value::Null).await;
    socket
        .subscribe("1", "subscription { countdown(from: 2) }")
        .await;
    let message = socket.next().await;
    assert_eq!(message["type"], "error", "{message}");
    assert_eq!(message["payload"][0]["message"], "not yours");
}

#[tokio::test]
async fn pings_are_answered() {
    let served = serve("").await;
    let mut socket = Socket::speaking(&served).await;
    socket.send(json!({ "type": "ping" })).await;
    assert_eq!(socket.next().await, json!({ "type": "pong" }));
    socket.send(json!({ "type": "connection_init" })).await;
    assert_eq!(socket.next().await, json!({ "type": "connection_ack" }));
    socket
        .send(json!({ "type": "ping", "payload": { "n": 1 } }))
        .await;
    assert_eq!(
        socket.next().await,
        json!({ "type": "pong", "payload": { "n": 1 } })
    );
    socket.send(json!({ "type": "pong" })).await;
    socket.subscribe("1", "{ __typename }").await;
    assert_eq!(socket.next().await["type"], "next");
}

#[tokio::test]
async fn quiet_connections_are_pinged() {
    let served = serve("subscription: { heartbeat_interval: 50ms }").await;
    let mut socket = Socket::ready(&served, Value::Null).await;
    for _ in 0..3 {
        socket.pinged().await;
    }
}

#[tokio::test]
async fn close_codes() {
    let config = "{ subscription: { connection_init_timeout: 200ms }, limits: { http_max_request_bytes: 1000 } }";
    let served = serve(config).await;
    let subscribe =
        json!({ "id": "1", "type": "subscribe", "payload": { "query": "{ __typename }" } })
            .to_string();
    assert_eq!(close_code(&served, "not JSON").await.0, 4400);
    assert_eq!(close_code(&served, r#"{"type":"unknown"}"#).await.0, 4400);
    assert_eq!(
        close_code(&served, &subscribe).await,
        (4401, "Unauthorized".to_owned())
    );

    let mut silent = Socket::speaking(&served).await;
    let (code, reason, _) = silent.closed().await;
    assert_eq!(
        (code, reason.as_str()),
        (4408, "Connection initialisation timeout")
    );

    let mut twice = Socket::ready(&served, Value::Null).await;
    twice.send(json!({ "type": "connection_init" })).await;
    let (code, reason, _) = twice.closed().await;
    assert_eq!(
        (code, reason.as_str()),
        (4429, "Too many initialisation requests")
    );

    let mut same_id = Socket::ready(&served, Value::Null).await;
    same_id
        .subscribe("x", "subscription { productChanged(id: 1) { id } }")
        .await;
    same_id
        .subscribe("x", "subscription { productChanged(id: 1) { id } }")
        .await;
    let (code, reason, _) = same_id.closed().await;
    assert_eq!(
        (code, reason.as_str()),
        (4409, "Subscriber for x already exists")
    );

    let mut binary = Socket::ready(&served, Value::Null).await;
    binary.send_bytes(vec![1, 2, 3]).await;
    assert_eq!(binary.closed().await.0, 4400);

    let mut no_text = Socket::ready(&served, Value::Null).await;
    no_text.send_text_of_bytes(b"{\"id\":\"\xff\"}").await;
    let (code, reason, _) = no_text.closed().await;
    assert_eq!((code, reason.as_str()), (1007, "Message is not UTF-8"));

    let long = json!({ "type": "ping", "payload": { "x": "x".repeat(1000) } }).to_string();
    assert_eq!(
        close_code(&served, &long).await,
        (
            1009,
            "Message too long: limits.http_max_request_bytes is 1000".to_owned()
        )
    );

    let mut no_query = Socket::ready(&served, Value::Null).await;
    no_query
        .send(json!({ "id": "1", "type": "subscribe", "payload": { "query": 1 } }))
        .await;
    assert_eq!(no_query.closed().await.0, 4400);

    let mut other_protocol = Socket::open(&served, &[]).await.unwrap();
    let (code, reason, _) = other_protocol.closed().await;
    assert_eq!(
        (code, reason.as_str()),
        (4406, "Subprotocol not acceptable")
    );
}

#[tokio::test]
async fn other_sites_pages_may_not_connect() {
    let served = serve("cors: { policies: [{ origins: ['https://shop.example'] }] }").await;
    let own = format!("http://{}", served.address);
    let protocol = ("sec-websocket-protocol", "graphql-transport-ws");
    for allowed in [own.as_str(), "https://shop.example"] {
        assert!(
            Socket::open(&served, &[protocol, ("origin", allowed)])
                .await
                .is_ok(),
            "{allowed}"
        );
    }
    let refused = Socket::open(&served, &[protocol, ("origin", "https://evil.example")])
        .await
        .err();
    assert!(matches!(refused, Some(Error::Http(response)) if response.status() == 403));
}

#[tokio::test]
async fn subscriptions_can_be_switched_off_or_limited() {
    let served = serve("subscription: { enabled: false }").await;
    let mut socket = Socket::ready(&served, Value::Null).await;
    socket
        .subscribe("1", "subscription { countdown(from: 1) }")
        .await;
    assert_eq!(
        socket.next().await["payload"][0]["extensions"]["code"],
        "SUBSCRIPTIONS_DISABLED"
    );

    let served = serve("subscription: { max_opened_subscriptions: 1 }").await;
    let mut socket = Socket::ready(&served, Value::Null).await;
    socket
        .subscribe("1", "subscription { productChanged(id: 1) { id } }")
        .await;
    assert_eq!(socket.next().await["type"], "next");
    socket
        .subscribe("2", "subscription { productChanged(id: 1) { id } }")
        .await;
    assert_eq!(
        socket.next().await["payload"][0]["extensions"]["code"],
        "MAX_OPENED_SUBSCRIPTIONS_LIMIT"
    );
}
