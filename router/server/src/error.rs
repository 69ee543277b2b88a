//! Why a request is not executed.

use apollo_compiler::diagnostic::Diagnostic;
use apollo_compiler::parser::LineColumn;
use apollo_compiler::validation::DiagnosticData;
use http::request::Parts;
use http::{HeaderName, HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::{Map, Value, json};
use souk_executor::PathElement;

use crate::correlation::CorrelationId;

/// One entry of a response's `errors` (specification, section 7.1.2), for a request that was not executed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GraphQLError {
    /// What went wrong, for a person.
    pub message: String,
    /// Where in the document.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub locations: Vec<Location>,
    /// Where in the response that there is not: what the client may not see of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub path: Vec<PathElement>,
    /// `code`, and what else a program can use.
    #[serde(skip_serializing_if = "is_empty")]
    pub extensions: Box<Map<String, Value>>,
    #[serde(skip)]
    status: Option<StatusCode>,
}

#[allow(
    clippy::borrowed_box,
    reason = "serde hands over a reference to the field"
)]
fn is_empty(extensions: &Box<Map<String, Value>>) -> bool {
    extensions.is_empty()
}

/// A place in a document. Both numbers start at 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Location {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

impl From<LineColumn> for Location {
    fn from(place: LineColumn) -> Location {
        Location {
            line: place.line,
            column: place.column,
        }
    }
}

impl GraphQLError {
    /// An error with `extensions.code`.
    pub fn new(message: impl Into<String>, code: &str) -> GraphQLError {
        let mut extensions = Map::new();
        extensions.insert("code".to_owned(), code.into());
        GraphQLError {
            message: message.into(),
            locations: Vec::new(),
            path: Vec::new(),
            extensions: Box::new(extensions),
            status: None,
        }
    }

    /// The same error with one more extension.
    pub fn with_extension(mut self, key: &str, value: impl Into<Value>) -> GraphQLError {
        self.extensions.insert(key.to_owned(), value.into());
        self
    }

    /// The same error for this place of the response.
    pub fn with_path(mut self, path: Vec<PathElement>) -> GraphQLError {
        self.path = path;
        self
    }

    /// The same error with the HTTP status of the response, instead of the one that the code stands for.
    pub fn with_status(mut self, status: StatusCode) -> GraphQLError {
        self.status = Some(status);
        self
    }

    /// `extensions.code`.
    pub fn code(&self) -> Option<&str> {
        self.extensions.get("code")?.as_str()
    }

    /// The HTTP status of a response that has nothing but this error.
    pub fn status(&self) -> StatusCode {
        if let Some(status) = self.status {
            return status;
        }
        match self.code() {
            Some("UNAUTHENTICATED") => StatusCode::UNAUTHORIZED,
            Some("FORBIDDEN") => StatusCode::FORBIDDEN,
            Some("NOT_FOUND") => StatusCode::NOT_FOUND,
            Some("CONFLICT") => StatusCode::CONFLICT,
            Some("RATE_LIMITED") => StatusCode::TOO_MANY_REQUESTS,
            Some("BAD_USER_INPUT") => StatusCode::BAD_REQUEST,
            Some("UNAVAILABLE") => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// A request that was not executed.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub errors: Vec<GraphQLError>,
    pub kind: RefusalKind,
    /// Headers that belong to the status, such as `allow`.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

/// Who refused a request: HTTP or GraphQL. It decides the status (GraphQL over HTTP, section 6.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RefusalKind {
    /// The request is well-formed, but GraphQL cannot execute it: 200 as `application/json`, which has to stay
    /// compatible with old clients, and 400 as `application/graphql-response+json`.
    GraphQL,
    /// The status is the same for every media type.
    Http(StatusCode),
}

impl Refusal {
    /// A well-formed request that GraphQL cannot execute.
    pub fn graphql(errors: Vec<GraphQLError>) -> Refusal {
        Refusal {
            errors,
            kind: RefusalKind::GraphQL,
            headers: Vec::new(),
        }
    }

    /// A request refused with an HTTP status.
    pub fn http(status: StatusCode, message: impl Into<String>, code: &str) -> Refusal {
        Refusal {
            errors: vec![GraphQLError::new(message, code)],
            kind: RefusalKind::Http(status),
            headers: Vec::new(),
        }
    }

    /// A request that is not a GraphQL request: 400.
    pub fn bad_request(message: impl Into<String>) -> Refusal {
        Refusal::http(StatusCode::BAD_REQUEST, message, "BAD_REQUEST")
    }

    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Refusal {
        self.headers.push((name, value));
        self
    }

    /// Names the configuration key behind the refusal.
    pub fn configured_by(mut self, key: &str) -> Refusal {
        for error in &mut self.errors {
            error
                .extensions
                .insert("configuredBy".to_owned(), key.into());
        }
        self
    }

    /// Adds to errors `INTERNAL` the id under which the request is in the log.
    pub fn traced(mut self, request: &Parts) -> Refusal {
        let Some(id) = request.extensions.get::<CorrelationId>() else {
            return self;
        };
        for error in &mut self.errors {
            if error.code() == Some("INTERNAL") {
                error
                    .extensions
                    .insert("correlationId".to_owned(), id.as_str().into());
            }
        }
        self
    }

    /// True when the client is not who it says, or may not do this; false when that could not be found out.
    pub fn is_about_identity(&self) -> bool {
        let RefusalKind::Http(status) = self.kind else {
            return false;
        };
        matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
    }

    /// `{"errors":[...]}`
    pub fn body(&self) -> String {
        json!({ "errors": self.errors }).to_string()
    }
}

impl From<GraphQLError> for Refusal {
    fn from(error: GraphQLError) -> Refusal {
        let kind = RefusalKind::Http(error.status());
        Refusal {
            errors: vec![error],
            kind,
            headers: Vec::new(),
        }
    }
}

/// A document can have a mistake in every token; nobody reads on after so many.
pub(crate) const MOST_ERRORS: usize = 100;

/// The compiler's first findings as GraphQL errors, all with one code.
pub(crate) fn from_diagnostics<'a>(
    diagnostics: impl IntoIterator<Item = Diagnostic<'a, DiagnosticData>>,
    code: &str,
) -> Vec<GraphQLError> {
    let mut errors = Vec::new();
    for diagnostic in diagnostics.into_iter().take(MOST_ERRORS) {
        errors.push(from_compiler(&diagnostic.to_json(), code));
    }
    errors
}

/// An error of the compiler with a code.
pub(crate) fn from_compiler(
    error: &apollo_compiler::response::GraphQLError,
    code: &str,
) -> GraphQLError {
    let mut result = GraphQLError::new(error.message.clone(), code);
    let locations = error.locations.iter().copied();
    result.locations.extend(locations.map(Location::from));
    result
}
