//! What must be given cannot be deprecated (GraphQL specification, "@deprecated").

use super::{Subgraph, fields_of};
use crate::code;
use crate::diagnostics::Diagnostics;
use apollo_compiler::Node;
use apollo_compiler::ast::InputValueDefinition;
use apollo_compiler::schema::ExtendedType;

/// Checks all arguments and input fields.
pub(super) fn check(subgraph: &Subgraph, diagnostics: &mut Diagnostics) {
    let mut check = |place: String, input: &Node<InputValueDefinition>| {
        if input.is_required() && input.directives.has("deprecated") {
            diagnostics.error(
                code::INVALID_GRAPHQL,
                format!(
                    "in subgraph \"{}\", \"{place}\" is required, so it cannot be @deprecated: \
                     make it nullable, or give it a default",
                    subgraph.name
                ),
                subgraph.locate(input.location()),
            );
        }
    };
    for ty in subgraph.types() {
        for (name, field) in fields_of(ty) {
            for argument in &field.arguments {
                let place = format!("{}.{name}({}:)", ty.name(), argument.name);
                check(place, argument);
            }
        }
        if let ExtendedType::InputObject(input) = ty {
            for (name, field) in &input.fields {
                check(format!("{}.{name}", ty.name()), &field.node);
            }
        }
    }
    for (name, directive) in &subgraph.schema.directive_definitions {
        for argument in &directive.arguments {
            check(format!("@{name}({}:)", argument.name), argument);
        }
    }
}
