//! Which objects can be at a position: where they may be found, and of which types they may be there.
//!
//! Subgraphs that share a field return the same value for it, so it can only be of a type that all of them know. Which
//! of them is asked must make no difference to the client: fields of other types are not fetched.

use std::collections::BTreeSet;

use apollo_compiler::Name;

use super::dijkstra::{Action, Route};
use super::{Goal, PlaceId, Possibilities, Search, Wanted};
use crate::error::PlanError;
use crate::graph::NodeId;
use crate::guard::Guard;
use crate::model::TypeId;
use crate::scope::Scope;
use crate::tree::{FieldId, PositionId};

impl Search<'_> {
    /// True when an object of a type the goal is limited to cannot be there, so that nothing has to be fetched for it.
    pub(super) fn cannot_occur(&mut self, goal: &Goal) -> bool {
        let (scopes, is_entered) = self.scopes(goal);
        !is_entered
            || scopes.into_iter().any(|(position, scope)| {
                let ty = scope.sample;
                !self.is_fetched_as(position, ty) || !self.is_shared(position, ty)
            })
    }

    /// True when objects of these types may be at a position.
    pub(super) fn may_be_at(
        &mut self,
        position: PositionId,
        scope: Option<Scope>,
    ) -> Result<bool, PlanError> {
        let goal = Goal {
            position,
            wanted: Wanted::Object(scope),
            for_key: false,
            guard: Guard::always(),
        };
        let (mut scopes, is_entered) = self.scopes(&goal);
        scopes.extend(scope.map(|scope| (position, scope)));
        let mut all = scopes.iter();
        let is_shared = all.all(|(position, scope)| self.is_shared(*position, scope.sample));
        Ok(is_entered && is_shared && self.are_found(scopes)?)
    }

    /// False when the subgraph that was chosen for the objects of a position does not know the type there.
    fn is_fetched_as(&self, position: PositionId, ty: TypeId) -> bool {
        let places = self.index.values(position);
        let may_be = |id: &PlaceId| self.may_be(self.place(*id).node, ty);
        places.is_empty() || places.iter().any(may_be)
    }

    /// True when every subgraph that may be asked for the objects of a position may return this type.
    pub(super) fn is_shared(&mut self, position: PositionId, ty: TypeId) -> bool {
        let origins = self.origins(position);
        let is_shared = |nodes: &BTreeSet<NodeId>| nodes.iter().all(|node| self.may_be(*node, ty));
        origins.is_empty() || origins.iter().any(is_shared)
    }

    fn may_be(&self, node: NodeId, ty: TypeId) -> bool {
        let graph = self.supergraph.graph();
        let found = graph.node(node);
        found.interface_object || found.ty == ty || graph.cast(node, ty).is_some()
    }

    /// Where the objects of a position may be found as a field's value. Each set is one possibility (the type of the
    /// object above, or a label, decides between them); any node of it may be the one that is asked.
    pub(super) fn origins(&mut self, position: PositionId) -> Possibilities {
        if let Some(known) = self.origins.get(&position) {
            return known.clone();
        }
        let supergraph = self.supergraph;
        let model = supergraph.model();
        let mut origins: Vec<BTreeSet<NodeId>> = Vec::new();
        let entries = self.tree.entries(position);
        match self.tree.position(position).parent {
            _ if entries.is_some() => {
                origins.extend(entries.map(|entries| entries.nodes.clone()));
            }
            None => {
                let roots = supergraph.graph().roots(model, self.kind);
                origins.push(roots.into_iter().collect());
            }
            Some(field) => {
                let field = self.tree.field(field);
                let (above, scope, name) = (field.position, field.scope, field.name.clone());
                let ty = self.tree.owner(above, scope);
                for nodes in self.origins(above).iter() {
                    for found in self.values_of_all(nodes, ty, &name).iter() {
                        if !origins.contains(found) {
                            origins.push(found.clone());
                        }
                    }
                }
            }
        }
        let origins: Possibilities = origins.into();
        self.origins.insert(position, origins.clone());
        origins
    }

    /// Where a field's value may be found when objects of a type, abstract or not, may be found at these nodes. Many
    /// positions ask the same, so the answers are kept.
    pub(super) fn values_of_all(
        &mut self,
        nodes: &BTreeSet<NodeId>,
        ty: TypeId,
        name: &Name,
    ) -> Possibilities {
        let key = (nodes.clone(), ty, name.clone());
        if let Some(known) = self.values.get(&key) {
            return known.clone();
        }
        let owners = match self.supergraph.model().ty(ty).possible.as_slice() {
            // An interface that only interface objects stand for.
            [] => &[ty],
            owners => owners,
        };
        let mut values: Vec<BTreeSet<NodeId>> = Vec::new();
        for owner in owners {
            for found in self.values(nodes, *owner, name) {
                if !found.is_empty() && !values.contains(&found) {
                    values.push(found);
                }
            }
        }
        let values: Possibilities = values.into();
        self.values.insert(key, values.clone());
        values
    }

    /// Where a field's value may be found when an object of that type may be found at these nodes; see
    /// [`crate::reach::Reach::field`].
    fn values(
        &mut self,
        nodes: &BTreeSet<NodeId>,
        owner: TypeId,
        name: &Name,
    ) -> Vec<BTreeSet<NodeId>> {
        let nodes = self.reach.narrow(nodes, owner);
        let nodes = self.reach.closure(owner, &nodes);
        self.reach.field(owner, &nodes, name)
    }

    /// True when each subgraph that may be asked for the objects marks the field `@external` for one of these types, and
    /// leads nowhere that tells it. By asking several of them for the same objects it could be put together, but each
    /// says of itself that part of what it returns is not its own to tell. Gateways agree that what is asked of an
    /// interface is an error then (the public federation audit expects it in `corrupted-supergraph-node-id`); who asks
    /// of the types themselves gets an answer.
    pub(super) fn is_external_to_all(
        &mut self,
        position: PositionId,
        types: &[TypeId],
        name: &Name,
    ) -> bool {
        let origins = self.origins(position);
        let mut nodes = origins.iter().flatten().peekable();
        nodes.peek().is_some()
            && nodes.all(|node| {
                let alone = BTreeSet::from([*node]);
                types.iter().any(|ty| {
                    self.is_external(*node, *ty, name) && self.values(&alone, *ty, name).is_empty()
                })
            })
    }

    fn is_external(&self, node: NodeId, ty: TypeId, name: &Name) -> bool {
        let subgraph = self.supergraph.graph().node(node).subgraph;
        let here = self.supergraph.model().type_in(ty, subgraph);
        let field = here.and_then(|here| here.fields.get(name));
        self.may_be(node, ty) && field.is_some_and(|field| field.external)
    }

    /// False when no subgraph can return an object of a type the goal is limited to.
    pub(super) fn may_occur(&mut self, goal: &Goal) -> Result<bool, PlanError> {
        let (scopes, is_entered) = self.scopes(goal);
        if !is_entered {
            return Ok(false);
        }
        self.are_found(scopes)
    }

    /// True when there is a way to objects of each of these types, outermost first.
    fn are_found(&mut self, scopes: Vec<(PositionId, Scope)>) -> Result<bool, PlanError> {
        // The way to the innermost tells of most of the others.
        for (position, scope) in scopes.into_iter().rev() {
            let occurs = Goal {
                position,
                wanted: Wanted::Object(Some(scope)),
                for_key: false,
                guard: Guard::always(),
            };
            let known = (position, occurs.wanted);
            if self.feasible.contains(&known) {
                continue;
            }
            if !self.has_way(&occurs)? {
                // They may be there all the same where the search was given up.
                return Ok(self.is_too_deep);
            }
            self.feasible.insert(known);
        }
        Ok(true)
    }

    /// Notes the types of objects that a way leads through.
    pub(super) fn note_types(&mut self, route: &Route) {
        let mut cast = None;
        for action in &route.actions {
            match action {
                Action::Cast(scope) => cast = Some(*scope),
                Action::Field(field) => {
                    let field = self.tree.field(*field);
                    if cast.is_some() && cast == field.scope {
                        let known = (field.position, Wanted::Object(cast));
                        self.feasible.insert(known);
                    }
                    cast = None;
                }
                Action::Root(_) | Action::Jump { .. } => {}
            }
        }
    }

    /// The runtime types a goal is limited to on its way, outermost first: from the root, or from a position to which
    /// there is a way in any case, or that has several entries. The flag is false when none of those entries can occur.
    fn scopes(&self, goal: &Goal) -> (Vec<(PositionId, Scope)>, bool) {
        let mut scopes = Vec::new();
        let mut at = goal.position;
        let mut next = goal.wanted.field().or_else(|| self.way_in(at));
        while let Some(id) = next {
            let field = self.tree.field(id);
            at = field.position;
            scopes.extend(field.scope.map(|scope| (at, scope)));
            next = self.way_in(at);
        }
        scopes.reverse();
        (scopes, !self.is_never_entered(at))
    }

    /// The only field that leads to a position, unless it makes no difference.
    fn way_in(&self, position: PositionId) -> Option<FieldId> {
        match self.tree.ways_in(position) {
            [only] if !self.stands_alone(position) => Some(*only),
            _ => None,
        }
    }
}
