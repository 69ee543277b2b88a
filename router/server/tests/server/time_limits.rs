//! How long a request may take, whatever keeps it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::routing::get;
use futures::future::join_all;
use http::request::Parts;
use reqwest::StatusCode;
use serde_json::{Map, Value, json};
use souk_executor::RequestContext;
use souk_router::{GraphQLError, RequestHook, serve_routes};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::support::socket::Socket;
use crate::support::{Served, Shop, serve, serve_on_threads, serve_with};

const SHORT: &str = "traffic_shaping: { router: { timeout: 100ms } }";
const BOTH: &str = "mutation { slowly(milliseconds: 200) rename(id: 1, name: \"x\") { id } }";

async fn is_too_late(served: &Served, query: &str) {
    let request = served.post().json(&json!({ "query": query }));
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), StatusCode::GATEWAY_TIMEOUT);
    let body: Value = response.json().await.unwrap();
    let extensions = &body["errors"][0]["extensions"];
    assert_eq!(extensions["code"], "GATEWAY_TIMEOUT");
    assert_eq!(extensions["configuredBy"], "traffic_shaping.router.timeout");
}

#[tokio::test]
async fn an_operation_that_takes_too_long_is_ended() {
    let served = serve(SHORT).await;
    is_too_late(&served, "{ slow(milliseconds: 5000) }").await;
    let mut socket = Socket::ready(&served, Value::Null).await;
    socket.subscribe("1", "{ slow(milliseconds: 5000) }").await;
    assert_eq!(
        socket.next().await["payload"][0]["extensions"]["code"],
        "GATEWAY_TIMEOUT"
    );
}

/// Never finds out who asks.
struct Undecided;

#[async_trait]
impl RequestHook for Undecided {
    async fn prepare(
        &self,
        _: &Parts,
        _: Option<&Map<String, Value>>,
        _: &mut RequestContext,
    ) -> Result<(), GraphQLError> {
        std::future::pending().await
    }
}

#[tokio::test]
async fn finding_out_who_asks_is_part_of_the_time() {
    let served = serve_with(SHORT, Shop::default(), |builder| builder.hook(Undecided)).await;
    is_too_late(&served, "{ __typename }").await;
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let served = serve(SHORT).await;
    let head = "POST /graphql HTTP/1.1\r\nhost: shop\r\ncontent-type: application/json\r\ncontent-length: 30\r\n\r\n";
    let answer = everything_after(&served, &format!("{head}{{\"query\":")).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("REQUEST_TIMEOUT"), "{answer}");
}

#[tokio::test]
async fn a_connection_that_asks_nothing_is_closed() {
    let config = "server: { http: { header_read_timeout: 1s } }";
    for served in [serve(config).await, serve_on_threads(config, 1).await] {
        let beginnings = [
            "",
            "P",
            "PRI * HTTP/2.0\r\n",
            "POST /graphql HTTP/1.1\r\nhost: sh",
        ];
        let answers = beginnings.map(|beginning| everything_after(&served, beginning));
        assert_eq!(join_all(answers).await, [""; 4]);
        let first = "GET /health HTTP/1.1\r\nhost: shop\r\n\r\n";
        let answer = everything_after(&served, &format!("{first}GET /")).await;
        assert!(answer.ends_with("{\"status\":\"UP\"}"), "{answer}");
    }
}

#[tokio::test]
async fn a_connection_that_is_waiting_for_its_answer_is_kept() {
    let served = serve("server: { http: { header_read_timeout: 1s } }").await;
    assert_eq!(
        served.query("{ slow(milliseconds: 1500) }").await,
        json!({ "data": { "slow": true } })
    );
    let mut socket = Socket::ready(&served, Value::Null).await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    socket.subscribe("1", "{ __typename }").await;
    assert_eq!(socket.next().await["type"], "next");
}

#[tokio::test]
async fn routes_of_a_program_are_served_by_the_same_limits() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let begun = Arc::new(Notify::new());
    let begin = begun.clone();
    let slowly = async move || {
        begin.notify_one();
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        "done"
    };
    let routes = axum::Router::new().route("/slowly", get(slowly));
    let (second, stop) = (Duration::from_secs(1), CancellationToken::new());
    let stopped = stop.clone().cancelled_owned();
    let within = Duration::from_secs(60);
    let server = tokio::spawn(serve_routes(routes, listener, second, stopped, within));

    assert_eq!(everything_from(address, "GET /slow").await, "");
    let answered = everything_from(address, "GET /slowly HTTP/1.1\r\nhost: shop\r\n\r\n");
    let stopping = async {
        begun.notified().await;
        stop.cancel();
    };
    let (answer, ()) = tokio::join!(answered, stopping);
    assert!(answer.ends_with("\r\n\r\ndone"), "{answer}");
    server.await.unwrap();
}

/// What the server sends before it closes a connection on which this has been sent.
async fn everything_after(served: &Served, sent: &str) -> String {
    everything_from(served.address, sent).await
}

async fn everything_from(address: SocketAddr, sent: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(sent.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let read = stream.read_to_string(&mut answer);
    let closed = tokio::time::timeout(Duration::from_secs(15), read).await;
    closed.expect("the server closes the connection").unwrap();
    answer
}

#[tokio::test]
async fn a_mutation_goes_on_when_its_client_leaves() {
    let shop = Shop::default();
    let served = serve_with("", shop.clone(), |builder| builder).await;
    let hasty = served
        .post()
        .timeout(Duration::from_millis(100))
        .json(&json!({ "query": BOTH }))
        .send()
        .await;
    assert!(hasty.is_err());
    is_carried_out(&shop).await;
}

#[tokio::test]
async fn a_mutation_goes_on_when_its_time_is_up() {
    let shop = Shop::default();
    let served = serve_with(SHORT, shop.clone(), |builder| builder).await;
    is_too_late(&served, BOTH).await;
    is_carried_out(&shop).await;
}

async fn is_carried_out(shop: &Shop) {
    for _ in 0..40 {
        if *shop.done.lock().unwrap() == ["slowly", "rename 1"] {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("only {:?} was done", shop.done.lock().unwrap());
}
