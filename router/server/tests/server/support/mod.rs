//! A small federated graph, and a router over it that serves on a free port.

pub mod log;
pub mod shop;
pub mod socket;
pub mod token;

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::time::Duration;

use serde_json::{Value, json};
use souk_router::{HttpTransports, Router, RouterBuilder, RouterConfig, RouterHandle};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use log::Log;
pub use shop::Shop;

/// A router that serves until it is dropped.
pub struct Served {
    pub address: SocketAddr,
    pub handle: RouterHandle,
    pub server: JoinHandle<std::io::Result<()>>,
    pub client: reqwest::Client,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.handle.shutdown();
    }
}

/// A router over the shop, with this configuration.
pub async fn serve(config: &str) -> Served {
    serve_with(config, Shop::default(), |builder| builder).await
}

/// The same over this shop, and with what the closure adds to it.
pub async fn serve_with(
    config: &str,
    shop: Shop,
    add: impl FnOnce(RouterBuilder) -> RouterBuilder,
) -> Served {
    serve_graph(shop::SUPERGRAPH, config, shop, add).await
}

/// The same with this supergraph.
pub async fn serve_graph(
    supergraph: &str,
    config: &str,
    shop: Shop,
    add: impl FnOnce(RouterBuilder) -> RouterBuilder,
) -> Served {
    let config = RouterConfig::from_yaml(config).unwrap();
    let router = add(RouterBuilder::new(config, shop.transports()))
        .build(supergraph)
        .unwrap();
    serve_router(router).await
}

/// A router that reaches the shop over HTTP, as this configuration says.
pub async fn serve_over_http(config: &str) -> Served {
    let config = RouterConfig::from_yaml(config).unwrap();
    let router = RouterBuilder::new(config, HttpTransports::new())
        .build(shop::SUPERGRAPH)
        .unwrap();
    serve_router(router).await
}

/// A router over the shop that serves on so many threads of its own.
pub async fn serve_on_threads(config: &str, threads: usize) -> Served {
    let config = RouterConfig::from_yaml(config).unwrap();
    let router = RouterBuilder::new(config, Shop::default().transports())
        .build(shop::SUPERGRAPH)
        .unwrap();
    let threads = NonZeroUsize::new(threads).unwrap();
    start(router, |router, listener| {
        tokio::spawn(router.serve_on_threads(listener, threads))
    })
    .await
}

pub async fn serve_router(router: Router) -> Served {
    start(router, |router, listener| {
        tokio::spawn(router.serve(listener))
    })
    .await
}

async fn start(
    router: Router,
    serve: impl FnOnce(Router, TcpListener) -> JoinHandle<std::io::Result<()>>,
) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let handle = router.handle();
    let server = serve(router, listener);
    Served {
        address,
        handle,
        server,
        client: client(),
    }
}

pub fn client() -> reqwest::Client {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
    // Only against waiting for ever: a busy machine may be slow.
    reqwest::Client::builder()
        .timeout(Duration::from_secs(120))
        .build()
        .unwrap()
}

impl Served {
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A POST to the endpoint, not sent yet.
    pub fn post(&self) -> reqwest::RequestBuilder {
        self.client.post(self.url("/graphql"))
    }

    /// The response to a query sent as a JSON POST.
    pub async fn query(&self, query: &str) -> Value {
        let response = self
            .post()
            .json(&json!({ "query": query }))
            .send()
            .await
            .unwrap();
        response.json().await.unwrap()
    }

    /// The code of the only error of the response to a query.
    pub async fn error_code(&self, query: &str) -> String {
        let response = self.query(query).await;
        let errors = response["errors"]
            .as_array()
            .unwrap_or_else(|| panic!("no errors: {response}"));
        assert_eq!(errors.len(), 1, "{response}");
        assert!(response.get("data").is_none(), "{response}");
        errors[0]["extensions"]["code"].as_str().unwrap().to_owned()
    }
}
