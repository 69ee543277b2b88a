//! Subgraphs that compress their answers, and those that get compressed requests.

use std::sync::{Arc, Mutex};

use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use futures::StreamExt;
use serde_json::{Value, json};
use souk_executor::transport::encoding::Coding;
use souk_executor::transport::http::{HttpClientConfig, HttpVersion, SubscriptionProtocol};
use tower_http::compression::CompressionLayer;
use tower_http::decompression::RequestDecompressionLayer;

use crate::support::*;

const SCHEMA: &str = "type Query { echo: String }";

/// Runs `{ echo }` against an app.
async fn run(app: Router) -> Value {
    let (url, server) = serve(app).await;
    let mut graph = Graph::new(SCHEMA);
    graph.connect("one", &url, |config| config.max_response_bytes = 100_000);
    let response = graph.run("{ echo }", root("one", "{ echo }")).await;
    server.abort();
    response
}

fn echo(length: usize) -> String {
    json!({ "data": { "echo": "x".repeat(length) } }).to_string()
}

fn json_response(body: impl IntoResponse) -> Response {
    ([("content-type", "application/json")], body).into_response()
}

#[tokio::test]
async fn gzip_and_brotli_answers_are_read() {
    let layers = [
        ("gzip", CompressionLayer::new().no_br()),
        ("br", CompressionLayer::new().no_gzip()),
    ];
    for (coding, layer) in layers {
        let used = Arc::new(Mutex::new(None));
        let seen = used.clone();
        let remember = move |response: Response| {
            *seen.lock().unwrap() = response.headers().get("content-encoding").cloned();
            async move { response }
        };
        let app = Router::new()
            .route("/graphql", post(async || json_response(echo(90_000))))
            .layer(layer)
            .layer(axum::middleware::map_response(remember));
        let response = run(app).await;
        assert_eq!(response["data"]["echo"].as_str().unwrap().len(), 90_000);
        assert_eq!(used.lock().unwrap().as_ref().unwrap(), coding);
    }
}

#[tokio::test]
async fn a_small_body_that_grows_beyond_the_limit_is_one_error() {
    let app = Router::new()
        .route("/graphql", post(async || json_response(echo(200_000))))
        .layer(CompressionLayer::new());
    let response = run(app).await;
    let message = "request to subgraph 'one' failed: response longer than 100000 bytes";
    assert_eq!(only_message(&response), message);
}

#[tokio::test]
async fn a_body_that_is_not_what_its_encoding_says_is_one_error() {
    let cases = [
        ("gzip", "the compressed body is damaged"),
        ("zstd", "the content encoding 'zstd' is not supported"),
    ];
    for (coding, message) in cases {
        let answer = move || async move {
            let mut response = json_response(echo(10));
            let headers = response.headers_mut();
            headers.insert("content-encoding", coding.parse().unwrap());
            response
        };
        let response = run(Router::new().route("/graphql", post(answer))).await;
        assert!(only_message(&response).ends_with(message), "{response}");
        let code = "SUBREQUEST_MALFORMED_RESPONSE".to_owned();
        assert_eq!(error_places(&response), [(json!(["echo"]), code)]);
    }
}

#[tokio::test]
async fn errors_in_a_compressed_answer_of_status_500_are_the_subgraphs_own() {
    let answer = async || {
        let body = json!({ "errors": [{ "message": "x".repeat(2000) }] }).to_string();
        (StatusCode::INTERNAL_SERVER_ERROR, json_response(body))
    };
    let app = Router::new()
        .route("/graphql", post(answer))
        .layer(CompressionLayer::new());
    let response = run(app).await;
    assert_eq!(only_message(&response), "x".repeat(2000));
}

const SUBSCRIBED: &str = "type Query { echo: String } type Subscription { echo: String }";

/// A subgraph that answers a request with its own text, once it has decompressed it, and what it gets: the names of
/// codings.
fn decompressing() -> (Router, Arc<Mutex<Vec<String>>>) {
    let received = Arc::new(Mutex::new(Vec::new()));
    let log = received.clone();
    let remember = move |request: Request| {
        let coding = request.headers().get("content-encoding");
        let coding = coding.map_or("none", |coding| coding.to_str().unwrap());
        log.lock().unwrap().push(coding.to_owned());
        async move { request }
    };
    let answer = async |headers: HeaderMap, Json(body): Json<Value>| {
        let answer = json!({ "data": { "echo": body["query"] } });
        if headers["accept"] == "text/event-stream" {
            let events = format!("event: next\ndata: {answer}\n\nevent: complete\ndata:\n\n");
            return ([("content-type", "text/event-stream")], events).into_response();
        }
        Json(answer).into_response()
    };
    let app = Router::new()
        .route("/graphql", post(answer))
        .layer(RequestDecompressionLayer::new())
        .layer(axum::middleware::map_request(remember));
    (app, received)
}

#[tokio::test]
async fn requests_are_compressed_when_the_subgraph_is_said_to_take_it() {
    let (app, received) = decompressing();
    let (url, server) = serve(app).await;
    let codings = [
        (Coding::Gzip, "gzip"),
        (Coding::Deflate, "deflate"),
        (Coding::Brotli, "br"),
        (Coding::Identity, "none"),
    ];
    for http_version in [HttpVersion::Negotiated, HttpVersion::Http2] {
        for (coding, name) in codings {
            let config = HttpClientConfig {
                http_version,
                ..HttpClientConfig::default()
            };
            let mut graph = Graph::with_client(SCHEMA, &config);
            graph.connect("one", &url, |config| config.compression = coding);
            let response = graph.run("{ echo }", root("one", "{ echo }")).await;
            assert_eq!(response, json!({ "data": { "echo": "{ echo }" } }));
            assert_eq!(received.lock().unwrap().pop().unwrap(), name);
        }
    }
    server.abort();
}

#[tokio::test]
async fn a_subscription_over_http_is_compressed_as_well() {
    let (app, received) = decompressing();
    let (url, server) = serve(app).await;
    let mut graph = Graph::new(SUBSCRIBED);
    graph.connect("one", &url, |config| {
        config.compression = Coding::Gzip;
        config.subscription_protocol = SubscriptionProtocol::EventStream;
    });
    let text = "subscription { echo }";
    let request = graph.request(text, Some(subscription("one", text, None)), json!({}));
    let Ok(mut events) = graph.executor().subscribe(request).await else {
        panic!("the subgraph refuses the subscription");
    };
    let event = json_of(&events.next().await.unwrap());
    assert_eq!(event, json!({ "data": { "echo": text } }));
    assert_eq!(*received.lock().unwrap(), ["gzip"]);
    server.abort();
}
