//! What the log says of a request, and to which request its lines belong.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;
use serde_json::json;
use souk_executor::{SubgraphRequest, SubgraphResponse, SubgraphTransport, TransportError};
use souk_router::{RouterBuilder, RouterConfig};

use crate::support::{Log, Served, Shop, serve, serve_router, shop};

/// The first line with this text, which may take a while.
async fn logged(log: &Log, text: &str) -> String {
    for _ in 0..500 {
        if !log.lines(text).is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    log.line(text)
}

/// Reviews that have either nothing to say or something wrong.
#[derive(Clone, Copy)]
enum Reviews {
    Unreachable,
    OfAnotherType,
    Hanging,
}

#[async_trait]
impl SubgraphTransport for Reviews {
    async fn fetch(&self, _: SubgraphRequest) -> Result<SubgraphResponse, TransportError> {
        match self {
            Reviews::Unreachable => Err(TransportError::Connection("no route".to_owned())),
            Reviews::OfAnotherType => {
                let entities = json!([{ "rating": "good" }, { "rating": "bad" }]);
                let body = json!({ "data": { "_entities": entities } });
                Ok(SubgraphResponse::Json(body.to_string().into()))
            }
            Reviews::Hanging => std::future::pending().await,
        }
    }

    async fn subscribe(
        &self,
        _: SubgraphRequest,
    ) -> Result<BoxStream<'static, Result<SubgraphResponse, TransportError>>, TransportError> {
        Err(TransportError::Unsupported("reviews have none".to_owned()))
    }
}

async fn serve_with_reviews(reviews: Reviews) -> Served {
    let mut transports = Shop::default().transports();
    transports.insert("reviews", Arc::new(reviews));
    let config = RouterConfig::from_yaml("").unwrap();
    let router = RouterBuilder::new(config, transports);
    serve_router(router.build(shop::SUPERGRAPH).unwrap()).await
}

fn ask(served: &Served, query: &str) -> reqwest::RequestBuilder {
    let request = served.post().header("x-correlation-id", "cart-8");
    request.json(&json!({ "query": query }))
}

fn belongs_to_the_request(line: &str) -> bool {
    line.contains("correlation_id=\"cart-8\"")
}

#[tokio::test]
async fn a_request_that_takes_too_long_and_what_it_waited_for() {
    let log = Log::begin();
    let served = serve("traffic_shaping: { router: { timeout: 50ms } }").await;
    let slow = ask(&served, "{ slow(milliseconds: 5000) }");
    slow.send().await.unwrap();
    let line = logged(&log, "request failed").await;
    assert!(belongs_to_the_request(&line), "{line}");
    assert!(line.contains("status=504"), "{line}");
    let line = logged(&log, "subgraph request abandoned").await;
    assert!(belongs_to_the_request(&line), "{line}");
    assert!(line.contains("subgraph=\"products\""), "{line}");
}

#[tokio::test]
async fn wrong_values_are_one_line_for_each_response() {
    let log = Log::begin();
    let served = serve_with_reviews(Reviews::OfAnotherType).await;
    let products = ask(&served, "{ products { rating } }");
    products.send().await.unwrap();
    let lines = log.lines("response validation failed");
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(belongs_to_the_request(&lines[0]), "{}", lines[0]);
    let fields = r#"subgraph="reviews" errors=2 error="this string is not a valid Int" path="[\"products\",0,\"rating\"]""#;
    assert!(lines[0].contains(fields), "{}", lines[0]);
}

#[tokio::test]
async fn what_happens_to_the_events_of_a_stream_belongs_to_the_request() {
    for accept in ["text/event-stream", "multipart/mixed;subscriptionSpec=1.0"] {
        for (reviews, message) in [
            (Reviews::Unreachable, "subgraph request failed"),
            (Reviews::Hanging, "subgraph request abandoned"),
        ] {
            let log = Log::begin();
            let served = serve_with_reviews(reviews).await;
            let request = ask(&served, "subscription { products { rating } }");
            let request = request.header("accept", accept);
            let stream = request.timeout(Duration::from_millis(300)).send().await;
            // Until its client leaves.
            let _ = stream.unwrap().bytes().await;
            let line = logged(&log, message).await;
            assert!(belongs_to_the_request(&line), "{accept}: {line}");
        }
    }
}
