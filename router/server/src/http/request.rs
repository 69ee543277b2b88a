//! The parameters of a GraphQL request (GraphQL over HTTP, section 5).

use std::time::Duration;

use apollo_compiler::response::{JsonMap, JsonValue};
use axum::body::Body;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::Deserialize;
use souk_executor::TransportError;
use souk_executor::transport::encoding::{self, Coding};

use crate::error::{GraphQLError, Refusal, RefusalKind};

/// How much of a body that is too long is read before the client is told so, and for how long.
const DISCARDED_BYTES: usize = 32_000_000;
const DISCARDED_WITHIN: Duration = Duration::from_secs(5);

/// What a client wants executed.
#[derive(Debug, Clone)]
pub(crate) struct GraphQLRequest {
    pub query: String,
    pub operation_name: Option<String>,
    pub variables: JsonMap,
}

/// The four parameters, before their types are looked at: a message for each is worth more than serde's.
#[derive(Deserialize)]
pub(crate) struct Parameters {
    query: Option<JsonValue>,
    #[serde(rename = "operationName")]
    operation_name: Option<JsonValue>,
    variables: Option<JsonValue>,
    extensions: Option<JsonValue>,
}

/// Why parameters are no request that the router can execute.
pub(crate) enum ParametersError {
    /// They are not what they should be; a sentence for the client.
    Invalid(String),
    /// They name a document by its hash (Apollo's automatic persisted queries) and have none.
    PersistedQuery,
}

impl From<ParametersError> for Refusal {
    fn from(error: ParametersError) -> Refusal {
        match error {
            ParametersError::Invalid(message) => Refusal::bad_request(message),
            // By this very message and code, clients know that they have to send the document.
            ParametersError::PersistedQuery => Refusal::graphql(vec![GraphQLError::new(
                "PersistedQueryNotSupported",
                "PERSISTED_QUERY_NOT_SUPPORTED",
            )]),
        }
    }
}

impl Parameters {
    /// Checks the types.
    pub fn check(self) -> Result<GraphQLRequest, ParametersError> {
        if self.has_hash_only() {
            return Err(ParametersError::PersistedQuery);
        }
        self.read().map_err(ParametersError::Invalid)
    }

    fn has_hash_only(&self) -> bool {
        let has_query = match &self.query {
            Some(JsonValue::String(query)) => !query.as_str().trim().is_empty(),
            query => !matches!(query, None | Some(JsonValue::Null)),
        };
        let extensions = self.extensions.as_ref().and_then(JsonValue::as_object);
        !has_query && extensions.is_some_and(|extensions| extensions.contains_key("persistedQuery"))
    }

    /// The error is a sentence for the client.
    fn read(self) -> Result<GraphQLRequest, String> {
        let query = match self.query {
            Some(JsonValue::String(query)) => query.as_str().to_owned(),
            None | Some(JsonValue::Null) => {
                return Err("the parameter `query` is missing".to_owned());
            }
            Some(other) => return Err(wrong_type("query", "a string", &other)),
        };
        if query.trim().is_empty() {
            return Err("the parameter `query` is empty".to_owned());
        }
        let operation_name = match self.operation_name {
            Some(JsonValue::String(name)) if !name.as_str().is_empty() => {
                Some(name.as_str().to_owned())
            }
            None | Some(JsonValue::Null | JsonValue::String(_)) => None,
            Some(other) => return Err(wrong_type("operationName", "a string or null", &other)),
        };
        let variables = match self.variables {
            Some(JsonValue::Object(variables)) => variables,
            None | Some(JsonValue::Null) => JsonMap::new(),
            Some(other) => return Err(wrong_type("variables", "an object or null", &other)),
        };
        match self.extensions {
            None | Some(JsonValue::Null | JsonValue::Object(_)) => {}
            Some(other) => return Err(wrong_type("extensions", "an object or null", &other)),
        }
        Ok(GraphQLRequest {
            query,
            operation_name,
            variables,
        })
    }
}

fn wrong_type(parameter: &str, expected: &str, found: &JsonValue) -> String {
    let found = match found {
        JsonValue::Null => "null",
        JsonValue::Bool(_) => "a boolean",
        JsonValue::Number(_) => "a number",
        JsonValue::String(_) => "a string",
        JsonValue::Array(_) => "a list",
        JsonValue::Object(_) => "an object",
    };
    format!("the parameter `{parameter}` must be {expected}, not {found}")
}

/// The whole body without its compression; 413 when it is longer than `limit` bytes, with or without.
pub(crate) async fn read_body(parts: &Parts, body: Body, limit: usize) -> Result<Bytes, Refusal> {
    let codings = codings(&parts.headers)?;
    let body = read_bytes(parts, body, limit).await?;
    encoding::decode(&codings, body, limit).map_err(|error| match error {
        TransportError::TooLarge(_) => body_too_large(limit),
        error => Refusal::bad_request(format!("the request body could not be read: {error}")),
    })
}

/// How the body is compressed; 415 when the router does not know how.
fn codings(headers: &HeaderMap) -> Result<Vec<Coding>, Refusal> {
    let mut names = Vec::new();
    for value in headers.get_all(header::CONTENT_ENCODING) {
        names.push(String::from_utf8_lossy(value.as_bytes()));
    }
    encoding::codings(names.iter().map(AsRef::as_ref)).map_err(|error| {
        Refusal::http(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            format!("{error}; a request body may be compressed with gzip, deflate or br"),
            "UNSUPPORTED_MEDIA_TYPE",
        )
        .with_header(header::ACCEPT_ENCODING, encoding::ACCEPTED)
    })
}

/// The body as it is sent.
async fn read_bytes(parts: &Parts, body: Body, limit: usize) -> Result<Bytes, Refusal> {
    // Nothing of it is kept, when the client says how long the body is.
    let announced = parts
        .headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    let mut body = body;
    if announced.is_some_and(|length: usize| length > limit) {
        discard(&mut body).await;
        return Err(body_too_large(limit));
    }
    match Limited::new(&mut body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            discard(&mut body).await;
            Err(body_too_large(limit))
        }
        Err(error) => Err(Refusal::bad_request(format!(
            "the request body could not be read: {error}"
        ))),
    }
}

/// Reads on for a while. Many clients look at the answer only once they have sent all, and would take a connection that
/// closes before that for a failure of the network.
async fn discard(body: &mut Body) {
    let mut left = DISCARDED_BYTES;
    let reading = async {
        while let Some(Ok(frame)) = body.frame().await {
            let read = frame.data_ref().map_or(0, Bytes::len);
            match left.checked_sub(read) {
                Some(less) => left = less,
                None => return,
            }
        }
    };
    // Whether it came to the end makes no difference to the answer.
    let _ = tokio::time::timeout(DISCARDED_WITHIN, reading).await;
}

fn body_too_large(limit: usize) -> Refusal {
    let message = format!(
        "the request body is longer than the {limit} bytes allowed; \
         the limit is configured as limits.http_max_request_bytes"
    );
    let error = GraphQLError::new(message, "MAX_REQUEST_BYTES_LIMIT")
        .with_extension("limit", limit)
        .with_extension("configuredBy", "limits.http_max_request_bytes");
    Refusal {
        errors: vec![error],
        kind: RefusalKind::Http(StatusCode::PAYLOAD_TOO_LARGE),
        headers: Default::default(),
    }
    // Some of the body may be unread, so the connection cannot be used again.
    .with_header(header::CONNECTION, HeaderValue::from_static("close"))
}

/// The request in a POST body.
pub(crate) fn from_body(body: &Bytes) -> Result<GraphQLRequest, Refusal> {
    if let Err(error) = std::str::from_utf8(body) {
        let position = error.valid_up_to();
        return Err(Refusal::bad_request(format!(
            "the request body is not UTF-8: invalid byte at position {position}"
        )));
    }
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    match first {
        None => return Err(Refusal::bad_request("the request body is empty")),
        Some(b'[') => {
            return Err(Refusal::bad_request(
                "batches of requests are not supported; send one request",
            ));
        }
        Some(b'{') => {}
        Some(_) => {
            return Err(Refusal::bad_request(
                "the request body must be a JSON object",
            ));
        }
    }
    let parameters: Parameters = serde_json::from_slice(body).map_err(|error| {
        Refusal::bad_request(format!(
            "the request body is not a GraphQL request in JSON: {error}"
        ))
    })?;
    parameters.check().map_err(Refusal::from)
}

/// The request in a URL's query.
pub(crate) fn from_query(query: &str) -> Result<GraphQLRequest, Refusal> {
    let mut parameters = Parameters {
        query: None,
        operation_name: None,
        variables: None,
        extensions: None,
    };
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = decode(name)?;
        let place = match name.as_str() {
            "query" => &mut parameters.query,
            "operationName" => &mut parameters.operation_name,
            "variables" => &mut parameters.variables,
            "extensions" => &mut parameters.extensions,
            _ => continue,
        };
        if place.is_some() {
            return Err(Refusal::bad_request(format!(
                "the parameter `{name}` is given twice"
            )));
        }
        let text = decode(value)?;
        let is_json = matches!(name.as_str(), "variables" | "extensions") && !text.is_empty();
        *place = if is_json {
            let parsed = serde_json::from_str(&text);
            Some(parsed.map_err(|error| {
                Refusal::bad_request(format!("the parameter `{name}` is not JSON: {error}"))
            })?)
        } else if text.is_empty() {
            None
        } else {
            Some(JsonValue::String(text.into()))
        };
    }
    parameters.check().map_err(Refusal::from)
}

/// `application/x-www-form-urlencoded` to text.
fn decode(text: &str) -> Result<String, Refusal> {
    let spaced = text.replace('+', " ");
    let decoded = percent_encoding::percent_decode_str(&spaced).decode_utf8();
    decoded
        .map(String::from)
        .map_err(|_| Refusal::bad_request("the URL's query is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(result: Result<GraphQLRequest, Refusal>) -> String {
        let refusal = result.unwrap_err();
        assert_eq!(refusal.kind, RefusalKind::Http(StatusCode::BAD_REQUEST));
        refusal.errors[0].message.clone()
    }

    #[test]
    fn a_body_is_read() {
        let body = br#"{"query":"query A { a }","operationName":"A","variables":{"x":[1]},"extensions":null}"#;
        let request = from_body(&Bytes::from_static(body)).unwrap();
        assert_eq!(request.query, "query A { a }");
        assert_eq!(request.operation_name.as_deref(), Some("A"));
        assert_eq!(request.variables.len(), 1);
    }

    #[test]
    fn wrong_bodies_are_told_what_is_wrong() {
        let cases: [(&[u8], &str); 10] = [
            (b"", "empty"),
            (b"{", "JSON"),
            (b"\"text\"", "JSON"),
            (b"[{\"query\":\"{a}\"}]", "batches"),
            (
                b"{\"query\":\"\xff\"}",
                "not UTF-8: invalid byte at position 10",
            ),
            (b"{}", "`query` is missing"),
            (b"{\"query\":\" \"}", "`query` is empty"),
            (b"{\"query\":1}", "`query` must be a string, not a number"),
            (
                b"{\"query\":\"{a}\",\"variables\":[]}",
                "`variables` must be an object or null, not a list",
            ),
            (
                b"{\"query\":\"{a}\",\"extensions\":\"x\"}",
                "`extensions` must be an object or null, not a string",
            ),
        ];
        for (body, expected) in cases {
            let message = message(from_body(&Bytes::from_static(body)));
            assert!(message.contains(expected), "{message}");
        }
    }

    #[test]
    fn deep_json_is_refused_without_overflowing_the_stack() {
        let nested = "[".repeat(100_000);
        let body = format!("{{\"query\":\"{{a}}\",\"variables\":{{\"x\":{nested}");
        assert!(message(from_body(&body.into())).contains("recursion limit"));
    }

    #[test]
    fn a_query_is_read() {
        let request =
            from_query("query=%7B+a+%7D&variables=%7B%22x%22%3A1%7D&operationName=").unwrap();
        assert_eq!(request.query, "{ a }");
        assert_eq!(request.variables.len(), 1);
        assert_eq!(request.operation_name, None);
        let request = from_query("%71uery=%7Ba%7D&%76ariables=%7B%22x%22%3A1%7D").unwrap();
        assert_eq!(request.variables.len(), 1);
    }

    #[test]
    fn wrong_queries_are_told_what_is_wrong() {
        let cases = [
            ("", "`query` is missing"),
            ("query=%ff", "not UTF-8"),
            ("query=a&query=b", "given twice"),
            ("query=a&variables=x", "`variables` is not JSON"),
            ("query=a&variables=1", "`variables` must be an object"),
        ];
        for (query, expected) in cases {
            let message = message(from_query(query));
            assert!(message.contains(expected), "{message}");
        }
    }
}
