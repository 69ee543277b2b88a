//! The API schema: what is left of the supergraph when everything `@inaccessible` and every trace of
//! federation is taken away.

use super::names::Names;
use super::{inaccessible, print, validity};
use crate::diagnostics::Diagnostics;
use crate::merge::Merged;
use crate::subgraph::Subgraph;
use apollo_compiler::ast::{
    Definition, DirectiveList, FieldDefinition, InputValueDefinition, OperationType,
};
use apollo_compiler::{Name, Node};
use std::collections::HashSet;

/// Prints the API schema and checks that it holds together.
pub(crate) fn api_schema(
    merged: &Merged,
    subgraphs: &[Subgraph],
    diagnostics: &mut Diagnostics,
) -> String {
    let errors_before = diagnostics.error_count();
    inaccessible::check(merged, subgraphs, diagnostics);

    let hidden: HashSet<&Name> = merged
        .types
        .iter()
        .filter(|(name, definition)| {
            definition.directives().has("inaccessible") || merged.composed.owns(name)
        })
        .map(|(name, _)| name)
        .collect();
    let names = Names::of(merged);
    let mut out = String::new();
    schema_definition(merged, &hidden, &mut out);
    for definition in merged.executable_directives.values() {
        let mut definition = definition.clone();
        clean_inputs(&mut definition.make_mut().arguments);
        names.rename_definition(&mut definition);
        print::directive_definition(&definition, &mut out);
        out.push('\n');
    }
    for (name, definition) in &merged.types {
        if hidden.contains(name) {
            continue;
        }
        let mut definition = definition.clone();
        clean(&mut definition, &hidden);
        print::definition(&definition, &mut out);
        out.push('\n');
    }
    let visible = merged
        .types
        .iter()
        .filter(|(name, _)| !hidden.contains(name));
    print::one_of(visible.map(|(_, definition)| definition), &mut out);
    while out.ends_with("\n\n") {
        out.pop();
    }
    if diagnostics.error_count() == errors_before {
        let what = "the schema that clients would see";
        validity::check(&out, what, subgraphs, diagnostics);
    }
    out
}

/// Root types with the default names need no schema definition, unless it has a description, or
/// another type would be taken for one of them.
fn schema_definition(merged: &Merged, hidden: &HashSet<&Name>, out: &mut String) {
    let operations: Vec<OperationType> = merged
        .schema
        .operations
        .iter()
        .copied()
        .filter(|operation| !hidden.contains(&operation.default_type_name()))
        .collect();
    let is_visible = |name: &Name| merged.types.contains_key(name) && !hidden.contains(name);
    let is_misleading = [OperationType::Mutation, OperationType::Subscription]
        .iter()
        .any(|known| !operations.contains(known) && is_visible(&known.default_type_name()));
    if merged.schema.description.is_none() && !is_misleading {
        return;
    }
    print::description(merged.schema.description.as_ref(), "", out);
    out.push_str("schema\n");
    print::root_operations(&operations, out);
    out.push('\n');
}

/// Removes hidden parts and federation's directives from a visible definition.
fn clean(definition: &mut Definition, hidden: &HashSet<&Name>) {
    match definition {
        Definition::ScalarTypeDefinition(scalar) => {
            clean_directives(&mut scalar.make_mut().directives);
        }
        Definition::ObjectTypeDefinition(object) => {
            let object = object.make_mut();
            clean_directives(&mut object.directives);
            object
                .implements_interfaces
                .retain(|name| !hidden.contains(name));
            clean_fields(&mut object.fields);
        }
        Definition::InterfaceTypeDefinition(interface) => {
            let interface = interface.make_mut();
            clean_directives(&mut interface.directives);
            interface
                .implements_interfaces
                .retain(|name| !hidden.contains(name));
            clean_fields(&mut interface.fields);
        }
        Definition::UnionTypeDefinition(union) => {
            let union = union.make_mut();
            clean_directives(&mut union.directives);
            union.members.retain(|name| !hidden.contains(name));
        }
        Definition::EnumTypeDefinition(definition) => {
            let definition = definition.make_mut();
            clean_directives(&mut definition.directives);
            definition
                .values
                .retain(|value| !value.directives.has("inaccessible"));
            for value in &mut definition.values {
                clean_directives(&mut value.make_mut().directives);
            }
        }
        Definition::InputObjectTypeDefinition(input) => {
            let input = input.make_mut();
            clean_directives(&mut input.directives);
            clean_inputs(&mut input.fields);
        }
        _ => {}
    }
}

fn clean_fields(fields: &mut Vec<Node<FieldDefinition>>) {
    fields.retain(|field| !field.directives.has("inaccessible"));
    for field in fields {
        let field = field.make_mut();
        clean_directives(&mut field.directives);
        clean_inputs(&mut field.arguments);
    }
}

fn clean_inputs(inputs: &mut Vec<Node<InputValueDefinition>>) {
    inputs.retain(|input| !input.directives.has("inaccessible"));
    for input in inputs {
        clean_directives(&mut input.make_mut().directives);
    }
}

fn clean_directives(directives: &mut DirectiveList) {
    directives
        .0
        .retain(|directive| crate::specs::BUILT_IN_MERGED.contains(&directive.name.as_str()));
}
