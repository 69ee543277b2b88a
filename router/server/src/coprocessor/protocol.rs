//! The messages of the coprocessor protocol, version 1: a JSON object each way, with the same properties. A property
//! that the answer leaves out is unchanged.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use apollo_compiler::response::JsonMap;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::authorization::Claims;
use crate::config::{ContextEntry, CoprocessorRequest};
use crate::correlation::CorrelationId;
use crate::error::{GraphQLError, Location, Refusal, RefusalKind};

const VERSION: u64 = 1;
const STAGE: &str = "SupergraphRequest";

/// The code of an error with which a coprocessor ends a request, if it has none of its own.
const BREAK: &str = "COPROCESSOR_BREAK";

/// What the coprocessor is told.
#[derive(Serialize)]
pub(super) struct Question<'a> {
    version: u64,
    stage: &'static str,
    control: Control,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    context: Context,
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<BTreeMap<&'a str, Vec<String>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Operation<'a>>,
    /// The name of the context's entry about policies.
    #[serde(skip)]
    policies: Option<&'static str>,
}

/// Whether the request goes on; or the HTTP status to end it with.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Control {
    Continue,
    Break(u16),
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Context {
    #[serde(default)]
    entries: Map<String, Value>,
}

/// What the client sent.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Operation<'a> {
    pub query: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation_name: Option<&'a str>,
    pub variables: &'a JsonMap,
}

/// What the coprocessor answers, as far as it matters.
#[derive(Deserialize)]
struct Answer {
    version: Option<u64>,
    stage: Option<String>,
    id: Option<String>,
    control: Option<Control>,
    context: Option<Context>,
    body: Option<Value>,
}

/// What comes of an answer.
#[derive(Debug)]
pub(super) enum Verdict {
    /// These policies are granted, and no other.
    Granted(BTreeSet<Arc<str>>),
    /// The request is not to be executed.
    Ended(Refusal),
}

/// An answer that is not by the protocol.
#[derive(Debug, thiserror::Error)]
pub(super) enum AnswerError {
    /// It is not JSON, or not of the shape it should have.
    #[error("the answer is not as it should be: {0}")]
    Shape(#[from] serde_json::Error),
    /// It is about something else.
    #[error("the answer has another `{0}` than the request")]
    Changed(&'static str),
    /// The request cannot be answered so.
    #[error("the answer ends the request with the HTTP status {0}, which no response can have")]
    Status(u16),
}

impl<'a> Question<'a> {
    pub fn new(
        told: &CoprocessorRequest,
        policies: &BTreeSet<Arc<str>>,
        claims: Option<&Claims>,
        parts: &'a Parts,
        operation: Operation<'a>,
    ) -> Question<'a> {
        let mut entries = Map::new();
        if let Some((name, claims)) = told.context.name(ContextEntry::Claims).zip(claims) {
            entries.insert(name.to_owned(), Value::Object(claims.0.as_ref().clone()));
        }
        let name = told.context.name(ContextEntry::Policies);
        if let Some(name) = name {
            let undecided = policies
                .iter()
                .map(|policy| (policy.to_string(), Value::Null));
            entries.insert(name.to_owned(), Value::Object(undecided.collect()));
        }
        let id = parts.extensions.get::<CorrelationId>();
        Question {
            version: VERSION,
            stage: STAGE,
            control: Control::Continue,
            id: id.map(CorrelationId::as_str),
            context: Context { entries },
            headers: told.headers.then(|| headers(&parts.headers)),
            method: told.method.then(|| parts.method.as_str()),
            body: told.body.then_some(operation),
            policies: name,
        }
    }

    /// What the answer to this question says.
    pub fn verdict(&self, answer: &[u8]) -> Result<Verdict, AnswerError> {
        let answer: Answer = serde_json::from_slice(answer)?;
        let version = answer.version.unwrap_or(VERSION);
        let stage = answer.stage.as_deref().unwrap_or(STAGE);
        let id = answer.id.as_deref().or(self.id);
        if version != VERSION {
            return Err(AnswerError::Changed("version"));
        }
        if stage != STAGE {
            return Err(AnswerError::Changed("stage"));
        }
        if id != self.id {
            return Err(AnswerError::Changed("id"));
        }
        if let Some(Control::Break(status)) = answer.control {
            return ended(status, answer.body).map(Verdict::Ended);
        }
        let mut entries = answer.context.unwrap_or_default().entries;
        let decided = self.policies.and_then(|name| entries.remove(name));
        let decided: BTreeMap<Arc<str>, Option<bool>> = match decided {
            Some(decided) => serde_json::from_value(decided)?,
            None => BTreeMap::new(),
        };
        let granted = decided
            .into_iter()
            .filter(|(_, value)| *value == Some(true));
        Ok(Verdict::Granted(
            granted.map(|(policy, _)| policy).collect(),
        ))
    }
}

/// Every name with all of its values. What is not UTF-8 is sent as far as it is.
fn headers(headers: &HeaderMap) -> BTreeMap<&str, Vec<String>> {
    let mut values: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        values.entry(name.as_str()).or_default().push(value);
    }
    values
}

/// What a response says of an error, as far as it can belong to a request that was not executed.
#[derive(Deserialize)]
struct EndingError {
    message: String,
    #[serde(default)]
    locations: Vec<EndingPlace>,
    #[serde(default)]
    extensions: Map<String, Value>,
}

#[derive(Deserialize)]
struct EndingPlace {
    line: usize,
    column: usize,
}

/// The refusal of a request that the coprocessor ends: with the errors of a GraphQL response, or with one that has a text
/// as its message. Data are not passed on.
fn ended(status: u16, body: Option<Value>) -> Result<Refusal, AnswerError> {
    #[derive(Deserialize)]
    struct Response {
        #[serde(default)]
        errors: Vec<EndingError>,
    }
    let known = StatusCode::from_u16(status).ok();
    // A status 1xx announces another.
    let known = known.filter(|status| !status.is_informational());
    let status = known.ok_or(AnswerError::Status(status))?;
    let mut errors = Vec::new();
    match body {
        Some(Value::String(message)) => errors.push(GraphQLError::new(message, BREAK)),
        Some(body) => {
            let response: Response = serde_json::from_value(body)?;
            errors.extend(response.errors.into_iter().map(GraphQLError::from));
        }
        None => {}
    }
    if errors.is_empty() {
        errors.push(GraphQLError::new(
            "the coprocessor ended the request",
            BREAK,
        ));
    }
    Ok(Refusal {
        errors,
        kind: RefusalKind::Http(status),
        headers: Vec::new(),
    })
}

impl From<EndingError> for GraphQLError {
    fn from(given: EndingError) -> GraphQLError {
        let mut error = GraphQLError::new(given.message, BREAK);
        error.extensions.extend(given.extensions);
        let places = given.locations.into_iter();
        error
            .locations
            .extend(places.map(|EndingPlace { line, column }| Location { line, column }));
        error
    }
}

#[cfg(test)]
mod tests;
