//! Which types a subgraph only extends: `extend type` without a definition, or `@extends`.

use apollo_compiler::Name;
use apollo_compiler::ast::{Definition, Document};
use std::collections::HashSet;

/// Names of the types that the document extends and does not define. Root types are left out: the
/// supergraph defines them whatever the subgraphs do.
pub(super) fn extended_only(document: &Document) -> HashSet<Name> {
    let mut defined = HashSet::new();
    let mut extended = HashSet::new();
    for definition in &document.definitions {
        let Some(name) = definition.name() else {
            continue;
        };
        if matches!(name.as_str(), "Query" | "Mutation" | "Subscription") {
            continue;
        }
        let is_extension =
            definition.is_extension_definition() || definition.directives().has("extends");
        let is_type = !matches!(
            definition,
            Definition::DirectiveDefinition(_)
                | Definition::SchemaDefinition(_)
                | Definition::SchemaExtension(_)
        );
        if is_extension {
            extended.insert(name.clone());
        } else if is_type {
            defined.insert(name.clone());
        }
    }
    extended.retain(|name| !defined.contains(name));
    extended
}
