//! Subscriptions from subgraphs by graphql-transport-ws.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::IntoResponse;
use axum::routing::any;
use futures::StreamExt;
use futures::stream::BoxStream;
use serde_json::{Value, json};
use souk_executor::{RequestContext, Response};
use tokio::task::JoinHandle;

use crate::support::*;

const SCHEMA: &str = "
    type Query { ok: Int }
    type Subscription { changed(id: ID!): Order }
    type Order { id: ID! status: String! item: Item! }
    type Item { upc: ID! name: String! }
";

const TEXT: &str =
    "subscription($id: ID!) { changed(id: $id) { id status item { __typename upc } } }";

/// What the subgraph does on a socket, in order.
#[derive(Clone)]
enum Act {
    /// Reads a message of this type.
    Expect(&'static str),
    Send(Value),
    SendText(&'static str),
    Close(u16, &'static str),
    /// Drops the connection without a goodbye.
    Vanish,
    /// Reads until the peer leaves.
    UntilGone,
    /// Keeps the socket open, reading and answering nothing.
    Silence,
}

/// A subgraph that serves one script to every socket.
struct Subgraph {
    url: String,
    server: JoinHandle<()>,
    log: Arc<Mutex<Vec<Value>>>,
}

impl Drop for Subgraph {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Subgraph {
    async fn start(script: Vec<Act>) -> Subgraph {
        let log = Arc::new(Mutex::new(Vec::new()));
        let shared = log.clone();
        let upgrade = move |headers: HeaderMap, upgrade: WebSocketUpgrade| {
            let (script, log) = (script.clone(), shared.clone());
            async move {
                let identity = headers
                    .get("x-identity")
                    .and_then(|value| value.to_str().ok())
                    .unwrap_or_default();
                if identity == "nobody" {
                    return StatusCode::UNAUTHORIZED.into_response();
                }
                log.lock().unwrap().push(json!({ "identity": identity }));
                let upgrade = upgrade.protocols(["graphql-transport-ws"]);
                upgrade
                    .on_upgrade(move |socket| play(socket, script, log))
                    .into_response()
            }
        };
        let (url, server) = serve(Router::new().route("/graphql", any(upgrade))).await;
        Subgraph { url, server, log }
    }

    fn log(&self) -> Vec<Value> {
        self.log.lock().unwrap().clone()
    }

    async fn until_logged(&self, entry: &Value) {
        for _ in 0..500 {
            if self.log().contains(entry) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("not within 5 s: {entry} in {:?}", self.log());
    }
}

async fn play(mut socket: WebSocket, script: Vec<Act>, log: Arc<Mutex<Vec<Value>>>) {
    for act in script {
        match act {
            Act::Expect(kind) => {
                let Some(Ok(Message::Text(text))) = socket.recv().await else {
                    panic!("expected {kind}")
                };
                let message: Value = serde_json::from_str(&text).expect("JSON");
                assert_eq!(message["type"], kind);
                log.lock().unwrap().push(message);
            }
            Act::Send(message) => socket
                .send(Message::text(message.to_string()))
                .await
                .expect("sent"),
            Act::SendText(text) => socket.send(Message::text(text)).await.expect("sent"),
            Act::Close(code, reason) => {
                let frame = CloseFrame {
                    code,
                    reason: reason.into(),
                };
                socket
                    .send(Message::Close(Some(frame)))
                    .await
                    .expect("sent");
                while let Some(Ok(_)) = socket.recv().await {}
                return;
            }
            Act::Vanish => return,
            Act::UntilGone => {
                while let Some(Ok(message)) = socket.recv().await {
                    if let Message::Text(text) = message {
                        log.lock()
                            .unwrap()
                            .push(serde_json::from_str(&text).expect("JSON"));
                    }
                }
                log.lock().unwrap().push(json!("gone"));
                return;
            }
            Act::Silence => tokio::time::sleep(Duration::from_secs(600)).await,
        }
    }
}

/// The start of every good script.
fn accepted(rest: impl IntoIterator<Item = Act>) -> Vec<Act> {
    let ack = Act::Send(json!({ "type": "connection_ack" }));
    let mut script = vec![
        Act::Expect("connection_init"),
        ack,
        Act::Expect("subscribe"),
    ];
    script.extend(rest);
    script
}

fn event(status: &str, upc: &str) -> Act {
    let order =
        json!({ "id": "1", "status": status, "item": { "__typename": "Item", "upc": upc } });
    Act::Send(json!({ "id": "1", "type": "next", "payload": { "data": { "changed": order } } }))
}

/// A graph with the order subgraph and one that knows the items' names.
async fn graph(orders: &Subgraph) -> Graph {
    let mut graph = Graph::new(SCHEMA)
        .subgraph("items", |request| {
            let upc = request.representations()[0]["upc"]
                .as_str()
                .unwrap()
                .to_owned();
            if upc == "broken" {
                return Answer::Raw {
                    status: 500,
                    content_type: "text/plain",
                    body: String::new(),
                };
            }
            Answer::Json(json!({ "data": { "_entities": [{ "name": format!("item {upc}") }] } }))
        })
        .await;
    graph.connect("orders", &orders.url, |config| {
        config.heartbeat = Duration::from_millis(200);
    });
    graph
}

async fn open(graph: &Graph, identity: &str) -> Result<BoxStream<'static, Response>, Response> {
    let text = "query($representations:[_Any!]!){_entities(representations:$representations){...on Item{name}}}";
    let rest = entities("items", "changed.item", &[("Item", "upc")], text);
    let plan = subscription("orders", TEXT, Some(rest));
    let operation = "subscription($id: ID!) { changed(id: $id) { status item { name } } }";
    let mut request = graph.request(operation, Some(plan), json!({ "id": "1" }));
    let mut context = RequestContext::default();
    context.set_header(
        &HeaderName::from_static("x-identity"),
        &identity.parse().unwrap(),
    );
    request.context = Arc::new(context);
    graph.executor().subscribe(request).await
}

async fn all(stream: BoxStream<'static, Response>) -> Vec<Value> {
    let collected = stream.map(|response| json_of(&response)).collect();
    tokio::time::timeout(Duration::from_secs(10), collected)
        .await
        .expect("the stream ends")
}

fn changed(status: &str, upc: &str) -> Value {
    json!({ "data": { "changed": { "status": status, "item": { "name": format!("item {upc}") } } } })
}

#[tokio::test]
async fn each_event_is_completed_by_other_subgraphs_until_complete() {
    let complete = Act::Send(json!({ "id": "1", "type": "complete" }));
    let ping = Act::Send(json!({ "type": "ping" }));
    let script = accepted([
        event("PAID", "a"),
        ping,
        Act::Expect("pong"),
        event("SHIPPED", "b"),
        complete,
        Act::UntilGone,
    ]);
    let orders = Subgraph::start(script).await;
    let graph = graph(&orders).await;
    let events = all(open(&graph, "buyer 7").await.expect("accepted")).await;
    assert_eq!(events, [changed("PAID", "a"), changed("SHIPPED", "b")]);
    let log = orders.log();
    assert_eq!(log[0], json!({ "identity": "buyer 7" }));
    assert_eq!(
        log[2]["payload"],
        json!({ "query": TEXT, "variables": { "id": "1" } })
    );
}

#[tokio::test]
async fn an_event_whose_completion_fails_carries_the_error_and_the_next_arrives() {
    let complete = Act::Send(json!({ "id": "1", "type": "complete" }));
    let orders = Subgraph::start(accepted([
        event("PAID", "broken"),
        event("SHIPPED", "b"),
        complete,
    ]))
    .await;
    let graph = graph(&orders).await;
    let events = all(open(&graph, "b").await.expect("accepted")).await;
    assert_eq!(events[0]["data"], json!({ "changed": null }));
    assert_eq!(
        error_places(&events[0]),
        [(
            json!(["changed", "item"]),
            "SUBREQUEST_HTTP_ERROR".to_owned()
        )]
    );
    assert_eq!(events[1], changed("SHIPPED", "b"));
}

#[tokio::test]
async fn errors_inside_an_event_and_an_error_message_that_ends_the_stream() {
    let payload = json!({ "data": { "changed": null }, "errors": [{ "message": "lost", "path": ["changed"] }] });
    let next = Act::Send(json!({ "id": "1", "type": "next", "payload": payload }));
    let errors = json!([{ "message": "not yours", "extensions": { "code": "FORBIDDEN" } }]);
    let error = Act::Send(json!({ "id": "1", "type": "error", "payload": errors }));
    let orders = Subgraph::start(accepted([next, error, Act::UntilGone])).await;
    let graph = graph(&orders).await;
    let events = all(open(&graph, "b").await.expect("accepted")).await;
    assert_eq!(events.len(), 2);
    assert_eq!(
        error_places(&events[0]),
        [(json!(["changed"]), "DOWNSTREAM_SERVICE_ERROR".to_owned())]
    );
    assert_eq!(
        error_places(&events[1]),
        [(Value::Null, "FORBIDDEN".to_owned())]
    );
    assert_eq!(events[1]["errors"][0]["extensions"]["service"], "orders");
}

/// Nothing was executed, so the response has no `data`, and its errors belong to no field (specification, section
/// 6.2.3.1).
#[tokio::test]
async fn a_subscription_that_is_refused_with_errors_has_no_data() {
    let errors = json!([{ "message": "not yours", "path": ["changed"], "extensions": { "code": "FORBIDDEN" } }]);
    let refusals = [
        json!({ "id": "1", "type": "error", "payload": errors }),
        json!({ "id": "1", "type": "next", "payload": { "errors": errors } }),
    ];
    for refusal in refusals {
        let script = accepted([Act::Send(refusal), Act::UntilGone]);
        let orders = Subgraph::start(script).await;
        let graph = graph(&orders).await;
        let events = all(open(&graph, "b").await.expect("accepted")).await;
        let error = json!({
            "message": "not yours",
            "extensions": { "code": "FORBIDDEN", "service": "orders" },
        });
        assert_eq!(events, [json!({ "errors": [error] })]);
    }
}

#[tokio::test]
async fn a_lost_socket_ends_the_stream_with_an_error() {
    let ends = [
        (
            vec![Act::Vanish],
            "request to subgraph 'orders' failed: subscription failed: ",
        ),
        (
            vec![Act::Close(4400, "bad message")],
            "closed with code 4400: bad message",
        ),
        (
            vec![Act::SendText("{\"type\":\"surprise\"}")],
            "a message of an unknown type",
        ),
        (
            vec![Act::SendText("<html>")],
            "a message that is not of the protocol",
        ),
        (
            vec![Act::SendText("{\"type\":\"next\",\"id\":\"1\"}")],
            "a message without its payload",
        ),
        (vec![Act::Silence], "the subgraph does not answer any more"),
    ];
    for (end, message) in ends {
        let orders = Subgraph::start(accepted([vec![event("PAID", "a")], end].concat())).await;
        let graph = graph(&orders).await;
        let events = all(open(&graph, "b").await.expect("accepted")).await;
        assert_eq!(events.len(), 2, "{message}");
        assert_eq!(events[0], changed("PAID", "a"));
        assert!(only_message(&events[1]).contains(message), "{}", events[1]);
        assert_eq!(
            error_places(&events[1]),
            [(Value::Null, "SUBREQUEST_WEBSOCKET_ERROR".to_owned())]
        );
        assert_eq!(events[1].get("data"), None);
    }
}

#[tokio::test]
async fn a_silent_but_living_subgraph_keeps_its_subscription() {
    let pong = || [Act::Expect("ping"), Act::Send(json!({ "type": "pong" }))];
    let complete = Act::Send(json!({ "id": "1", "type": "complete" }));
    let script = [
        &pong()[..],
        &pong()[..],
        &[event("PAID", "a"), complete][..],
    ]
    .concat();
    let orders = Subgraph::start(accepted(script)).await;
    let graph = graph(&orders).await;
    assert_eq!(
        all(open(&graph, "b").await.expect("accepted")).await,
        [changed("PAID", "a")]
    );
}

#[tokio::test]
async fn a_subgraph_that_refuses_is_one_error() {
    let orders = Subgraph::start(accepted([])).await;
    let graph_one = graph(&orders).await;
    let refused = open(&graph_one, "nobody").await.err().expect("refused");
    assert!(!refused.has_data());
    let refused = json_of(&refused);
    assert_eq!(
        error_places(&refused),
        [(Value::Null, "SUBREQUEST_HTTP_ERROR".to_owned())]
    );
    assert_eq!(refused["errors"][0]["extensions"]["http"]["status"], 401);

    let orders = Subgraph::start(vec![
        Act::Expect("connection_init"),
        Act::Close(4403, "Forbidden"),
    ])
    .await;
    let graph_two = graph(&orders).await;
    let refused = json_of(&open(&graph_two, "b").await.err().expect("refused"));
    let message = "request to subgraph 'orders' failed: subscription failed: closed with code 4403: Forbidden";
    assert_eq!(only_message(&refused), message);
}

#[tokio::test]
async fn dropping_the_stream_closes_the_socket() {
    let orders = Subgraph::start(accepted([event("PAID", "a"), Act::UntilGone])).await;
    let graph = graph(&orders).await;
    let mut stream = open(&graph, "b").await.expect("accepted");
    let first = stream.next().await.expect("an event");
    assert_eq!(json_of(&first), changed("PAID", "a"));
    drop(stream);
    orders.until_logged(&json!("gone")).await;
}

#[tokio::test]
async fn a_query_is_not_a_subscription_nor_the_other_way_round() {
    let graph = Graph::new(SCHEMA);
    let query = graph.request("{ ok }", Some(root("one", "{ ok }")), json!({}));
    assert!(graph.executor().subscribe(query).await.is_err());
    let plan = subscription("orders", TEXT, None);
    let request = graph.request(
        "subscription { changed(id: 1) { status } }",
        Some(plan),
        json!({}),
    );
    assert!(!graph.executor().execute(request).await.has_data());
}
