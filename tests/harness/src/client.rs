//! Acts as a client of the platform: over HTTP and WebSocket, with nothing but the address and a token.

use std::sync::LazyLock;
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::platform::DEMO_PASSWORD;

/// How long an answer may take before the test fails instead of hanging.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);
/// How long the next message of a subscription may take.
const MESSAGE_WITHIN: Duration = Duration::from_secs(30);

const LOGIN: &str =
    "mutation($input: LoginInput!) { login(input: $input) { tokens { accessToken } } }";
const REGISTER: &str =
    "mutation($input: RegisterInput!) { register(input: $input) { tokens { accessToken } } }";
const GUEST: &str = "mutation { startGuestSession { tokens { accessToken } } }";
const BECOME_SELLER: &str = "mutation { becomeSeller { accessToken } }";

/// The HTTP client that all clients of a test process share.
pub(crate) fn http() -> &'static reqwest::Client {
    static HTTP: LazyLock<reqwest::Client> = LazyLock::new(|| {
        souk_platform::tls::install();
        // Without a pool: each `#[tokio::test]` has a runtime of its own, and connections end with it.
        reqwest::Client::builder()
            .pool_max_idle_per_host(0)
            .redirect(reqwest::redirect::Policy::none())
            .timeout(ANSWER_WITHIN)
            .build()
            .expect("an HTTP client")
    });
    &HTTP
}

/// Somebody who uses the platform: anybody, or whom the token names.
#[derive(Debug, Clone)]
pub struct Client {
    url: String,
    token: Option<String>,
}

/// An error of the platform, as the client gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// `extensions.code`; `UNREACHABLE` when there was no GraphQL answer at all.
    pub code: String,
    /// What it says to the developer.
    pub message: String,
    /// `extensions.argument`: the input at fault.
    pub argument: Option<String>,
}

impl Client {
    /// Somebody without a token, at the router with this address.
    pub fn new(url: &str) -> Client {
        Client {
            url: url.to_owned(),
            token: None,
        }
    }

    /// The same person at another router.
    pub fn at(&self, url: &str) -> Client {
        Client {
            url: url.to_owned(),
            token: self.token.clone(),
        }
    }

    /// Somebody with this access token.
    pub fn with_token(&self, token: &str) -> Client {
        Client {
            url: self.url.clone(),
            token: Some(token.to_owned()),
        }
    }

    /// The access token.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// A demo account, such as `seller@souk.example`. Sends this client's own token, so a guest's cart follows.
    pub async fn login(&self, email: &str) -> Client {
        let input = json!({ "email": email, "password": DEMO_PASSWORD });
        let data = self.ask(LOGIN, json!({ "input": input })).await;
        self.with_token(text(&data, "/login/tokens/accessToken"))
    }

    /// A new account. Sends this client's own token, so a guest's cart follows.
    pub async fn register(&self, email: &str, name: &str) -> Client {
        let input = json!({ "email": email, "name": name, "password": DEMO_PASSWORD });
        let data = self.ask(REGISTER, json!({ "input": input })).await;
        self.with_token(text(&data, "/register/tokens/accessToken"))
    }

    /// A new guest.
    pub async fn guest(&self) -> Client {
        let data = self.ask(GUEST, json!({})).await;
        self.with_token(text(&data, "/startGuestSession/tokens/accessToken"))
    }

    /// The same user, from now on also a seller.
    pub async fn become_seller(&self) -> Client {
        let data = self.ask(BECOME_SELLER, json!({})).await;
        self.with_token(text(&data, "/becomeSeller/accessToken"))
    }

    /// The data of the answer. Panics with its errors if there are any.
    pub async fn ask(&self, query: &str, variables: Value) -> Value {
        match self.attempt(query, variables.clone()).await {
            Ok(data) => data,
            Err(refusal) => panic!("{refusal:?} for {query} with {variables}"),
        }
    }

    /// The first error of the answer. Panics if there is none.
    pub async fn fails(&self, query: &str, variables: Value) -> Refusal {
        match self.attempt(query, variables.clone()).await {
            Ok(data) => panic!("no error but {data} for {query} with {variables}"),
            Err(refusal) => refusal,
        }
    }

    /// The data, or the first error.
    pub async fn attempt(&self, query: &str, variables: Value) -> Result<Value, Refusal> {
        let body = json!({ "query": query, "variables": variables });
        let sent = self.request("/graphql").json(&body).send().await;
        let answer = sent.map_err(unreachable)?;
        let status = answer.status();
        let text = answer.text().await.map_err(unreachable)?;
        let mut answer: Value = serde_json::from_str(&text)
            .map_err(|_| unreachable(format!("{status} without JSON: {text}")))?;
        match refusal(&answer) {
            Some(refusal) => Err(refusal),
            None => Ok(answer["data"].take()),
        }
    }

    /// A POST request to this path with the client's token, for bodies and headers of the test's choice.
    pub fn request(&self, path: &str) -> reqwest::RequestBuilder {
        let request = http().post(format!("{}{path}", self.url));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// A page, as a browser gets it: its status and its text, or what was in the way.
    pub async fn page(url: &str) -> Result<(u16, String), String> {
        let answer = http().get(url).send().await;
        let answer = answer.map_err(|error| error.to_string())?;
        let status = answer.status().as_u16();
        let text = answer.text().await.map_err(|error| error.to_string())?;
        Ok((status, text))
    }

    /// Submits an HTML form without fields and gives the status of the answer, which sends browsers to another page with
    /// 303; or what was in the way.
    pub async fn submit(url: &str) -> Result<u16, String> {
        let empty: [(&str, &str); 0] = [];
        let answer = http().post(url).form(&empty).send().await;
        answer
            .map(|answer| answer.status().as_u16())
            .map_err(|error| error.to_string())
    }

    /// Subscribes over a WebSocket of its own, with the token in `connection_init`.
    pub async fn subscribe(&self, query: &str, variables: Value) -> Subscription {
        let url = format!("{}/graphql", self.url.replacen("http", "ws", 1));
        let mut request = url.into_client_request().expect("a WebSocket address");
        request.headers_mut().insert(
            "sec-websocket-protocol",
            "graphql-transport-ws".parse().expect("a header"),
        );
        let (socket, _) = tokio_tungstenite::connect_async(request)
            .await
            .unwrap_or_else(|error| panic!("a WebSocket to {}: {error}", self.url));
        let mut subscription = Subscription { socket };
        let payload = match &self.token {
            Some(token) => json!({ "authorization": format!("Bearer {token}") }),
            None => json!({}),
        };
        subscription
            .send(json!({ "type": "connection_init", "payload": payload }))
            .await;
        let acknowledged = subscription.message().await;
        assert_eq!(acknowledged["type"], "connection_ack", "{acknowledged}");
        let payload = json!({ "query": query, "variables": variables });
        subscription
            .send(json!({ "id": "1", "type": "subscribe", "payload": payload }))
            .await;
        subscription
    }
}

/// A running subscription. The socket closes when it is dropped.
pub struct Subscription {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Subscription {
    /// The data of the next event. Panics with errors, at the end, and after a while without an event.
    pub async fn next(&mut self) -> Value {
        let mut message = self.message().await;
        assert_eq!(message["type"], "next", "{message}");
        let mut answer = message["payload"].take();
        if let Some(refusal) = refusal(&answer) {
            panic!("{refusal:?} in a subscription: {answer}");
        }
        answer["data"].take()
    }

    /// The first error of the next message. Panics if it has none.
    pub async fn fails(&mut self) -> Refusal {
        let message = self.message().await;
        let answer = match message["type"].as_str() {
            // An operation that does not start answers with the bare list.
            Some("error") => json!({ "errors": message["payload"] }),
            _ => message["payload"].clone(),
        };
        refusal(&answer).unwrap_or_else(|| panic!("no error in {message}"))
    }

    /// Waits until the server says that there is no more.
    pub async fn completes(&mut self) {
        let message = self.message().await;
        assert_eq!(message["type"], "complete", "{message}");
    }

    async fn send(&mut self, message: Value) {
        let sent = self.socket.send(Message::text(message.to_string())).await;
        sent.unwrap_or_else(|error| panic!("sending {message}: {error}"));
    }

    /// The next message of the protocol, as it is.
    pub async fn message(&mut self) -> Value {
        loop {
            let received = tokio::time::timeout(MESSAGE_WITHIN, self.socket.next()).await;
            match received.expect("a message of the subscription in time") {
                Some(Ok(Message::Text(text))) => {
                    let message: Value = serde_json::from_str(&text).expect("JSON");
                    if message["type"] == "ping" {
                        self.send(json!({ "type": "pong" })).await;
                    } else {
                        return message;
                    }
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("the socket of a subscription: {other:?}"),
            }
        }
    }
}

/// The text at this place of an answer. Panics if there is none.
pub fn text<'a>(data: &'a Value, pointer: &str) -> &'a str {
    let text = data.pointer(pointer).and_then(Value::as_str);
    text.unwrap_or_else(|| panic!("no text at {pointer} in {data}"))
}

fn unreachable(error: impl std::fmt::Display) -> Refusal {
    Refusal {
        code: "UNREACHABLE".to_owned(),
        message: error.to_string(),
        argument: None,
    }
}

fn refusal(answer: &Value) -> Option<Refusal> {
    let error = answer.pointer("/errors/0")?;
    let text = |pointer: &str| {
        error
            .pointer(pointer)
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    Some(Refusal {
        code: text("/extensions/code").unwrap_or_default(),
        message: text("/message").unwrap_or_default(),
        argument: text("/extensions/argument"),
    })
}
