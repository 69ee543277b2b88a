//! `@context` in the supergraph: each subgraph's contexts are its own, so their names carry its name.

use super::{TypeSource, join};
use crate::subgraph::contexts::qualified;
use crate::subgraph::string_argument;
use apollo_compiler::Node;
use apollo_compiler::ast::{Directive, Value};

/// The contexts that a type sets, in the order of the subgraphs.
pub(super) fn contexts(sources: &[TypeSource<'_>]) -> Vec<Node<Directive>> {
    let mut found: Vec<Node<Directive>> = Vec::new();
    for source in sources {
        for context in source.ty.directives().get_all("context") {
            let Some(name) = string_argument(context, "name") else {
                continue;
            };
            let name = Value::String(qualified(&source.subgraph.name, name));
            let directive = join::directive("context", vec![("name", name)]);
            if !found.contains(&directive) {
                found.push(directive);
            }
        }
    }
    found
}
