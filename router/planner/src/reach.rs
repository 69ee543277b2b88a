//! What can be reached and told from a set of nodes of one value, whatever it costs.

use std::collections::{BTreeSet, HashMap, HashSet};

use apollo_compiler::Name;
use apollo_compiler::ast::OperationType;

use crate::field_set::{FieldSet, FieldSetItem};
use crate::graph::{EntityMove, FieldMove, Graph, NodeId};
use crate::model::{Model, TypeId, TypeKind};
use crate::supergraph::Supergraph;

/// Longer chains of required fields that require others are taken for a circle.
const MAX_REQUIRING: usize = 100;

/// Answers questions about one value's nodes. A value's nodes are those where it can be selected:
/// its object type in several subgraphs, and the interface objects that stand for it.
#[derive(Debug)]
pub struct Reach<'a> {
    model: &'a Model,
    graph: &'a Graph,
    /// Values whose closure is being worked out. A key that needs such a value's own closure leads
    /// in a circle and tells nothing.
    in_progress: HashSet<(TypeId, BTreeSet<NodeId>)>,
    /// Fields whose requirements are being worked out, likewise.
    requiring: HashSet<(TypeId, NodeId, Name)>,
    /// Fields whose requirements can be told of a value with these nodes. They are kept because fields that require
    /// several others, each of which does so again, have exponentially many paths between them.
    required: HashSet<(TypeId, BTreeSet<NodeId>, NodeId, Name)>,
}

impl<'a> Reach<'a> {
    /// For one supergraph.
    pub fn new(supergraph: &'a Supergraph) -> Self {
        Self {
            model: supergraph.model(),
            graph: supergraph.graph(),
            in_progress: HashSet::new(),
            requiring: HashSet::new(),
            required: HashSet::new(),
        }
    }

    /// All nodes of a value that entity moves reach from the given ones.
    pub fn closure(&mut self, ty: TypeId, nodes: &BTreeSet<NodeId>) -> BTreeSet<NodeId> {
        let mut reached = nodes.clone();
        if self.model.query == Some(ty) {
            // The query root is there in every subgraph, wherever on the path it turns up.
            reached.extend(self.graph.roots(self.model, OperationType::Query));
            return reached;
        }
        let key = (ty, nodes.clone());
        if !self.in_progress.insert(key.clone()) {
            return reached;
        }
        // By type and subgraph, so that nodes of one type do not each look at all the others.
        let mut seen: HashSet<TypeId> = HashSet::new();
        let mut moves: Vec<(EntityMove<'a>, BTreeSet<NodeId>)> = Vec::new();
        loop {
            for node in &reached {
                let found = self.graph.node(*node).ty;
                if seen.insert(found) {
                    let entries = self.graph.entries_of(self.model, found);
                    moves.extend(entries.map(|entry| {
                        let targets = self.narrow(&BTreeSet::from([entry.target]), ty);
                        (entry, targets)
                    }));
                }
            }
            moves.retain(|(_, targets)| !targets.is_subset(&reached));
            let mut added: BTreeSet<NodeId> = BTreeSet::new();
            let mut told: HashMap<&FieldSet, bool> = HashMap::new();
            for (entry, targets) in &moves {
                let fields = &entry.key.fields;
                let tells = match told.get(fields) {
                    Some(known) => *known,
                    None => {
                        let tells = self.tells(ty, &reached, fields);
                        told.insert(fields, tells);
                        tells
                    }
                };
                if tells {
                    added.extend(targets);
                }
            }
            if added.is_empty() {
                break;
            }
            reached.extend(added);
        }
        self.in_progress.remove(&key);
        reached
    }

    /// The nodes at which a value stands when it turns out to be of this object type.
    pub fn narrow(&self, nodes: &BTreeSet<NodeId>, object: TypeId) -> BTreeSet<NodeId> {
        nodes
            .iter()
            .filter_map(|id| {
                let node = self.graph.node(*id);
                if node.ty == object {
                    return Some(*id);
                }
                if node.interface_object {
                    let is_implementation = self.model.ty(node.ty).possible.contains(&object);
                    return is_implementation.then_some(*id);
                }
                self.graph.cast(*id, object)
            })
            .collect()
    }

    /// Where the value of a field may be found, given all nodes that a value can reach. Each set is
    /// one possibility that must hold on its own: there are several when a progressive override
    /// decides. Without any, the field cannot be resolved. A leaf's set is empty.
    pub fn field(
        &mut self,
        ty: TypeId,
        nodes: &BTreeSet<NodeId>,
        name: &Name,
    ) -> Vec<BTreeSet<NodeId>> {
        self.field_at(ty, nodes, name, &|_| true)
    }

    /// As [`Reach::field`], resolving the field only at those nodes of which `may_resolve` is true.
    pub fn field_at(
        &mut self,
        ty: TypeId,
        nodes: &BTreeSet<NodeId>,
        name: &Name,
        may_resolve: &dyn Fn(NodeId) -> bool,
    ) -> Vec<BTreeSet<NodeId>> {
        let mut always: Vec<&FieldMove> = Vec::new();
        let mut when_on: Vec<&FieldMove> = Vec::new();
        let mut when_off: Vec<&FieldMove> = Vec::new();
        for node in self.resolving(ty, nodes, name) {
            let Some(found) = self.graph.field(node, name) else {
                continue;
            };
            if !may_resolve(node) || found.only_in_keys || !self.can_require(ty, nodes, node, found)
            {
                continue;
            }
            match &found.label {
                None => always.push(found),
                Some(label) if label.on => when_on.push(found),
                Some(_) => when_off.push(found),
            }
        }
        let targets = |labelled: &[&FieldMove]| -> BTreeSet<NodeId> {
            always
                .iter()
                .chain(labelled)
                .filter_map(|found| found.target)
                .collect()
        };
        if when_on.is_empty() && when_off.is_empty() {
            return if always.is_empty() {
                Vec::new()
            } else {
                vec![targets(&[])]
            };
        }
        if always.is_empty() && (when_on.is_empty() || when_off.is_empty()) {
            return Vec::new();
        }
        vec![targets(&when_on), targets(&when_off)]
    }

    /// Those of a value's nodes that may resolve a field. Neither a type that hundreds of subgraphs
    /// have nor a field that they all have makes this long.
    fn resolving(&self, ty: TypeId, nodes: &BTreeSet<NodeId>, name: &Name) -> Vec<NodeId> {
        let owners = std::iter::once(&ty).chain(&self.model.ty(ty).interfaces);
        let resolvers: Vec<&[NodeId]> = owners
            .map(|owner| self.graph.resolvers(*owner, name))
            .collect();
        let count: usize = resolvers.iter().map(|resolvers| resolvers.len()).sum();
        if nodes.len() <= count {
            return nodes.iter().copied().collect();
        }
        let resolvers = resolvers.into_iter().flatten().copied();
        resolvers.filter(|node| nodes.contains(node)).collect()
    }

    /// Whether the subgraph of a node can be given what a field `@requires`: the rest of the graph
    /// must be able to tell it, and to enter the subgraph again with it. (What comes from a context depends on the
    /// path, not on the value.)
    pub fn can_require(
        &mut self,
        ty: TypeId,
        nodes: &BTreeSet<NodeId>,
        node: NodeId,
        field: &FieldMove,
    ) -> bool {
        let Some(requires) = &field.requires else {
            return true;
        };
        let here = self.graph.node(node);
        let entries: Vec<_> = self
            .graph
            .entries(self.model, here.ty, here.subgraph)
            .collect();
        entries
            .iter()
            .any(|entry| self.tells(ty, nodes, &entry.key.fields))
            && self.tells(ty, nodes, &requires.fields)
    }

    /// Whether a field set can be told of a value, taking each part from any of its nodes.
    pub fn tells(&mut self, ty: TypeId, nodes: &BTreeSet<NodeId>, set: &FieldSet) -> bool {
        set.items
            .iter()
            .all(|item| self.tells_item(ty, nodes, item))
    }

    /// Whether one part of a field set can be told of a value.
    pub fn tells_item(
        &mut self,
        ty: TypeId,
        nodes: &BTreeSet<NodeId>,
        item: &FieldSetItem,
    ) -> bool {
        match item {
            FieldSetItem::Fragment { on, set } => {
                let applies = self
                    .model
                    .type_id(on)
                    .is_some_and(|on| on == ty || self.model.ty(on).possible.contains(&ty));
                !applies || self.tells(ty, nodes, set)
            }
            FieldSetItem::Field { name, .. } if name == "__typename" => nodes
                .iter()
                .any(|node| !self.graph.node(*node).interface_object),
            FieldSetItem::Field { name, set, .. } => {
                let mut targets = BTreeSet::new();
                let mut is_found = false;
                for node in self.resolving(ty, nodes, name) {
                    let Some(found) = self.graph.field(node, name) else {
                        continue;
                    };
                    if found.requires.is_some()
                        && !self.can_require_in_turn(ty, nodes, (node, name), found)
                    {
                        continue;
                    }
                    if self.takes_from_context(node, name) {
                        continue;
                    }
                    is_found = true;
                    targets.extend(found.target);
                }
                is_found && (set.is_empty() || self.tells_value(&targets, set))
            }
        }
    }

    /// Whether a field takes an argument from a context, which a selection beside the operation's has
    /// no part in.
    fn takes_from_context(&self, node: NodeId, name: &Name) -> bool {
        let node = self.graph.node(node);
        self.model
            .type_in(node.ty, node.subgraph)
            .and_then(|here| here.fields.get(name))
            .is_some_and(|field| !field.context_arguments.is_empty())
    }

    /// A required field may itself require others. Going round in a circle tells nothing.
    fn can_require_in_turn(
        &mut self,
        ty: TypeId,
        nodes: &BTreeSet<NodeId>,
        (node, name): (NodeId, &Name),
        field: &FieldMove,
    ) -> bool {
        let known = (ty, nodes.clone(), node, name.clone());
        if self.required.contains(&known) {
            return true;
        }
        let here = (ty, node, name.clone());
        if self.requiring.len() >= MAX_REQUIRING || !self.requiring.insert(here.clone()) {
            return false;
        }
        let can = self.can_require(ty, nodes, node, field);
        self.requiring.remove(&here);
        if can {
            self.required.insert(known);
        }
        can
    }

    /// Whether a selection can be told of a field's value, whatever object type it is.
    fn tells_value(&mut self, targets: &BTreeSet<NodeId>, set: &FieldSet) -> bool {
        let mut objects = BTreeSet::new();
        for target in targets {
            let node = self.graph.node(*target);
            let model = self.model.ty(node.ty);
            if model.kind == TypeKind::Object {
                objects.insert(node.ty);
            } else if node.interface_object {
                objects.extend(model.possible.iter().copied());
            } else {
                objects.extend(self.graph.casts(*target).iter().map(|(ty, _)| *ty));
            }
        }
        objects.into_iter().all(|object| {
            let nodes = self.narrow(targets, object);
            let reached = self.closure(object, &nodes);
            self.tells(object, &reached, set)
        })
    }
}
