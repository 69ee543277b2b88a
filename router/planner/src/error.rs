//! Why an operation got no plan.

/// Why an operation got no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The document has no such operation, or several and none was named.
    #[error("{0}")]
    Operation(String),
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
