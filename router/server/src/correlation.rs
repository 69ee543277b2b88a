//! One id that follows a request through the router, the subgraphs and what they set off.

use http::{HeaderMap, HeaderName, HeaderValue};

/// Carries the id, in both directions.
pub const CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");

/// W3C Trace Context.
pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

const LONGEST: usize = 128;

/// The id of a request, as an extension of its [`http::request::Parts`] and of the context that subgraphs get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorrelationId(HeaderValue);

impl CorrelationId {
    /// The id that the client sent, or its trace's, or a new one. An id that could not be written into a log line
    /// as it is, is not taken.
    pub(crate) fn of(headers: &HeaderMap) -> CorrelationId {
        if let Some(given) = headers.get(CORRELATION_ID).filter(|value| is_plain(value)) {
            return CorrelationId(given.clone());
        }
        let trace = headers.get(TRACEPARENT).and_then(trace_id);
        let id = trace.map_or_else(|| uuid::Uuid::now_v7().simple().to_string(), str::to_owned);
        CorrelationId(HeaderValue::from_str(&id).unwrap_or(HeaderValue::from_static("unknown")))
    }

    /// As the value of a header.
    pub fn header_value(&self) -> &HeaderValue {
        &self.0
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        // It is made of visible ASCII only.
        self.0.to_str().unwrap_or_default()
    }
}

fn is_plain(value: &HeaderValue) -> bool {
    let bytes = value.as_bytes();
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:/+=".contains(byte);
    !bytes.is_empty() && bytes.len() <= LONGEST && bytes.iter().all(plain)
}

/// The trace id of a `traceparent`, if that is well-formed (W3C Trace Context, section 3.2).
pub(crate) fn trace_id(value: &HeaderValue) -> Option<&str> {
    let text = value.to_str().ok()?;
    let mut fields = text.split('-');
    let (version, trace, parent, flags) = (
        fields.next()?,
        fields.next()?,
        fields.next()?,
        fields.next()?,
    );
    let hex = |text: &str, length: usize| {
        text.len() == length
            && text
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let well_formed =
        hex(version, 2) && version != "ff" && hex(trace, 32) && hex(parent, 16) && hex(flags, 2);
    let zero = |text: &str| text.bytes().all(|byte| byte == b'0');
    (well_formed && !zero(trace) && !zero(parent)).then_some(trace)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: HeaderName, value: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        CorrelationId::of(&headers).as_str().to_owned()
    }

    #[test]
    fn the_clients_id_is_kept_when_it_is_plain() {
        assert_eq!(id(CORRELATION_ID, "order-17"), "order-17");
        assert_ne!(id(CORRELATION_ID, "a b"), "a b");
        assert_eq!(id(CORRELATION_ID, &"x".repeat(129)).len(), 32);
    }

    #[test]
    fn a_trace_gives_its_id() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        assert_eq!(
            id(TRACEPARENT, &format!("00-{trace}-00f067aa0ba902b7-01")),
            trace
        );
        assert_ne!(
            id(
                TRACEPARENT,
                &format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32))
            ),
            "0".repeat(32)
        );
        assert_eq!(id(TRACEPARENT, "nonsense").len(), 32);
    }
}
