//! Whether `souk router` can take requests.

use std::time::{Duration, Instant};

use souk_harness::Redis;

use crate::reload::supergraph;
use crate::router::Router;
use crate::subgraph::{LargerCatalogue, Subgraph};
use crate::{Folder, SOON};

async fn until_readiness_is(router: &Router, status: u16) {
    let began = Instant::now();
    loop {
        let response = reqwest::get(format!("{}/readiness", router.url)).await;
        let response = response.unwrap();
        if response.status() == status {
            return;
        }
        let text = response.text().await.unwrap();
        assert!(began.elapsed() < SOON, "not {status}, but {text}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Without its cache a router refuses everybody who is logged in, so it should get no requests.
#[tokio::test(flavor = "multi_thread")]
async fn a_router_is_not_ready_while_its_redis_is_away() {
    souk_platform::tls::install();
    let mut redis = Redis::start().await;
    let subgraph = Subgraph::start(LargerCatalogue).await;
    let sdl = supergraph(&subgraph, "product: Product!");
    let folder = Folder::new(&[("supergraph.graphql", &sdl)]);
    let environment = [
        ("SOUK_CACHE_URL", redis.url()),
        (
            "SOUK_IDENTITY_INTERNAL_SECRET",
            "a secret of the test, long enough to sign with".to_owned(),
        ),
    ];
    let environment: Vec<(&str, &str)> = environment
        .iter()
        .map(|(variable, value)| (*variable, value.as_str()))
        .collect();
    let router = Router::start(&folder, &environment);
    until_readiness_is(&router, 200).await;
    redis.stop();
    until_readiness_is(&router, 503).await;
    redis.restart().await;
    until_readiness_is(&router, 200).await;
}
