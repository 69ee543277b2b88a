//! What the federation specification adds to every subgraph, and composition takes away again:
//! `_service`, `_entities` and their types.

/// Whether a type belongs to the federation or link machinery under its default name.
pub(super) fn is_machinery_type(name: &str) -> bool {
    matches!(name, "_Any" | "_Entity" | "_Service" | "_FieldSet")
        || name.starts_with("federation__")
        || name.starts_with("link__")
        || name.starts_with("core__")
}

/// Whether a field of the query root belongs to the machinery.
pub(super) fn is_machinery_field(name: &str) -> bool {
    matches!(name, "_service" | "_entities")
}
