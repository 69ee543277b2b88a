//! Brings Federation 1 schemas up to Federation 2's rules.
//!
//! Federation 1 has no `@shareable`: whatever several subgraphs defined, each could resolve. So the
//! fields of every type that is not the schema's own become shareable, except subscriptions, which
//! run in one subgraph. What Federation 1 ignored on interfaces is removed, and field sets that it took without being
//! strings become strings.

use super::canonical::for_each_directive_list_mut;
use super::parse::Parsed;
use apollo_compiler::ast::{Definition, Directive, DirectiveList, FieldDefinition, Value};
use apollo_compiler::{Name, Node};
use std::collections::{HashMap, HashSet};

/// Upgrades those of the documents that speak Federation 1.
pub(super) fn upgrade(subgraphs: &mut [Parsed]) {
    if !subgraphs.iter().any(Parsed::is_federation_1) {
        return;
    }
    let occurrences = count_occurrences(subgraphs);
    for subgraph in subgraphs {
        if !subgraph.is_federation_1() {
            continue;
        }
        for definition in &mut subgraph.document.definitions {
            upgrade_definition(definition, &occurrences);
            for_each_directive_list_mut(definition, &mut write_field_sets);
        }
    }
}

/// In how many subgraphs each object type occurs.
fn count_occurrences(subgraphs: &[Parsed]) -> HashMap<Name, usize> {
    let mut occurrences = HashMap::new();
    for subgraph in subgraphs {
        let names: HashSet<&Name> = subgraph
            .document
            .definitions
            .iter()
            .filter(|definition| {
                matches!(
                    definition,
                    Definition::ObjectTypeDefinition(_) | Definition::ObjectTypeExtension(_)
                )
            })
            .filter_map(Definition::name)
            .collect();
        for name in names {
            *occurrences.entry(name.clone()).or_default() += 1;
        }
    }
    occurrences
}

fn upgrade_definition(definition: &mut Definition, occurrences: &HashMap<Name, usize>) {
    let is_repeated = |name: &Name| {
        name != "Subscription" && occurrences.get(name).is_some_and(|&count| count > 1)
    };
    match definition {
        Definition::ObjectTypeDefinition(object) if is_repeated(&object.name) => {
            share_fields(&mut object.make_mut().fields);
        }
        Definition::ObjectTypeExtension(object) if is_repeated(&object.name) => {
            share_fields(&mut object.make_mut().fields);
        }
        Definition::InterfaceTypeDefinition(interface) => {
            let interface = interface.make_mut();
            interface.directives.0.retain(|d| d.name != "key");
            clean_interface_fields(&mut interface.fields);
        }
        Definition::InterfaceTypeExtension(interface) => {
            let interface = interface.make_mut();
            interface.directives.0.retain(|d| d.name != "key");
            clean_interface_fields(&mut interface.fields);
        }
        _ => {}
    }
}

/// Makes strings of field sets that are lists of strings, or names.
fn write_field_sets(directives: &mut DirectiveList) {
    for directive in &mut directives.0 {
        if !matches!(directive.name.as_str(), "key" | "requires" | "provides") {
            continue;
        }
        let fields = directive.specified_argument_by_name("fields");
        let Some(text) = fields.and_then(|fields| written_field_set(fields)) else {
            continue;
        };
        for argument in &mut directive.make_mut().arguments {
            if argument.name == "fields" {
                argument.make_mut().value = Node::new(Value::String(text.clone()));
            }
        }
    }
}

/// The text of a field set that is no string; nothing for one that is, or that has no text.
fn written_field_set(value: &Value) -> Option<String> {
    match value {
        Value::Enum(name) => Some(name.to_string()),
        Value::List(items) => {
            let texts = items.iter().map(|item| match &**item {
                Value::String(text) => Some(text.clone()),
                other => written_field_set(other),
            });
            Some(texts.collect::<Option<Vec<String>>>()?.join(" "))
        }
        _ => None,
    }
}

fn share_fields(fields: &mut [Node<FieldDefinition>]) {
    for field in fields {
        if !field.directives.has("external") && !field.directives.has("shareable") {
            let shareable = Directive::new(Name::new_static_unchecked("shareable"));
            field.make_mut().directives.push(shareable);
        }
    }
}

fn clean_interface_fields(fields: &mut [Node<FieldDefinition>]) {
    let is_meaningless = |name: &str| matches!(name, "external" | "requires" | "provides");
    for field in fields {
        if field.directives.iter().any(|d| is_meaningless(&d.name)) {
            let field = field.make_mut();
            field.directives.0.retain(|d| !is_meaningless(&d.name));
        }
    }
}
