//! The messages of graphql-transport-ws.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::error::GraphQLError;
use crate::http::request::Parameters;

/// The name of the protocol in `sec-websocket-protocol`.
pub(crate) const SUBPROTOCOL: &str = "graphql-transport-ws";

/// A message from the client.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ClientMessage {
    ConnectionInit {
        #[serde(default)]
        payload: Option<Map<String, Value>>,
    },
    Ping {
        #[serde(default)]
        payload: Option<Map<String, Value>>,
    },
    Pong {},
    Subscribe {
        id: String,
        payload: Box<Parameters>,
    },
    Complete {
        id: String,
    },
}

/// Why the server closes the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Close {
    /// The router stops.
    GoingAway,
    /// A text that is not UTF-8.
    NotUtf8,
    /// A message longer than so many bytes.
    MessageTooLong(usize),
    /// A message that is not of the protocol.
    InvalidMessage(String),
    /// An operation before the connection was acknowledged.
    Unauthorized,
    /// `connection_init` was refused.
    Forbidden(String),
    /// The client does not speak the protocol.
    SubprotocolNotAcceptable,
    /// `connection_init` took too long.
    InitTimeout,
    /// An operation with the id of one that is under way.
    SubscriberExists(String),
    /// A second `connection_init`.
    TooManyInits,
}

impl Close {
    pub fn code(&self) -> u16 {
        match self {
            Close::GoingAway => 1001,
            Close::NotUtf8 => 1007,
            Close::MessageTooLong(_) => 1009,
            Close::InvalidMessage(_) => 4400,
            Close::Unauthorized => 4401,
            Close::Forbidden(_) => 4403,
            Close::SubprotocolNotAcceptable => 4406,
            Close::InitTimeout => 4408,
            Close::SubscriberExists(_) => 4409,
            Close::TooManyInits => 4429,
        }
    }

    /// Whether nothing can be read from the connection any more.
    pub fn ends_reading(&self) -> bool {
        matches!(self, Close::NotUtf8 | Close::MessageTooLong(_))
    }

    /// At most 123 bytes: what a close frame has room for (RFC 6455, section 5.5).
    pub fn reason(&self) -> String {
        let mut reason = match self {
            Close::GoingAway => "Going away".to_owned(),
            Close::NotUtf8 => "Message is not UTF-8".to_owned(),
            Close::MessageTooLong(limit) => {
                format!("Message too long: limits.http_max_request_bytes is {limit}")
            }
            Close::InvalidMessage(what) => format!("Invalid message: {what}"),
            Close::Unauthorized => "Unauthorized".to_owned(),
            Close::Forbidden(why) => format!("Forbidden: {why}"),
            Close::SubprotocolNotAcceptable => "Subprotocol not acceptable".to_owned(),
            Close::InitTimeout => "Connection initialisation timeout".to_owned(),
            Close::SubscriberExists(id) => format!("Subscriber for {id} already exists"),
            Close::TooManyInits => "Too many initialisation requests".to_owned(),
        };
        let mut end = reason.len().min(123);
        while !reason.is_char_boundary(end) {
            end -= 1;
        }
        reason.truncate(end);
        reason
    }
}

/// Reads a message.
pub(crate) fn read(text: &str) -> Result<ClientMessage, Close> {
    let message =
        serde_json::from_str(text).map_err(|error| Close::InvalidMessage(error.to_string()))?;
    match &message {
        ClientMessage::Subscribe { id, .. } | ClientMessage::Complete { id } if id.is_empty() => {
            Err(Close::InvalidMessage("the id is empty".to_owned()))
        }
        _ => Ok(message),
    }
}

pub(crate) fn connection_ack() -> String {
    r#"{"type":"connection_ack"}"#.to_owned()
}

pub(crate) fn pong(payload: Option<Map<String, Value>>) -> String {
    match payload {
        Some(payload) => serde_json::json!({ "type": "pong", "payload": payload }).to_string(),
        None => r#"{"type":"pong"}"#.to_owned(),
    }
}

/// `response` is the JSON text of a GraphQL response, taken in as it is.
pub(crate) fn next(id: &str, response: &[u8]) -> String {
    let id = Value::from(id);
    format!(
        r#"{{"id":{id},"type":"next","payload":{}}}"#,
        String::from_utf8_lossy(response)
    )
}

pub(crate) fn error(id: &str, errors: &[GraphQLError]) -> String {
    serde_json::json!({ "id": id, "type": "error", "payload": errors }).to_string()
}

/// The `errors` of a response without data, as an error message. `None` when the response has none.
pub(crate) fn error_from_response(id: &str, response: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(response).ok()?;
    let errors = body.get("errors")?.as_array()?;
    Some(serde_json::json!({ "id": id, "type": "error", "payload": errors }).to_string())
}

pub(crate) fn complete(id: &str) -> String {
    let id = Value::from(id);
    format!(r#"{{"id":{id},"type":"complete"}}"#)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read() {
        assert!(matches!(
            read(r#"{"type":"connection_init"}"#),
            Ok(ClientMessage::ConnectionInit { payload: None })
        ));
        let subscribe = read(r#"{"id":"1","type":"subscribe","payload":{"query":"{a}"}}"#);
        assert!(matches!(subscribe, Ok(ClientMessage::Subscribe { .. })));
        for wrong in [
            "",
            "[]",
            r#"{"type":"start"}"#,
            r#"{"type":"subscribe","payload":{"query":"{a}"}}"#,
            r#"{"type":"complete","id":""}"#,
            r#"{"type":"complete","id":1}"#,
        ] {
            assert_eq!(read(wrong).map(|_| ()).unwrap_err().code(), 4400, "{wrong}");
        }
    }

    #[test]
    fn reasons_fit_into_a_close_frame() {
        assert!(Close::SubscriberExists("ü".repeat(100)).reason().len() <= 123);
    }
}
