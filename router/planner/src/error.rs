//! Why an operation got no plan.

use apollo_compiler::Name;
use apollo_compiler::parser::SourceSpan;

/// Why an operation got no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The document has no such operation, or several and none was named.
    #[error("{0}")]
    Operation(String),
    /// Two fields under one response key ask for different things (specification, section 5.3.2), which validation has let
    /// pass.
    #[error(
        "operation must not provide conflicting field arguments for the same name `{response_key}`"
    )]
    Conflict {
        /// The key.
        response_key: Name,
        /// Where the second of them is in the document.
        location: Option<SourceSpan>,
    },
    /// No way through the subgraphs leads to a field. Composition refuses schemas in which this can happen.
    #[error("no subgraph can resolve `{path}`")]
    Unresolvable {
        /// Response keys from the root.
        path: String,
    },
    /// Planning was given up because it would take too long.
    #[error("the operation is too complex to plan")]
    TooComplex,
}
