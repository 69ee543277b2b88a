//! Directives that clients use in operations: only those that every subgraph understands.

use super::common::others;
use super::input::Input;
use super::{Merger, Subgraph};
use crate::code;
use crate::diagnostics::name_subgraphs;
use crate::message::Location;
use crate::specs;
use apollo_compiler::ast::{DirectiveDefinition, DirectiveLocation, InputValueDefinition};
use apollo_compiler::{Name, Node};
use std::collections::{BTreeMap, BTreeSet};

/// A subgraph that delivers incrementally may define these: what clients get so is the router's affair.
const INCREMENTAL: [&str; 2] = ["defer", "stream"];

impl Merger<'_> {
    pub(super) fn executable_directives(&mut self) -> BTreeMap<Name, Node<DirectiveDefinition>> {
        let names: BTreeSet<&Name> = self
            .subgraphs
            .iter()
            .flat_map(|subgraph| subgraph.schema.directive_definitions.values())
            .filter(|definition| is_executable(definition))
            .map(|definition| &definition.name)
            .filter(|name| !self.composed.defines(name) && !INCREMENTAL.contains(&name.as_str()))
            .collect();
        let mut merged = BTreeMap::new();
        for name in names {
            if let Some(definition) = self.executable_directive(name) {
                merged.insert(name.clone(), Node::new(definition));
            }
        }
        merged
    }

    fn executable_directive(&mut self, name: &Name) -> Option<DirectiveDefinition> {
        let sources: Vec<(&Subgraph, &Node<DirectiveDefinition>)> = self
            .subgraphs
            .iter()
            .filter_map(|subgraph| {
                let definition = subgraph.schema.directive_definitions.get(name)?;
                is_executable(definition).then_some((subgraph, definition))
            })
            .collect();
        let having: Vec<&Subgraph> = sources.iter().map(|(subgraph, _)| *subgraph).collect();
        let places: Vec<Location> = sources
            .iter()
            .flat_map(|(subgraph, definition)| subgraph.locate(definition.location()))
            .collect();
        let lacking = others(self.subgraphs, &having);
        if !lacking.is_empty() {
            self.diagnostics.hint(
                code::INCONSISTENT_EXECUTABLE_DIRECTIVE_PRESENCE,
                format!(
                    "directive \"@{name}\" is not part of the supergraph: it is defined in {} \
                     but not in {}",
                    name_subgraphs(having.iter().map(|subgraph| subgraph.name.as_str())),
                    name_subgraphs(lacking)
                ),
                places,
            );
            return None;
        }
        let (_, first) = sources.first()?;
        let locations: Vec<DirectiveLocation> = first
            .locations
            .iter()
            .filter(|location| is_executable_location(**location))
            .filter(|location| {
                sources
                    .iter()
                    .all(|(_, definition)| definition.locations.contains(location))
            })
            .copied()
            .collect();
        if locations.is_empty() {
            self.diagnostics.hint(
                code::NO_EXECUTABLE_DIRECTIVE_INTERSECTION,
                format!(
                    "directive \"@{name}\" is not part of the supergraph: the subgraphs allow \
                     it in different places"
                ),
                places,
            );
            return None;
        }
        let common = |definition: &DirectiveDefinition| {
            let mut of_clients = definition
                .locations
                .iter()
                .filter(|location| is_executable_location(**location));
            of_clients.all(|location| locations.contains(location))
        };
        if !sources.iter().all(|(_, definition)| common(definition)) {
            self.diagnostics.hint(
                code::INCONSISTENT_EXECUTABLE_DIRECTIVE_LOCATIONS,
                format!(
                    "directive \"@{name}\" stands in different places in the subgraphs; the \
                     supergraph allows those common to all"
                ),
                places.clone(),
            );
        }
        let (repeatable, once): (Vec<_>, Vec<_>) = sources
            .iter()
            .partition(|(_, definition)| definition.repeatable);
        if !repeatable.is_empty() && !once.is_empty() {
            let names = |sources: &[(&Subgraph, &Node<DirectiveDefinition>)]| {
                name_subgraphs(sources.iter().map(|(subgraph, _)| subgraph.name.as_str()))
            };
            self.diagnostics.hint(
                code::INCONSISTENT_EXECUTABLE_DIRECTIVE_REPEATABLE,
                format!(
                    "directive \"@{name}\" is not repeatable in the supergraph: it is so in {} but \
                     not in {}",
                    names(&repeatable),
                    names(&once)
                ),
                places,
            );
        }
        let arguments = self.directive_arguments(name, &sources);
        let descriptions = sources
            .iter()
            .map(|(subgraph, definition)| (*subgraph, definition.description.as_ref()));
        Some(DirectiveDefinition {
            description: self.description(&format!("@{name}"), descriptions),
            name: name.clone(),
            arguments,
            repeatable: once.is_empty(),
            locations,
        })
    }
}

impl Merger<'_> {
    /// An argument that some subgraph does not know cannot be sent to it.
    fn directive_arguments(
        &mut self,
        name: &Name,
        sources: &[(&Subgraph, &Node<DirectiveDefinition>)],
    ) -> Vec<Node<InputValueDefinition>> {
        let mut inputs: Vec<Input<'_>> = Vec::new();
        for (subgraph, definition) in sources {
            for argument in &definition.arguments {
                Input::collect(&mut inputs, subgraph, argument);
            }
        }
        let mut merged = Vec::new();
        for input in inputs {
            let place = format!("@{name}({}:)", input.name);
            let having: Vec<&Subgraph> = input.subgraphs().collect();
            let lacking = others(self.subgraphs, &having);
            if lacking.is_empty() {
                merged.extend(self.argument(&place, &input));
            } else {
                self.report_missing_argument(&place, &input, &lacking);
            }
        }
        merged
    }
}

/// Whether clients may use a directive of the subgraph's own. Subgraph libraries print GraphQL's
/// directives like any other.
pub(super) fn is_executable(definition: &DirectiveDefinition) -> bool {
    !specs::BUILT_IN.contains(&definition.name.as_str())
        && definition
            .locations
            .iter()
            .any(|location| is_executable_location(*location))
}

fn is_executable_location(location: DirectiveLocation) -> bool {
    matches!(
        location,
        DirectiveLocation::Query
            | DirectiveLocation::Mutation
            | DirectiveLocation::Subscription
            | DirectiveLocation::Field
            | DirectiveLocation::FragmentDefinition
            | DirectiveLocation::FragmentSpread
            | DirectiveLocation::InlineFragment
            | DirectiveLocation::VariableDefinition
    )
}
