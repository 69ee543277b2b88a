//! Entity groups: which entities a request takes from where, and how their representations are made.

use std::collections::BTreeMap;
use std::sync::Arc;

use apollo_compiler::ast::VariableDefinition;
use apollo_compiler::collections::{HashMap, IndexMap};
use apollo_compiler::{Name, Node};

use crate::guard::Guard;
use crate::model::{TypeId, TypeKind};
use crate::plan::{
    ContextPath, ContextVariable, EntityGroup, PathSegment, RepresentationField,
    RepresentationShape,
};
use crate::scope::Scope;
use crate::search::{Bound, BoundContext, ContextSource, Search, StepId, add_bound};
use crate::text::EntitiesField;

use super::paths::Paths;

/// The groups of one request and the `_entities` fields for its document. `whole` is when the request is sent at all.
pub(super) fn entity_groups(
    search: &Search<'_>,
    paths: &mut Paths<'_>,
    steps: &[StepId],
    whole: &Guard,
    definitions: &[Node<VariableDefinition>],
) -> (Vec<EntityGroup>, Vec<EntitiesField>) {
    let mut by_path: Vec<(Arc<[PathSegment]>, Vec<StepId>)> = Vec::new();
    // Where in `by_path` a path's groups are.
    let mut known: HashMap<Arc<[PathSegment]>, Vec<usize>> = HashMap::default();
    for id in steps {
        let path = paths.to(search.place(search.step(*id).place).position);
        let groups = known.entry(path.clone()).or_default();
        let group = groups.iter().find(|group| {
            let (_, members) = &by_path[**group];
            members.iter().all(|member| may_share(search, *member, *id))
        });
        match group {
            Some(group) => by_path[*group].1.push(*id),
            None => {
                groups.push(by_path.len());
                by_path.push((path, vec![*id]));
            }
        }
    }
    let mut groups = Vec::new();
    let mut fields = Vec::new();
    let alone = by_path.len() == 1;
    for (index, (path, steps)) in by_path.into_iter().enumerate() {
        let (variable, response_key) = if alone {
            (
                unused("representations", definitions),
                Name::new_unchecked("_entities"),
            )
        } else {
            let variable = unused(&format!("representations_{index}"), definitions);
            (variable, Name::new_unchecked(&format!("_entities_{index}")))
        };
        let places = steps.iter().map(|id| search.place(search.step(*id).place));
        let guard = Guard::any_loosely(places.map(|place| &place.guard));
        let condition = if guard.covers(whole) {
            None
        } else {
            guard.to_condition()
        };
        let contexts = contexts(search, &path, &steps, index, definitions);
        groups.push(EntityGroup {
            path: path.to_vec(),
            variable: variable.clone(),
            response_key: response_key.clone(),
            representations: shapes(search, &steps),
            condition,
            contexts: contexts
                .iter()
                .map(|(_, context)| context.clone())
                .collect(),
        });
        fields.push(EntitiesField {
            variable,
            response_key,
            places: steps.iter().map(|id| search.step(*id).place).collect(),
            contexts,
        });
    }
    (groups, fields)
}

/// True unless one step's representations would do harm to the other's: by another value under the same name (a field
/// required with different arguments, or of a context), or by a field that is not fetched whenever the other is needed, for an
/// entity that lacks a field is not sent; or its selection to the other's objects.
fn may_share(search: &Search<'_>, one: StepId, other: StepId) -> bool {
    let representation = |id: StepId| {
        let entity = search.step(id).entity.as_ref();
        entity.map_or(&[][..], |entity| entity.representation.as_slice())
    };
    let guard = |id: StepId| &search.place(search.step(id).place).guard;
    let is_safe = |one: StepId, other: StepId| {
        guard(one).covers(guard(other))
            || has_all(search, representation(other), representation(one))
    };
    bound_contexts(search, one) == bound_contexts(search, other)
        && !takes_away(search, one, other)
        && !takes_away(search, other, one)
        && agree(search, representation(one), representation(other))
        && is_safe(one, other)
        && is_safe(other, one)
}

/// True when a null in what one step asks of objects of some types would take the other's objects away, or what it asks of
/// them: a subgraph that does not know the types is asked the same for all of a group.
fn takes_away(search: &Search<'_>, one: StepId, other: StepId) -> bool {
    let place = |id: StepId| search.place(search.step(id).place);
    let (one, other) = (place(one), place(other));
    let graph = search.supergraph.graph();
    let node = graph.node(one.node);
    let mut fields = one.fields.iter();
    node.interface_object
        && one.scope.is_some()
        && one.scope != other.scope
        && fields.any(|placed| search.tree.takes_from_others(placed.field, node.subgraph))
}

fn bound_contexts<'a>(search: &'a Search<'_>, id: StepId) -> &'a [BoundContext] {
    let entity = search.step(id).entity.as_ref();
    entity.map_or(&[][..], |entity| entity.contexts.as_slice())
}

/// The variables for a group's contexts, by the arguments that they are for.
fn contexts(
    search: &Search<'_>,
    path: &[PathSegment],
    steps: &[StepId],
    group: usize,
    definitions: &[Node<VariableDefinition>],
) -> Vec<(Name, ContextVariable)> {
    let bound = steps.first().map(|id| bound_contexts(search, *id));
    let variable = |(index, context): (usize, &BoundContext)| {
        let name = format!("contextualArgument_{group}_{index}");
        let variable = ContextVariable {
            variable: unused(&name, definitions),
            ty: context.ty.clone(),
            sources: context
                .sources
                .iter()
                .map(|source| context_path(search, path, source))
                .collect(),
        };
        (context.argument.clone(), variable)
    };
    let bound = bound.unwrap_or_default();
    bound.iter().enumerate().map(variable).collect()
}

fn context_path(search: &Search<'_>, path: &[PathSegment], source: &ContextSource) -> ContextPath {
    let model = search.supergraph.model();
    ContextPath {
        depth: depth(path, source.level),
        on: source.on.map(|ty| model.ty(ty).name.clone()),
        keys: source.keys.clone(),
    }
}

/// How many segments of a path lead to what so many fields lead to.
fn depth(path: &[PathSegment], level: usize) -> usize {
    let mut fields = 0;
    for (index, segment) in path.iter().enumerate() {
        match segment {
            PathSegment::Key(_) | PathSegment::OnTypes(_) if fields == level => return index,
            PathSegment::Key(_) => fields += 1,
            PathSegment::OnTypes(_) | PathSegment::Each => {}
        }
    }
    path.len()
}

/// True when every bound field of the one is among those of the other.
fn has_all(search: &Search<'_>, known: &[Bound], wanted: &[Bound]) -> bool {
    wanted.iter().all(|wanted| {
        known.iter().any(|known| {
            source_key(search, known) == source_key(search, wanted)
                && known.name == wanted.name
                && !are_apart(search, known.scope, wanted.scope)
                && has_all(search, &known.below, &wanted.below)
        })
    })
}

fn agree(search: &Search<'_>, one: &[Bound], other: &[Bound]) -> bool {
    one.iter().all(|mine| {
        other.iter().all(|theirs| {
            let is_apart = mine.name != theirs.name || are_apart(search, mine.scope, theirs.scope);
            is_apart
                || (source_key(search, mine) == source_key(search, theirs)
                    && agree(search, &mine.below, &theirs.below))
        })
    })
}

/// True when no object is of both scopes.
fn are_apart(search: &Search<'_>, one: Option<Scope>, other: Option<Scope>) -> bool {
    let (Some(one), Some(other)) = (one, other) else {
        return false;
    };
    let others = search.tree.scopes.types(&other);
    let mut types = search.tree.scopes.types(&one).iter();
    one != other && !types.any(|ty| others.binary_search(ty).is_ok())
}

/// Where the value of a bound field is in the merged tree. Fields of the same key at a position are the same field,
/// planned for different types.
fn source_key<'a>(search: &'a Search<'_>, bound: &'a Bound) -> &'a Name {
    bound
        .field
        .map_or(&bound.name, |field| &search.tree.field(field).source_key)
}

/// A variable name that the client does not use.
fn unused(wanted: &str, definitions: &[Node<VariableDefinition>]) -> Name {
    let mut name = Name::new_unchecked(wanted);
    while definitions.iter().any(|definition| definition.name == name) {
        name = Name::new_unchecked(&format!("_{name}"));
    }
    name
}

/// One shape per set of runtime types for which the same steps apply.
fn shapes(search: &Search<'_>, steps: &[StepId]) -> Vec<RepresentationShape> {
    let model = search.supergraph.model();
    let mut applying: BTreeMap<TypeId, Vec<usize>> = BTreeMap::new();
    for (index, id) in steps.iter().enumerate() {
        for ty in types(search, *id) {
            applying.entry(ty).or_default().push(index);
        }
    }
    let mut classes: IndexMap<Vec<usize>, Vec<TypeId>> = IndexMap::default();
    for (ty, steps) in applying {
        classes.entry(steps).or_default().push(ty);
    }
    let mut shapes = Vec::new();
    for (indices, types) in classes {
        let mut fields: Vec<Bound> = Vec::new();
        let mut send_typename = None;
        for index in indices {
            let step = search.step(steps[index]);
            let node = search
                .supergraph
                .graph()
                .node(search.place(step.place).node);
            if node.interface_object {
                send_typename = Some(model.ty(node.ty).name.clone());
            }
            for bound in step.entity.iter().flat_map(|entity| &entity.representation) {
                add_bound(&mut fields, bound.clone());
            }
        }
        let mut written = Vec::new();
        for bound in &fields {
            let having = bound.scope.as_ref();
            let having = having.map(|scope| search.tree.scopes.types(scope));
            let is_had = |ty: &TypeId| having.is_none_or(|having| having.binary_search(ty).is_ok());
            let owners: Vec<TypeId> = types.iter().copied().filter(is_had).collect();
            if owners.is_empty() {
                continue;
            }
            let names = owners.iter().map(|ty| model.ty(*ty).name.clone());
            let new = RepresentationField {
                types: (owners.len() < types.len()).then(|| names.collect()),
                ..field(search, bound)
            };
            write(&mut written, new);
        }
        shapes.push(RepresentationShape {
            types: types.iter().map(|ty| model.ty(*ty).name.clone()).collect(),
            send_typename,
            fields: written,
        });
    }
    shapes
}

/// The type names that a step's entities may have in the tree.
fn types(search: &Search<'_>, id: StepId) -> Vec<TypeId> {
    let model = search.supergraph.model();
    let place = search.place(search.step(id).place);
    if let Some(scope) = &place.scope {
        return search.tree.scopes.types(scope).to_vec();
    }
    let target = search.supergraph.graph().node(place.node);
    if model.ty(target.ty).kind == TypeKind::Object {
        return vec![target.ty];
    }
    let position = model.ty(search.tree.position(place.position).ty);
    let allowed = &model.ty(target.ty).possible;
    let mut types: Vec<TypeId> = position
        .possible
        .iter()
        .copied()
        .filter(|ty| allowed.contains(ty))
        .collect();
    // As long as only an interface object has been asked, the tree knows the entity by the interface's name.
    let interface = model.ty(target.ty);
    let is_abstract = search.tree.is_abstract(place.position);
    if is_abstract
        && interface
            .subgraphs
            .values()
            .any(|here| here.interface_object)
    {
        types.push(target.ty);
    }
    types
}

/// Adds a field to others of a representation. What is required for overlapping scopes may be there already.
fn write(written: &mut Vec<RepresentationField>, new: RepresentationField) {
    let same = written
        .iter_mut()
        .find(|known| known.name == new.name && known.types == new.types);
    match same {
        Some(same) => {
            same.if_null = same.if_null.max(new.if_null);
            for below in new.fields {
                write(&mut same.fields, below);
            }
        }
        None => written.push(new),
    }
}

fn field(search: &Search<'_>, bound: &Bound) -> RepresentationField {
    RepresentationField {
        source_key: source_key(search, bound).clone(),
        name: bound.name.clone(),
        types: bound.scope.map(|scope| search.tree.names(scope)),
        if_null: bound.if_null,
        fields: bound
            .below
            .iter()
            .map(|below| field(search, below))
            .collect(),
    }
}
