//! Where `@authenticated`, `@requiresScopes` and `@policy` may stand: an interface inherits what
//! its implementations demand, so it makes no demands of its own.

use super::{Subgraph, fields_of};
use crate::code;
use crate::diagnostics::Diagnostics;
use crate::specs::AUTHORIZATION;
use apollo_compiler::parser::SourceSpan;

/// Reports the authorization directives on interfaces, their fields, and interface objects.
pub(super) fn check(subgraph: &Subgraph, diagnostics: &mut Diagnostics) {
    let mut report = |name: &str, place: &str, span: Option<SourceSpan>| {
        diagnostics.error(
            code::AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE,
            format!(
                "in subgraph \"{}\", \"{place}\" has @{name}, which belongs to the object types \
                 that implement the interface",
                subgraph.name
            ),
            subgraph.locate(span),
        );
    };
    for ty in subgraph.types() {
        if !ty.is_interface() && !subgraph.is_interface_object(ty.name()) {
            continue;
        }
        for name in AUTHORIZATION {
            if let Some(directive) = ty.directives().get(name) {
                report(name, ty.name(), directive.location());
            }
            // A field that an interface object adds is the subgraph's own.
            let fields = ty.is_interface().then(|| fields_of(ty));
            for (field, definition) in fields.into_iter().flatten() {
                if let Some(directive) = definition.directives.get(name) {
                    let place = format!("{}.{field}", ty.name());
                    report(name, &place, directive.location());
                }
            }
        }
    }
}
