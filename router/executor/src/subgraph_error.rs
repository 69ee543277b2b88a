//! Errors as subgraphs send them.

use serde_json::Value;

use crate::errors::{GraphQLError, PathElement};
use crate::request::JsonMap;

/// An error as a subgraph sends it. Its locations are those of the subgraph's operation and tell a client nothing.
#[derive(Debug, Default)]
pub(crate) struct SubgraphError {
    pub message: Option<String>,
    pub path: Option<Vec<Value>>,
    pub extensions: Option<JsonMap>,
}

impl SubgraphError {
    /// The errors of a response; `None` when they are no list. A part of an error that is not of the type that it
    /// should be is passed over: the data beside it are no worse for it.
    pub fn parse_list(text: &[u8]) -> Option<Vec<SubgraphError>> {
        let errors: Vec<Value> = serde_json::from_slice(text).ok()?;
        Some(errors.into_iter().map(SubgraphError::from_json).collect())
    }

    fn from_json(error: Value) -> SubgraphError {
        let Value::Object(mut parts) = error else {
            return SubgraphError::default();
        };
        SubgraphError {
            message: match parts.remove("message") {
                Some(Value::String(message)) => Some(message),
                _ => None,
            },
            path: match parts.remove("path") {
                Some(Value::Array(path)) => Some(path),
                _ => None,
            },
            extensions: match parts.remove("extensions") {
                Some(Value::Object(extensions)) => Some(extensions),
                _ => None,
            },
        }
    }

    /// The root field that the error is about, by its key in the response.
    pub fn root_key(&self) -> Option<&str> {
        self.path.as_ref()?.first()?.as_str()
    }

    /// The error as clients see it, but for its path.
    pub fn into_client_error(self) -> GraphQLError {
        let mut error = GraphQLError {
            message: self
                .message
                .unwrap_or_else(|| "error without a message".to_owned()),
            path: None,
            extensions: self.extensions.unwrap_or_default(),
        };
        if !error.extensions.contains_key("code") {
            error = error.with_extension("code", "DOWNSTREAM_SERVICE_ERROR");
        }
        error
    }

    /// From an error that was made in the same process.
    pub fn from_value(error: GraphQLError) -> SubgraphError {
        let path = error
            .path
            .map(|path| path.into_iter().map(json_element).collect());
        SubgraphError {
            message: Some(error.message),
            path,
            extensions: Some(error.extensions),
        }
    }
}

fn json_element(element: PathElement) -> Value {
    match element {
        PathElement::Key(key) => Value::String(key.to_string()),
        PathElement::Index(index) => index.into(),
    }
}
