//! Subgraphs that compress their answers.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Value, json};
use tower_http::compression::CompressionLayer;

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
