//! The HTTP transport: headers, protocol versions, connections, cancellation.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, Version};
use serde_json::json;
use souk_executor::RequestContext;
use souk_executor::transport::http::{
    HttpClient, HttpClientConfig, HttpTransport, HttpTransportConfig, HttpVersion,
};

use crate::support::*;

const SCHEMA: &str = "type Query { ok: Int echo(text: String): String }";

#[tokio::test]
async fn headers_of_the_context_reach_the_subgraph() {
    let graph = Graph::new(SCHEMA)
        .subgraph("one", |_| Answer::Json(json!({ "data": { "ok": 1 } })))
        .await;
    let mut request = graph.request("{ ok }", Some(root("one", "{ ok }")), json!({}));
    let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let headers = [
        ("traceparent", traceparent),
        ("x-correlation-id", "c-1"),
        // What would break the request to the subgraph does not get through.
        ("content-length", "3"),
        ("host", "elsewhere"),
        ("connection", "close"),
        ("content-type", "text/plain"),
        ("accept-encoding", "zstd"),
    ];
    let headers =
        headers.map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
    let context = RequestContext::new(HeaderMap::from_iter(headers), HashMap::new());
    request.context = Arc::new(context);
    let response = graph.executor().execute(request).await;
    assert_eq!(json_of(&response), json!({ "data": { "ok": 1 } }));
    let headers = graph.received("one")[0].headers.clone();
    assert_eq!(headers["traceparent"], traceparent);
    assert_eq!(headers["x-correlation-id"], "c-1");
    assert_eq!(headers["content-type"], "application/json");
    assert!(
        headers["accept"]
            .to_str()
            .unwrap()
            .contains("application/graphql-response+json")
    );
    assert!(headers["host"].to_str().unwrap().starts_with("127.0.0.1:"));
    assert_eq!(headers.get("connection"), None);
    assert_eq!(headers["accept-encoding"], "gzip, deflate, br");
}

#[tokio::test]
async fn http_2_without_tls() {
    let config = HttpClientConfig {
        http_version: HttpVersion::Http2,
        ..HttpClientConfig::default()
    };
    let graph = Graph::with_client(SCHEMA, &config)
        .subgraph("one", |_| Answer::Json(json!({ "data": { "ok": 1 } })))
        .await;
    assert_eq!(
        graph.run("{ ok }", root("one", "{ ok }")).await,
        json!({ "data": { "ok": 1 } })
    );
    assert_eq!(graph.received("one")[0].version, Version::HTTP_2);
}

#[tokio::test]
async fn http_1_by_default_and_a_body_in_many_pieces() {
    let long = "x".repeat(3 << 20);
    let sent = long.clone();
    let graph = Graph::new(SCHEMA)
        .subgraph("one", move |_| {
            Answer::Json(json!({ "data": { "echo": sent } }))
        })
        .await;
    let response = graph.run("{ echo }", root("one", "{ echo }")).await;
    assert_eq!(response["data"]["echo"], long);
    assert_eq!(graph.received("one")[0].version, Version::HTTP_11);
}

#[tokio::test]
async fn strings_of_the_operation_and_of_variables_arrive_unchanged() {
    let graph = Graph::new(SCHEMA)
        .subgraph("one", |request| {
            Answer::Json(json!({ "data": { "echo": request.query() } }))
        })
        .await;
    let text = "query($t:String){echo(text:\"a\\\"\\\\b\u{e9}\n\t\")}";
    let variable = json!({ "t": "\u{1}\"\\\u{1f600}" });
    let response = graph
        .run_with(
            "query($t:String){echo(text:$t)}",
            root("one", text),
            variable.clone(),
        )
        .await;
    assert_eq!(response["data"]["echo"], text);
    assert_eq!(graph.received("one")[0].body["variables"], variable);
}

#[tokio::test]
async fn dropping_the_execution_drops_the_subgraph_request() {
    struct SetOnDrop(Arc<AtomicBool>);
    impl Drop for SetOnDrop {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }
    let (started, dropped) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicBool::new(false)),
    );
    let (seen, guard) = (started.clone(), dropped.clone());
    let app = axum::Router::new().route(
        "/graphql",
        axum::routing::post(move || async move {
            let _guard = SetOnDrop(guard);
            seen.store(true, Ordering::SeqCst);
            std::future::pending::<String>().await
        }),
    );
    let (url, server) = serve(app).await;
    let mut graph = Graph::new(SCHEMA);
    graph.connect("one", &url, |_| {});
    let executor = graph.executor();
    let request = graph.request("{ ok }", Some(root("one", "{ ok }")), json!({}));
    let execution = tokio::spawn(async move { executor.execute(request).await });
    until(&started).await;
    execution.abort();
    until(&dropped).await;
    server.abort();
}

async fn until(flag: &AtomicBool) {
    for _ in 0..500 {
        if flag.load(Ordering::SeqCst) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it did not happen within 5 s");
}

#[test]
fn an_address_that_cannot_be_used_is_refused() {
    let client = HttpClient::new(&HttpClientConfig::default()).unwrap();
    for address in [
        "",
        "/graphql",
        "localhost:4001",
        "ftp://localhost/",
        "ws://localhost/",
        "http://",
    ] {
        let refused = HttpTransport::new(client.clone(), &HttpTransportConfig::new(address));
        assert!(refused.is_err(), "{address}");
    }
    let mut config = HttpTransportConfig::new("https://localhost/graphql");
    config.subscription_url = Some("wss://localhost/ws".to_owned());
    assert!(HttpTransport::new(client, &config).is_ok());
}
