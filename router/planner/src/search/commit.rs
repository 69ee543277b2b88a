//! Placing a goal along the way that was found for it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::bind::add_bound;
use super::dijkstra::{Action, Route, Start};
use super::index::Listed;
use super::supply::{Jump, Supply};
use super::{
    EntityStep, Goal, Input, Origin, Place, PlaceId, PlacedField, Search, Step, StepId, Wanted,
};
use crate::error::PlanError;
use crate::graph::{NodeId, Requires};
use crate::guard::Guard;
use crate::scope::Scope;
use crate::tree::{FieldId, PositionId, Tree};

/// How many goals may need each other in a row.
const MAX_NESTING: usize = 200;

impl Search<'_> {
    /// Finds the cheapest way to a goal and places everything on it. `None` when there is no way; otherwise the place
    /// that has the goal, with the field's index there.
    pub(super) fn place_goal(
        &mut self,
        goal: &Goal,
    ) -> Result<Option<(PlaceId, Option<usize>)>, PlanError> {
        let goal = &self.entered(goal)?;
        let Some(route) = self.route_from_placed(goal)? else {
            return Ok(None);
        };
        self.nesting += 1;
        if self.nesting > MAX_NESTING {
            return Err(PlanError::TooComplex);
        }
        let placed = self.place_along(goal, &route)?;
        self.nesting -= 1;
        Ok(Some(placed))
    }

    fn place_along(
        &mut self,
        goal: &Goal,
        route: &Route,
    ) -> Result<(PlaceId, Option<usize>), PlanError> {
        let mut at = match route.start {
            Start::Place(place) => place,
            Start::Root(node) => self.add_root(node, goal),
            Start::Entries(position, _) => return Err(self.lost(position, None)),
        };
        for action in &route.actions {
            at = match action {
                Action::Field(field) => self.place_composite(at, *field, &goal.guard)?,
                Action::Cast(scope) => self.place_cast(at, *scope)?,
                Action::Root(node) => self.place_root(at, *node, &goal.guard),
                Action::Jump {
                    target,
                    key_index,
                    requires,
                } => {
                    let jump = Jump {
                        from: at,
                        target: *target,
                        key_index: *key_index,
                        requires: requires.clone(),
                        guard: &goal.guard,
                    };
                    self.place_jump(&jump)?
                }
            };
        }
        let index = match goal.wanted {
            Wanted::Entry(field, _) => {
                at = self.place_composite(at, field, &goal.guard)?;
                None
            }
            Wanted::Field(field) => Some(self.place_field(at, field, &goal.guard)),
            Wanted::Typename => {
                self.places[at.0 as usize].typename = true;
                None
            }
            Wanted::Object(_) => None,
        };
        self.widen(at, &goal.guard);
        Ok((at, index))
    }

    fn add_root(&mut self, node: NodeId, goal: &Goal) -> PlaceId {
        let segment = self.segment(self.root_field(goal));
        let subgraph = self.supergraph.graph().node(node).subgraph;
        self.requests.entry(subgraph).or_insert(0);
        let step = Step {
            subgraph,
            segment,
            place: self.next_place(),
            entity: None,
            after: BTreeSet::new(),
            inputs: Vec::new(),
            level: 0,
        };
        self.add_step(step, Tree::ROOT, node, None)
    }

    /// The query root type of another subgraph, for a position that `from` is at too.
    fn place_root(&mut self, from: PlaceId, node: NodeId, guard: &Guard) -> PlaceId {
        let position = self.place(from).position;
        let mut places = self.index.at_node((position, None), node).iter();
        let known = places.find(|id| matches!(self.place(**id).origin, Origin::Step));
        let place = match known {
            Some(known) => *known,
            None => {
                let above = self.place(from).step;
                let (segment, level) = (self.step(above).segment, self.step(above).level + 1);
                let step = Step {
                    subgraph: self.supergraph.graph().node(node).subgraph,
                    segment,
                    place: self.next_place(),
                    entity: None,
                    after: self.steps_of(from).collect(),
                    inputs: Vec::new(),
                    level,
                };
                self.add_step(step, position, node, None)
            }
        };
        self.widen(place, guard);
        place
    }

    fn next_place(&self) -> PlaceId {
        PlaceId(self.places.len() as u32)
    }

    /// Adds a step with the place that is its top.
    fn add_step(
        &mut self,
        step: Step,
        position: PositionId,
        node: NodeId,
        scope: Option<Scope>,
    ) -> PlaceId {
        let id = StepId(self.steps.len() as u32);
        self.steps.push(step);
        self.add_place(position, node, id, scope, Origin::Step)
    }

    fn add_place(
        &mut self,
        position: PositionId,
        node: NodeId,
        step: StepId,
        scope: Option<Scope>,
        origin: Origin,
    ) -> PlaceId {
        self.costs.clear();
        let id = self.next_place();
        let beside = match origin {
            Origin::Step => Vec::new(),
            Origin::Field(above, _) | Origin::Cast(above) => self.place(above).beside.clone(),
        };
        // Where the concrete type is not plain from the schema, the tree has to say it.
        let typename = matches!(origin, Origin::Field(..)) && self.tree.is_abstract(position);
        self.places.push(Place {
            position,
            node,
            step,
            beside,
            scope,
            origin,
            joined: Vec::new(),
            fields: Vec::new(),
            casts: Vec::new(),
            typename,
            guard: Guard::never(),
        });
        let listed = Listed {
            level: self.step(step).level,
            node,
            place: id,
        };
        let is_value = matches!(origin, Origin::Field(..));
        self.index.add((position, scope), listed, is_value);
        id
    }

    /// Selects a field at a place, or widens the conditions under which it is selected. Returns its index there.
    pub(super) fn place_field(&mut self, at: PlaceId, field: FieldId, guard: &Guard) -> usize {
        let mut selections = self.index.selections(field).iter();
        let known = selections.find(|(place, _)| *place == at);
        let place = &mut self.places[at.0 as usize];
        let index = match known {
            Some((_, index)) => {
                let placed = &mut place.fields[*index];
                if !placed.guard.covers(guard) {
                    placed.guard = placed.guard.or(guard).loosened();
                }
                *index
            }
            None => {
                self.costs.clear();
                place.fields.push(PlacedField {
                    field,
                    guard: guard.clone(),
                    child: None,
                });
                let index = place.fields.len() - 1;
                self.index.select(field, at, index);
                index
            }
        };
        self.widen(at, guard);
        index
    }

    pub(super) fn place_composite(
        &mut self,
        at: PlaceId,
        field: FieldId,
        guard: &Guard,
    ) -> Result<PlaceId, PlanError> {
        let index = self.place_field(at, field, guard);
        if let Some(child) = self.place(at).fields[index].child {
            return Ok(child);
        }
        let (node, step) = (self.place(at).node, self.place(at).step);
        let name = self.tree.field(field).name.clone();
        let target = self
            .supergraph
            .graph()
            .field(node, &name)
            .and_then(|found| found.target);
        let (Some(target), Some(position)) = (target, self.tree.field(field).child) else {
            return Err(self.lost(self.place(at).position, Some(field)));
        };
        if self.tree.is_entry(field) {
            let mut known = self.index.values(position).iter().copied();
            if let Some(known) = known.find(|id| self.place(*id).node == target) {
                self.join_place(known, at, index);
                return Ok(known);
            }
        }
        let child = self.add_place(position, target, step, None, Origin::Field(at, index));
        self.places[at.0 as usize].fields[index].child = Some(child);
        Ok(child)
    }

    pub(super) fn place_cast(&mut self, at: PlaceId, scope: Scope) -> Result<PlaceId, PlanError> {
        let place = self.place(at);
        let (position, step) = (place.position, place.step);
        let Some(node) = self.supergraph.graph().cast(place.node, scope.sample) else {
            return Err(self.lost(position, None));
        };
        let mut casts = self.index.at_node((position, Some(scope)), node).iter();
        let is_known =
            |id: &&PlaceId| matches!(self.place(**id).origin, Origin::Cast(from) if from == at);
        if let Some(known) = casts.find(is_known) {
            return Ok(*known);
        }
        let cast = self.add_place(position, node, step, Some(scope), Origin::Cast(at));
        self.places[at.0 as usize].casts.push(cast);
        Ok(cast)
    }

    fn place_jump(&mut self, jump: &Jump<'_>) -> Result<PlaceId, PlanError> {
        let (position, scope) = (self.place(jump.from).position, self.place(jump.from).scope);
        if let Some(step) = self.known_step(position, scope, jump.target, jump.requires.as_ref()) {
            let known = self.step(step).place;
            self.widen(known, jump.guard);
            return Ok(known);
        }
        let model = self.supergraph.model();
        let target = self.supergraph.graph().node(jump.target);
        let (subgraph, target_type) = (target.subgraph, target.ty);
        let keys = model.type_in(target_type, subgraph).map(|here| &here.keys);
        let Some(key) = keys.and_then(|keys| keys.get(jump.key_index)) else {
            return Err(self.lost(position, None));
        };
        self.mark_typename(jump.from);
        let mut supply = Supply::default();
        self.supply_types_above(position, jump.guard, &mut supply)?;
        let mut representation = self.supply(jump, &key.fields, true, &mut supply)?;
        if let Some(requires) = &jump.requires {
            for bound in self.supply(jump, &requires.fields, false, &mut supply)? {
                add_bound(&mut representation, bound);
            }
        }
        let contexts = match &jump.requires {
            Some(requires) => self.supply_contexts(jump, &requires.contexts, &mut supply)?,
            None => Vec::new(),
        };
        let level = supply
            .after
            .iter()
            .map(|step| self.step(*step).level + 1)
            .max()
            .unwrap_or(1);
        let segment = self.step(self.place(jump.from).step).segment;
        let latest = self.requests.entry(subgraph).or_insert(level);
        *latest = level.max(*latest);
        let step = Step {
            subgraph,
            segment,
            place: self.next_place(),
            entity: Some(EntityStep {
                requires: jump.requires.clone(),
                representation,
                contexts,
            }),
            after: supply.after,
            inputs: supply.inputs,
            level,
        };
        let place = self.add_step(step, position, jump.target, scope);
        self.widen(place, jump.guard);
        Ok(place)
    }

    /// The step that fetches these entities from there already.
    pub(super) fn known_step(
        &self,
        position: PositionId,
        scope: Option<Scope>,
        target: NodeId,
        requires: Option<&Arc<Requires>>,
    ) -> Option<StepId> {
        let mut places = self.index.at_node((position, scope), target).iter();
        places.find_map(|id| {
            let place = self.place(*id);
            if !matches!(place.origin, Origin::Step) {
                return None;
            }
            let entity = self.step(place.step).entity.as_ref()?;
            (entity.requires.as_ref() == requires).then_some(place.step)
        })
    }

    /// Representations are chosen by the concrete type, so the tree has to hold it from where the entity came, unless the
    /// schema leaves only one.
    fn mark_typename(&mut self, from: PlaceId) {
        if !self.tree.is_abstract(self.place(from).position) {
            return;
        }
        let mut at = from;
        while let Origin::Cast(above) = self.place(at).origin {
            at = above;
        }
        // An entity's type is known from where it came, but for that of an interface object.
        let is_narrowed = matches!(self.place(from).origin, Origin::Cast(_));
        if is_narrowed || matches!(self.place(at).origin, Origin::Field(..)) {
            self.places[at.0 as usize].typename = true;
        }
    }

    /// Makes sure that a place is fetched whenever `guard` holds: itself, all above it, and what its step needs.
    pub(super) fn widen(&mut self, at: PlaceId, guard: &Guard) {
        let place = &mut self.places[at.0 as usize];
        if place.guard.covers(guard) {
            return;
        }
        place.guard = place.guard.or(guard).loosened();
        let (origin, step, joined) = (place.origin, place.step, place.joined.clone());
        match origin {
            Origin::Field(above, index) => self.widen_inputs([(above, Some(index))], guard),
            Origin::Cast(above) => self.widen(above, guard),
            Origin::Step => {
                let inputs = self
                    .steps
                    .get(step.0 as usize)
                    .map(|step| step.inputs.clone());
                self.widen_inputs(inputs.unwrap_or_default(), guard);
            }
        }
        let joined = joined.into_iter();
        self.widen_inputs(joined.map(|(above, index)| (above, Some(index))), guard);
    }

    fn widen_inputs(&mut self, inputs: impl IntoIterator<Item = Input>, guard: &Guard) {
        for (above, index) in inputs {
            if let Some(index) = index {
                let placed = &mut self.places[above.0 as usize].fields[index];
                placed.guard = placed.guard.or(guard).loosened();
            }
            self.widen(above, guard);
        }
    }

    pub(super) fn lost(&self, position: PositionId, field: Option<FieldId>) -> PlanError {
        PlanError::Unresolvable {
            path: self.tree.describe(position, field),
        }
    }
}
