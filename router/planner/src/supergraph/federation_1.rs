//! What join v0.1, as Federation 1 composes it, leaves unsaid.
//!
//! A field's `@join__field` names one subgraph, its type's owner or the one that adds it. That others know it as well
//! follows from where they use it: in a value type, in a key, in a `@requires` or `@provides`.

use apollo_compiler::ast::Type;

use super::join::plain;
use crate::field_set::{FieldSet, FieldSetItem};
use crate::model::{FieldInSubgraph, Model, SubgraphId, TypeId, TypeKind, TypeModel};

/// A selection that a subgraph's schema has, on one of its types.
struct Use {
    ty: TypeId,
    subgraph: SubgraphId,
    set: FieldSet,
}

/// Gives each subgraph the fields that its schema must have had. The model has its possible types already.
pub(super) fn complete(model: &mut Model) {
    let roots = [model.query, model.mutation, model.subscription];
    for index in 0..model.types.len() {
        if !roots.contains(&Some(TypeId(index as u32))) {
            share_value_type(&mut model.types[index]);
        }
    }
    // What is part of a key the subgraph tells by itself, wherever else it is used.
    for used in keys(model) {
        declare(model, &used, false);
    }
    for used in requirements_and_provisions(model) {
        declare(model, &used, true);
    }
}

/// A value type, which is one without a key, is the same in all subgraphs that have it.
fn share_value_type(ty: &mut TypeModel) {
    if ty.subgraphs.values().any(|here| !here.keys.is_empty()) {
        return;
    }
    for here in ty.subgraphs.values_mut() {
        for (name, of) in &ty.fields {
            let known = here.fields.entry(name.clone());
            known.or_insert_with(|| plain(of.clone()));
        }
    }
}

fn keys(model: &Model) -> Vec<Use> {
    let mut found = Vec::new();
    for (index, ty) in model.types.values().enumerate() {
        for (subgraph, here) in &ty.subgraphs {
            found.extend(here.keys.iter().map(|key| Use {
                ty: TypeId(index as u32),
                subgraph: *subgraph,
                set: key.fields.clone(),
            }));
        }
    }
    found
}

fn requirements_and_provisions(model: &Model) -> Vec<Use> {
    let mut found = Vec::new();
    for (index, ty) in model.types.values().enumerate() {
        for (subgraph, here) in &ty.subgraphs {
            for field in here.fields.values() {
                let value = model.type_id(field.ty.inner_named_type());
                let sets = [
                    (Some(TypeId(index as u32)), &field.requires),
                    (value, &field.provides),
                ];
                for (ty, set) in sets {
                    if let (Some(ty), Some(set)) = (ty, set) {
                        found.push(Use {
                            ty,
                            subgraph: *subgraph,
                            set: set.clone(),
                        });
                    }
                }
            }
        }
    }
    found
}

/// Adds what is selected to the subgraph's types, where they do not have it.
fn declare(model: &mut Model, used: &Use, external: bool) {
    for item in &used.set.items {
        match item {
            FieldSetItem::Field { name, set, .. } => {
                let Some(of) = model.ty(used.ty).fields.get(name).cloned() else {
                    continue;
                };
                for holder in holders(model, used.ty) {
                    let ty = &mut model.types[holder.0 as usize];
                    let own: &Type = ty.fields.get(name).unwrap_or(&of);
                    if let Some(here) = ty.subgraphs.get_mut(&used.subgraph) {
                        let known = here.fields.entry(name.clone());
                        known.or_insert_with(|| FieldInSubgraph {
                            external,
                            ..plain(own.clone())
                        });
                    }
                }
                below(model, used, of.inner_named_type(), set, external);
            }
            FieldSetItem::Fragment { on, set } => below(model, used, on, set, external),
        }
    }
}

fn below(model: &mut Model, used: &Use, ty: &str, set: &FieldSet, external: bool) {
    if let Some(ty) = model.type_id(ty) {
        let used = Use {
            ty,
            subgraph: used.subgraph,
            set: set.clone(),
        };
        declare(model, &used, external);
    }
}

/// The type and, when it is abstract, the objects it may be: what is selected on it they have too.
fn holders(model: &Model, ty: TypeId) -> Vec<TypeId> {
    let mut holders = vec![ty];
    if model.ty(ty).kind != TypeKind::Object {
        holders.extend(&model.ty(ty).possible);
    }
    holders
}
