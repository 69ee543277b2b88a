//! GraphQL over WebSocket, by the graphql-transport-ws protocol: from the upgrade request to the acknowledgement.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::WebSocketUpgrade;
use axum::extract::ws::{CloseFrame, Message, WebSocket};
use axum::response::Response;
use http::request::Parts;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Map, Value};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::tungstenite;
use tokio_tungstenite::tungstenite::error::CapacityError;
use tracing::Instrument;

use super::connection::Connection;
use super::protocol::{self, ClientMessage, Close, SUBPROTOCOL};
use crate::config::RouterConfig;
use crate::error::Refusal;
use crate::http::response;
use crate::service::Service;

/// A peer that takes no message for so long is gone.
pub(super) const SEND_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a peer has to read why it is closed.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);

/// How much is read from a socket at once, in bytes. Each socket has a buffer of this size, which is cleared before
/// every read; what clients send is short.
const READ_BUFFER: usize = 4 * 1024;

/// Answers the upgrade request.
pub(crate) fn accept(service: Arc<Service>, upgrade: WebSocketUpgrade, parts: Parts) -> Response {
    if let Err(refusal) = check_origin(&service, &parts) {
        return response::refused(&refusal, crate::http::media::ResponseType::Json);
    }
    let limit = service.config.limits.http_max_request_bytes;
    let upgrade = upgrade
        .protocols([SUBPROTOCOL])
        .read_buffer_size(READ_BUFFER)
        .max_message_size(limit)
        .max_frame_size(limit);
    let tasks = service.tasks.clone();
    let span = tracing::Span::current();
    upgrade.on_upgrade(move |socket| {
        tasks.track_future(serve(service, socket, parts).instrument(span))
    })
}

/// A browser opens WebSockets to any site and sends that site's cookies along, so the origin is looked at here:
/// it must be this site's, or one that `cors` lets read answers.
fn check_origin(service: &Service, parts: &Parts) -> Result<(), Refusal> {
    let Some(origin) = parts.headers.get(header::ORIGIN) else {
        return Ok(());
    };
    let host = parts
        .headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .or(parts.uri.host());
    let origin_host = origin
        .to_str()
        .ok()
        .and_then(|origin| origin.split_once("://"))
        .map(|(_, host)| host);
    if origin_host.is_some() && origin_host == host {
        return Ok(());
    }
    if service.cors.allows(origin) {
        return Ok(());
    }
    Err(Refusal::http(
        StatusCode::FORBIDDEN,
        "pages of this origin may not open a WebSocket; origins are configured as cors.policies",
        "ORIGIN_NOT_ALLOWED",
    ))
}

async fn serve(service: Arc<Service>, mut socket: WebSocket, mut parts: Parts) {
    let speaks = socket
        .protocol()
        .is_some_and(|protocol| protocol.as_bytes() == SUBPROTOCOL.as_bytes());
    let result = if speaks {
        match initialise(&service, &mut socket, &mut parts).await {
            Ok(()) => Connection::new(service, parts).run(&mut socket).await,
            Err(end) => Err(end),
        }
    } else {
        Err(End::Close(Close::SubprotocolNotAcceptable))
    };
    if let Err(End::Close(close)) = result {
        tracing::debug!(
            code = close.code(),
            reason = close.reason(),
            "closing a WebSocket"
        );
        let frame = CloseFrame {
            code: close.code(),
            reason: close.reason().into(),
        };
        // The peer may have gone, and need not answer.
        let _ = timeout(SEND_TIMEOUT, socket.send(Message::Close(Some(frame)))).await;
        let _ = timeout(CLOSE_WITHIN, drain(&mut socket, &close)).await;
    }
}

/// Reads until the peer has closed, so that the close frame is not lost in a reset connection. Where that cannot be
/// seen, it waits for ever.
async fn drain(socket: &mut WebSocket, close: &Close) {
    if close.ends_reading() {
        std::future::pending::<()>().await;
    }
    while let Some(Ok(_)) = socket.recv().await {}
}

/// How a connection ends.
pub(super) enum End {
    /// The server closes it.
    Close(Close),
    /// The client closed it, or it broke.
    Gone,
}

impl From<Close> for End {
    fn from(close: Close) -> End {
        End::Close(close)
    }
}

/// Waits for `connection_init`, checks who it is, and acknowledges.
async fn initialise(
    service: &Service,
    socket: &mut WebSocket,
    parts: &mut Parts,
) -> Result<(), End> {
    let deadline = Instant::now() + service.config.subscription.connection_init_timeout.0;
    let payload = loop {
        let received = tokio::select! {
            received = timeout_at(deadline, socket.recv()) => received.map_err(|_| Close::InitTimeout)?,
            () = service.stopping.cancelled() => return Err(Close::GoingAway.into()),
        };
        match text_of(received)? {
            None => {}
            Some(text) => match protocol::read(&text)? {
                ClientMessage::ConnectionInit { payload } => break payload,
                ClientMessage::Ping { payload } => send(socket, protocol::pong(payload)).await?,
                ClientMessage::Pong {} => {}
                ClientMessage::Subscribe { .. } | ClientMessage::Complete { .. } => {
                    return Err(Close::Unauthorized.into());
                }
            },
        }
    };
    add_headers(&service.config, parts, payload.unwrap_or_default());
    if let Err(refusal) = service.context(parts).await {
        let why = refusal
            .errors
            .first()
            .map_or("refused", |error| error.message.as_str());
        return Err(Close::Forbidden(why.to_owned()).into());
    }
    send(socket, protocol::connection_ack()).await
}

/// Adds the payload's texts to the headers of the upgrade, as browsers cannot send headers with that: those that may come
/// this way, where the upgrade does not have them. A proxy may have written it, and does not see what follows.
fn add_headers(config: &RouterConfig, parts: &mut Parts, payload: Map<String, Value>) {
    let jwt = config.authentication.router.jwt.as_ref();
    let of_token = jwt.map_or(&header::AUTHORIZATION, |jwt| &jwt.header_name.0);
    let others = &config.subscription.connection_init_headers;
    for (name, value) in payload {
        let (Ok(name), Value::String(value)) = (HeaderName::try_from(name), value) else {
            continue;
        };
        let may_come = name == *of_token || others.iter().any(|other| other.0 == name);
        if !may_come || parts.headers.contains_key(&name) {
            continue;
        }
        if let Ok(value) = HeaderValue::from_str(&value) {
            parts.headers.insert(name, value);
        }
    }
}

/// The text of a message; `None` for what the WebSocket layer deals with.
pub(super) fn text_of(
    received: Option<Result<Message, axum::Error>>,
) -> Result<Option<String>, End> {
    match received {
        Some(Ok(Message::Text(text))) => Ok(Some(text.to_string())),
        Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(None),
        Some(Ok(Message::Binary(_))) => Err(Close::InvalidMessage("binary".to_owned()).into()),
        Some(Ok(Message::Close(_))) | None => Err(End::Gone),
        Some(Err(error)) => Err(end_after(error)),
    }
}

/// What becomes of a connection on which no message could be read.
fn end_after(error: axum::Error) -> End {
    let error = error.into_inner();
    match error.downcast_ref::<tungstenite::Error>() {
        Some(tungstenite::Error::Capacity(CapacityError::MessageTooLong { max_size, .. })) => {
            Close::MessageTooLong(*max_size).into()
        }
        Some(tungstenite::Error::Utf8(_)) => Close::NotUtf8.into(),
        _ => End::Gone,
    }
}

pub(super) async fn send(socket: &mut WebSocket, text: String) -> Result<(), End> {
    match timeout(SEND_TIMEOUT, socket.send(Message::text(text))).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(End::Gone),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use serde_json::json;

    use super::*;

    /// The headers of an upgrade that had `x-user: ada`, after a payload.
    fn after_payload(config: &str) -> HeaderMap {
        let config = RouterConfig::from_yaml(config).unwrap();
        let (mut parts, ()) = http::Request::get("/graphql")
            .header("x-user", "ada")
            .body(())
            .unwrap()
            .into_parts();
        let payload = json!({
            "Authorization": "Bearer a",
            "X-User": "mallory",
            "x-token": "b",
            "x-tenant": "c",
            "retries": 3,
        });
        let Value::Object(payload) = payload else {
            unreachable!()
        };
        add_headers(&config, &mut parts, payload);
        parts.headers
    }

    #[test]
    fn a_payload_brings_the_token_and_what_is_named() {
        let names = |config| -> Vec<String> {
            let headers = after_payload(config);
            assert_eq!(headers["x-user"], "ada");
            headers.keys().map(HeaderName::to_string).collect()
        };
        assert_eq!(names(""), ["x-user", "authorization"]);
        let named = "{ subscription: { connection_init_headers: [x-tenant, x-user] } }";
        assert_eq!(names(named), ["x-user", "authorization", "x-tenant"]);
        let elsewhere = "{ authentication: { router: { jwt: { header_name: x-token } } } }";
        assert_eq!(names(elsewhere), ["x-user", "x-token"]);
    }
}
