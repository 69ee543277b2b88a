//! The client's response.

use bytes::Bytes;

use crate::errors::GraphQLError;

/// A complete response, serialised (specification, section 7.1).
#[derive(Debug, Clone)]
pub struct Response {
    bytes: Bytes,
    has_data: bool,
    has_extensions: bool,
    error_count: usize,
}

impl Response {
    pub(crate) fn new(bytes: Bytes, has_data: bool, error_count: usize) -> Response {
        Response {
            bytes,
            has_data,
            has_extensions: false,
            error_count,
        }
    }

    /// A response to a request that was not executed: `errors` and no `data` (a request error, section 7.1.2).
    pub fn from_errors(errors: &[GraphQLError]) -> Response {
        let body = serde_json::json!({ "errors": errors });
        Response {
            bytes: Bytes::from(body.to_string()),
            has_data: false,
            has_extensions: false,
            error_count: errors.len(),
        }
    }

    /// `{"data":null}`, for an operation that was not to be executed.
    pub fn without_execution() -> Response {
        Response::new(Bytes::from_static(br#"{"data":null}"#), true, 0)
    }

    /// The response with this key and value in its `extensions` entry. The executor itself writes none.
    pub fn with_extension(self, key: &str, value: &serde_json::Value) -> Response {
        let added = serde_json::json!({ key: value }).to_string();
        // What was added before ends with the braces of the entry and of the response.
        let (end, join, added): (&[u8], &[u8], _) = match self.has_extensions {
            true => (b"}}", b",", &added[1..]),
            false => (b"}", br#","extensions":"#, added.as_str()),
        };
        let open = self.bytes.strip_suffix(end).unwrap_or(&self.bytes);
        Response {
            bytes: Bytes::from([open, join, added.as_bytes(), b"}"].concat()),
            has_extensions: true,
            ..self
        }
    }

    /// The JSON text: `{"data":…,"errors":…}`, `errors` only when there are any.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The JSON text, by value.
    pub fn into_bytes(self) -> Bytes {
        self.bytes
    }

    /// Whether the response has a `data` entry, be it null. Without one the operation was not executed, which
    /// GraphQL over HTTP answers with another status.
    pub fn has_data(&self) -> bool {
        self.has_data
    }

    /// How many entries `errors` has.
    pub fn error_count(&self) -> usize {
        self.error_count
    }
}
