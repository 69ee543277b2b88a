//! Subscriptions from subgraphs by server-sent events and by multipart.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use serde_json::{Value, json};
use souk_executor::transport::http::SubscriptionProtocol;
use tokio::task::JoinHandle;

use crate::support::*;

const SCHEMA: &str = "type Query { ok: Int } type Subscription { ticks: Int }";
const TEXT: &str = "subscription { ticks }";
const SSE: &str = "text/event-stream";
const MULTIPART: &str = "multipart/mixed; boundary=\"graphql\"; subscriptionSpec=1.0";

/// A graph with one subgraph that answers a subscription with these pieces of a body.
struct Ticking {
    graph: Graph,
    server: JoinHandle<()>,
}

impl Drop for Ticking {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Ticking {
    async fn start(
        protocol: SubscriptionProtocol,
        answer: impl Fn() -> Response + Clone + Send + Sync + 'static,
    ) -> Ticking {
        let expected = match protocol {
            SubscriptionProtocol::Multipart => "multipart/mixed;subscriptionSpec=\"1.0\"",
            _ => SSE,
        };
        let respond = move |headers: HeaderMap, axum::Json(body): axum::Json<Value>| async move {
            assert!(headers["accept"].to_str().unwrap().starts_with(expected));
            assert_eq!(body, json!({ "query": TEXT }));
            answer()
        };
        let (url, server) = serve(Router::new().route("/graphql", post(respond))).await;
        let mut graph = Graph::new(SCHEMA);
        graph.connect("clock", &url, |config| {
            config.subscription_protocol = protocol;
            config.max_response_bytes = 10_000;
            config.request_timeout = Duration::from_millis(500);
        });
        Ticking { graph, server }
    }

    async fn open(&self) -> Result<BoxStream<'static, souk_executor::Response>, Value> {
        let plan = subscription("clock", TEXT, None);
        let request = self.graph.request(TEXT, Some(plan), json!({}));
        let opened = self.graph.executor().subscribe(request).await;
        opened.map_err(|refused| json_of(&refused))
    }

    async fn events(&self) -> Vec<Value> {
        let stream = self.open().await.expect("accepted");
        let collected = stream.map(|response| json_of(&response)).collect();
        tokio::time::timeout(Duration::from_secs(10), collected)
            .await
            .expect("the stream ends")
    }
}

fn body(content_type: &'static str, pieces: &[&str]) -> Response {
    let pieces: Vec<_> = pieces
        .iter()
        .map(|piece| Ok::<_, Infallible>((*piece).to_owned()))
        .collect();
    // A moment between them: each is a frame of its own.
    let pieces = stream::iter(pieces).then(|piece| async move {
        tokio::time::sleep(Duration::from_millis(5)).await;
        piece
    });
    ([("content-type", content_type)], Body::from_stream(pieces)).into_response()
}

fn tick(number: i32) -> Value {
    json!({ "data": { "ticks": number } })
}

#[tokio::test]
async fn server_sent_events_until_complete() {
    let ticking = Ticking::start(SubscriptionProtocol::EventStream, || {
        let pieces = [
            ":\n\n",
            "event: next\ndata: {\"data\":{\"tic",
            "ks\":1}}\n\nevent: next\ndata: {\"data\":{\"ticks\":2}}\n\n",
            "event: complete\ndata:\n\nevent: next\ndata: {\"data\":{\"ticks\":3}}\n\n",
        ];
        body(SSE, &pieces)
    })
    .await;
    assert_eq!(ticking.events().await, [tick(1), tick(2)]);
}

#[tokio::test]
async fn multipart_until_the_last_boundary() {
    let ticking = Ticking::start(SubscriptionProtocol::Multipart, || {
        let head = "content-type: application/json\r\n\r\n";
        let pieces = [
            "--graphql\r\n",
            &format!("{head}{{}}\r\n--graphql\r\n{head}{{\"payload\":{{\"data\":{{\"ticks\":1}}}}}}\r\n--gra"),
            &format!("phql\r\n{head}{{\"payload\":{{\"data\":{{\"ticks\":2}}}}}}\r\n--graphql--\r\n"),
        ];
        body(MULTIPART, &pieces)
    })
    .await;
    assert_eq!(ticking.events().await, [tick(1), tick(2)]);
}

/// async-graphql and others write the next delimiter with the next event or heartbeat.
#[tokio::test]
async fn a_multipart_event_does_not_wait_for_the_next_delimiter() {
    let ticking = Ticking::start(SubscriptionProtocol::Multipart, || {
        let part = "--graphql\r\n\r\n{\"payload\":{\"data\":{\"ticks\":1}}}\r\n";
        let quiet = stream::iter([Ok::<_, Infallible>(part)]).chain(stream::pending());
        ([("content-type", MULTIPART)], Body::from_stream(quiet)).into_response()
    })
    .await;
    let mut stream = ticking.open().await.expect("accepted");
    let first = tokio::time::timeout(Duration::from_secs(10), stream.next()).await;
    let first = first.expect("the event arrives").expect("an event");
    assert_eq!(json_of(&first), tick(1));
}

#[tokio::test]
async fn a_multipart_event_that_is_complete_when_the_stream_breaks_off_arrives() {
    let ticking = Ticking::start(SubscriptionProtocol::Multipart, || {
        let part = "--graphql\r\n\r\n{\"payload\":{\"data\":{\"ticks\":1}}}";
        body(MULTIPART, &[part])
    })
    .await;
    let events = ticking.events().await;
    assert_eq!(events.len(), 2, "{events:?}");
    assert_eq!(events[0], tick(1));
    assert!(only_message(&events[1]).ends_with("the stream broke off"));
}

#[tokio::test]
async fn multipart_errors_end_the_stream() {
    let ticking = Ticking::start(SubscriptionProtocol::Multipart, || {
        let part = "--graphql\r\n\r\n{\"payload\":null,\"errors\":[{\"message\":\"lost\",\"extensions\":{\"code\":\"GONE\"}}]}\r\n--graphql--";
        body(MULTIPART, &[part])
    })
    .await;
    let events = ticking.events().await;
    assert_eq!(events.len(), 1);
    assert_eq!(error_places(&events[0]), [(Value::Null, "GONE".to_owned())]);
}

#[tokio::test]
async fn what_breaks_a_stream_is_its_last_event() {
    let endless = format!("event: next\ndata: {}", "x".repeat(20_000));
    let cases = [
        (
            SSE,
            "event: next\n\n".to_owned(),
            "an event without its data",
        ),
        (
            SSE,
            ": nothing\n\n".to_owned(),
            "failed: no complete response: the stream broke off",
        ),
        (SSE, endless, "response longer than 10000 bytes"),
        (
            MULTIPART,
            "--graphql\r\n\r\n{".to_owned(),
            "the stream broke off",
        ),
        (
            MULTIPART,
            "--graphql\r\n\r\n<html>\r\n--graphql--".to_owned(),
            "a part that is not of the protocol",
        ),
    ];
    for (content_type, end, message) in cases {
        let start = match content_type {
            SSE => "event: next\ndata: {\"data\":{\"ticks\":1}}\n\n",
            _ => "--graphql\r\n\r\n{\"payload\":{\"data\":{\"ticks\":1}}}\r\n",
        };
        // Which of the two it is, the answer says: a subgraph may prefer the other.
        let answer = move || body(content_type, &[start, &end]);
        let ticking = Ticking::start(SubscriptionProtocol::EventStream, answer).await;
        let events = ticking.events().await;
        assert_eq!(events.len(), 2, "{message}: {events:?}");
        assert_eq!(events[0], tick(1));
        let last = only_message(&events[1]);
        assert!(last.ends_with(message), "{last}");
    }
}

#[tokio::test]
async fn a_refusal_is_one_error() {
    let ticking = Ticking::start(SubscriptionProtocol::EventStream, || {
        StatusCode::UNAUTHORIZED.into_response()
    })
    .await;
    let refused = ticking.open().await.err().expect("refused");
    assert_eq!(refused["errors"][0]["extensions"]["http"]["status"], 401);

    let ticking = Ticking::start(SubscriptionProtocol::Multipart, || {
        let errors = json!({ "errors": [{ "message": "no ticks for you" }] });
        (StatusCode::BAD_REQUEST, axum::Json(errors)).into_response()
    })
    .await;
    let events = ticking.events().await;
    assert_eq!(events.len(), 1);
    assert_eq!(only_message(&events[0]), "no ticks for you");
}

#[tokio::test]
async fn dropping_the_stream_closes_the_connection() {
    struct SetOnDrop(Arc<AtomicBool>);
    impl Drop for SetOnDrop {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }
    let dropped = Arc::new(AtomicBool::new(false));
    let flag = dropped.clone();
    let ticking = Ticking::start(SubscriptionProtocol::EventStream, move || {
        let guard = SetOnDrop(flag.clone());
        let events = stream::unfold((0, guard), |(number, guard)| async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            let event = format!("event: next\ndata: {}\n\n", tick(number));
            Some((Ok::<_, Infallible>(event), (number + 1, guard)))
        });
        ([("content-type", SSE)], Body::from_stream(events)).into_response()
    })
    .await;
    let mut stream = ticking.open().await.expect("accepted");
    // Longer than one request may take: a stream has no such limit.
    for number in 0..40 {
        assert_eq!(
            json_of(&stream.next().await.expect("an event")),
            tick(number)
        );
    }
    drop(stream);
    for _ in 0..500 {
        if dropped.load(Ordering::SeqCst) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the subgraph still sends after 5 s");
}
