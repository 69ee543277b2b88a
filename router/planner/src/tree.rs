//! The tree into which all answers are merged: object positions, and the fields planned for each.
//!
//! It is the client's operation plus the keys and required fields that the planner needs on the way. Every field has a
//! `source_key`, the key it has in the merged tree. It is the client's response key wherever that is safe, and an
//! alias where two fields of one key would clash: different fields or arguments, or types that a subgraph would
//! refuse side by side (section 5.3.2 of the specification, Field Selection Merging).

use std::collections::BTreeSet;

use apollo_compiler::ast::{Argument, Type};
use apollo_compiler::collections::{HashMap, HashSet};
use apollo_compiler::{Name, Node};

use crate::graph::NodeId;
use crate::guard::Guard;
use crate::model::{Model, TypeId, TypeKind};
use crate::scope::{Scope, Scopes};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct PositionId(pub(crate) u32);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct FieldId(pub(crate) u32);

/// A place in the tree that holds objects.
#[derive(Debug)]
pub(crate) struct Position {
    /// Its type in the supergraph.
    pub(crate) ty: TypeId,
    /// The field that leads here; `None` at the root.
    pub(crate) parent: Option<FieldId>,
    /// The field of the operation's root that it is below; `None` at the root.
    pub(crate) root_field: Option<FieldId>,
    /// Whether a field above it is planned for some types only, so that the same may be planned once more for others.
    pub(crate) is_by_type: bool,
    /// Present when its objects are fetched as values of several fields.
    pub(crate) entries: Option<Entries>,
    /// What has been laid for its objects, whether or not it is used in the end.
    pub(crate) fields: Vec<FieldId>,
    peers: PeersId,
}

/// The fields whose values a position's objects are; the first of them is its parent.
#[derive(Debug)]
pub(crate) struct Entries {
    pub(crate) fields: Vec<FieldId>,
    /// Where the value of each may be found: in one of several subgraphs that share it, or in the only one.
    pub(crate) nodes: BTreeSet<NodeId>,
}

/// A field of a position.
#[derive(Debug)]
pub(crate) struct TreeField {
    pub(crate) position: PositionId,
    /// The runtime types of the enclosing object for which it is planned; `None` is all.
    pub(crate) scope: Option<Scope>,
    pub(crate) name: Name,
    pub(crate) arguments: Vec<Node<Argument>>,
    pub(crate) source_key: Name,
    /// Its type in the supergraph.
    pub(crate) ty: Type,
    /// When the operation asks for it, or for a field that may require it.
    pub(crate) guard: Guard,
    /// Below a composite field.
    pub(crate) child: Option<PositionId>,
}

/// Positions that share a path of source keys, and so must not clash in a subgraph's document.
pub(crate) type PeersId = u32;

#[derive(Debug, Default)]
struct Peers {
    uses: HashMap<Name, Vec<FieldId>>,
    below: HashMap<Name, PeersId>,
}

#[derive(Debug)]
pub(crate) struct Tree<'m> {
    pub(crate) model: &'m Model,
    positions: Vec<Position>,
    fields: Vec<TreeField>,
    known: HashMap<(PositionId, Option<Scope>, Name), Vec<FieldId>>,
    peers: Vec<Peers>,
    pub(crate) scopes: Scopes,
}

/// What is to be added to a position.
#[derive(Clone, Copy)]
pub(crate) struct NewField<'a> {
    pub(crate) scope: Option<Scope>,
    pub(crate) name: &'a Name,
    pub(crate) arguments: &'a [Node<Argument>],
    pub(crate) wanted_key: &'a Name,
}

impl<'m> Tree<'m> {
    pub(crate) fn new(model: &'m Model, root: TypeId) -> Tree<'m> {
        Tree {
            model,
            positions: vec![Position {
                ty: root,
                parent: None,
                root_field: None,
                is_by_type: false,
                entries: None,
                fields: Vec::new(),
                peers: 0,
            }],
            fields: Vec::new(),
            known: HashMap::default(),
            peers: vec![Peers::default()],
            scopes: Scopes::default(),
        }
    }

    pub(crate) const ROOT: PositionId = PositionId(0);

    pub(crate) fn position(&self, id: PositionId) -> &Position {
        &self.positions[id.0 as usize]
    }

    pub(crate) fn field(&self, id: FieldId) -> &TreeField {
        &self.fields[id.0 as usize]
    }

    pub(crate) fn is_abstract(&self, id: PositionId) -> bool {
        self.model.ty(self.position(id).ty).kind != TypeKind::Object
    }

    /// The fields that lead from the root to a position; of several ways the first.
    pub(crate) fn chain(&self, position: PositionId) -> Vec<FieldId> {
        let mut chain = Vec::new();
        let mut at = position;
        while let Some(field) = self.position(at).parent {
            chain.push(field);
            at = self.field(field).position;
        }
        chain.reverse();
        chain
    }

    /// The fields that lead to a position: one, but for a root, which has none, and for a position with several entries.
    pub(crate) fn ways_in(&self, position: PositionId) -> &[FieldId] {
        let position = self.position(position);
        match &position.entries {
            Some(entries) => &entries.fields,
            None => position.parent.as_slice(),
        }
    }

    /// All fields on ways from the root to a position, those nearest to it first.
    pub(crate) fn fields_above(&self, position: PositionId) -> Vec<FieldId> {
        let mut fields = Vec::new();
        let mut seen = HashSet::default();
        let mut open = vec![position];
        while let Some(position) = open.pop() {
            for field in self.ways_in(position) {
                fields.push(*field);
                let above = self.field(*field).position;
                if seen.insert(above) {
                    open.push(above);
                }
            }
        }
        fields
    }

    /// The names of a scope's types.
    pub(crate) fn names(&self, scope: Scope) -> Vec<Name> {
        let types = self.scopes.types(&scope).iter();
        types.map(|ty| self.model.ty(*ty).name.clone()).collect()
    }

    /// The type whose field something is in a scope at a position; of several in the scope the first.
    pub(crate) fn owner(&self, position: PositionId, scope: Option<Scope>) -> TypeId {
        scope.map_or(self.position(position).ty, |scope| scope.sample)
    }

    /// Response keys from the root, for messages.
    pub(crate) fn describe(&self, position: PositionId, leaf: Option<FieldId>) -> String {
        let mut keys: Vec<&str> = Vec::new();
        for id in self.chain(position).into_iter().chain(leaf) {
            keys.push(&self.field(id).source_key);
        }
        keys.join(".")
    }

    /// The field's type in the supergraph, which has room for what every subgraph may return.
    pub(crate) fn type_of(
        &self,
        position: PositionId,
        scope: Option<Scope>,
        name: &str,
    ) -> Option<&'m Type> {
        let owner = self.owner(position, scope);
        self.model.ty(owner).fields.get(name)
    }

    /// A field with this name and these arguments that is planned for at least the scope, if there is one.
    pub(crate) fn find(
        &self,
        position: PositionId,
        scope: Option<Scope>,
        name: &Name,
        arguments: &[Node<Argument>],
    ) -> Option<FieldId> {
        let fits = |id: &&FieldId| self.field(**id).arguments == arguments;
        let known = self.known.get(&(position, scope, name.clone()))?;
        known.iter().find(fits).copied()
    }

    /// As [`Tree::find`], of all such fields the one that has the wanted key.
    pub(crate) fn find_with_key(
        &self,
        position: PositionId,
        new: &NewField<'_>,
    ) -> Option<FieldId> {
        let known = self.known.get(&(position, new.scope, new.name.clone()))?;
        let mut known = known.iter().copied();
        known.find(|id| {
            let field = self.field(*id);
            field.arguments == new.arguments && field.source_key == *new.wanted_key
        })
    }

    /// Adds a field; `None` when no subgraph has it.
    pub(crate) fn add(&mut self, position: PositionId, new: &NewField<'_>) -> Option<FieldId> {
        let ty = self.type_of(position, new.scope, new.name)?.clone();
        let id = FieldId(self.fields.len() as u32);
        let peers = self.position(position).peers;
        let source_key = self.source_key(peers, position, new);
        self.note_use(&source_key, id, position, new);
        let value = self.model.type_id(ty.inner_named_type());
        let above = self.position(position);
        let root_field = above.root_field.unwrap_or(id);
        let is_by_type = above.is_by_type || new.scope.is_some();
        let child = value.map(|ty| {
            let peers = self.peers_below(peers, &source_key);
            self.positions.push(Position {
                ty,
                parent: Some(id),
                root_field: Some(root_field),
                is_by_type,
                entries: None,
                fields: Vec::new(),
                peers,
            });
            PositionId((self.positions.len() - 1) as u32)
        });
        self.push(TreeField {
            position,
            scope: new.scope,
            name: new.name.clone(),
            arguments: new.arguments.to_vec(),
            source_key,
            ty,
            guard: Guard::never(),
            child,
        });
        let known = (position, new.scope, new.name.clone());
        self.known.entry(known).or_default().push(id);
        Some(id)
    }

    fn push(&mut self, field: TreeField) {
        let id = FieldId(self.fields.len() as u32);
        let position = field.position.0 as usize;
        self.positions[position].fields.push(id);
        self.fields.push(field);
    }

    /// Notes that a field is asked for under a condition.
    pub(crate) fn ask(&mut self, id: FieldId, guard: &Guard) {
        let known = &mut self.fields[id.0 as usize].guard;
        if !known.covers(guard) {
            *known = known.or(guard).loosened();
        }
    }

    fn note_use(&mut self, key: &Name, id: FieldId, position: PositionId, new: &NewField<'_>) {
        let peers = self.position(position).peers as usize;
        let users = self.peers[peers].uses.get(key);
        // Many positions may share a path, and ask for the same there.
        let mut users = users.into_iter().flatten();
        if !users.any(|user| self.is_same(*user, position, new)) {
            let uses = &mut self.peers[peers].uses;
            uses.entry(key.clone()).or_default().push(id);
        }
    }

    /// Adds a field whose value is at the position of another's, at the same path. `None` when they differ in the key or the
    /// kind of value. `nodes` is where both lead.
    pub(crate) fn join(
        &mut self,
        position: PositionId,
        new: &NewField<'_>,
        known: FieldId,
        nodes: &BTreeSet<NodeId>,
    ) -> Option<FieldId> {
        let ty = self.type_of(position, new.scope, new.name)?;
        let peers = self.position(position).peers;
        let first = self.field(known);
        let child = first.child?;
        let is_alike = first.ty.inner_named_type() == ty.inner_named_type()
            && self.same_shape(&first.ty, ty)
            && first.source_key == self.source_key(peers, position, new);
        if !is_alike {
            return None;
        }
        let (ty, source_key) = (ty.clone(), first.source_key.clone());
        let place = (first.position, first.scope, first.name.clone());
        let id = FieldId(self.fields.len() as u32);
        self.note_use(&source_key, id, position, new);
        self.push(TreeField {
            position,
            scope: new.scope,
            name: new.name.clone(),
            arguments: new.arguments.to_vec(),
            source_key,
            ty,
            guard: Guard::never(),
            child: Some(child),
        });
        let entries = &mut self.positions[child.0 as usize].entries;
        match entries {
            Some(entries) => entries.fields.push(id),
            None => {
                *entries = Some(Entries {
                    fields: vec![known, id],
                    nodes: nodes.clone(),
                });
                // A key or a requirement had better not wait for all of them.
                let fields = self.known.get_mut(&place);
                fields
                    .into_iter()
                    .for_each(|fields| fields.retain(|field| *field != known));
            }
        }
        Some(id)
    }

    /// Takes a field that has joined another one away again. The field stays, without use.
    pub(crate) fn part(&mut self, id: FieldId) {
        let Some(child) = self.field(id).child else {
            return;
        };
        let position = &mut self.positions[child.0 as usize];
        if let Some(entries) = &mut position.entries {
            entries.fields.retain(|field| *field != id);
            if entries.fields.len() < 2 {
                position.entries = None;
            }
        }
    }

    /// True for one of several fields whose values are at one position.
    pub(crate) fn is_entry(&self, id: FieldId) -> bool {
        let entries = self.field(id).child.and_then(|child| self.entries(child));
        entries.is_some_and(|entries| entries.fields.contains(&id))
    }

    pub(crate) fn entries(&self, position: PositionId) -> Option<&Entries> {
        self.position(position).entries.as_ref()
    }

    /// What is the same for positions to which the same source keys lead.
    pub(crate) fn path_of(&self, position: PositionId) -> PeersId {
        self.position(position).peers
    }

    /// What is the same for all positions below a source key at positions that have these peers.
    fn peers_below(&mut self, peers: PeersId, key: &Name) -> PeersId {
        let next = self.peers.len() as PeersId;
        let below = &mut self.peers[peers as usize].below;
        let below = *below.entry(key.clone()).or_insert(next);
        if below == next {
            self.peers.push(Peers::default());
        }
        below
    }

    fn source_key(&self, peers: PeersId, position: PositionId, new: &NewField<'_>) -> Name {
        let uses = &self.peers[peers as usize].uses;
        let is_free = |key: &Name| {
            let users = uses.get(key).map_or(&[][..], Vec::as_slice);
            // What is there already agrees with all the others.
            users.iter().any(|user| self.is_same(*user, position, new))
                || users
                    .iter()
                    .all(|user| self.agrees(self.field(*user), position, new))
        };
        let mut key = new.wanted_key.clone();
        let mut count = 0;
        // The tree keeps the type's name under `__typename`, whatever the client calls so.
        while key == "__typename" || !is_free(&key) {
            count += 1;
            key = Name::new_unchecked(&format!("{}_{count}", new.wanted_key));
        }
        key
    }

    /// True when a field is the same field of the same type.
    fn is_same(&self, known: FieldId, position: PositionId, new: &NewField<'_>) -> bool {
        let known = self.field(known);
        self.owner(known.position, known.scope) == self.owner(position, new.scope)
            && known.name == *new.name
            && known.arguments == new.arguments
    }

    /// True when both fields may have the same key in one document.
    fn agrees(&self, known: &TreeField, position: PositionId, new: &NewField<'_>) -> bool {
        if known.name != *new.name || known.arguments != new.arguments {
            return false;
        }
        let known_type = self.owner(known.position, known.scope);
        let new_type = self.owner(position, new.scope);
        if known_type == new_type {
            return true;
        }
        let (known_type, new_type) = (self.model.ty(known_type), self.model.ty(new_type));
        known_type.subgraphs.iter().all(|(subgraph, one)| {
            let other = new_type.subgraphs.get(subgraph);
            let pair = one
                .fields
                .get(&known.name)
                .zip(other.and_then(|other| other.fields.get(new.name)));
            pair.is_none_or(|(one, other)| self.same_shape(&one.ty, &other.ty))
        })
    }

    fn same_shape(&self, one: &Type, other: &Type) -> bool {
        match (one, other) {
            (Type::List(one), Type::List(other))
            | (Type::NonNullList(one), Type::NonNullList(other)) => self.same_shape(one, other),
            (Type::Named(one), Type::Named(other))
            | (Type::NonNullNamed(one), Type::NonNullNamed(other)) => {
                one == other
                    || (self.model.type_id(one).is_some() && self.model.type_id(other).is_some())
            }
            _ => false,
        }
    }
}
