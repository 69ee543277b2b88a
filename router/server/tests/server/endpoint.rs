//! What surrounds the graph: correlation, headers, health, metrics.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::FutureExt;
use reqwest::StatusCode;
use serde_json::{Value, json};

use souk_router::{HttpTransports, RouterBuilder, RouterConfig};

use crate::support::{Shop, serve, serve_over_http, serve_with, shop};

#[tokio::test]
async fn a_correlation_id_follows_a_request() {
    let shop = Shop::default();
    let served = serve_with("", shop.clone(), |builder| builder).await;
    let query = json!({ "query": "{ product(id: 1) { name } }" });
    let response = served
        .post()
        .header("x-correlation-id", "cart-7")
        .json(&query)
        .send()
        .await
        .unwrap();
    assert_eq!(response.headers()["x-correlation-id"], "cart-7");
    assert_eq!(shop.seen.lock().unwrap()["x-correlation-id"], "cart-7");

    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let response = served
        .post()
        .header("traceparent", trace)
        .json(&query)
        .send()
        .await
        .unwrap();
    assert_eq!(
        response.headers()["x-correlation-id"],
        "4bf92f3577b34da6a3ce929d0e0e4736"
    );
    assert_eq!(shop.seen.lock().unwrap()["traceparent"], trace);

    let response = served.post().json(&query).send().await.unwrap();
    let made = response.headers()["x-correlation-id"].clone();
    assert_eq!(made.len(), 32);
    assert_eq!(shop.seen.lock().unwrap()["x-correlation-id"], made);
}

#[tokio::test]
async fn subgraphs_get_the_headers_that_the_rules_name_and_no_others() {
    let shop = Shop::default();
    let config = "headers: { all: { request: [{ propagate: { named: accept-language } }, \
                  { propagate: { named: x-tenant, rename: x-shop, default: main } }] } }";
    let served = serve_with(config, shop.clone(), |builder| builder).await;
    let query = json!({ "query": "{ product(id: 1) { name } }" });
    let request = served
        .post()
        .header("accept-language", "de")
        .header("cookie", "session=1")
        .json(&query);
    request.send().await.unwrap();
    let seen = shop.seen.lock().unwrap().clone();
    assert_eq!(seen["accept-language"], "de");
    assert_eq!(seen["x-shop"], "main");
    assert!(!seen.contains_key("cookie"));
    assert!(!seen.contains_key("authorization"));
}

#[tokio::test]
async fn subgraph_errors_can_be_kept_from_clients() {
    let served = serve("include_subgraph_errors: { all: false }").await;
    let response = served.query("{ broken product(id: 1) { name } }").await;
    assert_eq!(
        response["data"],
        json!({ "broken": null, "product": { "name": "Lamp" } })
    );
    let error = &response["errors"][0];
    assert_eq!(error["message"], "Subgraph errors redacted");
    assert_eq!(error["path"], json!(["broken"]));
    assert_eq!(error.get("extensions"), None);
    assert!(!response.to_string().contains("secret"), "{response}");
}

#[tokio::test]
async fn the_names_of_subgraphs_can_be_kept_from_clients() {
    let told = serve("").await.query("{ broken }").await;
    assert_eq!(told["errors"][0]["extensions"]["service"], "products");
    let config = "include_subgraph_errors: { all: { redact_message: false, deny_extensions_keys: [service] } }";
    let untold = serve(config).await.query("{ broken }").await;
    assert_eq!(untold["errors"][0]["message"], told["errors"][0]["message"]);
    let code = &untold["errors"][0]["extensions"]["code"];
    assert_eq!(code, "DOWNSTREAM_SERVICE_ERROR");
    assert!(!untold.to_string().contains("products"), "{untold}");

    // Bound and closed again, so that nobody listens there.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let dead = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let urls = format!("override_subgraph_url: {{ products: '{dead}', reviews: '{dead}' }}");
    let served = serve_over_http(&format!("{config}\n{urls}")).await;
    let untold = served.query("{ broken }").await;
    let message = untold["errors"][0]["message"].as_str().unwrap();
    let reason = "request to a subgraph failed: could not reach the subgraph";
    assert!(message.starts_with(reason), "{message}");
    assert!(!untold.to_string().contains("products"), "{untold}");
}

#[tokio::test]
async fn health_and_readiness() {
    let served = serve("health_check: { path: /live }").await;
    for path in ["/live", "/readiness"] {
        let response = served.client.get(served.url(path)).send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(
            response.json::<Value>().await.unwrap(),
            json!({ "status": "UP" })
        );
    }
}

#[tokio::test]
async fn a_router_that_lacks_what_it_needs_is_alive_but_not_ready() {
    let works = Arc::new(AtomicBool::new(true));
    let check = works.clone();
    let served = serve_with("", Shop::default(), |builder| {
        builder.readiness(move || {
            let works = check.load(Ordering::Relaxed);
            let answer = works
                .then_some(())
                .ok_or("redis://10.0.0.7 is down".to_owned());
            std::future::ready(answer).boxed()
        })
    })
    .await;
    for (works_now, expected) in [(true, 200), (false, 503), (true, 200)] {
        works.store(works_now, Ordering::Relaxed);
        let ready = served.client.get(served.url("/readiness")).send();
        let ready = ready.await.unwrap();
        assert_eq!(ready.status(), expected);
        let text = ready.text().await.unwrap();
        assert!(!text.contains("10.0.0.7"), "{text}");
        let alive = served.client.get(served.url("/health")).send();
        assert_eq!(alive.await.unwrap().status(), 200);
    }
}

#[tokio::test]
async fn metrics_count_requests_plans_and_subscriptions() {
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new()
        .install_recorder()
        .unwrap();
    let served = serve_with("", Shop::default(), |builder| {
        builder.metrics(move || recorder.render())
    })
    .await;
    for _ in 0..3 {
        served.query("{ products { name rating } }").await;
    }
    let mut socket = crate::support::socket::Socket::ready(&served, Value::Null).await;
    socket
        .subscribe("1", "subscription { productChanged(id: 1) { id } }")
        .await;
    socket.next().await;

    let response = served
        .client
        .get(served.url("/metrics"))
        .send()
        .await
        .unwrap();
    assert!(
        response.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/plain")
    );
    let text = response.text().await.unwrap();
    // Other tests of this process count, too.
    let value = |name: &str| -> f64 {
        let line = text
            .lines()
            .find(|line| line.starts_with(name))
            .unwrap_or_else(|| panic!("no {name} in {text}"));
        line.rsplit_once(' ').unwrap().1.parse().unwrap()
    };
    assert!(value("souk_router_http_requests_total{status=\"200\"}") >= 3.0);
    assert!(value("souk_router_plan_cache_hits_total") >= 2.0);
    assert!(value("souk_router_plan_cache_misses_total") >= 1.0);
    assert!(value("souk_router_active_subscriptions") >= 1.0);
    assert!(value("souk_router_http_request_duration_seconds_count") >= 3.0);
}

#[tokio::test]
async fn without_metrics_there_is_no_such_path() {
    let served = serve("").await;
    assert_eq!(
        served
            .client
            .get(served.url("/metrics"))
            .send()
            .await
            .unwrap()
            .status(),
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn what_is_sent_elsewhere_is_told_where_the_graph_is() {
    let served = serve("").await;
    for (path, status, message) in [
        (
            "/",
            StatusCode::METHOD_NOT_ALLOWED,
            "GraphQL is served at /graphql",
        ),
        (
            "/query",
            StatusCode::NOT_FOUND,
            "there is nothing at /query; GraphQL is served at /graphql",
        ),
    ] {
        let request = served.client.post(served.url(path));
        let request = request.json(&json!({ "query": "{ __typename }" }));
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), status);
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["errors"][0]["message"], message);
    }
}

#[tokio::test]
async fn subgraphs_are_reached_over_http() {
    let shop = Shop::default();
    let urls = shop::publish(shop::routes(&shop)).await;
    let served = serve_over_http(&urls).await;
    let request = served.post().header("x-correlation-id", "cart-9");
    let response = request
        .json(&json!({ "query": "{ products { name rating } }" }))
        .send()
        .await
        .unwrap();
    let body: Value = response.json().await.unwrap();
    let products = json!([{ "name": "Lamp", "rating": 5 }, { "name": "Table", "rating": 3 }]);
    assert_eq!(body, json!({ "data": { "products": products } }));
    assert_eq!(shop.seen.lock().unwrap()["x-correlation-id"], "cart-9");
}

#[test]
fn a_subgraph_without_a_url_is_named() {
    let builder = RouterBuilder::new(RouterConfig::default(), HttpTransports::new());
    let error = builder.build(shop::SUPERGRAPH).err().unwrap().to_string();
    assert!(
        error.contains("\"products\"") && error.contains("override_subgraph_url"),
        "{error}"
    );
}
