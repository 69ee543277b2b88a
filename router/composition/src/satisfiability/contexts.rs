//! Arguments from contexts: a field that takes them can be resolved only below a type that sets the
//! contexts, where what it takes can be told.

use crate::subgraph::Subgraph;
use crate::subgraph::field_set;
use apollo_compiler::Name;
use souk_planner::Supergraph;
use souk_planner::field_set::FieldSet;
use souk_planner::graph::{Graph, NodeId};
use souk_planner::model::{SubgraphId, TypeId};
use souk_planner::reach::Reach;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Indices of the arguments that the path to a value can fill.
pub(super) type Available = BTreeSet<usize>;

/// Every argument of the graph that comes from a context.
#[derive(Debug, Default)]
pub(super) struct Contexts {
    arguments: Vec<Argument>,
    /// The type and the subgraph that resolve a field, and the field -> its arguments.
    by_field: HashMap<(TypeId, SubgraphId, Name), Vec<usize>>,
    /// A type of value that sets contexts -> the arguments that take from them.
    by_setter: HashMap<TypeId, Vec<usize>>,
}

/// One argument.
#[derive(Debug)]
struct Argument {
    name: Name,
    /// The context as its subgraph calls it.
    context: String,
    /// What to take from each type.
    selected: Vec<(TypeId, FieldSet)>,
}

impl Contexts {
    pub(super) fn of(supergraph: &Supergraph, subgraphs: &[Subgraph]) -> Self {
        let model = supergraph.model();
        let mut contexts = Self::default();
        for subgraph in subgraphs {
            let id = supergraph
                .subgraphs()
                .position(|known| *known.name == *subgraph.name);
            // Sorted, so that the search runs the same way each time.
            let fields: BTreeMap<_, _> = subgraph.contextual.iter().collect();
            for ((type_name, field), arguments) in fields {
                let Some(ty) = model.type_id(type_name) else {
                    continue;
                };
                let Some(id) = id.and_then(|id| u16::try_from(id).ok()) else {
                    continue;
                };
                for argument in arguments {
                    let index = contexts.arguments.len();
                    let selected = argument.selected.iter().filter_map(|selections| {
                        let set = FieldSet::parse(&field_set::normalised(selections)).ok()?;
                        Some((model.type_id(&selections.ty)?, set))
                    });
                    contexts.arguments.push(Argument {
                        name: argument.name.clone(),
                        context: argument.context.clone(),
                        selected: selected.collect(),
                    });
                    let key = (ty, SubgraphId(id), field.clone());
                    contexts.by_field.entry(key).or_default().push(index);
                    let setters: BTreeSet<TypeId> = argument
                        .setters
                        .iter()
                        .filter_map(|setter| model.type_id(setter))
                        .flat_map(|setter| model.ty(setter).possible.iter().copied())
                        .collect();
                    for setter in setters {
                        contexts.by_setter.entry(setter).or_default().push(index);
                    }
                }
            }
        }
        contexts
    }

    /// What can be filled below a value of this type: the nearest value that sets a context counts.
    pub(super) fn below(
        &self,
        supergraph: &Supergraph,
        reach: &mut Reach<'_>,
        ty: TypeId,
        nodes: &BTreeSet<NodeId>,
        above: &Available,
    ) -> Available {
        let mut available = above.clone();
        for index in self.by_setter.get(&ty).into_iter().flatten() {
            let selected = self.arguments[*index].selected.iter().find(|(on, _)| {
                let possible = &supergraph.model().ty(*on).possible;
                *on == ty || possible.contains(&ty)
            });
            if selected.is_some_and(|(_, set)| reach.tells(ty, nodes, set)) {
                available.insert(*index);
            } else {
                available.remove(index);
            }
        }
        available
    }

    /// The arguments of a field at a node that the path cannot fill, with their contexts.
    pub(super) fn missing(
        &self,
        graph: &Graph,
        node: NodeId,
        field: &Name,
        available: &Available,
    ) -> Vec<(&Name, &str)> {
        let node = graph.node(node);
        let key = (node.ty, node.subgraph, field.clone());
        self.by_field
            .get(&key)
            .into_iter()
            .flatten()
            .filter(|index| !available.contains(index))
            .map(|index| &self.arguments[*index])
            .map(|argument| (&argument.name, argument.context.as_str()))
            .collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.arguments.is_empty()
    }
}
