//! The plain GraphQL server that has all data and the whole schema: what it answers is what the federated
//! graph has to answer.

use std::cell::RefCell;

use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};
use serde_json::Value;

use crate::data::{Data, Object};
use crate::execute::{events, execute};
use crate::hidden::Hidden;
use crate::resolve::Site;

/// What the plain server answers, one response per event of a subscription. In the place of what is hidden is an error.
pub(crate) fn answer(
    schema: &Valid<Schema>,
    data: &Data,
    hidden: &Hidden,
    document: &Valid<ExecutableDocument>,
    operation_name: Option<&str>,
    variables: &Object,
) -> Result<Vec<Value>, Vec<String>> {
    let violations = RefCell::new(Vec::new());
    let mut responses = Vec::new();
    for event in 0..events(data, document, operation_name) {
        let site = Site {
            schema,
            whole_schema: schema,
            data,
            hidden: Some(hidden),
            directives: None,
            sdl: "",
            event,
            violations: &violations,
        };
        responses.push(execute(&site, document, operation_name, variables));
    }
    let violations = violations.into_inner();
    if violations.is_empty() {
        Ok(responses)
    } else {
        Err(violations)
    }
}
