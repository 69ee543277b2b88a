//! The processes that are measured beside `souk router`: the subgraphs on their own, and a router that has them in its
//! own process.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::Request;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::post;
use souk::in_process::InProcess;
use souk_executor::Transports;
use souk_platform::Identity;
use souk_platform::serving::{correlation_id, execute};
use souk_router::{RouterBuilder, RouterConfig, serve_routes};
use tokio::net::TcpListener;

use super::graph;

/// How long a client may take to send the head of a request, as in `souk subgraph`.
const HEAD_WITHIN: Duration = Duration::from_secs(120);

/// Serves each subgraph over HTTP under its name.
pub async fn subgraphs(address: SocketAddr) {
    let mut routes = axum::Router::new();
    for member in graph::members() {
        let route = axum::Router::new()
            .route(&format!("/{}", member.0), post(answer))
            .with_state(member);
        routes = routes.merge(route);
    }
    let listener = TcpListener::bind(address).await.expect("a free address");
    let never = std::future::pending();
    serve_routes(routes, listener, HEAD_WITHIN, never, Duration::ZERO).await;
}

/// As [`InProcess`] does it: the subgraph's own work is the same on both ways.
async fn answer(
    State((name, service)): State<graph::Member>,
    headers: HeaderMap,
    body: Bytes,
) -> axum::response::Response {
    let Ok(request) = serde_json::from_slice::<Request>(&body) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let identity = Identity::default();
    let correlation_id = correlation_id(&headers);
    let response = execute(&*service, name, identity, &correlation_id, request).await;
    axum::Json(response).into_response()
}

/// Serves the graph with its subgraphs in this process.
pub async fn mounted(address: SocketAddr) {
    let mut transports = Transports::new();
    for (name, service) in graph::members() {
        transports.insert(name, Arc::new(InProcess::new(name, service)));
    }
    let supergraph = graph::supergraph("http://in.process");
    let router = RouterBuilder::new(RouterConfig::default(), transports).build(&supergraph);
    let router = router.unwrap_or_else(|error| panic!("{error}"));
    let listener = TcpListener::bind(address).await.expect("a free address");
    router.serve(listener).await.expect("a server");
}
