//! Whether a document may be executed (specification, section 5): the compiler's rules, and those of our own that
//! it leaves out or takes too loosely.

mod values;

#[cfg(test)]
mod tests;

use apollo_compiler::Schema;
use apollo_compiler::ast::Document;
use apollo_compiler::executable::ExecutableDocument;
use apollo_compiler::validation::{Valid, WithErrors};

use crate::error::{GraphQLError, from_diagnostics};

/// Validates a document. The errors are all of the first stage that fails. Fields that the schema does not have are
/// reported on their own: what follows from leaving them out is no mistake of the client's.
pub(super) fn validate(
    document: &Document,
    schema: &Valid<Schema>,
) -> Result<Valid<ExecutableDocument>, Vec<GraphQLError>> {
    let document = document.to_executable(schema).map_err(refused)?;
    let document = document.validate(schema).map_err(refused)?;
    let errors = values::check(schema, &document);
    if errors.is_empty() {
        Ok(document)
    } else {
        Err(errors)
    }
}

/// What the compiler found.
fn refused(failure: WithErrors<ExecutableDocument>) -> Vec<GraphQLError> {
    // The compiler follows a document to a fixed depth, smaller than what the parser follows by default.
    if failure
        .errors
        .iter()
        .any(|diagnostic| diagnostic.error.to_string() == "too much recursion")
    {
        return vec![GraphQLError::new(
            "the operation is nested too deeply to be validated",
            "MAX_RECURSION_LIMIT",
        )];
    }
    from_diagnostics(&failure.errors, "GRAPHQL_VALIDATION_FAILED")
}
