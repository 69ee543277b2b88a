//! Connections in plain HTTP/1.1: kept, replaced when the subgraph has closed them, closed when they are old.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use souk_executor::transport::http::HttpClientConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::support::*;

/// What a subgraph does with a connection after an answer.
#[derive(Clone, Copy, PartialEq)]
enum Then {
    Keep,
    /// Says `connection: close`, and does.
    SayGoodbye,
    /// Just closes it.
    Close,
}

/// A subgraph that counts its connections, and those of them that the router has closed.
struct Counted {
    graph: Graph,
    opened: Arc<AtomicUsize>,
    left: Arc<AtomicUsize>,
    server: JoinHandle<()>,
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Counted {
    async fn start(then: Then, idle: Duration) -> Counted {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/graphql?a=b", listener.local_addr().unwrap());
        let (opened, left) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (open, leave) = (opened.clone(), left.clone());
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                open.fetch_add(1, Ordering::SeqCst);
                let leave = leave.clone();
                tokio::spawn(async move {
                    answer_all(stream, then).await;
                    leave.fetch_add(1, Ordering::SeqCst);
                });
            }
        });
        let client = HttpClientConfig {
            pool_idle_timeout: idle,
            ..HttpClientConfig::default()
        };
        let mut graph = Graph::with_client("type Query { ok: Int }", &client);
        graph.connect("one", &url, |_| {});
        Counted {
            graph,
            opened,
            left,
            server,
        }
    }

    async fn ask(&self) {
        let response = self.graph.run("{ ok }", root("one", "{ ok }")).await;
        assert_eq!(response, json!({ "data": { "ok": 1 } }));
        // A goodbye has time to arrive.
        tokio::time::sleep(Duration::from_millis(30)).await;
    }

    fn opened(&self) -> usize {
        self.opened.load(Ordering::SeqCst)
    }
}

/// Answers requests until the router leaves, or what `then` says.
async fn answer_all(mut stream: TcpStream, then: Then) {
    let mut request = Vec::new();
    loop {
        let mut piece = [0; 4096];
        let read = stream.read(&mut piece).await.unwrap_or(0);
        if read == 0 {
            return;
        }
        request.extend_from_slice(&piece[..read]);
        if !request.ends_with(b"}") {
            continue;
        }
        let text = String::from_utf8(std::mem::take(&mut request)).unwrap();
        assert!(text.starts_with("POST /graphql?a=b HTTP/1.1\r\n"), "{text}");
        let host = format!("host: {}\r\n", stream.local_addr().unwrap());
        assert!(text.contains(&host), "{text}");
        let goodbye = if then == Then::SayGoodbye {
            "connection: close\r\n"
        } else {
            ""
        };
        let answer = format!(
            "HTTP/1.1 200 OK\r\n{goodbye}content-length: 17\r\n\r\n{{\"data\":{{\"ok\":1}}}}"
        );
        stream.write_all(answer.as_bytes()).await.unwrap();
        if then != Then::Keep {
            return;
        }
    }
}

const LONG: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_connection_serves_many_requests() {
    let subgraph = Counted::start(Then::Keep, LONG).await;
    for _ in 0..5 {
        subgraph.ask().await;
    }
    assert_eq!(subgraph.opened(), 1);
}

#[tokio::test]
async fn a_connection_that_the_subgraph_closes_is_replaced() {
    for then in [Then::SayGoodbye, Then::Close] {
        let subgraph = Counted::start(then, LONG).await;
        for _ in 0..3 {
            subgraph.ask().await;
        }
        assert_eq!(subgraph.opened(), 3);
    }
}

#[tokio::test]
async fn a_connection_that_nobody_uses_is_closed() {
    let subgraph = Counted::start(Then::Keep, Duration::from_millis(100)).await;
    subgraph.ask().await;
    assert_eq!(subgraph.left.load(Ordering::SeqCst), 0);
    for _ in 0..500 {
        if subgraph.left.load(Ordering::SeqCst) == 1 {
            subgraph.ask().await;
            assert_eq!(subgraph.opened(), 2);
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the connection is still open after 5 s");
}

#[tokio::test]
async fn a_subgraph_that_is_not_there_is_one_error() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let mut graph = Graph::new("type Query { ok: Int }");
    graph.connect("one", &url, |_| {});
    let response = graph.run("{ ok }", root("one", "{ ok }")).await;
    let message = only_message(&response);
    assert!(
        message.contains("could not reach the subgraph: Connection refused"),
        "{message}"
    );
    assert!(!message.contains("127.0.0.1"), "{message}");
}

/// A subgraph that answers everything with these bytes, and then keeps the connection or closes it.
async fn answers_with(text: &'static str, keeps: bool) -> Value {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::with_capacity(4096);
        assert!(stream.read_buf(&mut request).await.unwrap() > 0);
        // In pieces, so that no border between two reads is where one would like it.
        for piece in text.as_bytes().chunks(7) {
            stream.write_all(piece).await.unwrap();
            stream.flush().await.unwrap();
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        if keeps {
            std::future::pending::<()>().await;
        }
    });
    let mut graph = Graph::new("type Query { ok: Int }");
    graph.connect("one", &url, |_| {});
    let response = graph.run("{ ok }", root("one", "{ ok }")).await;
    server.abort();
    response
}

#[tokio::test]
async fn bodies_of_every_kind_are_read() {
    let cases = [
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 17\r\n\r\n{\"data\":{\"ok\":1}}",
            true,
        ),
        (
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 17\r\n\r\n{\"data\":{\"ok\":1}}",
            true,
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9;x=y\r\n{\"data\":{\r\n008\r\n\"ok\":1}}\r\n0\r\n\r\n",
            true,
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n11\r\n{\"data\":{\"ok\":1}}\r\n0\r\na: b\r\nc: d\r\n\r\n",
            true,
        ),
        ("HTTP/1.1 200 OK\r\n\r\n{\"data\":{\"ok\":1}}", false),
        (
            "HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n{\"data\":{\"ok\":1}}",
            false,
        ),
    ];
    for (text, keeps) in cases {
        let response = answers_with(text, keeps).await;
        assert_eq!(response, json!({ "data": { "ok": 1 } }), "{text}");
    }
}

#[tokio::test]
async fn what_breaks_off_or_is_not_http_is_one_error() {
    let cases = [
        ("", "no complete response: the connection was closed"),
        (
            "HTTP/1.1 200 OK\r\ncontent-le",
            "no complete response: the connection was closed",
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 18\r\n\r\n{\"data\":{\"ok\":1}}",
            "no complete response: the connection was closed",
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n11\r\n{\"data\":{\"ok\":1}}\r\n",
            "no complete response: the connection was closed",
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxy\r\n",
            "the size of a chunk is no number",
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}{}",
            "a chunk is longer than it says",
        ),
        ("220 mail.example ESMTP\r\n\r\n", "not valid HTTP/1.1"),
    ];
    for (text, expected) in cases {
        let message = only_message(&answers_with(text, false).await);
        assert!(message.contains(expected), "{text}: {message}");
    }
}
