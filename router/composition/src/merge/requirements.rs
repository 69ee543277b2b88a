//! Arguments in `@requires`: the subgraphs that resolve the required fields must take them.

use super::Merger;
use super::common::{others, output_fields};
use super::literals::{InputType, misfit};
use crate::code;
use crate::diagnostics::name_subgraphs;
use crate::subgraph::{Subgraph, field_of, field_set, fields_of, string_argument};
use apollo_compiler::ast::{Definition, FieldDefinition};
use apollo_compiler::executable::{Field, Selection, SelectionSet};
use apollo_compiler::{Name, Node};
use std::collections::BTreeMap;

impl<'a> Merger<'a> {
    /// Checks the arguments in all field sets of `@requires` against the merged fields, which have what all of their
    /// subgraphs understand.
    pub(super) fn check_required_arguments(&mut self, types: &BTreeMap<Name, Definition>) {
        for subgraph in self.subgraphs {
            for ty in subgraph.types().filter(|ty| ty.is_object()) {
                for (name, field) in fields_of(ty) {
                    let Some(requires) = field.directives.get("requires") else {
                        continue;
                    };
                    let text = string_argument(requires, "fields").unwrap_or_default();
                    let Ok(selections) = field_set::parse(&subgraph.schema, ty.name(), text) else {
                        continue;
                    };
                    let mut problems = Vec::new();
                    self.problems_below(&selections, types, &mut problems);
                    for problem in problems {
                        self.diagnostics.error(
                            code::REQUIRES_INVALID_FIELDS,
                            format!(
                                "in subgraph \"{}\", @requires(fields: \"{text}\") on \
                                 \"{}.{name}\" {problem}",
                                subgraph.name,
                                ty.name()
                            ),
                            subgraph.locate(requires.location()),
                        );
                    }
                }
            }
        }
    }

    fn problems_below(
        &self,
        selections: &SelectionSet,
        types: &BTreeMap<Name, Definition>,
        problems: &mut Vec<String>,
    ) {
        for selection in &selections.selections {
            match selection {
                Selection::Field(field) => {
                    let merged = types.get(&selections.ty).map(output_fields);
                    let mut merged = merged.unwrap_or_default().iter();
                    if let Some(merged) = merged.find(|merged| merged.name == field.name) {
                        problems.extend(self.problems(&selections.ty, field, merged, types));
                    }
                    self.problems_below(&field.selection_set, types, problems);
                }
                Selection::InlineFragment(fragment) => {
                    self.problems_below(&fragment.selection_set, types, problems);
                }
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    fn problems(
        &self,
        ty: &Name,
        field: &Node<Field>,
        merged: &FieldDefinition,
        types: &BTreeMap<Name, Definition>,
    ) -> Vec<String> {
        let by_name = |name: &Name| InputType::of_definition(types.get(name)?);
        let mut problems = Vec::new();
        for given in &field.arguments {
            let name = &given.name;
            let place = format!("\"{ty}.{}({name}:)\"", field.name);
            let Some(argument) = merged.argument_by_name(name) else {
                let lacking = self.lacking(ty, &field.name, name);
                problems.push(format!(
                    "gives {place}, which is not defined in {}",
                    name_subgraphs(lacking)
                ));
                continue;
            };
            if let Some(problem) = misfit(&given.value, &argument.ty, &by_name) {
                problems.push(format!(
                    "gives {place} {}, but in the supergraph {problem}",
                    given.value.serialize().no_indent()
                ));
            }
        }
        for argument in merged.arguments.iter().filter(|one| one.is_required()) {
            if field.argument_by_name(&argument.name).is_err() {
                problems.push(format!(
                    "does not give \"{ty}.{}({}:)\", which is required",
                    field.name, argument.name
                ));
            }
        }
        problems
    }

    /// The subgraphs that resolve a field without such an argument.
    fn lacking(&self, ty: &Name, field: &Name, argument: &Name) -> Vec<&'a str> {
        let field_in = |subgraph: &'a Subgraph| field_of(subgraph.schema.types.get(ty)?, field);
        let resolving = self
            .subgraphs
            .iter()
            .filter(|subgraph| field_in(subgraph).is_some() && !subgraph.is_external(ty, field));
        let having = self.subgraphs.iter().filter(|subgraph| {
            field_in(subgraph).is_some_and(|field| field.argument_by_name(argument).is_some())
        });
        let having: Vec<&Subgraph> = having.collect();
        others(resolving, &having)
    }
}
