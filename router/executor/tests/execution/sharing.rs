//! Identical queries that are under way at the same time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use axum::http::HeaderName;
use futures::future::join_all;
use serde_json::{Value, json};
use souk_executor::RequestContext;
use souk_executor::transport::http::HttpTransportConfig;
use tokio::sync::Semaphore;

use crate::support::*;

const SCHEMA: &str = "type Query { echo(text: String): String } type Mutation { add: Int }";
const QUERY: &str = "query($t: String) { echo(text: $t) }";

/// A subgraph that answers when it is let, and counts what it gets.
struct Slow {
    graph: Graph,
    answered: Arc<Semaphore>,
    received: Arc<std::sync::Mutex<Vec<Value>>>,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for Slow {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Slow {
    async fn start(configure: impl FnOnce(&mut HttpTransportConfig)) -> Slow {
        let answered = Arc::new(Semaphore::new(0));
        let received = Arc::new(std::sync::Mutex::new(Vec::new()));
        let (gate, log) = (answered.clone(), received.clone());
        let answer = move |axum::Json(body): axum::Json<Value>| {
            let (gate, log) = (gate.clone(), log.clone());
            async move {
                let number = {
                    let mut log = log.lock().unwrap();
                    log.push(body);
                    log.len()
                };
                let _permit = gate.acquire().await;
                axum::Json(json!({ "data": { "echo": number.to_string(), "add": number } }))
            }
        };
        let app = axum::Router::new().route("/graphql", axum::routing::post(answer));
        let (url, server) = serve(app).await;
        let mut graph = Graph::new(SCHEMA);
        graph.connect("one", &url, configure);
        Slow {
            graph,
            answered,
            received,
            server,
        }
    }

    /// The responses to operations that run at the same time, each with a text and a header, when `requests` requests
    /// have reached the subgraph.
    async fn run(&self, operation: &str, clients: &[(&str, &str)], requests: usize) -> Vec<Value> {
        let executor = self.graph.executor();
        let executions = clients.iter().map(|(text, identity)| {
            let plan = root("one", operation);
            let mut request = self
                .graph
                .request(operation, Some(plan), json!({ "t": text }));
            let mut context = RequestContext::default();
            context.set_header(
                &HeaderName::from_static("x-identity"),
                &identity.parse().unwrap(),
            );
            let id = format!("{identity} {text}");
            context.set_header(
                &HeaderName::from_static("x-correlation-id"),
                &id.parse().unwrap(),
            );
            request.context = Arc::new(context);
            let executor = executor.clone();
            tokio::spawn(async move { json_of(&executor.execute(request).await) })
        });
        let executions: Vec<_> = executions.collect();
        self.until_received(requests).await;
        // A request too many would arrive now.
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(self.received.lock().unwrap().len(), requests);
        self.answered.add_permits(clients.len());
        let responses = join_all(executions).await;
        responses
            .into_iter()
            .map(|response| response.unwrap())
            .collect()
    }

    async fn until_received(&self, requests: usize) {
        until(|| self.received.lock().unwrap().len() >= requests).await;
    }
}

async fn until(holds: impl Fn() -> bool) {
    for _ in 0..500 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the subgraph does not get as many requests as expected");
}

#[tokio::test]
async fn identical_queries_share_one_request_while_it_is_under_way() {
    let slow = Slow::start(|_| {}).await;
    let same = [("a", "x"), ("a", "x"), ("a", "x")];
    let expected = json!({ "data": { "echo": "1" } });
    assert_eq!(
        slow.run(QUERY, &same, 1).await,
        [&expected; 3].map(Value::clone)
    );
    // It is no cache: what was answered is asked again.
    let again = slow.run(QUERY, &same[..1], 2).await;
    assert_eq!(again, [json!({ "data": { "echo": "2" } })]);
}

#[tokio::test]
async fn other_variables_other_headers_and_mutations_are_requests_of_their_own() {
    let slow = Slow::start(|_| {}).await;
    slow.run(QUERY, &[("a", "x"), ("b", "x"), ("a", "y")], 3)
        .await;
    let slow = Slow::start(|_| {}).await;
    slow.run("mutation { add }", &[("a", "x"), ("a", "x")], 2)
        .await;
}

#[tokio::test]
async fn sharing_can_be_switched_off() {
    let slow = Slow::start(|config| config.deduplicate_queries = false).await;
    slow.run(QUERY, &[("a", "x"), ("a", "x")], 2).await;
}

#[tokio::test]
async fn a_request_lives_as_long_as_one_of_its_clients() {
    let slow = Slow::start(|_| {}).await;
    let executor = slow.graph.executor();
    let request = || {
        slow.graph
            .request(QUERY, Some(root("one", QUERY)), json!({ "t": "a" }))
    };
    let (first, second) = (request(), request());
    let leaving = tokio::spawn({
        let executor = executor.clone();
        async move { executor.execute(first).await }
    });
    slow.until_received(1).await;
    let staying = tokio::spawn(async move { executor.execute(second).await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    leaving.abort();
    slow.answered.add_permits(1);
    let response = json_of(&staying.await.unwrap());
    assert_eq!(response, json!({ "data": { "echo": "1" } }));
    assert_eq!(slow.received.lock().unwrap().len(), 1);
}

/// What a mutation reads after it has written, it asks for itself, though a query that was sent before is still under way.
#[tokio::test]
async fn a_mutation_reads_what_it_has_written() {
    let stock = Arc::new(AtomicUsize::new(1));
    let read = Arc::new(AtomicUsize::new(0));
    let answered = Arc::new(Semaphore::new(0));
    let (in_store, reads, gate) = (stock.clone(), read.clone(), answered.clone());
    let answer = move |axum::Json(body): axum::Json<Value>| {
        let (stock, read, gate) = (in_store.clone(), reads.clone(), gate.clone());
        async move {
            let query = body["query"].as_str().unwrap().to_owned();
            if query.starts_with("mutation") {
                stock.store(2, SeqCst);
            }
            let mut data = json!({ "item": { "__typename": "Item", "id": "1" } });
            if query.contains("_entities") {
                data = json!({ "_entities": [{ "stock": stock.load(SeqCst) }] });
                read.fetch_add(1, SeqCst);
                let _permit = gate.acquire().await;
            }
            axum::Json(json!({ "data": data }))
        }
    };
    let app = axum::Router::new().route("/graphql", axum::routing::post(answer));
    let (url, server) = serve(app).await;
    let mut graph = Graph::new(
        "type Query { item: Item } type Mutation { item: Item } type Item { id: ID stock: Int }",
    );
    graph.connect("one", &url, |_| {});
    let executor = graph.executor();
    let client = |kind: &str| {
        let stock = "query($representations:[_Any!]!){_entities(representations:$representations){...on Item{stock}}}";
        let plan = sequence([
            root("one", &format!("{kind} {{ item {{ __typename id }} }}")),
            entities("one", "item", &[("Item", "id")], stock),
        ]);
        let operation = format!("{kind} {{ item {{ stock }} }}");
        let request = graph.request(&operation, Some(plan), json!({}));
        let executor = executor.clone();
        tokio::spawn(async move { json_of(&executor.execute(request).await) })
    };
    let querying = client("query");
    until(|| read.load(SeqCst) == 1).await;
    let mutating = client("mutation");
    until(|| read.load(SeqCst) == 2).await;
    answered.add_permits(1);
    let with_stock = |stock: usize| json!({ "data": { "item": { "stock": stock } } });
    assert_eq!(querying.await.unwrap(), with_stock(1));
    assert_eq!(mutating.await.unwrap(), with_stock(2));
    server.abort();
}
