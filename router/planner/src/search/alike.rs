//! Object types that are in the same situation: what there is below a field of theirs is planned once for all of them.
//!
//! An interface may have hundreds of object types. Where its field has to be asked for type by type, each would have a
//! value of its own, below which the next such field has hundreds of values again. But the types differ in few ways: in
//! the subgraphs that have them, in their keys, in what resolves the field. Those that differ in nothing share a scope.

use std::collections::BTreeSet;
use std::sync::Arc;

use apollo_compiler::Name;
use apollo_compiler::ast::Type;

use super::Search;
use crate::field_set::{FieldSet, FieldSetItem};
use crate::graph::{FieldMove, NodeId};
use crate::model::{Key, SubgraphId, TypeId};
use crate::scope::Scope;

/// All that the way to a field of an object type depends on.
#[derive(PartialEq)]
struct Situation<'m> {
    /// The field itself, those of keys, and those that are required.
    names: BTreeSet<&'m Name>,
    /// The names' types in the supergraph.
    types: Vec<Option<&'m Type>>,
    /// Those of its interfaces that an interface object stands for.
    stood_for: Vec<TypeId>,
    subgraphs: Vec<InSubgraph<'m>>,
    /// The abstract nodes that may be of this type, with the moves into the fields from there.
    members: Vec<(NodeId, Vec<Option<&'m FieldMove>>)>,
}

/// An object type in a subgraph, as far as some fields of it go.
#[derive(PartialEq)]
struct InSubgraph<'m> {
    subgraph: SubgraphId,
    keys: &'m [Key],
    fields: Vec<Option<(&'m Type, bool)>>,
    moves: Vec<Option<&'m FieldMove>>,
}

impl<'m> Search<'m> {
    /// Object types, sorted by those for which a field is planned alike.
    pub(super) fn alike(&mut self, types: &[TypeId], name: &Name) -> Arc<[Scope]> {
        let key = (types.to_vec(), name.clone());
        if let Some(known) = self.alike.get(&key) {
            return known.clone();
        }
        let mut classes: Vec<(Option<Situation<'m>>, Vec<TypeId>)> = Vec::new();
        for ty in types {
            let situation = self.situation(*ty, name);
            let same = classes
                .iter_mut()
                .find(|(known, _)| known.is_some() && *known == situation);
            match same {
                Some((_, types)) => types.push(*ty),
                None => classes.push((situation, vec![*ty])),
            }
        }
        let mut scopes = Vec::new();
        for (_, types) in &classes {
            if let [sample, others @ ..] = types.as_slice() {
                scopes.push(self.tree.scopes.of(*sample, others));
            }
        }
        let scopes: Arc<[Scope]> = scopes.into();
        self.alike.insert(key, scopes.clone());
        scopes
    }

    /// The situation of a type for one of its fields; `None` for a type that is not like any other.
    fn situation(&self, ty: TypeId, name: &Name) -> Option<Situation<'m>> {
        let (model, graph) = (self.supergraph.model(), self.supergraph.graph());
        let known = model.ty(ty);
        if !known.contexts.is_empty() || graph.is_singled_out(ty) {
            return None;
        }
        let names = self.names_on_the_way(ty, name)?;
        let moves = |node: NodeId| -> Vec<Option<&'m FieldMove>> {
            names.iter().map(|name| graph.field(node, name)).collect()
        };
        let is_stood_for = |interface: &TypeId| {
            let mut subgraphs = model.ty(*interface).subgraphs.values();
            subgraphs.any(|here| here.interface_object)
        };
        let mut subgraphs = Vec::new();
        for (subgraph, here) in &known.subgraphs {
            let fields = names.iter().map(|name| {
                let field = here.fields.get(*name)?;
                Some((&field.ty, field.external))
            });
            subgraphs.push(InSubgraph {
                subgraph: *subgraph,
                keys: &here.keys,
                fields: fields.collect(),
                moves: graph.node_of(ty, *subgraph).map(moves).unwrap_or_default(),
            });
        }
        let members = graph.members(ty).iter();
        Some(Situation {
            types: names.iter().map(|name| known.fields.get(*name)).collect(),
            stood_for: known
                .interfaces
                .iter()
                .copied()
                .filter(is_stood_for)
                .collect(),
            subgraphs,
            members: members
                .map(|(above, node)| (*above, moves(*node)))
                .collect(),
            names,
        })
    }

    /// The fields of a type that decide on how one of them is reached. `None` when some are asked for by type.
    fn names_on_the_way(&self, ty: TypeId, name: &Name) -> Option<BTreeSet<&'m Name>> {
        let (model, graph) = (self.supergraph.model(), self.supergraph.graph());
        let known = model.ty(ty);
        let mut names = BTreeSet::new();
        let (name, _) = known.fields.get_key_value(name)?;
        let mut open: Vec<&'m Name> = vec![name];
        let stand_ins = known.interfaces.iter().flat_map(|interface| {
            let subgraphs = model.ty(*interface).subgraphs.values();
            subgraphs.filter(|here| here.interface_object)
        });
        for key in known
            .subgraphs
            .values()
            .chain(stand_ins)
            .flat_map(|here| &here.keys)
        {
            open.extend(top_level(&key.fields)?);
        }
        while let Some(name) = open.pop() {
            if !names.insert(name) {
                continue;
            }
            for node in self.resolvers(ty, name) {
                let requires = graph
                    .field(node, name)
                    .and_then(|found| found.requires.as_ref());
                if let Some(requires) = requires {
                    open.extend(top_level(&requires.fields)?);
                }
            }
        }
        Some(names)
    }
}

/// The names in a field set; `None` when it tells types apart.
fn top_level(set: &FieldSet) -> Option<Vec<&Name>> {
    let names = set.items.iter().map(|item| match item {
        FieldSetItem::Field { name, .. } => Some(name),
        FieldSetItem::Fragment { .. } => None,
    });
    names.collect()
}
