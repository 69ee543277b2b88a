//! The variables of a request (specification, section 6.1.2).

mod coercion;
pub(crate) mod nulls;

#[cfg(test)]
mod tests;

use apollo_compiler::Schema;
use apollo_compiler::executable::{ExecutableDocument, Operation as Definition};
use apollo_compiler::response::JsonMap as CompilerMap;
use apollo_compiler::validation::Valid;
use souk_executor::JsonMap;

use self::coercion::Place;
use super::prepare::Operation;
use crate::error::{GraphQLError, Location, from_compiler};

/// Checks the client's values against the operation's variable definitions, and fills in defaults.
pub(crate) fn coerce(
    schema: &Valid<Schema>,
    operation: &Operation,
    values: &CompilerMap,
) -> Result<JsonMap, GraphQLError> {
    let document = &operation.document;
    let definition = document
        .operations
        .get(operation.name.as_deref())
        .map_err(|error| {
            from_compiler(&error.to_graphql_error(&document.sources), "BAD_USER_INPUT")
        })?;
    let variables = coerce_all(schema, document, definition, values)?;
    let not_null = &operation.not_null;
    nulls::check(schema, document, definition, not_null, &variables)?;
    Ok(variables)
}

/// `CoerceVariableValues` of the specification.
fn coerce_all(
    schema: &Schema,
    document: &ExecutableDocument,
    operation: &Definition,
    values: &CompilerMap,
) -> Result<JsonMap, GraphQLError> {
    let mut variables = JsonMap::with_capacity(operation.variables.len());
    for variable in &operation.variables {
        let name = variable.name.as_str();
        let value = match (values.get(name), &variable.default_value) {
            (Some(value), _) => {
                coercion::coerce(schema, &variable.ty, value, Place::Variable(name))
            }
            (None, Some(default)) => coercion::literal(default),
            (None, None) if variable.ty.is_non_null() => {
                let mut error = bad_input(format!("missing value for non-null variable '{name}'"));
                let place = variable.line_column_range(&document.sources);
                let place = place.map(|range| Location::from(range.start));
                error.locations.extend(place);
                return Err(error);
            }
            // Not given is not the same as null.
            (None, None) => continue,
        };
        variables.insert(name.to_owned(), value.map_err(bad_input)?);
    }
    Ok(variables)
}

fn bad_input(message: String) -> GraphQLError {
    GraphQLError::new(message, "BAD_USER_INPUT")
}
