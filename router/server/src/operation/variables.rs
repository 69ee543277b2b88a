//! The variables of a request (specification, section 6.1.2).

use apollo_compiler::Schema;
use apollo_compiler::response::{JsonMap as CompilerMap, JsonValue as CompilerValue};
use apollo_compiler::validation::Valid;
use serde_json::Value;
use souk_executor::JsonMap;

use super::prepare::Operation;
use crate::error::{GraphQLError, from_compiler};

/// Checks the client's values against the operation's variable definitions, and fills in defaults.
pub(crate) fn coerce(
    schema: &Valid<Schema>,
    operation: &Operation,
    values: &CompilerMap,
) -> Result<JsonMap, GraphQLError> {
    let document = &operation.document;
    let failed = |error: apollo_compiler::request::RequestError| {
        from_compiler(&error.to_graphql_error(&document.sources), "BAD_USER_INPUT")
    };
    let definition = document
        .operations
        .get(operation.name.as_deref())
        .map_err(failed)?;
    if definition.variables.is_empty() {
        return Ok(JsonMap::new());
    }
    let coerced = apollo_compiler::request::coerce_variable_values(schema, definition, values)
        .map_err(failed)?;
    let mut variables = JsonMap::with_capacity(coerced.len());
    for (name, value) in coerced.into_inner() {
        variables.insert(name.as_str().to_owned(), plain(value));
    }
    Ok(variables)
}

/// The compiler's JSON value as everybody else's. Nested no deeper than the JSON parser follows.
fn plain(value: CompilerValue) -> Value {
    match value {
        CompilerValue::Null => Value::Null,
        CompilerValue::Bool(value) => Value::Bool(value),
        CompilerValue::Number(value) => Value::Number(value),
        CompilerValue::String(value) => Value::String(value.as_str().to_owned()),
        CompilerValue::Array(items) => Value::Array(items.into_iter().map(plain).collect()),
        CompilerValue::Object(map) => Value::Object(
            map.into_iter()
                .map(|(key, value)| (key.as_str().to_owned(), plain(value)))
                .collect(),
        ),
    }
}
