//! What the configuration says of requests to subgraphs, as the subgraphs see it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use http::{HeaderMap, Version};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tower_http::decompression::RequestDecompressionLayer;

use crate::support::socket::Socket;
use crate::support::{Served, Shop, serve_over_http, shop};

const QUERY: &str = "{ product(id: 1) { name } }";
const QUERY_ACROSS: &str = "{ product(id: 1) { name rating } }";

/// What a subgraph sees of a request before it reads the body.
#[derive(Debug, Clone, PartialEq)]
struct Received {
    path: String,
    version: Version,
    coding: Option<String>,
    headers: HeaderMap,
}

/// The requests that have reached the subgraphs, and leave to answer them.
#[derive(Clone)]
struct Gate {
    received: Arc<Mutex<Vec<Received>>>,
    leave: Arc<Semaphore>,
}

async fn pass(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let coding = request.headers().get("content-encoding");
    let received = Received {
        path: request.uri().path().to_owned(),
        version: request.version(),
        coding: coding.map(|coding| coding.to_str().unwrap().to_owned()),
        headers: request.headers().clone(),
    };
    gate.received.lock().unwrap().push(received);
    let _leave = gate.leave.acquire().await;
    next.run(request).await
}

impl Gate {
    /// A router with this configuration, over subgraphs behind the gate.
    async fn serve(config: &str) -> (Served, Gate) {
        let gate = Gate {
            received: Arc::default(),
            leave: Arc::new(Semaphore::new(0)),
        };
        let routes = shop::routes(&Shop::default())
            .layer(RequestDecompressionLayer::new())
            .layer(from_fn_with_state(gate.clone(), pass));
        let urls = shop::publish(routes).await;
        let served = serve_over_http(&format!("{urls}\n{config}")).await;
        (served, gate)
    }

    fn open(&self) {
        self.leave.add_permits(Semaphore::MAX_PERMITS);
    }

    fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// Until so many requests are here.
    async fn wait_for(&self, number: usize) {
        for _ in 0..500 {
            if self.received().len() >= number {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{:?} instead of {number} requests", self.received());
    }
}

#[tokio::test]
async fn identical_queries_reach_a_subgraph_once_unless_it_is_switched_off() {
    for (config, requests) in [
        ("", 1),
        ("traffic_shaping: { all: { deduplicate_query: true } }", 1),
        ("traffic_shaping: { all: { deduplicate_query: false } }", 2),
        (
            "traffic_shaping: { subgraphs: { products: { deduplicate_query: false } } }",
            2,
        ),
    ] {
        let (served, gate) = Gate::serve(config).await;
        let both = async { tokio::join!(served.query(QUERY), served.query(QUERY)) };
        let watch = async {
            gate.wait_for(requests).await;
            // One too many would arrive now.
            tokio::time::sleep(Duration::from_millis(100)).await;
            assert_eq!(gate.received().len(), requests, "{config}");
            gate.open();
        };
        let ((first, second), ()) = tokio::join!(both, watch);
        let expected = json!({ "data": { "product": { "name": "Lamp" } } });
        assert_eq!([&first, &second], [&expected; 2], "{config}");
    }
}

#[tokio::test]
async fn a_subgraph_with_header_rules_of_its_own_gets_what_they_say() {
    let config = "
headers:
  all: { request: [{ propagate: { named: accept-language } }, { insert: { name: x-from, value: router } }] }
  subgraphs:
    reviews:
      request: [{ propagate: { named: cookie } }, { insert: { name: x-from, value: shop } }]
";
    let (served, gate) = Gate::serve(config).await;
    gate.open();
    let request = served.post().header("accept-language", "de");
    let request = request.header("cookie", "a=1");
    let request = request.json(&json!({ "query": QUERY_ACROSS }));
    request.send().await.unwrap();
    let received = gate.received();
    let of = |path: &str, name: &str| {
        let request = received
            .iter()
            .find(|request| request.path == path)
            .unwrap();
        let value = request.headers.get(name);
        value.map(|value| value.to_str().unwrap().to_owned())
    };
    for (name, to_products, to_reviews) in [
        ("accept-language", Some("de"), Some("de")),
        ("x-from", Some("router"), Some("shop")),
        ("cookie", None, Some("a=1")),
    ] {
        assert_eq!(of("/products", name).as_deref(), to_products, "{name}");
        assert_eq!(of("/reviews", name).as_deref(), to_reviews, "{name}");
    }
    let id = of("/products", "x-correlation-id");
    assert!(id.is_some());
    assert_eq!(id, of("/reviews", "x-correlation-id"));
}

/// The version and the coding of the requests for products and for reviews.
async fn asked(config: &str) -> [(Version, Option<String>); 2] {
    let (served, gate) = Gate::serve(config).await;
    gate.open();
    let response = served.query(QUERY_ACROSS).await;
    let expected = json!({ "data": { "product": { "name": "Lamp", "rating": 5 } } });
    assert_eq!(response, expected, "{config}");
    let of = |path: &str| {
        let received = gate.received();
        let request = received.iter().find(|request| request.path == path);
        let request = request.unwrap_or_else(|| panic!("nothing for {path}: {received:?}"));
        (request.version, request.coding.clone())
    };
    [of("/products"), of("/reviews")]
}

#[tokio::test]
async fn http_2_is_spoken_where_it_is_configured() {
    for (config, versions) in [
        ("", [Version::HTTP_11; 2]),
        (
            "traffic_shaping: { all: { experimental_http2: enable } }",
            [Version::HTTP_11; 2],
        ),
        (
            "traffic_shaping: { all: { experimental_http2: http2only } }",
            [Version::HTTP_2; 2],
        ),
        (
            "traffic_shaping: { all: { experimental_http2: http2only }, \
             subgraphs: { reviews: { experimental_http2: disable } } }",
            [Version::HTTP_2, Version::HTTP_11],
        ),
    ] {
        assert_eq!(asked(config).await.map(|(version, _)| version), versions);
    }
}

#[tokio::test]
async fn requests_are_compressed_where_it_is_configured() {
    for (config, codings) in [
        ("", [None, None]),
        (
            "traffic_shaping: { all: { compression: br } }",
            [Some("br"), Some("br")],
        ),
        (
            "traffic_shaping: { all: { compression: gzip }, \
             subgraphs: { reviews: { compression: identity } } }",
            [Some("gzip"), None],
        ),
        (
            "traffic_shaping: { subgraphs: { reviews: { compression: deflate } } }",
            [None, Some("deflate")],
        ),
    ] {
        let seen = asked(config).await.map(|(_, coding)| coding);
        assert_eq!(seen.each_ref().map(Option::as_deref), codings);
    }
}

#[tokio::test]
async fn subscriptions_go_to_the_subgraph_by_websocket() {
    let config = "subscription: { mode: { passthrough: { subgraphs: \
                  { products: { path: /events, protocol: graphql_ws } } } } }";
    let (served, gate) = Gate::serve(config).await;
    gate.open();
    let mut socket = Socket::ready(&served, Value::Null).await;
    let query = "subscription { countdown(from: 1) }";
    socket.subscribe("a", query).await;
    for number in [1, 0] {
        let payload = json!({ "data": { "countdown": number } });
        assert_eq!(socket.next().await["payload"], payload);
    }
    assert_eq!(
        socket.next().await,
        json!({ "id": "a", "type": "complete" })
    );
    // Each event is completed by a query of its own, which is no event.
    let query = "subscription { productChanged(id: 1) { name rating } }";
    socket.subscribe("b", query).await;
    let payload = json!({ "data": { "productChanged": { "name": "Lamp", "rating": 5 } } });
    assert_eq!(socket.next().await["payload"], payload);
    let paths: Vec<_> = gate.received().into_iter().map(|seen| seen.path).collect();
    assert_eq!(paths, ["/events", "/events", "/reviews"]);
}
