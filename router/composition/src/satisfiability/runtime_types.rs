//! A shared field of an abstract type must have some possible type in common in all subgraphs that may be asked for it
//! on one path, or the answer would depend on whom the router asks.
//!
//! Subgraphs that no path joins may differ: a value type without keys is resolved where it was found. The walk is one
//! of its own, because it looks for as many subgraphs at a time as there can be, where the check whether every path has
//! a plan looks for as few.

use super::Subgraph;
use crate::code;
use crate::diagnostics::{Diagnostics, join_quoted};
use crate::merge::who_says_what;
use crate::message::Location;
use crate::subgraph::field_of;
use apollo_compiler::Name;
use apollo_compiler::ast::OperationType;
use apollo_compiler::schema::ExtendedType;
use souk_planner::Supergraph;
use souk_planner::graph::NodeId;
use souk_planner::model::{SubgraphId, TypeId, TypeKind};
use souk_planner::reach::Reach;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

/// The object types that a field's value can be, by the subgraph that resolves it.
type Possible = BTreeMap<SubgraphId, BTreeSet<TypeId>>;

/// Reports each shared field whose possible types differ between subgraphs that some path joins: an error if they have
/// none in common, otherwise a hint.
pub(super) fn check(
    supergraph: &Supergraph,
    subgraphs: &[Subgraph],
    diagnostics: &mut Diagnostics,
) {
    let contested = contested(supergraph);
    if contested.is_empty() {
        return;
    }
    let mut walk = Walk {
        supergraph,
        reach: Reach::new(supergraph),
        contested,
        queue: VecDeque::new(),
        seen: HashMap::new(),
        found: BTreeMap::new(),
    };
    walk.run();
    for ((ty, field), possible) in &walk.found {
        report(supergraph, subgraphs, diagnostics, ty, field, possible);
    }
}

/// The fields whose possible types are not the same in all subgraphs, whether or not a path joins these.
fn contested(supergraph: &Supergraph) -> HashSet<(TypeId, Name)> {
    let model = supergraph.model();
    let graph = supergraph.graph();
    let mut contested = HashSet::new();
    for (name, ty) in &model.types {
        let Some(id) = model.type_id(name).filter(|_| ty.kind == TypeKind::Object) else {
            continue;
        };
        for field in ty.fields.keys() {
            let owners = std::iter::once(id).chain(ty.interfaces.iter().copied());
            let nodes = owners.flat_map(|owner| graph.resolvers(owner, field));
            let moves = nodes.filter_map(|node| graph.field(*node, field));
            let targets: BTreeSet<NodeId> = moves.filter_map(|found| found.target).collect();
            if differing(supergraph, &targets).is_some() {
                contested.insert((id, field.clone()));
            }
        }
    }
    contested
}

/// The possible types at these nodes of a field's value, if they are not the same in all subgraphs. A subgraph whose
/// type for the field is an object type says nothing about what the others' abstract types may be.
fn differing(supergraph: &Supergraph, targets: &BTreeSet<NodeId>) -> Option<Possible> {
    let model = supergraph.model();
    let mut possible = Possible::new();
    let mut is_abstract = BTreeSet::new();
    for target in targets {
        let node = supergraph.graph().node(*target);
        let ty = model.ty(node.ty);
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

struct Walk<'a> {
    supergraph: &'a Supergraph,
    reach: Reach<'a>,
    contested: HashSet<(TypeId, Name)>,
    queue: VecDeque<(TypeId, BTreeSet<NodeId>)>,
    /// The node sets from which each type has been walked.
    seen: HashMap<TypeId, Vec<BTreeSet<NodeId>>>,
    /// By type and field, the worst that was met.
    found: BTreeMap<(Name, Name), Possible>,
}

impl Walk<'_> {
    fn run(&mut self) {
        let model = self.supergraph.model();
        for operation in [
            OperationType::Query,
            OperationType::Mutation,
            OperationType::Subscription,
        ] {
            let roots = self.supergraph.graph().roots(model, operation);
            if let Some(ty) = model.root(operation) {
                self.enqueue(ty, &roots.into_iter().collect());
            }
        }
        while let Some((ty, nodes)) = self.queue.pop_front() {
            self.visit(ty, &nodes);
        }
    }

    /// Adds a value's nodes with all that can be reached from them, unless the type has been walked from as many: who
    /// differs among few differs among many.
    fn enqueue(&mut self, ty: TypeId, nodes: &BTreeSet<NodeId>) {
        if nodes.is_empty() {
            return;
        }
        let nodes = self.reach.closure(ty, nodes);
        let seen = self.seen.entry(ty).or_default();
        if !seen.iter().any(|known| nodes.is_subset(known)) {
            seen.push(nodes.clone());
            self.queue.push_back((ty, nodes));
        }
    }

    fn visit(&mut self, ty: TypeId, nodes: &BTreeSet<NodeId>) {
        let supergraph = self.supergraph;
        let model = supergraph.model();
        let types = &supergraph.api_schema().types;
        let name = &model.ty(ty).name;
        let Some(ExtendedType::Object(object)) = types.get(name) else {
            return;
        };
        for (field, definition) in &object.fields {
            let Some(declared) = model.type_id(definition.ty.inner_named_type()) else {
                continue;
            };
            let is_contested = self.contested.contains(&(ty, field.clone()));
            for targets in self.reach.field(ty, nodes, field) {
                if is_contested && let Some(possible) = differing(supergraph, &targets) {
                    self.note(name, field, possible);
                }
                for object in &model.ty(declared).possible {
                    let below = self.reach.narrow(&targets, *object);
                    self.enqueue(*object, &below);
                }
            }
        }
    }

    /// Nothing in common is worse than anything; otherwise the more subgraphs differ, the worse.
    fn note(&mut self, ty: &Name, field: &Name, possible: Possible) {
        let badness = |possible: &Possible| (common(possible).is_empty(), possible.len());
        let key = (ty.clone(), field.clone());
        let is_worse = self
            .found
            .get(&key)
            .is_none_or(|known| badness(&possible) > badness(known));
        if is_worse {
            self.found.insert(key, possible);
        }
    }
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
