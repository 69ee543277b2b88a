//! What Federation 1 let pass is taken out of its schemas: `@external` fields that nothing uses, and
//! what `@requires` and `@provides` say about fields that the subgraph resolves anyway.

use super::{Coordinate, Subgraph, field_set, fields_of, string_argument};
use crate::code;
use crate::diagnostics::Diagnostics;
use apollo_compiler::ast::{Directive, Value};
use apollo_compiler::executable::{Selection, SelectionSet};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::validation::Valid;
use apollo_compiler::{Name, Node};
use std::collections::HashSet;

/// Cleans a Federation 1 subgraph.
pub(super) fn clean(subgraph: &mut Subgraph, diagnostics: &mut Diagnostics) {
    let field_sets = external_parts(subgraph);
    let unused: HashSet<Coordinate> = subgraph
        .external
        .difference(&subgraph.used)
        .cloned()
        .collect();
    if unused.is_empty() && field_sets.is_empty() {
        return;
    }
    check_emptied(subgraph, &unused, diagnostics);

    let mut schema = subgraph.schema.clone().into_inner();
    for (type_name, field, name, text) in field_sets {
        if let Some(ExtendedType::Object(object)) = schema.types.get_mut(&type_name)
            && let Some(field) = object.make_mut().fields.get_mut(&field)
        {
            replace_fields(&mut field.make_mut().directives.0, name, text);
        }
    }
    for (type_name, field) in &unused {
        if let Some(ExtendedType::Object(object)) = schema.types.get_mut(type_name) {
            object.make_mut().fields.shift_remove(field);
        }
    }
    let is_emptied = |ty: &ExtendedType| {
        ty.as_object()
            .is_some_and(|object| object.fields.is_empty())
    };
    schema.types.retain(|_, ty| !is_emptied(ty));
    subgraph.schema = Valid::assume_valid(schema);
    subgraph.external.retain(|field| !unused.contains(field));
}

/// A type without a used field goes, which is impossible while something is of that type.
fn check_emptied(subgraph: &Subgraph, unused: &HashSet<Coordinate>, diagnostics: &mut Diagnostics) {
    let types: HashSet<&Name> = unused.iter().map(|(ty, _)| ty).collect();
    let emptied: HashSet<&Name> = types
        .into_iter()
        .filter(|name| {
            let ty = subgraph.schema.types.get(*name);
            ty.is_some_and(|ty| {
                let mut fields = fields_of(ty);
                fields.all(|(field, _)| unused.contains(&((*name).clone(), field.clone())))
            })
        })
        .collect();
    if emptied.is_empty() {
        return;
    }
    let mut referenced: HashSet<&Name> = HashSet::new();
    for ty in subgraph.types().filter(|ty| !emptied.contains(ty.name())) {
        referenced.extend(fields_of(ty).map(|(_, field)| field.ty.inner_named_type()));
        if let ExtendedType::Union(union) = ty {
            referenced.extend(union.members.iter().map(|member| &member.name));
        }
    }
    for ty in subgraph.types() {
        if emptied.contains(ty.name()) && referenced.contains(ty.name()) {
            diagnostics.error(
                code::TYPE_WITH_ONLY_UNUSED_EXTERNAL,
                format!(
                    "in subgraph \"{}\", every field of \"{}\" is @external and used by no @key, \
                     @requires or @provides, so nothing is left of the type",
                    subgraph.name,
                    ty.name()
                ),
                subgraph.locate(ty.name().location()),
            );
        }
    }
}

/// The field sets that name fields which are not external: type, field and directive, and the text
/// without those fields. Nothing is left of some.
fn external_parts(subgraph: &Subgraph) -> Vec<(Name, Name, &'static str, Option<String>)> {
    let mut found = Vec::new();
    for ty in subgraph.types().filter(|ty| ty.is_object()) {
        for (name, field) in fields_of(ty) {
            for (directive, on) in [
                ("requires", ty.name()),
                ("provides", field.ty.inner_named_type()),
            ] {
                let Some(applied) = field.directives.get(directive) else {
                    continue;
                };
                let text = string_argument(applied, "fields").unwrap_or_default();
                // `@provides` on a field without sub-fields means nothing.
                let parsed = field_set::parse(&subgraph.schema, on, text).ok();
                let external = parsed
                    .as_ref()
                    .and_then(|selections| external_part(subgraph, selections));
                if external != parsed {
                    let text = external.map(|selections| print(&selections));
                    found.push((ty.name().clone(), name.clone(), directive, text));
                } else if parsed.is_none() {
                    found.push((ty.name().clone(), name.clone(), directive, None));
                }
            }
        }
    }
    found
}

/// The selection without the leaves that are neither external nor inside an external field.
fn external_part(subgraph: &Subgraph, selections: &SelectionSet) -> Option<SelectionSet> {
    let mut kept = selections.clone();
    kept.selections.clear();
    for selection in &selections.selections {
        match selection {
            Selection::Field(field) => {
                if is_external(subgraph, &selections.ty, &field.name) {
                    kept.selections.push(selection.clone());
                } else if let Some(inner) = external_part(subgraph, &field.selection_set) {
                    let mut field = field.clone();
                    field.make_mut().selection_set = inner;
                    kept.selections.push(Selection::Field(field));
                }
            }
            Selection::InlineFragment(fragment) => {
                if let Some(inner) = external_part(subgraph, &fragment.selection_set) {
                    let mut fragment = fragment.clone();
                    fragment.make_mut().selection_set = inner;
                    kept.selections.push(Selection::InlineFragment(fragment));
                }
            }
            Selection::FragmentSpread(_) => {}
        }
    }
    (!kept.selections.is_empty()).then_some(kept)
}

/// An interface's field is external when it is so on some implementation.
fn is_external(subgraph: &Subgraph, ty: &Name, field: &Name) -> bool {
    subgraph.is_external(ty, field)
        || field_set::implementations(&subgraph.schema, ty)
            .iter()
            .any(|ty| subgraph.is_external(ty, field))
}

/// The text of a field set, without braces around it.
fn print(selections: &SelectionSet) -> String {
    let parts: Vec<String> = selections
        .selections
        .iter()
        .map(|selection| selection.serialize().no_indent().to_string())
        .collect();
    parts.join(" ")
}

/// Gives a directive another field set, or takes it away.
fn replace_fields(directives: &mut Vec<Node<Directive>>, name: &str, text: Option<String>) {
    let Some(text) = text else {
        directives.retain(|directive| directive.name != name);
        return;
    };
    for directive in directives {
        if directive.name != name {
            continue;
        }
        for argument in &mut directive.make_mut().arguments {
            if argument.name == "fields" {
                argument.make_mut().value = Node::new(Value::String(text.clone()));
            }
        }
    }
}
