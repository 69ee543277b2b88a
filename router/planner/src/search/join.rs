//! Values that are planned for together although several fields lead to them.
//!
//! The object types of an interface may differ in how a field of theirs is reached: each has a way of its own. But where
//! all ways lead to the same nodes, nothing below makes a difference between them: the values are one position with several
//! entries. So are the values of one field of different positions at the same path. Otherwise nested fields of an
//! interface would have to be planned for every combination of its types.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use apollo_compiler::Name;

use super::shape::{Part, Shaped, new_field};
use super::{Goal, PlaceId, Search, Wanted};
use crate::error::PlanError;
use crate::graph::NodeId;
use crate::guard::Guard;
use crate::normalise::{NormalField, NormalValue};
use crate::scope::Scope;
use crate::tree::{FieldId, PeersId, PositionId};

/// What makes the values of two fields one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Value {
    path: PeersId,
    /// The address of the normalised field, which is asked for under one condition.
    normal: usize,
    /// Where it may be found. Nowhere, if it is a value of objects that cannot be there.
    nodes: BTreeSet<NodeId>,
}

/// The values that have been laid into the tree.
#[derive(Debug, Default)]
pub(super) struct Joins<'m> {
    known: HashMap<Value, (FieldId, Rc<Shaped<'m>>)>,
    /// The positions of values to which there is a way, laid or being laid, with the nodes where they may be found.
    occurring: HashMap<PositionId, BTreeSet<NodeId>>,
    log: Vec<Change>,
}

#[derive(Debug)]
enum Change {
    Laid(Value),
    Joined(FieldId),
}

impl<'m> Search<'m> {
    /// Lays a field whose value is laid already. Returns it with the goals that take the place of those below.
    pub(super) fn join(
        &mut self,
        position: PositionId,
        scope: Option<Scope>,
        normal: &'m NormalField,
        guard: &Guard,
        value: &Value,
    ) -> Result<Option<(Part<'m>, Vec<Goal>)>, PlanError> {
        let Some((first, below)) = self.joins.known.get(value).cloned() else {
            return Ok(None);
        };
        let Some(child) = self.tree.field(first).child else {
            return Ok(None);
        };
        let is_new = self.tree.entries(child).is_none();
        let new = new_field(scope, normal);
        let Some(field) = self.tree.join(position, &new, first, &value.nodes) else {
            return Ok(None);
        };
        // What is below may want any of several nodes. Whether there is a way to an only one shows when it is placed.
        if value.nodes.len() > 1 && !self.leads_to_all(field, value)? {
            self.tree.part(field);
            return Ok(None);
        }
        self.joins.log.push(Change::Joined(field));
        let goal = |field: FieldId| Goal {
            position: self.tree.field(field).position,
            wanted: Wanted::Field(field),
            for_key: false,
            guard: guard.clone(),
        };
        let fields = is_new.then_some(first).into_iter().chain([field]);
        // Nothing is asked for where there can be no objects.
        let fields = fields.filter(|_| !value.nodes.is_empty());
        let goals = fields.map(goal).collect();
        let part = Part {
            scope,
            field,
            below,
        };
        Ok(Some((part, goals)))
    }

    /// True when there is a way to the value of a field that is about to be laid. What is laid for values that cannot be
    /// there says nothing about others: no way leads to what is below, and none is missed.
    pub(super) fn note_if_it_occurs(
        &mut self,
        field: FieldId,
        value: &Value,
    ) -> Result<bool, PlanError> {
        let Some(position) = self.tree.field(field).child else {
            return Ok(false);
        };
        let occurs = self.leads_to_all(field, value)?;
        if occurs {
            self.joins.occurring.insert(position, value.nodes.clone());
        }
        Ok(occurs)
    }

    /// True when there is a way by which a field leads to each node of its value.
    fn leads_to_all(&mut self, field: FieldId, value: &Value) -> Result<bool, PlanError> {
        for node in &value.nodes {
            let has_way = self.has_way(&Goal {
                position: self.tree.field(field).position,
                wanted: Wanted::Entry(field, *node),
                for_key: false,
                guard: Guard::always(),
            })?;
            if !has_way {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Notes that the value of a field is laid, so that others can join it.
    pub(super) fn note_laid(&mut self, value: Value, part: &Part<'m>) {
        let laid = (part.field, part.below.clone());
        self.joins.known.insert(value.clone(), laid);
        self.joins.log.push(Change::Laid(value));
    }

    /// A moment to go back to.
    pub(super) fn joins_so_far(&self) -> usize {
        self.joins.log.len()
    }

    /// Takes back what was laid and joined since.
    pub(super) fn take_back_joins(&mut self, since: usize) {
        for change in self.joins.log.drain(since..).rev() {
            match change {
                Change::Laid(value) => {
                    self.joins.known.remove(&value);
                }
                Change::Joined(field) => self.tree.part(field),
            }
        }
    }

    /// The value of a composite field that may be planned more than once, if it is always to be had at the same nodes and no
    /// context has a part in it.
    pub(super) fn value(
        &mut self,
        position: PositionId,
        scope: Option<Scope>,
        normal: &NormalField,
    ) -> Result<Option<Value>, PlanError> {
        let is_composite = matches!(normal.value, NormalValue::Composite { .. });
        let may_be_again = scope.is_some() || self.tree.position(position).is_by_type;
        if !is_composite || !may_be_again {
            return Ok(None);
        }
        let nodes = match self.may_be_at(position, scope)? {
            true if !self.leads_on(position, scope) => None,
            true => self.nodes_of(position, scope, &normal.name),
            false => Some(BTreeSet::new()),
        };
        Ok(nodes.map(|nodes| Value {
            path: self.tree.path_of(position),
            normal: std::ptr::from_ref(normal) as usize,
            nodes,
        }))
    }

    /// The nodes any of which may be asked for a field's value; `None` when it depends on the object which they are.
    fn nodes_of(
        &mut self,
        position: PositionId,
        scope: Option<Scope>,
        name: &Name,
    ) -> Option<BTreeSet<NodeId>> {
        let graph = self.supergraph.graph();
        let ty = self.tree.owner(position, scope);
        let mut nodes = BTreeSet::new();
        for resolver in self.resolvers(ty, name) {
            let found = graph.field(resolver, name)?;
            let requires = found.requires.iter();
            let contexts = requires.flat_map(|requires| &requires.contexts).count();
            let is_plain = found.label.is_none() && !found.only_in_keys && contexts == 0;
            // A subgraph may have several nodes of the type that lead to the same.
            nodes.insert(found.target.filter(|_| is_plain)?);
        }
        if nodes.len() == 1 {
            return Some(nodes);
        }
        // Which of them can be asked for all objects of an abstract type at once is another question.
        if !self.supergraph.is_object(ty) {
            return None;
        }
        let mut only = None;
        for above in self.origins(position).iter() {
            for found in self.values_of_all(above, ty, name).iter() {
                if only.as_ref().is_some_and(|only| only != found) {
                    return None;
                }
                only = Some(found.clone());
            }
        }
        only
    }

    /// True when objects of these types may be at a position, and have no other way to a field of which the position's type
    /// has only one: a subgraph may know more of them than that.
    fn leads_on(&mut self, position: PositionId, scope: Option<Scope>) -> bool {
        let ty = self.tree.position(position).ty;
        let origins = self.origins(position);
        let mut nodes = origins.iter().flatten();
        let is_known_so = |node: &NodeId| self.supergraph.graph().node(*node).ty == ty;
        let is_certain = scope.is_some() || self.supergraph.is_object(ty) || nodes.all(is_known_so);
        is_certain && !origins.is_empty()
    }

    /// True when all ways to a position lead to the same nodes, whatever is above: nothing has to be searched for there.
    pub(super) fn stands_alone(&self, position: PositionId) -> bool {
        self.nodes_whatever_is_above(position).is_some()
    }

    /// Where the objects of a position to which all ways lead alike may be found.
    pub(super) fn nodes_whatever_is_above(
        &self,
        position: PositionId,
    ) -> Option<&BTreeSet<NodeId>> {
        let entries = self.tree.entries(position);
        let known = entries.map(|entries| &entries.nodes);
        known.or_else(|| self.joins.occurring.get(&position))
    }

    /// Hangs a place below one more field.
    pub(super) fn join_place(&mut self, id: PlaceId, at: PlaceId, index: usize) {
        let mut steps: Vec<_> = self.steps_of(at).chain(self.steps_of(id)).collect();
        steps.sort_by_key(|step| (self.step(*step).level, *step));
        steps.dedup();
        let place = &mut self.places[id.0 as usize];
        if let Some(latest) = steps.pop() {
            place.step = latest;
        }
        place.beside = steps;
        place.joined.push((at, index));
        self.places[at.0 as usize].fields[index].child = Some(id);
        self.costs.clear();
    }
}
