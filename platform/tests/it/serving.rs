//! A subgraph's own server: who gets in, and what the answers look like.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::{Context, Object, Schema, Subscription};
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::stream::{Stream, StreamExt};
use futures::{FutureExt, SinkExt};
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};
use souk_harness::{Proxy, database, database_url, identity, wait_for};
use souk_platform::database::Database;
use souk_platform::identity::{CLIENT_HEADER, CORRELATION_HEADER, IDENTITY_HEADER, InternalSigner};
use souk_platform::peers::{PeerRequest, PeerTransport};
use souk_platform::serving::{
    self, HttpTransport, LocalTransport, Readiness, Serving, Tasks, database_check,
};
use souk_platform::tls;
use souk_platform::{ApiError, ApiResult, Caller, Identity, Job, Subgraph};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::Message;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const SECRET: &[u8; 32] = b"0123456789abcdef0123456789abcdef";

struct Query;

#[Object]
impl Query {
    async fn whoami(&self, context: &Context<'_>) -> String {
        match context.identity() {
            Identity::Anonymous => "nobody".to_owned(),
            Identity::Subject(subject) => subject.id.to_string(),
            Identity::Service(name) => format!("service {name}"),
        }
    }

    async fn correlation(&self, context: &Context<'_>) -> String {
        context.correlation_id().to_owned()
    }

    async fn refused(&self) -> ApiResult<i32> {
        Err(ApiError::bad_input(
            "input.price",
            "a price cannot be negative",
        ))
    }

    async fn broken(&self) -> ApiResult<i32> {
        Err(ApiError::internal("the password is hunter2"))
    }

    async fn leaking(&self) -> Result<i32, std::io::Error> {
        Err(std::io::Error::other("the password is hunter2"))
    }

    async fn panics(&self) -> i32 {
        "hunter2".parse().expect("the password is a number")
    }

    async fn doubled(&self, id: souk_platform::Id) -> String {
        format!("{id}{id}")
    }
}

#[tokio::test]
async fn a_resolver_that_panics_is_an_internal_error_of_its_response() {
    let schema = Schema::new(Query, async_graphql::EmptyMutation, Ticks);
    let caller = || {
        (
            Identity::Anonymous,
            async_graphql::Request::new("{ panics }"),
        )
    };
    let (identity, request) = caller();
    let response = serving::execute(&schema, "test", identity, "cart-9", request).await;
    let (identity, request) = caller();
    let stream = serving::execute_stream(&schema, "test", identity, "cart-9", request);
    let streamed: Vec<_> = stream.collect().await;
    assert_eq!(streamed.len(), 1);
    for response in [&response, &streamed[0]] {
        let response = serde_json::to_value(response).unwrap();
        let error = &response["errors"][0];
        assert_eq!(error["extensions"]["code"], "INTERNAL");
        assert_eq!(error["extensions"]["correlationId"], "cart-9");
        assert!(!response.to_string().contains("hunter2"));
    }
}

struct Ticks;

#[Subscription]
impl Ticks {
    async fn ticks(&self, context: &Context<'_>) -> impl Stream<Item = String> {
        let client = context.client_address();
        let who = format!("{} {client:?}", context.correlation_id());
        futures::stream::iter(0..2)
            .map(move |n| format!("{n} {who}"))
            .chain(futures::stream::pending())
    }
}

struct Running {
    address: String,
    shutdown: CancellationToken,
    server: JoinHandle<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn subgraph(database: Database) -> Subgraph {
    Subgraph {
        name: "test",
        schema: Arc::new(Schema::new(Query, async_graphql::EmptyMutation, Ticks)),
        database,
        consumers: Vec::new(),
        jobs: Vec::new(),
        routes: axum::Router::new().route("/own", axum::routing::get(async || "own")),
    }
}

async fn serve_on(database: Database) -> Running {
    tls::install();
    let shutdown = CancellationToken::new();
    let serving = Serving {
        signer: InternalSigner::new(SECRET),
        readiness: Readiness::default().with("database", database_check(database.clone())),
        shutdown: shutdown.clone(),
    };
    let router = serving::router(Arc::new(subgraph(database)), serving).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let stop = shutdown.clone();
    let server = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned());
    let server = tokio::spawn(async move { server.await.unwrap() });
    Running {
        address,
        shutdown,
        server,
    }
}

async fn serve() -> Running {
    serve_on(database("platform").await).await
}

impl Running {
    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    async fn ask(&self, header: Option<String>, query: &str) -> (u16, Value) {
        let mut request = reqwest::Client::new()
            .post(self.url("/graphql"))
            .json(&json!({ "query": query }));
        if let Some(header) = header {
            request = request.header(IDENTITY_HEADER, header);
        }
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    async fn send(&self, content_type: &str, body: Vec<u8>) -> (u16, Value) {
        let request = reqwest::Client::new()
            .post(self.url("/graphql"))
            .header("content-type", content_type);
        let response = request
            .header(IDENTITY_HEADER, signed(&Identity::Anonymous))
            .body(body)
            .send()
            .await
            .unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    async fn get(&self, path: &str) -> (u16, String) {
        let response = reqwest::get(self.url(path)).await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }
}

fn signed(identity: &Identity) -> String {
    InternalSigner::new(SECRET).sign(identity).unwrap()
}

fn code(response: &Value) -> &str {
    souk_harness::error_code(response)
}

#[tokio::test]
async fn only_a_signed_identity_gets_in() {
    let server = serve().await;
    let id = Uuid::now_v7();
    let (status, response) = server
        .ask(Some(signed(&identity::buyer(id))), "{ whoami }")
        .await;
    assert_eq!(
        (status, response),
        (200, json!({ "data": { "whoami": id.to_string() } }))
    );
    let (_, response) = server
        .ask(Some(signed(&Identity::Anonymous)), "{ whoami }")
        .await;
    assert_eq!(response["data"]["whoami"], "nobody");

    let forged = InternalSigner::new(b"another secret of at least 32 byt")
        .sign(&identity::admin(id))
        .unwrap();
    let old = json!({ "exp": 1_600_000_000, "identity": identity::admin(id) });
    let expired =
        jsonwebtoken::encode(&Header::default(), &old, &EncodingKey::from_secret(SECRET)).unwrap();
    let unsigned = {
        let token = signed(&identity::admin(id));
        let payload = token.split('.').nth(1).unwrap().to_owned();
        format!("eyJhbGciOiJub25lIn0.{payload}.")
    };
    for header in [
        None,
        Some(forged),
        Some(expired),
        Some(unsigned),
        Some("nonsense".to_owned()),
    ] {
        let (status, response) = server.ask(header, "{ whoami }").await;
        assert_eq!(
            (status, code(&response)),
            (401, "UNAUTHENTICATED"),
            "{response}"
        );
        assert!(response["data"].is_null(), "{response}");
    }
}

#[tokio::test]
async fn bad_requests_are_refused_with_a_code() {
    let server = serve().await;
    let json = "application/json; charset=utf-8";
    for (content_type, body, status) in [
        (json, b"{ whoami }".to_vec(), 400),
        (json, b"{\"query\": \"{ whoami }\"".to_vec(), 400),
        (json, b"{\"query\": \"\xff\"}".to_vec(), 400),
        (json, b"[]".to_vec(), 400),
        (json, b"{}".to_vec(), 400),
        ("text/plain", b"{\"query\":\"{ whoami }\"}".to_vec(), 415),
        (json, vec![b' '; 10 * 1024 * 1024], 413),
        (json, b"{\"query\": \"{ nothing }\"}".to_vec(), 200),
        (json, b"{\"query\": \"{ doubled(id: \\\"x\\\") }\"}".to_vec(), 200),
        (json, b"{\"query\": \"query($id: ID!) { doubled(id: $id) }\", \"variables\": {\"id\": \"x\"}}".to_vec(), 200),
        (json, b"{\"query\": \"query($id: ID!) { doubled(id: $id) }\"}".to_vec(), 200),
    ] {
        let shown = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
        let (got, response) = server.send(content_type, body).await;
        assert_eq!((got, code(&response)), (status, "BAD_USER_INPUT"), "{shown}: {response}");
    }
    assert_eq!(server.get("/graphql").await.0, 405);
}

#[tokio::test]
async fn compressed_requests_are_read_up_to_the_same_limit() {
    let server = serve().await;
    let gzip = |text: String| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let request = r#"{"query":"{ whoami }"}"#;
    let answered = json!({ "data": { "whoami": "nobody" } });
    for (encoding, body, status, expected) in [
        ("gzip", gzip(request.to_owned()), 200, Some(&answered)),
        (
            "gzip",
            gzip(format!("{request}{}", " ".repeat(5 << 20))),
            413,
            None,
        ),
        ("gzip", request.into(), 400, None),
    ] {
        let response = reqwest::Client::new()
            .post(server.url("/graphql"))
            .header("content-type", "application/json")
            .header("content-encoding", encoding)
            .header(IDENTITY_HEADER, signed(&Identity::Anonymous))
            .body(body)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status().as_u16(), status);
        let response: Value = response.json().await.unwrap();
        match expected {
            Some(expected) => assert_eq!(response, *expected),
            None => assert_eq!(code(&response), "BAD_USER_INPUT"),
        }
    }
}

#[tokio::test]
async fn internal_errors_say_nothing_but_the_correlation_id() {
    let server = serve().await;
    for query in ["{ broken }", "{ leaking }"] {
        let (_, response) = server.ask(Some(signed(&Identity::Anonymous)), query).await;
        let extensions = &response["errors"][0]["extensions"];
        assert_eq!(code(&response), "INTERNAL");
        assert!(
            extensions["correlationId"]
                .as_str()
                .is_some_and(|id| Uuid::parse_str(id).is_ok()),
            "{response}"
        );
        assert!(!response.to_string().contains("hunter2"), "{response}");
    }
    let (_, response) = server
        .ask(Some(signed(&Identity::Anonymous)), "{ refused }")
        .await;
    assert_eq!(
        response["errors"][0]["extensions"],
        json!({ "code": "BAD_USER_INPUT", "argument": "input.price" })
    );
}

#[tokio::test]
async fn the_correlation_id_is_the_callers_if_it_is_sound() {
    let server = serve().await;
    for (given, taken) in [
        ("abc-1", true),
        ("with space", false),
        (&"x".repeat(128), true),
        (&"x".repeat(129), false),
    ] {
        let request = reqwest::Client::new()
            .post(server.url("/graphql"))
            .json(&json!({ "query": "{ correlation }" }));
        let request = request
            .header(IDENTITY_HEADER, signed(&Identity::Anonymous))
            .header(CORRELATION_HEADER, given);
        let response = request.send().await.unwrap();
        let echoed = response.headers()[CORRELATION_HEADER]
            .to_str()
            .unwrap()
            .to_owned();
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["data"]["correlation"], echoed);
        assert_eq!(echoed == given, taken);
    }
}

#[tokio::test]
async fn peers_answer_alike_in_process_and_over_http() {
    let server = serve().await;
    let local = LocalTransport::default();
    local.mount("test", subgraph(database("platform").await).schema);
    let addresses = [("test".to_owned(), server.url("/graphql"))].into();
    let http = HttpTransport::new(addresses, InternalSigner::new(SECRET)).unwrap();
    let request = |subgraph: &'static str| PeerRequest {
        subgraph,
        query: "{ whoami correlation refused }",
        variables: json!({}),
        identity: identity::service("order"),
        correlation_id: "abc".to_owned(),
    };
    let answers = [
        local.execute(request("test")).await.unwrap(),
        http.execute(request("test")).await.unwrap(),
    ];
    for answer in &answers {
        assert_eq!(code(answer), "BAD_USER_INPUT");
    }
    assert_eq!(answers[0], answers[1]);
    assert!(local.execute(request("shop")).await.is_err());
    assert!(http.execute(request("shop")).await.is_err());
}

#[tokio::test]
async fn a_subscription_runs_until_the_server_stops() {
    let server = serve().await;
    let mut request = format!("ws://{}/graphql", server.address)
        .into_client_request()
        .unwrap();
    request.headers_mut().insert(
        "sec-websocket-protocol",
        "graphql-transport-ws".parse().unwrap(),
    );
    assert!(
        tokio_tungstenite::connect_async(request.clone())
            .await
            .is_err(),
        "nobody gets in without an identity"
    );

    request.headers_mut().insert(
        IDENTITY_HEADER,
        signed(&Identity::Anonymous).parse().unwrap(),
    );
    request
        .headers_mut()
        .insert(CORRELATION_HEADER, "abc".parse().unwrap());
    request
        .headers_mut()
        .insert(CLIENT_HEADER, "203.0.113.7".parse().unwrap());
    let (mut socket, handshake) = tokio_tungstenite::connect_async(request).await.unwrap();
    assert_eq!(
        handshake.headers()["sec-websocket-protocol"],
        "graphql-transport-ws"
    );
    let subscribe =
        json!({ "type": "subscribe", "id": "1", "payload": { "query": "subscription { ticks }" } });
    for message in [json!({ "type": "connection_init" }), subscribe] {
        socket
            .send(Message::text(message.to_string()))
            .await
            .unwrap();
    }
    let mut received = Vec::new();
    for _ in 0..3 {
        let message = socket.next().await.unwrap().unwrap();
        received.push(serde_json::from_str::<Value>(message.to_text().unwrap()).unwrap());
    }
    assert_eq!(received[0]["type"], "connection_ack");
    assert_eq!(
        received[1]["payload"]["data"]["ticks"],
        "0 abc Some(203.0.113.7)"
    );
    assert_eq!(
        received[2]["payload"]["data"]["ticks"],
        "1 abc Some(203.0.113.7)"
    );
    let (_, metrics) = server.get("/metrics").await;
    assert!(
        metrics.contains("souk_subgraph_open_subscriptions{subgraph=\"test\"}"),
        "{metrics}"
    );

    server.shutdown.cancel();
    match socket.next().await {
        Some(Ok(Message::Close(Some(frame)))) => assert_eq!(u16::from(frame.code), 1001),
        other => panic!("expected a close frame, got {other:?}"),
    }
}

#[tokio::test]
async fn readiness_follows_the_database_and_liveness_does_not() {
    let proxy = Proxy::in_front_of(&database_url("platform").await).await;
    let server = serve_on(Database::new(proxy.url(), 2).unwrap()).await;
    let (status, body) = server.get("/readiness").await;
    assert_eq!(
        (status, body.as_str()),
        (200, r#"{"status":"ready","parts":{"database":"up"}}"#)
    );
    proxy.cut();
    let down = || async { server.get("/readiness").await };
    wait_for("not ready", Duration::from_secs(10), async || {
        down().await.0 == 503
    })
    .await;
    assert_eq!(
        down().await.1,
        r#"{"status":"not ready","parts":{"database":"down"}}"#
    );
    assert_eq!(server.get("/health").await.0, 200);
    proxy.restore();
    wait_for("ready again", Duration::from_secs(10), async || {
        server.get("/readiness").await.0 == 200
    })
    .await;
}

#[tokio::test]
async fn requests_are_counted_and_own_routes_are_open() {
    let server = serve().await;
    server
        .ask(Some(signed(&Identity::Anonymous)), "{ whoami }")
        .await;
    let (_, metrics) = server.get("/metrics").await;
    assert!(
        metrics.contains("souk_subgraph_requests_total{subgraph=\"test\",outcome=\"ok\"}"),
        "{metrics}"
    );
    assert!(
        metrics.contains("souk_subgraph_request_seconds_bucket"),
        "{metrics}"
    );
    assert_eq!(server.get("/own").await, (200, "own".to_owned()));
}

#[tokio::test]
async fn jobs_repeat_through_failures_until_shutdown() {
    let (sender, mut runs) = tokio::sync::mpsc::unbounded_channel();
    let run = move || {
        let sender = sender.clone();
        async move {
            sender.send(()).unwrap();
            Err(ApiError::conflict("this run fails"))
        }
        .boxed()
    };
    let mut subgraph = subgraph(database("platform").await);
    subgraph.jobs.push(Job {
        name: "repeat",
        every: Duration::from_millis(5),
        run: Box::new(run),
    });
    let tasks = Tasks::new(CancellationToken::new());
    tasks.run_jobs(&Arc::new(subgraph));
    for _ in 0..3 {
        runs.recv().await.unwrap();
    }
    assert!(
        tasks.finish(Duration::from_secs(5)).await,
        "jobs do not end"
    );
}
