//! `__schema` and `__type`, answered from the API schema (specification, section 4).

use std::sync::Arc;

use apollo_compiler::collections::HashMap;
use apollo_compiler::response::{JsonMap as CompilerMap, JsonValue};
use apollo_compiler::schema::Implementers;
use apollo_compiler::validation::Valid;
use apollo_compiler::{Name, Schema, introspection};

use crate::errors::GraphQLError;
use crate::request::{ExecutionRequest, JsonMap};

/// The schema that clients see.
pub(crate) struct ApiSchema {
    schema: Arc<Valid<Schema>>,
    implementers: HashMap<Name, Implementers>,
}

/// The values of an operation's introspection fields as JSON text, by response key.
pub(crate) struct Introspected {
    fields: Vec<(String, Vec<u8>)>,
}

impl Introspected {
    /// The JSON text of a field.
    pub fn get(&self, response_key: &str) -> Option<&[u8]> {
        let (_, text) = self.fields.iter().find(|(key, _)| key == response_key)?;
        Some(text)
    }
}

impl ApiSchema {
    /// Prepares a schema for introspection.
    pub fn new(schema: Arc<Valid<Schema>>) -> ApiSchema {
        let implementers = schema.implementers_map();
        ApiSchema {
            schema,
            implementers,
        }
    }

    /// Answers the introspection fields of an operation. An error is a request error: nothing may be executed.
    pub fn introspect(&self, request: &ExecutionRequest) -> Result<Introspected, GraphQLError> {
        let operation = request
            .document
            .operations
            .get(request.operation_name.as_deref())
            .map_err(|error| invalid(error.message()))?;
        introspection::check_max_depth(&request.document, operation)
            .map_err(|error| invalid(error.message()))?;
        let variables = Valid::assume_valid(compiler_map(&request.variables));
        let response = introspection::partial_execute(
            &self.schema,
            &self.implementers,
            &request.document,
            operation,
            &variables,
        )
        .map_err(|error| invalid(error.message()))?;
        let mut fields = Vec::new();
        for (key, value) in response.data.unwrap_or_default() {
            let text = serde_json::to_vec(&value).map_err(invalid)?;
            fields.push((key.as_str().to_owned(), text));
        }
        Ok(Introspected { fields })
    }
}

fn invalid(message: impl std::fmt::Display) -> GraphQLError {
    GraphQLError::new(message.to_string(), "GRAPHQL_VALIDATION_FAILED")
}

fn compiler_map(variables: &JsonMap) -> CompilerMap {
    let pairs = variables
        .iter()
        .map(|(name, value)| (name.as_str().into(), JsonValue::from(value.clone())));
    pairs.collect()
}
