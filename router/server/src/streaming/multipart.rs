//! Apollo's multipart subscription protocol: each response the `payload` of a part (RFC 2046, section 5.1), an empty
//! part as a sign of life, and the last delimiter at the end.
//!
//! The delimiter is written behind a part rather than before the next: a client knows by it that the part is complete.

use serde_json::json;

use crate::error::Refusal;

/// The first delimiter.
pub(super) const START: &str = "--graphql";

/// What makes a delimiter the last.
pub(super) const END: &str = "--\r\n";

/// A response of the operation.
pub(super) fn response(response: &[u8]) -> String {
    let response = String::from_utf8_lossy(response);
    part(&format!("{{\"payload\":{response}}}"))
}

/// Why there are no more responses: an error of the stream, not of an operation's execution.
pub(super) fn refusal(refusal: &Refusal) -> String {
    part(&json!({ "payload": null, "errors": refusal.errors }).to_string())
}

/// A part that every client ignores.
pub(super) fn heartbeat() -> String {
    part("{}")
}

fn part(body: &str) -> String {
    format!("\r\ncontent-type: application/json\r\n\r\n{body}\r\n--graphql")
}
