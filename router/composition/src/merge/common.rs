//! What every kind of element shares: descriptions, and how messages name who says what.

use super::{Merger, Subgraph};
use crate::code;
use crate::diagnostics::name_subgraphs;
use crate::message::Location;
use apollo_compiler::Node;
use apollo_compiler::ast::{Definition, FieldDefinition};

/// Groups subgraphs by what they say, in the order of first mention:
/// `"Int!" in subgraph "a", "Int" in subgraphs "b" and "c"`.
pub(crate) fn who_says_what<'a>(
    sayings: impl IntoIterator<Item = (&'a Subgraph, String)>,
) -> String {
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    for (subgraph, saying) in sayings {
        match groups.iter_mut().find(|(known, _)| *known == saying) {
            Some((_, names)) => names.push(&subgraph.name),
            None => groups.push((saying, vec![&subgraph.name])),
        }
    }
    groups
        .into_iter()
        .map(|(saying, names)| format!("{saying} in {}", name_subgraphs(names)))
        .collect::<Vec<_>>()
        .join(", ")
}

/// The subgraphs of `all` that are not in `some`.
pub(super) fn others<'a>(
    all: impl IntoIterator<Item = &'a Subgraph>,
    some: &[&'a Subgraph],
) -> Vec<&'a str> {
    all.into_iter()
        .filter(|subgraph| !some.iter().any(|known| known.name == subgraph.name))
        .map(|subgraph| subgraph.name.as_str())
        .collect()
}

/// The fields of an object type or an interface; none of others.
pub(super) fn output_fields(definition: &Definition) -> &[Node<FieldDefinition>] {
    match definition {
        Definition::ObjectTypeDefinition(object) => &object.fields,
        Definition::InterfaceTypeDefinition(interface) => &interface.fields,
        _ => &[],
    }
}

impl Merger<'_> {
    /// The description that most subgraphs give; among equals, that of the first.
    pub(super) fn description<'d>(
        &mut self,
        place: &str,
        sources: impl IntoIterator<Item = (&'d Subgraph, Option<&'d Node<str>>)>,
    ) -> Option<Node<str>> {
        let mut groups: Vec<(&Node<str>, Vec<&'d Subgraph>)> = Vec::new();
        for (subgraph, description) in sources {
            let Some(description) = description.filter(|text| !text.trim().is_empty()) else {
                continue;
            };
            match groups
                .iter_mut()
                .find(|(known, _)| known.as_str() == description.as_str())
            {
                Some((_, subgraphs)) => subgraphs.push(subgraph),
                None => groups.push((description, vec![subgraph])),
            }
        }
        let mut best = groups.first()?;
        for group in &groups {
            if group.1.len() > best.1.len() {
                best = group;
            }
        }
        if groups.len() > 1 {
            let locations: Vec<Location> = groups
                .iter()
                .flat_map(|(text, subgraphs)| {
                    subgraphs
                        .iter()
                        .flat_map(|subgraph| subgraph.locate(text.location()))
                        .take(1)
                })
                .collect();
            self.diagnostics.hint(
                code::INCONSISTENT_DESCRIPTION,
                format!(
                    "\"{place}\" has different descriptions; the supergraph takes that of {}",
                    name_subgraphs(best.1.iter().map(|subgraph| subgraph.name.as_str()))
                ),
                locations,
            );
        }
        Some(Node::new_str(best.0))
    }
}
