//! A subgraph's subscription over graphql-transport-ws, one socket each.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::stream::{self, BoxStream};
use futures::{SinkExt, StreamExt};
use http::header::{HeaderValue, SEC_WEBSOCKET_PROTOCOL};
use http::{HeaderMap, Uri};
use serde::Deserialize;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};
use tokio_tungstenite::{
    Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config,
};

use super::http::{may_pass, request_body};
use super::{SubgraphRequest, SubgraphResponse, TransportError, root_cause};

const PROTOCOL: HeaderValue = HeaderValue::from_static("graphql-transport-ws");

/// Where a subgraph's subscriptions are.
pub(super) struct WebSocketTarget {
    pub uri: Uri,
    pub tls: Arc<rustls::ClientConfig>,
    /// For the connection, and again for the acknowledgement.
    pub connect_timeout: Duration,
    pub heartbeat: Duration,
    pub max_message_bytes: usize,
}

/// The same address with the scheme ws or wss.
pub(super) fn websocket_uri(uri: &Uri) -> Option<Uri> {
    let scheme = match uri.scheme_str()? {
        "https" | "wss" => "wss",
        _ => "ws",
    };
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    Uri::builder()
        .scheme(scheme)
        .authority(uri.authority()?.clone())
        .path_and_query(path)
        .build()
        .ok()
}

/// Connects, initialises and subscribes. The stream ends with the subgraph's `complete`, after its `error`, or
/// with an `Err` when the socket is lost. Dropping it closes the socket.
pub(super) async fn subscribe(
    target: &WebSocketTarget,
    request: &SubgraphRequest,
) -> Result<BoxStream<'static, Result<SubgraphResponse, TransportError>>, TransportError> {
    let in_time = |_| TransportError::Timeout(target.connect_timeout);
    let connecting = connect(target, request.headers());
    let mut socket = tokio::time::timeout(target.connect_timeout, connecting)
        .await
        .map_err(in_time)??;
    tokio::time::timeout(target.connect_timeout, initialise(&mut socket))
        .await
        .map_err(in_time)??;

    let mut subscribe = b"{\"id\":\"1\",\"type\":\"subscribe\",\"payload\":".to_vec();
    subscribe.extend_from_slice(&request_body(request));
    subscribe.push(b'}');
    let text = String::from_utf8(subscribe).map_err(|_| failed("the operation is not UTF-8"))?;
    socket
        .send(Message::text(text))
        .await
        .map_err(|error| socket_error(&error))?;
    let subscription = Subscription {
        socket: Some(socket),
        heartbeat: target.heartbeat,
    };
    Ok(stream::unfold(subscription, Subscription::next).boxed())
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn connect(target: &WebSocketTarget, headers: &HeaderMap) -> Result<Socket, TransportError> {
    let mut request = (&target.uri)
        .into_client_request()
        .map_err(|error| socket_error(&error))?;
    for (name, value) in headers {
        // The handshake's own headers stay as they are.
        if may_pass(name) && !name.as_str().starts_with("sec-websocket-") {
            request.headers_mut().append(name.clone(), value.clone());
        }
    }
    request
        .headers_mut()
        .insert(SEC_WEBSOCKET_PROTOCOL, PROTOCOL);
    // Each subscription has a buffer of this size, which is cleared before every read.
    let config = WebSocketConfig::default()
        .read_buffer_size(8 * 1024)
        .max_message_size(Some(target.max_message_bytes))
        .max_frame_size(Some(target.max_message_bytes));
    let connector = Connector::Rustls(target.tls.clone());
    let connected =
        connect_async_tls_with_config(request, Some(config), true, Some(connector)).await;
    let (socket, _) = connected.map_err(|error| socket_error(&error))?;
    Ok(socket)
}

async fn initialise(socket: &mut Socket) -> Result<(), TransportError> {
    let init = Message::text(r#"{"type":"connection_init"}"#);
    socket
        .send(init)
        .await
        .map_err(|error| socket_error(&error))?;
    loop {
        let message = socket.next().await;
        match read(message)? {
            Some(Incoming::ConnectionAck) => return Ok(()),
            Some(Incoming::Ping) => pong(socket).await?,
            Some(Incoming::Pong) | None => {}
            Some(_) => return Err(failed("expected connection_ack")),
        }
    }
}

async fn pong(socket: &mut Socket) -> Result<(), TransportError> {
    let pong = Message::text(r#"{"type":"pong"}"#);
    socket
        .send(pong)
        .await
        .map_err(|error| socket_error(&error))
}

struct Subscription {
    /// `None` after the last event.
    socket: Option<Socket>,
    heartbeat: Duration,
}

type Event = Result<SubgraphResponse, TransportError>;

impl Subscription {
    async fn next(mut self) -> Option<(Event, Subscription)> {
        let socket = self.socket.as_mut()?;
        let event = match next_event(socket, self.heartbeat).await {
            Ok(Next::Event(payload)) => return Some((Ok(SubgraphResponse::Json(payload)), self)),
            Ok(Next::Errors(payload)) => Ok(SubgraphResponse::Json(payload)),
            Ok(Next::Complete) => {
                close(socket).await;
                return None;
            }
            Err(error) => Err(error),
        };
        close(socket).await;
        self.socket = None;
        Some((event, self))
    }
}

/// Says goodbye; a peer that does not answer is not waited for.
async fn close(socket: &mut Socket) {
    let _ = tokio::time::timeout(Duration::from_secs(1), socket.close(None)).await;
}

enum Next {
    Event(Bytes),
    /// The operation failed; nothing more comes.
    Errors(Bytes),
    Complete,
}

async fn next_event(socket: &mut Socket, heartbeat: Duration) -> Result<Next, TransportError> {
    let mut pinged = false;
    loop {
        let Ok(message) = tokio::time::timeout(heartbeat, socket.next()).await else {
            if pinged {
                return Err(failed("the subgraph does not answer any more"));
            }
            pinged = true;
            let ping = Message::text(r#"{"type":"ping"}"#);
            socket
                .send(ping)
                .await
                .map_err(|error| socket_error(&error))?;
            continue;
        };
        pinged = false;
        match read(message)? {
            Some(Incoming::Next { payload }) => return Ok(Next::Event(payload)),
            Some(Incoming::Error { payload }) => return Ok(Next::Errors(payload)),
            Some(Incoming::Complete) => return Ok(Next::Complete),
            Some(Incoming::Ping) => pong(socket).await?,
            Some(Incoming::Pong) | None => {}
            Some(Incoming::ConnectionAck) => return Err(failed("unexpected connection_ack")),
        }
    }
}

/// A message of the subgraph.
enum Incoming {
    ConnectionAck,
    Ping,
    Pong,
    /// A GraphQL response.
    Next {
        payload: Bytes,
    },
    /// A GraphQL response that has errors only.
    Error {
        payload: Bytes,
    },
    Complete,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    r#type: &'a str,
    #[serde(borrow)]
    payload: Option<sonic_rs::LazyValue<'a>>,
}

/// `None` for frames that carry no message; tungstenite answers pings by itself.
fn read(message: Option<Result<Message, SocketError>>) -> Result<Option<Incoming>, TransportError> {
    let text = match message {
        Some(Ok(Message::Text(text))) => text,
        Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => return Ok(None),
        Some(Ok(Message::Binary(_))) => return Err(failed("unexpected binary message")),
        Some(Ok(Message::Close(frame))) => return Err(closed(frame.as_ref())),
        Some(Err(error)) => return Err(socket_error(&error)),
        None => return Err(closed(None)),
    };
    let envelope: Envelope =
        sonic_rs::from_str(&text).map_err(|_| failed("a message that is not of the protocol"))?;
    let payload = || match &envelope.payload {
        Some(payload) => Ok(payload.as_raw_str()),
        None => Err(failed("a message without its payload")),
    };
    let incoming = match envelope.r#type {
        "connection_ack" => Incoming::ConnectionAck,
        "ping" => Incoming::Ping,
        "pong" => Incoming::Pong,
        "next" => Incoming::Next {
            payload: Bytes::copy_from_slice(payload()?.as_bytes()),
        },
        "error" => Incoming::Error {
            payload: Bytes::from(format!("{{\"errors\":{}}}", payload()?)),
        },
        "complete" => Incoming::Complete,
        _ => return Err(failed("a message of an unknown type")),
    };
    Ok(Some(incoming))
}

fn failed(message: &str) -> TransportError {
    TransportError::WebSocket(message.to_owned())
}

fn closed(frame: Option<&CloseFrame>) -> TransportError {
    match frame {
        Some(frame) if frame.reason.is_empty() => {
            failed(&format!("closed with code {}", u16::from(frame.code)))
        }
        Some(frame) => failed(&format!(
            "closed with code {}: {}",
            u16::from(frame.code),
            frame.reason
        )),
        None => failed("the connection was lost"),
    }
}

fn socket_error(error: &SocketError) -> TransportError {
    match error {
        SocketError::Http(response) => TransportError::Status(response.status()),
        SocketError::ConnectionClosed | SocketError::AlreadyClosed => closed(None),
        SocketError::Io(error) => TransportError::WebSocket(root_cause(error)),
        error => TransportError::WebSocket(error.to_string()),
    }
}
