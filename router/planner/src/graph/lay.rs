//! Laying the graph over a model.

use std::sync::Arc;

use apollo_compiler::Name;
use apollo_compiler::ast::Type;
use apollo_compiler::collections::{HashMap, HashSet, IndexMap};

use super::{FieldMove, Graph, Node, NodeId, OverrideLabel, Requires};
use crate::field_set::{FieldSet, FieldSetItem};
use crate::model::{FieldInSubgraph, Model, SubgraphId, TypeId, TypeInSubgraph, TypeKind};

pub(super) fn lay(model: &Model) -> Graph {
    let mut graph = Graph {
        nodes: Vec::new(),
        plain: HashMap::default(),
        resolvers: Vec::new(),
        members: Vec::new(),
        singled_out: singled_out(model),
    };
    for index in 0..model.types.len() {
        let ty = TypeId(index as u32);
        for (subgraph, here) in &model.ty(ty).subgraphs {
            let id = graph.add(Node {
                ty,
                subgraph: *subgraph,
                provided: false,
                interface_object: here.interface_object,
                fields: IndexMap::default(),
                casts: Vec::new(),
            });
            graph.plain.insert((ty, *subgraph), id);
        }
    }
    let mut builder = Builder {
        model,
        graph,
        provided: HashMap::default(),
        incomplete: HashMap::default(),
    };
    // Objects first: whether an interface's field can be asked of the interface depends on its objects.
    for abstract_types in [false, true] {
        for index in 0..builder.graph.plain.len() {
            let id = NodeId(index as u32);
            let node = &builder.graph.nodes[index];
            let is_abstract = model.ty(node.ty).kind != TypeKind::Object && !node.interface_object;
            if is_abstract == abstract_types {
                builder.fill(id, is_abstract);
            }
        }
    }
    // A copy has the fields of what it is copied from, so those have to lead where they should before.
    for index in 0..builder.graph.plain.len() {
        builder.apply_provides(NodeId(index as u32));
    }
    for index in builder.graph.plain.len()..builder.graph.nodes.len() {
        builder.complete(NodeId(index as u32));
    }
    builder.graph.resolvers = resolvers(model, &builder.graph.nodes);
    builder.graph.members = members(model, &builder.graph.nodes);
    builder.graph
}

fn members(model: &Model, nodes: &[Node]) -> Vec<Vec<(NodeId, NodeId)>> {
    let mut members = vec![Vec::new(); model.types.len()];
    for (index, node) in nodes.iter().enumerate() {
        for (object, target) in &node.casts {
            members[object.0 as usize].push((NodeId(index as u32), *target));
        }
    }
    members
}

fn singled_out(model: &Model) -> HashSet<TypeId> {
    let mut singled_out = HashSet::default();
    for ty in model.types.values() {
        for (name, field) in ty.subgraphs.values().flat_map(|here| &here.fields) {
            let here = field.ty.inner_named_type();
            let above = ty.fields.get(name).map(Type::inner_named_type);
            if above.is_some_and(|above| above != here) {
                singled_out.extend(model.type_id(here));
            }
        }
    }
    singled_out
}

fn resolvers(model: &Model, nodes: &[Node]) -> Vec<HashMap<Name, Vec<NodeId>>> {
    let mut resolvers = vec![HashMap::<Name, Vec<NodeId>>::default(); model.types.len()];
    for (index, node) in nodes.iter().enumerate() {
        let fields = &mut resolvers[node.ty.0 as usize];
        for name in node.fields.keys() {
            fields
                .entry(name.clone())
                .or_default()
                .push(NodeId(index as u32));
        }
    }
    resolvers
}

struct Builder<'m> {
    model: &'m Model,
    graph: Graph,
    /// Copies made for `@provides`, by what they were copied from and what is provided.
    provided: HashMap<(NodeId, String), NodeId>,
    /// Copies that have no fields yet, with what they are copied from and what is provided.
    incomplete: HashMap<NodeId, (NodeId, FieldSet)>,
}

impl<'m> Builder<'m> {
    fn fill(&mut self, id: NodeId, is_abstract: bool) {
        let model = self.model;
        let Node { ty, subgraph, .. } = self.graph.nodes[id.0 as usize];
        let Some(here) = model.type_in(ty, subgraph) else {
            return;
        };
        if is_abstract {
            let casts = here.possible.iter();
            self.graph.nodes[id.0 as usize].casts = casts
                .filter_map(|object| Some((*object, self.graph.node_of(*object, subgraph)?)))
                .collect();
        }
        for (name, field) in &here.fields {
            if is_abstract && !self.every_object_resolves(id, name) {
                continue;
            }
            // What it has given up to another subgraph it still tells as part of a key, never for its own sake.
            let given_up = field.overridden && field.override_label.is_none();
            if field.external || (given_up && !in_key(here, name)) {
                continue;
            }
            let found = self.field_move(field, here, name, subgraph);
            self.graph.nodes[id.0 as usize]
                .fields
                .insert(name.clone(), found);
        }
    }

    fn field_move(
        &self,
        field: &FieldInSubgraph,
        here: &TypeInSubgraph,
        name: &Name,
        subgraph: SubgraphId,
    ) -> FieldMove {
        let label = field.override_label.as_ref().map(|label| OverrideLabel {
            label: label.clone(),
            on: field.overrides.is_some(),
        });
        let target = self.value_node(field, subgraph);
        FieldMove {
            target,
            requires: requires(field).map(Arc::new),
            only_in_keys: field.overridden && label.is_none() && in_key(here, name),
            label,
        }
    }

    fn value_node(&self, field: &FieldInSubgraph, subgraph: SubgraphId) -> Option<NodeId> {
        let ty = self.model.type_id(field.ty.inner_named_type())?;
        self.graph.node_of(ty, subgraph)
    }

    /// An interface's field can be asked of the interface when each object there resolves it without ado.
    fn every_object_resolves(&self, interface: NodeId, name: &str) -> bool {
        self.graph.casts(interface).iter().all(|(_, object)| {
            self.graph.field(*object, name).is_some_and(|found| {
                found.requires.is_none() && found.label.is_none() && !found.only_in_keys
            })
        })
    }

    /// Leads the fields of a plain node that have `@provides` to copies of their targets, which are still incomplete.
    fn apply_provides(&mut self, id: NodeId) {
        let model = self.model;
        let Node { ty, subgraph, .. } = *self.graph.node(id);
        let Some(here) = model.type_in(ty, subgraph) else {
            return;
        };
        for (name, field) in &here.fields {
            let target = self.graph.field(id, name).and_then(|found| found.target);
            let provides = field.provides.as_ref();
            let provides = provides.or_else(|| self.provided_by_all(id, name));
            if let (Some(plain), Some(provides)) = (target, provides) {
                let copy = self.copy(plain, provides);
                if let Some(found) = self.graph.nodes[id.0 as usize].fields.get_mut(name) {
                    found.target = Some(copy);
                }
            }
        }
    }

    /// What a field of each object of an abstract node provides: so it does when it is asked of the node for all of them.
    fn provided_by_all(&self, id: NodeId, name: &Name) -> Option<&'m FieldSet> {
        let subgraph = self.graph.node(id).subgraph;
        let mut objects = self.graph.casts(id).iter().map(|(object, _)| {
            let here = self.model.type_in(*object, subgraph)?;
            here.fields.get(name)?.provides.as_ref()
        });
        let first = objects.next()??;
        objects
            .all(|provides| provides == Some(first))
            .then_some(first)
    }

    /// The copy of a node from which the provided fields can be reached as well, complete.
    fn provide(&mut self, from: NodeId, provides: &FieldSet) -> NodeId {
        let id = self.copy(from, provides);
        self.complete(id);
        id
    }

    /// The copy of a node for what is provided; a new one is incomplete.
    fn copy(&mut self, from: NodeId, provides: &FieldSet) -> NodeId {
        let key = (from, provides.to_string());
        if let Some(known) = self.provided.get(&key) {
            return *known;
        }
        let Node {
            ty,
            subgraph,
            interface_object,
            ..
        } = *self.graph.node(from);
        let id = self.graph.add(Node {
            ty,
            subgraph,
            provided: true,
            interface_object,
            fields: IndexMap::default(),
            casts: Vec::new(),
        });
        self.provided.insert(key, id);
        self.incomplete.insert(id, (from, provides.clone()));
        id
    }

    /// Gives a copy its fields, unless it has them.
    fn complete(&mut self, id: NodeId) {
        let Some((from, provides)) = self.incomplete.remove(&id) else {
            return;
        };
        self.complete(from);
        let Node { fields, casts, .. } = self.graph.node(from).clone();
        let node = &mut self.graph.nodes[id.0 as usize];
        (node.fields, node.casts) = (fields, casts);
        let (ty, subgraph) = (node.ty, node.subgraph);
        // Leaves first: what is provided further below may come back to this copy.
        let is_leaf = |item: &&FieldSetItem| matches!(item, FieldSetItem::Field { set, .. } if set.is_empty());
        let (leaves, others): (Vec<_>, Vec<_>) = provides.items.iter().partition(is_leaf);
        for item in leaves.into_iter().chain(others) {
            match item {
                FieldSetItem::Field { name, set, .. } => {
                    self.provide_field(id, ty, subgraph, name, set);
                }
                FieldSetItem::Fragment { on, set } => self.provide_fragment(id, on, set),
            }
        }
    }

    fn provide_field(
        &mut self,
        id: NodeId,
        ty: TypeId,
        subgraph: SubgraphId,
        name: &Name,
        set: &FieldSet,
    ) {
        let model = self.model;
        if let Some(field) = model
            .type_in(ty, subgraph)
            .and_then(|here| here.fields.get(name))
        {
            let mut target = match self.graph.field(id, name) {
                Some(known) => known.target,
                None => self.value_node(field, subgraph),
            };
            if let Some(plain) = target
                && !set.is_empty()
            {
                target = Some(self.provide(plain, set));
            }
            self.graph.nodes[id.0 as usize].fields.insert(
                name.clone(),
                FieldMove {
                    target,
                    requires: None,
                    only_in_keys: false,
                    label: None,
                },
            );
        }
        // Provided on an interface means provided on each of its objects.
        let whole = FieldSet {
            items: vec![FieldSetItem::Field {
                name: name.clone(),
                arguments: Vec::new(),
                set: set.clone(),
            }],
        };
        for index in 0..self.graph.casts(id).len() {
            let (_, object) = self.graph.casts(id)[index];
            let copy = self.provide(object, &whole);
            self.graph.nodes[id.0 as usize].casts[index].1 = copy;
        }
    }

    fn provide_fragment(&mut self, id: NodeId, on: &Name, set: &FieldSet) {
        let Some(on) = self.model.type_id(on) else {
            return;
        };
        let possible = &self.model.ty(on).possible;
        if self.graph.node(id).ty == on {
            let (ty, subgraph) = (on, self.graph.node(id).subgraph);
            for item in &set.items {
                match item {
                    FieldSetItem::Field { name, set, .. } => {
                        self.provide_field(id, ty, subgraph, name, set);
                    }
                    FieldSetItem::Fragment { on, set } => self.provide_fragment(id, on, set),
                }
            }
            return;
        }
        for index in 0..self.graph.casts(id).len() {
            let (object, node) = self.graph.casts(id)[index];
            if possible.contains(&object) {
                let copy = self.provide(node, set);
                self.graph.nodes[id.0 as usize].casts[index].1 = copy;
            }
        }
    }
}

fn requires(field: &FieldInSubgraph) -> Option<Requires> {
    if field.requires.is_none() && field.context_arguments.is_empty() {
        return None;
    }
    Some(Requires {
        fields: field.requires.clone().unwrap_or_default(),
        contexts: field.context_arguments.clone(),
    })
}

/// Taken over by another, a field that is part of a key can still be told: it is how the subgraph knows the entity.
fn in_key(here: &TypeInSubgraph, name: &str) -> bool {
    here.keys.iter().any(|key| key.fields.field(name).is_some())
}
