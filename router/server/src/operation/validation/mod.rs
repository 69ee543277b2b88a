//! Whether a document may be executed (specification, section 5): the compiler's rules, and those of our own that
//! it leaves out or takes too loosely.

mod subscription;
mod values;

#[cfg(test)]
mod tests;

use apollo_compiler::Schema;
use apollo_compiler::ast::Document;
use apollo_compiler::diagnostic::Diagnostic;
use apollo_compiler::executable::ExecutableDocument;
use apollo_compiler::validation::{DiagnosticData, Valid, WithErrors};

use crate::error::{GraphQLError, from_diagnostics};

/// Validates a document. The errors are all of the first stage that fails. Fields that the schema does not have are
/// reported on their own: what follows from leaving them out is no mistake of the client's.
pub(super) fn validate(
    document: &Document,
    schema: &Valid<Schema>,
) -> Result<Valid<ExecutableDocument>, Vec<GraphQLError>> {
    let document = document
        .to_executable(schema)
        .map_err(|failure| refused(failure.errors.iter().collect()))?;
    let document = match document.validate(schema) {
        Ok(document) => document,
        Err(failure) => without_miscounts(failure)?,
    };
    let errors = values::check(schema, &document);
    if errors.is_empty() {
        Ok(document)
    } else {
        Err(errors)
    }
}

/// The document after all, if the compiler has found nothing else than what it takes wrongly for a mistake.
fn without_miscounts(
    failure: WithErrors<ExecutableDocument>,
) -> Result<Valid<ExecutableDocument>, Vec<GraphQLError>> {
    let document = failure.partial;
    let findings = failure.errors.iter();
    let mistakes: Vec<_> = findings
        .filter(|finding| !subscription::is_miscounted(finding, &document))
        .collect();
    if mistakes.is_empty() {
        Ok(Valid::assume_valid(document))
    } else {
        Err(refused(mistakes))
    }
}

/// What the compiler found.
fn refused(findings: Vec<Diagnostic<'_, DiagnosticData>>) -> Vec<GraphQLError> {
    // The compiler follows a document to a fixed depth, smaller than what the parser follows by default.
    if findings
        .iter()
        .any(|finding| finding.error.to_string() == "too much recursion")
    {
        return vec![GraphQLError::new(
            "the operation is nested too deeply to be validated",
            "MAX_RECURSION_LIMIT",
        )];
    }
    from_diagnostics(findings, "GRAPHQL_VALIDATION_FAILED")
}
