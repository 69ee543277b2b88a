//! Which types a subgraph extends: by `extend type` without a definition, or by `@extends`.

use apollo_compiler::Name;
use apollo_compiler::ast::{Definition, Document};
use std::collections::HashMap;

/// How a subgraph extends a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extension {
    /// `@extends` says so, on any of the type's declarations.
    pub by_directive: bool,
    /// One of the declarations is no `extend`: what other subgraphs extend may be this.
    pub has_definition: bool,
}

/// The types that the document extends. Root types are left out: the supergraph defines them whatever the subgraphs do.
pub(super) fn extensions(document: &Document) -> HashMap<Name, Extension> {
    let mut found: HashMap<Name, Extension> = HashMap::new();
    for definition in &document.definitions {
        let Some(name) = definition.name() else {
            continue;
        };
        let is_root = matches!(name.as_str(), "Query" | "Mutation" | "Subscription");
        if is_root || matches!(definition, Definition::DirectiveDefinition(_)) {
            continue;
        }
        let declared = found.entry(name.clone()).or_insert(Extension {
            by_directive: false,
            has_definition: false,
        });
        declared.by_directive |= definition.directives().has("extends");
        declared.has_definition |= !definition.is_extension_definition();
    }
    found.retain(|_, declared| declared.by_directive || !declared.has_definition);
    found
}
