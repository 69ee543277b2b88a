//! The graph over (type, subgraph): where one can stand, and the moves from there.
//!
//! A [`Node`] is a composite type in a subgraph. From it, [`Graph::moves`] lead on: into a field's value, down to one
//! of an abstract type's object types, to the same entity in another subgraph by key, or to the interface object that
//! stands for it there. Entity moves are not stored per pair of nodes (their number is quadratic) but worked out from
//! the target types' keys.
//!
//! A field with `@provides` leads to a node of its own, which has the provided external fields as moves in addition.

mod lay;

use std::sync::Arc;

use apollo_compiler::Name;
use apollo_compiler::ast::OperationType;
use apollo_compiler::collections::{HashMap, HashSet, IndexMap};

use crate::field_set::{FieldSet, FieldSetItem};
use crate::model::{ContextArgument, Key, Model, SubgraphId, TypeId};

/// Index of a node in its [`Graph`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(u32);

/// A composite type in a subgraph.
#[derive(Debug, Clone)]
pub struct Node {
    /// The type.
    pub ty: TypeId,
    /// The subgraph.
    pub subgraph: SubgraphId,
    /// True for a copy that a `@provides` leads to.
    pub provided: bool,
    /// True for an `@interfaceObject`: the subgraph does not know which object type a value is.
    pub interface_object: bool,
    fields: IndexMap<Name, FieldMove>,
    casts: Vec<(TypeId, NodeId)>,
}

/// A move into a field that the node's subgraph can resolve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldMove {
    /// The node of the field's value; `None` for a leaf.
    pub target: Option<NodeId>,
    /// What the subgraph must be given when the entity is asked for.
    pub requires: Option<Arc<Requires>>,
    /// A field that this subgraph may resolve only as part of a key, because another has taken it over.
    pub only_in_keys: bool,
    /// The move exists only while the label of a progressive override is on (or off).
    pub label: Option<OverrideLabel>,
}

/// What a subgraph must be given to resolve a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requires {
    /// Fields of the entity, as part of its representation (`@requires`).
    pub fields: FieldSet,
    /// Values from further up in the query, as arguments (`@fromContext`).
    pub contexts: Vec<ContextArgument>,
}

/// The condition that a progressive override puts on a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverrideLabel {
    /// The label.
    pub label: Arc<str>,
    /// Whether the label has to be on for the move to exist.
    pub on: bool,
}

/// A move to the same entity in a subgraph that resolves it by key.
#[derive(Debug, Clone, Copy)]
pub struct EntityMove<'a> {
    /// What has to be known of the entity.
    pub key: &'a Key,
    /// Which of the target type's keys that is.
    pub key_index: usize,
    /// Where the move leads.
    pub target: NodeId,
}

/// Any move from a node.
#[derive(Debug, Clone, Copy)]
pub enum Move<'a> {
    /// Into a field's value.
    Field(&'a Name, &'a FieldMove),
    /// Down to one of the object types an abstract type may be, in the same subgraph.
    AbstractType(TypeId, NodeId),
    /// To the same entity in another subgraph, by key.
    Key(EntityMove<'a>),
    /// To the interface object that stands for the entity in another subgraph, by the interface's key.
    InterfaceObject(EntityMove<'a>),
}

/// The graph of a supergraph. Indices are those of the [`Model`] it was made from.
#[derive(Debug)]
pub struct Graph {
    nodes: Vec<Node>,
    /// The plain node (no `@provides`) of each type in each subgraph.
    plain: HashMap<(TypeId, SubgraphId), NodeId>,
    /// By type: see [`Graph::resolvers`].
    resolvers: Vec<HashMap<Name, Vec<NodeId>>>,
    /// By type: see [`Graph::members`].
    members: Vec<Vec<(NodeId, NodeId)>>,
    /// See [`Graph::is_singled_out`].
    singled_out: HashSet<TypeId>,
}

impl Graph {
    /// Lays the graph over a model.
    pub fn new(model: &Model) -> Graph {
        lay::lay(model)
    }

    fn add(&mut self, node: Node) -> NodeId {
        self.nodes.push(node);
        NodeId((self.nodes.len() - 1) as u32)
    }

    /// The node behind an id of this graph.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// The node of a type in a subgraph, when the subgraph has the type.
    pub fn node_of(&self, ty: TypeId, subgraph: SubgraphId) -> Option<NodeId> {
        self.plain.get(&(ty, subgraph)).copied()
    }

    /// Where an operation may start: its root type in every subgraph that has it.
    pub fn roots(&self, model: &Model, kind: OperationType) -> Vec<NodeId> {
        let Some(root) = model.root(kind) else {
            return Vec::new();
        };
        let subgraphs = model.ty(root).subgraphs.keys();
        subgraphs
            .filter_map(|subgraph| self.node_of(root, *subgraph))
            .collect()
    }

    /// The move into a field, when the subgraph resolves it at this node.
    pub fn field(&self, node: NodeId, name: &str) -> Option<&FieldMove> {
        self.node(node).fields.get(name)
    }

    /// The nodes of a type at which a field is resolved, copies for `@provides` included.
    pub fn resolvers(&self, ty: TypeId, name: &str) -> &[NodeId] {
        let fields = self.resolvers.get(ty.0 as usize);
        fields
            .and_then(|fields| fields.get(name))
            .map_or(&[], Vec::as_slice)
    }

    /// All field moves of a node.
    pub fn fields(&self, node: NodeId) -> impl Iterator<Item = (&Name, &FieldMove)> {
        self.node(node).fields.iter()
    }

    /// The object types an abstract node may be in its subgraph, with their nodes; empty for other nodes.
    pub fn casts(&self, node: NodeId) -> &[(TypeId, NodeId)] {
        &self.node(node).casts
    }

    /// The node's cast to one object type.
    pub fn cast(&self, node: NodeId, ty: TypeId) -> Option<NodeId> {
        // Sorted by type, as the model's possible types are.
        let casts = self.casts(node);
        let index = casts.binary_search_by_key(&ty, |(found, _)| *found).ok()?;
        Some(casts[index].1)
    }

    /// The abstract nodes that may be of an object type, each with the node it is cast to.
    pub(crate) fn members(&self, ty: TypeId) -> &[(NodeId, NodeId)] {
        self.members.get(ty.0 as usize).map_or(&[], Vec::as_slice)
    }

    /// True when a subgraph names this object type for a field for which the supergraph names an abstract type.
    pub(crate) fn is_singled_out(&self, ty: TypeId) -> bool {
        self.singled_out.contains(&ty)
    }

    /// The ways to enter a type in a subgraph as an entity: its resolvable keys.
    pub fn entries<'m>(
        &self,
        model: &'m Model,
        ty: TypeId,
        subgraph: SubgraphId,
    ) -> impl Iterator<Item = EntityMove<'m>> + use<'m> {
        let target = self.node_of(ty, subgraph);
        let keys = model
            .type_in(ty, subgraph)
            .map_or(&[][..], |here| here.keys.as_slice());
        let resolvable = keys.iter().enumerate().filter(|(_, key)| key.resolvable);
        resolvable.filter_map(move |(key_index, key)| {
            Some(EntityMove {
                key,
                key_index,
                target: target?,
            })
        })
    }

    /// All ways to enter a value of a type as an entity: in each subgraph by the type's own keys, and by those of the
    /// interface objects that stand for it.
    pub fn entries_of<'m>(
        &'m self,
        model: &'m Model,
        ty: TypeId,
    ) -> impl Iterator<Item = EntityMove<'m>> + 'm {
        let model_type = model.ty(ty);
        let same_type = model_type
            .subgraphs
            .keys()
            .map(move |subgraph| (ty, *subgraph));
        let interface_objects = model_type.interfaces.iter().flat_map(move |interface| {
            let subgraphs = model.ty(*interface).subgraphs.iter();
            subgraphs
                .filter(|(_, here)| here.interface_object)
                .map(move |(subgraph, _)| (*interface, *subgraph))
        });
        same_type
            .chain(interface_objects)
            .flat_map(move |(ty, subgraph)| self.entries(model, ty, subgraph))
    }

    /// Moves to the same entity in other subgraphs. Whether the key can be told is for the caller to find out.
    pub fn entity_moves<'m>(
        &'m self,
        model: &'m Model,
        from: NodeId,
    ) -> impl Iterator<Item = Move<'m>> + 'm {
        let node = self.node(from);
        self.entries_of(model, node.ty)
            .filter(|entry| self.node(entry.target).subgraph != node.subgraph)
            .map(|entry| match self.node(entry.target).interface_object {
                true => Move::InterfaceObject(entry),
                false => Move::Key(entry),
            })
    }

    /// Every move from a node.
    pub fn moves<'m>(
        &'m self,
        model: &'m Model,
        from: NodeId,
    ) -> impl Iterator<Item = Move<'m>> + 'm {
        let fields = self.fields(from).map(|(name, to)| Move::Field(name, to));
        let casts = self
            .casts(from)
            .iter()
            .map(|(ty, target)| Move::AbstractType(*ty, *target));
        fields.chain(casts).chain(self.entity_moves(model, from))
    }

    /// True when a node's own subgraph can tell a whole field set, as for a key, without any other.
    pub fn tells(&self, model: &Model, node: NodeId, set: &FieldSet) -> bool {
        set.items.iter().all(|item| match item {
            FieldSetItem::Field { name, set, .. } if name == "__typename" => set.is_empty(),
            FieldSetItem::Field { name, set, .. } => {
                let Some(found) = self.field(node, name) else {
                    return self.tells_by_casts(model, node, item);
                };
                if found.requires.is_some() || found.label.is_some() {
                    return false;
                }
                match found.target {
                    None => set.is_empty(),
                    Some(target) => !set.is_empty() && self.tells(model, target, set),
                }
            }
            FieldSetItem::Fragment { on, set } => {
                let Some(on) = model.type_id(on) else {
                    return false;
                };
                if on == self.node(node).ty {
                    return self.tells(model, node, set);
                }
                let possible = &model.ty(on).possible;
                let mut casts = self
                    .casts(node)
                    .iter()
                    .filter(|(ty, _)| possible.contains(ty));
                casts.all(|(_, target)| self.tells(model, *target, set))
            }
        })
    }

    fn tells_by_casts(&self, model: &Model, node: NodeId, item: &FieldSetItem) -> bool {
        let casts = self.casts(node);
        let alone = FieldSet {
            items: vec![item.clone()],
        };
        !casts.is_empty()
            && casts
                .iter()
                .all(|(_, target)| self.tells(model, *target, &alone))
    }
}
