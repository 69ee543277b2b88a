//! Executes an operation over data: on a subgraph's schema, or on the whole API schema.

use apollo_compiler::ExecutableDocument;
use apollo_compiler::ast::OperationType;
use apollo_compiler::resolvers::Execution;
use apollo_compiler::response::GraphQLError;
use apollo_compiler::validation::Valid;
use serde_json::{Value, json};

use crate::data::{Data, Object};
use crate::resolve::{Resolved, Site};

/// Executes an operation; a subscription's is one event.
pub(crate) fn execute(
    site: &Site<'_>,
    document: &Valid<ExecutableDocument>,
    operation_name: Option<&str>,
    variables: &Object,
) -> Value {
    let operation = match document.operations.get(operation_name) {
        Ok(operation) => operation,
        Err(error) => return json!({ "errors": [{ "message": error.message().to_string() }] }),
    };
    let kind = match operation.operation_type {
        OperationType::Query => "Query",
        OperationType::Mutation => "Mutation",
        OperationType::Subscription => "Subscription",
    };
    let root = Resolved::root(site, operation.object_type().clone(), site.data.root(kind));
    let variables = serde_json::from_value(Value::Object(variables.clone())).expect("JSON is JSON");
    let executed = Execution::new(site.schema, document)
        .operation(operation)
        .raw_variable_values(&variables)
        .enable_schema_introspection(true)
        .execute_sync(&root);
    match executed {
        Err(error) => json!({ "errors": [{ "message": error.message().to_string() }] }),
        Ok(response) => {
            let mut written = Object::new();
            let data = serde_json::to_value(&response.data).expect("JSON is JSON");
            written.insert("data".into(), data);
            if !response.errors.is_empty() {
                let errors: Vec<Value> = response.errors.iter().map(error).collect();
                written.insert("errors".into(), errors.into());
            }
            Value::Object(written)
        }
    }
}

fn error(error: &GraphQLError) -> Value {
    let message = error.message.trim_start_matches("resolver error: ");
    let mut written = Object::new();
    let (code, message) = match message
        .strip_prefix('[')
        .and_then(|rest| rest.split_once("] "))
    {
        Some((code, message)) => (Some(code), message),
        None => (None, message),
    };
    written.insert("message".into(), message.into());
    if !error.path.is_empty() {
        let path = serde_json::to_value(&error.path).expect("a path is JSON");
        written.insert("path".into(), path);
    }
    if let Some(code) = code {
        written.insert("extensions".into(), json!({ "code": code }));
    }
    Value::Object(written)
}

/// How many responses an operation has: one, unless it is a subscription.
pub(crate) fn events(
    data: &Data,
    document: &Valid<ExecutableDocument>,
    operation_name: Option<&str>,
) -> usize {
    let Ok(operation) = document.operations.get(operation_name) else {
        return 1;
    };
    if operation.operation_type != OperationType::Subscription {
        return 1;
    }
    let fields = data.root("Subscription");
    let first = operation.root_fields(document).next();
    let events =
        first.and_then(|field| fields.get(field.name.as_str())?.get("$events")?.as_array());
    events.map_or(0, Vec::len)
}
