//! A last look at the printed schemas. What is wrong in them has a place there, which means nothing
//! to the owners of the subgraphs; it is reported at the definition that it came from.

use crate::code;
use crate::diagnostics::Diagnostics;
use crate::message::Location;
use crate::subgraph::{Subgraph, field_of};
use apollo_compiler::diagnostic::ToCliReport;
use apollo_compiler::{Node, Schema};

/// Validates a printed schema; `what` it is begins the message.
pub(super) fn check(text: &str, what: &str, subgraphs: &[Subgraph], diagnostics: &mut Diagnostics) {
    let Err(with_errors) = Schema::parse_and_validate(text, "supergraph.graphql") else {
        return;
    };
    for error in with_errors.errors.iter() {
        let start = error
            .error
            .location()
            .and_then(|span| span.line_column(error.sources));
        let locations = start.map_or_else(Vec::new, |start| {
            let lines: Vec<&str> = text.lines().take(start.line).collect();
            origins(&lines, subgraphs)
        });
        diagnostics.error(
            code::INVALID_GRAPHQL,
            format!("{what} is not valid: {}", error.error),
            locations,
        );
    }
}

/// Where the subgraphs define what stands in the last of these lines, as [`super::print`] prints it:
/// definitions begin in the first column, and their parts two columns on.
fn origins(lines: &[&str], subgraphs: &[Subgraph]) -> Vec<Location> {
    let mut part = None;
    for line in lines.iter().rev() {
        let name_in = |text: &str| -> Option<String> {
            let is_word = |c: &char| c.is_ascii_alphanumeric() || *c == '_';
            let name: String = text.chars().take_while(is_word).collect();
            (!name.is_empty()).then_some(name)
        };
        if let Some(inner) = line.strip_prefix("  ") {
            part = part.or_else(|| name_in(inner));
            continue;
        }
        let mut words = line.split(' ');
        let is_definition = matches!(
            words.next(),
            Some("scalar" | "type" | "interface" | "union" | "enum" | "input" | "directive")
        );
        let Some(name) = words.next().filter(|_| is_definition) else {
            continue;
        };
        let name = name_in(name.trim_start_matches('@')).unwrap_or_default();
        return subgraphs
            .iter()
            .flat_map(|subgraph| origin(subgraph, &name, part.as_deref()))
            .collect();
    }
    Vec::new()
}

/// The part of a type, or the type itself, or the directive of the name.
fn origin(subgraph: &Subgraph, name: &str, part: Option<&str>) -> Vec<Location> {
    let schema = &subgraph.schema;
    let Some(ty) = schema.types.get(name) else {
        let directive = schema.directive_definitions.get(name);
        return subgraph.locate(directive.and_then(Node::location));
    };
    let field = part.and_then(|part| field_of(ty, part));
    let value = part.and_then(|part| ty.as_enum()?.values.get(part));
    let input = part.and_then(|part| ty.as_input_object()?.fields.get(part));
    let span = field
        .map(|field| field.location())
        .or_else(|| value.map(|value| value.location()))
        .or_else(|| input.map(|input| input.location()))
        .unwrap_or_else(|| ty.name().location());
    subgraph.locate(span)
}
