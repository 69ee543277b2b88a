//! Placing what representations are made from: keys and required fields.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Bound, Goal, Input, PlaceId, Search, StepId, Wanted};
use crate::error::PlanError;
use crate::field_set::FieldSet;
use crate::graph::{NodeId, Requires};
use crate::guard::Guard;
use crate::tree::{FieldId, PositionId};

/// A jump to be made from a place.
pub(super) struct Jump<'a> {
    pub(super) from: PlaceId,
    pub(super) target: NodeId,
    pub(super) key_index: usize,
    pub(super) requires: Option<Arc<Requires>>,
    pub(super) guard: &'a Guard,
}

/// What a step's representations need: the steps to wait for and the selections to take from.
#[derive(Default)]
pub(super) struct Supply {
    pub(super) after: BTreeSet<StepId>,
    pub(super) inputs: Vec<Input>,
}

impl Search<'_> {
    /// The way to the entities may lead through fields that are there for one runtime type only. Where an interface
    /// object stands for those, the type has to be learnt before the entities can be found.
    pub(super) fn supply_types_above(
        &mut self,
        position: PositionId,
        guard: &Guard,
        supply: &mut Supply,
    ) -> Result<(), PlanError> {
        if !self.supergraph.has_interface_objects() {
            return Ok(());
        }
        for id in self.tree.fields_above(position).into_iter().rev() {
            let field = self.tree.field(id);
            let above = field.position;
            let is_unknown = field.scope.is_some()
                && self.index.values(above).iter().any(|id| {
                    let node = self.place(*id).node;
                    self.supergraph.graph().node(node).interface_object
                });
            if !is_unknown || !self.tree.is_abstract(above) {
                continue;
            }
            let goal = Goal {
                position: above,
                wanted: Wanted::Typename,
                for_key: false,
                guard: guard.clone(),
            };
            let Some((place, _)) = self.place_goal(&goal)? else {
                return Err(self.lost(above, None));
            };
            supply.after.extend(self.steps_of(place));
        }
        Ok(())
    }

    /// Places what a representation needs: where the jump starts, if its subgraph can tell it all, else wherever.
    pub(super) fn supply(
        &mut self,
        jump: &Jump<'_>,
        set: &FieldSet,
        for_key: bool,
        supply: &mut Supply,
    ) -> Result<Vec<Bound>, PlanError> {
        let place = self.place(jump.from);
        let (position, scope, node) = (place.position, place.scope, place.node);
        let Some(bound) = self.bind(position, scope, set, for_key) else {
            return Err(self.lost(position, None));
        };
        let supergraph = self.supergraph;
        if supergraph.graph().tells(supergraph.model(), node, set) {
            self.supply_here(jump.from, &bound, jump.guard, supply)?;
            return Ok(bound);
        }
        // What it costs to have this set may not count on having it.
        let which = match &jump.requires {
            Some(requires) if !for_key => Arc::as_ptr(requires) as usize,
            _ => jump.key_index,
        };
        self.placing.push((position, scope, jump.target, which));
        self.costs.clear();
        let mut goals = Vec::new();
        self.goals_of(position, &bound, for_key, jump.guard, &mut goals);
        for goal in &goals {
            self.supply_goal(goal, supply)?;
        }
        self.placing.pop();
        self.costs.clear();
        Ok(bound)
    }

    /// Places what a step has to wait for, unless no object can be of the type that it is for.
    pub(super) fn supply_goal(
        &mut self,
        goal: &Goal,
        supply: &mut Supply,
    ) -> Result<(), PlanError> {
        if self.cannot_occur(goal) {
            return Ok(());
        }
        match self.place_goal(goal)? {
            Some((place, index)) => {
                supply.after.extend(self.steps_of(place));
                supply.inputs.push((place, index));
            }
            None if self.may_occur(goal)? => return Err(self.lost(goal.position, None)),
            None => {}
        }
        Ok(())
    }

    fn supply_here(
        &mut self,
        at: PlaceId,
        bound: &[Bound],
        guard: &Guard,
        supply: &mut Supply,
    ) -> Result<(), PlanError> {
        supply.after.extend(self.steps_of(at));
        for item in bound {
            let Some(field) = item.field else {
                self.places[at.0 as usize].typename = true;
                supply.inputs.push((at, None));
                continue;
            };
            let mut here = at;
            if let Some(scope) = item.scope
                && self.place(at).scope != Some(scope)
            {
                let graph = self.supergraph.graph();
                let node = self.place(at).node;
                if graph.cast(node, scope.sample).is_some() {
                    here = self.place_cast(at, scope)?;
                } else if graph.node(node).ty != scope.sample {
                    // The subgraph does not know this type at this place: nothing of it can occur.
                    continue;
                }
            }
            if self.tree.field(field).child.is_some() {
                let child = self.place_composite(here, field, guard)?;
                self.supply_here(child, &item.below, guard, supply)?;
            } else if let Some((earlier, index)) = self.supplied_before(here, field) {
                self.place_field(earlier, field, guard);
                supply.inputs.push((earlier, Some(index)));
            } else {
                let index = self.place_field(here, field, guard);
                supply.inputs.push((here, Some(index)));
            }
        }
        Ok(())
    }

    /// Where a leaf is selected by a request that the place's own request waits for, if it is.
    fn supplied_before(&self, at: PlaceId, field: FieldId) -> Option<(PlaceId, usize)> {
        let selections = self.index.selections(field);
        let is_of_one_step = |place: PlaceId| self.place(place).beside.is_empty();
        if selections.iter().any(|(place, _)| *place == at) || !is_of_one_step(at) {
            return None;
        }
        let mut earlier = selections.iter().filter(|(other, _)| {
            is_of_one_step(*other) && self.waits_for(self.place(at).step, self.place(*other).step)
        });
        earlier.next().copied()
    }

    fn waits_for(&self, step: StepId, earlier: StepId) -> bool {
        let level = self.step(earlier).level;
        let mut seen = BTreeSet::new();
        let mut open = vec![step];
        while let Some(step) = open.pop() {
            for before in &self.step(step).after {
                if *before == earlier {
                    return true;
                }
                // What is sent at the same time or before cannot wait for it.
                if self.step(*before).level > level && seen.insert(*before) {
                    open.push(*before);
                }
            }
        }
        false
    }
}
