//! A shared field of an abstract type must have some possible type in common in all subgraphs that may be asked for it
//! on one path, or the answer would depend on whom the router asks.
//!
//! Subgraphs that no path joins may differ: a value type without keys is resolved where it was found. And where one
//! path joins subgraphs of which another leads to a few alone, the few decide, as they do in Apollo's composition.

use super::Seen;
use super::contexts::Available;
use crate::code;
use crate::diagnostics::{Diagnostics, join_quoted};
use crate::merge::who_says_what;
use crate::message::Location;
use crate::subgraph::{Subgraph, field_of};
use apollo_compiler::Name;
use souk_planner::Supergraph;
use souk_planner::graph::NodeId;
use souk_planner::model::{SubgraphId, TypeId, TypeKind};
use souk_planner::reach::Reach;
use std::collections::{BTreeMap, BTreeSet};

/// The object types that a field's value can be, by the subgraph that resolves it.
type Possible = BTreeMap<SubgraphId, BTreeSet<TypeId>>;

/// Reports each shared field whose possible types differ between subgraphs that a path joins: an error if they have none
/// in common, otherwise a hint. `seen` are the nodes from which each type has been walked.
pub(super) fn check(
    supergraph: &Supergraph,
    subgraphs: &[Subgraph],
    seen: &Seen,
    diagnostics: &mut Diagnostics,
) {
    let model = supergraph.model();
    let mut reach = Reach::new(supergraph);
    let types: BTreeMap<&Name, TypeId> = seen.keys().map(|ty| (&model.ty(*ty).name, *ty)).collect();
    for (name, ty) in types {
        for field in contested(supergraph, ty) {
            let mut worst: Option<Possible> = None;
            for nodes in fewest(&seen[&ty]) {
                let nodes = reach.closure(ty, nodes);
                let choices = reach.field(ty, &nodes, field);
                let found = choices
                    .iter()
                    .filter_map(|targets| differing(supergraph, (ty, field), targets));
                worst = worst.into_iter().chain(found).max_by_key(badness);
            }
            if let Some(possible) = worst {
                report(supergraph, subgraphs, diagnostics, name, field, &possible);
            }
        }
    }
}

/// The fields of a type whose possible types are not the same in all subgraphs, whether or not a path joins these.
fn contested(supergraph: &Supergraph, ty: TypeId) -> Vec<&Name> {
    let graph = supergraph.graph();
    let model = supergraph.model().ty(ty);
    let is_contested = |field: &&Name| {
        let owners = std::iter::once(ty).chain(model.interfaces.iter().copied());
        let nodes = owners.flat_map(|owner| graph.resolvers(owner, field));
        let moves = nodes.filter_map(|node| graph.field(*node, field));
        let targets: BTreeSet<NodeId> = moves.filter_map(|found| found.target).collect();
        differing(supergraph, (ty, field), &targets).is_some()
    };
    model.fields.keys().filter(is_contested).collect()
}

/// The node sets of which no other is a part.
fn fewest(seen: &[(BTreeSet<NodeId>, Available)]) -> impl Iterator<Item = &BTreeSet<NodeId>> {
    let all = seen.iter().map(|(nodes, _)| nodes);
    all.filter(|nodes| {
        let mut others = seen.iter().map(|(other, _)| other);
        !others.any(|other| other.len() < nodes.len() && other.is_subset(nodes))
    })
}

/// The possible types at these nodes of a field's value, if they are not the same in all subgraphs. A subgraph whose
/// type for the field is an object type says nothing about what the others' abstract types may be.
fn differing(
    supergraph: &Supergraph,
    (owner, field): (TypeId, &Name),
    targets: &BTreeSet<NodeId>,
) -> Option<Possible> {
    let model = supergraph.model();
    let mut possible = Possible::new();
    let mut is_abstract = BTreeSet::new();
    for target in targets {
        let node = supergraph.graph().node(*target);
        let ty = model.ty(node.ty);
        let here = model.type_in(owner, node.subgraph);
        let declared = here.and_then(|here| here.fields.get(field));
        // Who only provides a field does not share it.
        if declared.is_some_and(|declared| declared.external) {
            continue;
        }
        let types = match model.type_in(node.ty, node.subgraph) {
            Some(here) if ty.kind != TypeKind::Object => {
                is_abstract.insert(node.subgraph);
                // An interface object stands for every implementation: which one it is, others know.
                match here.interface_object {
                    true => &ty.possible,
                    false => &here.possible,
                }
            }
            _ => &ty.possible,
        };
        possible.entry(node.subgraph).or_default().extend(types);
    }
    let first = possible.values().next()?;
    let differ = possible.values().any(|types| types != first);
    (differ && is_abstract.len() > 1).then_some(possible)
}

fn common(possible: &Possible) -> BTreeSet<TypeId> {
    let mut all = possible.values();
    let first = all.next().cloned().unwrap_or_default();
    all.fold(first, |common, types| &common & types)
}

/// Nothing in common is worse than anything; otherwise the more subgraphs differ, the worse.
fn badness(possible: &Possible) -> (bool, usize) {
    (common(possible).is_empty(), possible.len())
}

fn report(
    supergraph: &Supergraph,
    subgraphs: &[Subgraph],
    diagnostics: &mut Diagnostics,
    ty: &Name,
    field: &Name,
    possible: &Possible,
) {
    let model = supergraph.model();
    let quoted = |types: &BTreeSet<TypeId>| {
        let names: BTreeSet<&str> = types.iter().map(|ty| model.ty(*ty).name.as_str()).collect();
        join_quoted(&Vec::from_iter(names))
    };
    let mut sayings = Vec::new();
    let mut locations: Vec<Location> = Vec::new();
    for (id, types) in possible {
        let name = &model.subgraph(*id).name;
        let Some(subgraph) = subgraphs.iter().find(|known| *known.name == **name) else {
            continue;
        };
        sayings.push((subgraph, quoted(types)));
        let definition = subgraph.schema.types.get(ty);
        if let Some(field) = definition.and_then(|definition| field_of(definition, field)) {
            locations.extend(subgraph.locate(field.location()));
        }
    }
    let sayings = who_says_what(sayings);
    let common = common(possible);
    if common.is_empty() {
        diagnostics.error(
            code::SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES,
            format!(
                "\"{ty}.{field}\" is shared, but its possible types have nothing in common: {sayings}"
            ),
            locations,
        );
    } else {
        diagnostics.hint(
            code::INCONSISTENT_RUNTIME_TYPES_FOR_SHAREABLE_RETURN,
            format!(
                "\"{ty}.{field}\" is shared, and its possible types are {sayings}; each subgraph \
                 should resolve it only to {}",
                quoted(&common)
            ),
            locations,
        );
    }
}
