//! Defaults must be values of the merged types: what merging drops from an enum or an input object
//! cannot be a default any more.

use super::Merger;
use super::common::output_fields;
use super::literals::{InputType, misfit};
use crate::code;
use crate::message::Location;
use crate::subgraph::{Subgraph, field_of};
use apollo_compiler::ast::{Definition, DirectiveDefinition, InputValueDefinition};
use apollo_compiler::{Name, Node};
use std::collections::BTreeMap;

type Types = BTreeMap<Name, Definition>;

impl<'a> Merger<'a> {
    /// Checks the defaults of arguments, of input fields, and of the arguments of directives: those
    /// that clients use, which are given, and those that are composed.
    pub(super) fn check_defaults(
        &mut self,
        types: &Types,
        executable: &BTreeMap<Name, Node<DirectiveDefinition>>,
    ) {
        for (name, definition) in types {
            if let Definition::InputObjectTypeDefinition(input) = definition {
                for field in &input.fields {
                    let place = format!("{name}.{}", field.name);
                    self.check_default(types, &place, field, |subgraph| {
                        let input = subgraph.schema.get_input_object(name)?;
                        Some(&input.fields.get(&field.name)?.node)
                    });
                }
            }
            for field in output_fields(definition) {
                for argument in &field.arguments {
                    let place = format!("{name}.{}({}:)", field.name, argument.name);
                    self.check_default(types, &place, argument, |subgraph| {
                        let field = field_of(subgraph.schema.types.get(name)?, &field.name)?;
                        field.argument_by_name(&argument.name)
                    });
                }
            }
        }
        let composed: Vec<Node<DirectiveDefinition>> =
            self.composed.definitions().cloned().collect();
        for directive in executable.values().chain(&composed) {
            let name = &directive.name;
            for argument in &directive.arguments {
                let place = format!("@{name}({}:)", argument.name);
                self.check_default(types, &place, argument, |subgraph| {
                    let directive = subgraph.schema.directive_definitions.get(name)?;
                    directive.argument_by_name(&argument.name)
                });
            }
        }
    }

    /// `of` finds the argument or input field in a subgraph.
    fn check_default(
        &mut self,
        types: &Types,
        place: &str,
        input: &InputValueDefinition,
        of: impl Fn(&'a Subgraph) -> Option<&'a Node<InputValueDefinition>>,
    ) {
        let Some(default) = &input.default_value else {
            return;
        };
        let by_name = |name: &Name| InputType::of_definition(types.get(name)?);
        let Some(problem) = misfit(default, &input.ty, &by_name) else {
            return;
        };
        let locations: Vec<Location> = self
            .subgraphs
            .iter()
            .filter_map(|subgraph| Some(subgraph.locate(of(subgraph)?.location())))
            .flatten()
            .collect();
        if locations.is_empty() {
            // What an implementation inherits is reported where it comes from.
            return;
        }
        self.diagnostics.error(
            code::INVALID_GRAPHQL,
            format!(
                "the default of \"{place}\" is {}, but in the supergraph {problem}",
                default.serialize().no_indent()
            ),
            locations,
        );
    }
}
