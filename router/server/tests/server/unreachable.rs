//! Services that the router cannot reach: the log says where and why, clients are not told where.

use serde_json::{Value, json};

use crate::authentication::{Identify, who};
use crate::support::token::{Signer, claims};
use crate::support::{Log, Shop, serve_over_http, serve_with};

/// An address where nobody listens.
fn nobody() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

/// An address where plain HTTP is served, and everything not found.
async fn without_tls() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, axum::Router::new()).await });
    address.to_string()
}

#[tokio::test]
async fn a_subgraph_that_is_down_is_in_the_log_with_its_address() {
    let log = Log::begin();
    let address = nobody();
    let url = format!("http://ada:secret@{address}/graphql?key=secret");
    let served = serve_over_http(&format!(
        "override_subgraph_url: {{ products: '{url}', reviews: '{url}' }}"
    ))
    .await;
    let response = served.query("{ product(id: 1) { name } }").await;
    let line = log.line("subgraph request failed");
    let expected = format!("subgraph=\"products\" url=\"http://{address}\" error=could not reach");
    assert!(line.contains(&expected), "{line}");
    assert!(!line.contains("secret"), "{line}");
    let message = response["errors"][0]["message"].as_str().unwrap();
    assert!(
        message.starts_with("request to subgraph 'products' failed: could not reach the subgraph"),
        "{message}"
    );
    assert!(!response.to_string().contains(&address), "{response}");

    let subscription = json!({ "query": "subscription { products { name } }" });
    let request = served.post().header("accept", "text/event-stream");
    let response = request.json(&subscription).send().await.unwrap();
    let body = response.text().await.unwrap();
    let line = log.line("subscription refused");
    assert!(line.contains(&format!("url=\"ws://{address}\" ")), "{line}");
    assert!(!line.contains("secret"), "{line}");
    assert!(body.contains("SUBREQUEST_WEBSOCKET_ERROR"), "{body}");
    assert!(!body.contains(&address), "{body}");
}

#[tokio::test]
async fn a_key_set_that_cannot_be_fetched_is_in_the_log_with_the_cause() {
    let missing = without_tls().await;
    for (scheme, address, cause) in [
        ("http", nobody(), "Connection refused"),
        (
            "https",
            missing.clone(),
            "error=the key set is not available: the peer does not speak TLS at this address",
        ),
        (
            "http",
            missing,
            "error=the key set is not available: HTTP status client error (404 Not Found)",
        ),
    ] {
        let log = Log::begin();
        let url = format!("{scheme}://ada:secret@{address}/keys?key=secret");
        let config =
            format!("authentication: {{ router: {{ jwt: {{ jwks: [{{ url: '{url}' }}] }} }} }}");
        let served = serve_with(&config, Shop::default(), |builder| builder.hook(Identify)).await;
        let token = format!("Bearer {}", Signer::new("k1", 1).sign(claims()));
        let (_, body): (_, Value) = who(&served, Some(&token)).await;
        let line = log.line("could not fetch the key set");
        let shown = format!("url=\"{scheme}://{address}/keys\"");
        assert!(line.contains(&shown) && line.contains(cause), "{line}");
        assert!(!line.contains("secret"), "{line}");
        assert!(!body.to_string().contains("127.0.0.1"), "{body}");
    }
}
