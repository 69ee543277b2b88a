//! Which fields of a subgraph are external, and which of its fields its directives use.

use super::{Coordinate, Extension, field_set, fields_of, interfaces_of, on_declaration};
use apollo_compiler::ast::Directive;
use apollo_compiler::executable::{Selection, SelectionSet};
use apollo_compiler::{Name, Node, Schema};
use std::collections::{HashMap, HashSet};

/// A field set of the subgraph that parsed well.
#[derive(Debug)]
pub(super) struct ParsedFieldSet {
    /// The type that the selection is on.
    pub on_type: Name,
    pub purpose: field_set::Purpose,
    /// Coordinate of what carries the directive.
    pub place: String,
    pub directive: Node<Directive>,
    pub selections: SelectionSet,
}

/// What the field sets of a subgraph say about its fields.
#[derive(Debug, Default)]
pub(super) struct Usage {
    /// Fields in any field set, and those an interface demands.
    pub used: HashSet<Coordinate>,
    /// Fields in any key.
    pub key_fields: HashSet<Coordinate>,
    /// Fields in any `@provides`.
    pub provided: HashSet<Coordinate>,
    /// Fields in the keys of types that the subgraph extends.
    pub keys_of_extensions: HashSet<Coordinate>,
}

impl Usage {
    /// Notes every field of a selection as used.
    pub(super) fn add_used(&mut self, schema: &Schema, selections: &SelectionSet) {
        field_set::for_each_field(schema, selections, &mut |ty, field, _| {
            self.used.insert((ty.clone(), field.clone()));
        });
    }
}

/// Collects the usage of all fields of a subgraph. `extensions` are the types that it extends.
pub(super) fn usage(
    schema: &Schema,
    field_sets: &[ParsedFieldSet],
    extensions: &HashMap<Name, Extension>,
    is_federation_1: bool,
) -> Usage {
    let mut usage = Usage::default();
    for set in field_sets {
        let is_key = set.purpose == field_set::Purpose::Key;
        let is_of_extension = is_key && extensions.contains_key(&set.on_type);
        if is_of_extension && is_federation_1 {
            // Federation 1 minds the outermost only.
            for field in set.selections.fields() {
                let coordinate = (set.on_type.clone(), field.name.clone());
                usage.keys_of_extensions.insert(coordinate);
            }
        }
        field_set::for_each_field(schema, &set.selections, &mut |ty, field, _| {
            let coordinate = (ty.clone(), field.clone());
            if is_key {
                usage.key_fields.insert(coordinate.clone());
            }
            if is_of_extension && !is_federation_1 {
                usage.keys_of_extensions.insert(coordinate.clone());
            }
            if set.purpose == field_set::Purpose::Provides {
                usage.provided.insert(coordinate.clone());
            }
            usage.used.insert(coordinate);
        });
    }
    for ty in schema.types.values() {
        for interface in interfaces_of(ty) {
            let Some(interface) = schema.types.get(&interface) else {
                continue;
            };
            for (field, _) in fields_of(interface) {
                usage.used.insert((ty.name().clone(), field.clone()));
            }
        }
    }
    usage
}

/// The fields that the subgraph declares without resolving them.
///
/// `@external` on a key field of a type that the subgraph extends is how Federation 1 wrote
/// keys. Such a field travels with the entity, so the subgraph does resolve it.
pub(super) fn external_fields(schema: &Schema, usage: &Usage) -> HashSet<Coordinate> {
    let mut external = HashSet::new();
    for ty in schema.types.values() {
        for (name, field) in fields_of(ty) {
            let coordinate = (ty.name().clone(), name.clone());
            let is_marked =
                field.directives.has("external") || on_declaration(ty, field, "external").is_some();
            if is_marked && !usage.keys_of_extensions.contains(&coordinate) {
                external.insert(coordinate);
            }
        }
    }
    external
}

/// The leaves of a field set that are neither external nor inside an external field.
pub(super) fn resolved_leaves(
    schema: &Schema,
    set: &ParsedFieldSet,
    external: &HashSet<Coordinate>,
) -> Vec<Coordinate> {
    let mut leaves = Vec::new();
    collect_resolved_leaves(schema, &set.selections, external, &mut leaves);
    leaves
}

fn collect_resolved_leaves(
    schema: &Schema,
    selections: &SelectionSet,
    external: &HashSet<Coordinate>,
    leaves: &mut Vec<Coordinate>,
) {
    for selection in &selections.selections {
        match selection {
            Selection::Field(field) => {
                let coordinate = (selections.ty.clone(), field.name.clone());
                // An interface's field is external when it is so on some implementation.
                let is_external = external.contains(&coordinate)
                    || field_set::implementations(schema, &selections.ty)
                        .into_iter()
                        .any(|ty| external.contains(&(ty, field.name.clone())));
                if is_external || field.name == "__typename" {
                    continue;
                }
                if field.selection_set.selections.is_empty() {
                    leaves.push(coordinate);
                } else {
                    collect_resolved_leaves(schema, &field.selection_set, external, leaves);
                }
            }
            Selection::InlineFragment(fragment) => {
                collect_resolved_leaves(schema, &fragment.selection_set, external, leaves);
            }
            Selection::FragmentSpread(_) => {}
        }
    }
}
