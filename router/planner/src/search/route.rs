//! The cheapest way to a goal.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;

use super::dijkstra::{Action, From, Route, Run, Start, State};
use super::{Considered, Goal, Search, Wanted};
use apollo_compiler::ast::OperationType;

use crate::error::PlanError;
use crate::field_set::FieldSet;
use crate::graph::{EntityMove, Move, NodeId};
use crate::model::SubgraphId;
use crate::tree::{FieldId, PositionId, Tree};

/// What a new request costs.
const REQUEST: u32 = 1000;
/// What joining entities to a request that is sent anyway costs.
const JOIN: u32 = 400;
/// What starting from a request at some level costs, per level: later is worse.
const LEVEL: u32 = 50;
/// What selecting one more field costs.
const FIELD: u32 = 2;
/// What asking more objects than needed costs.
const WIDE: u32 = 5;
/// How deep keys may need keys.
const MAX_NESTING: usize = 12;

/// Where a field is entered: at a state, or after a jump from it.
struct Entrance {
    from: State,
    node: NodeId,
    before: Option<Action>,
}

/// What lies between the root and the goal.
struct Way {
    positions: Vec<PositionId>,
    /// One fewer than positions: each leads from one to the next.
    fields: Vec<FieldId>,
}

impl<'m> Search<'m> {
    /// The cheapest way to a goal from everything placed so far; `None` when there is none.
    pub(super) fn route(&mut self, goal: &Goal) -> Result<Option<Route>, PlanError> {
        let fields = self.tree.chain(goal.position);
        let mut positions = vec![Tree::ROOT];
        positions.extend(
            fields
                .iter()
                .filter_map(|field| self.tree.field(*field).child),
        );
        let way = Way { positions, fields };
        let mut run = Run {
            reached: HashMap::new(),
            queue: BinaryHeap::new(),
            best: None,
        };
        self.start(&way, goal, &mut run);
        while let Some(Reverse((cost, state))) = run.queue.pop() {
            if run.best.as_ref().is_some_and(|(best, ..)| *best <= cost) {
                break;
            }
            let Some(reached) = run.reached.get_mut(&state) else {
                continue;
            };
            if reached.done {
                continue;
            }
            reached.done = true;
            let level = reached.level;
            self.spend()?;
            self.expand(&way, goal, state, cost, level, &mut run)?;
        }
        Ok(run.finish())
    }

    fn start(&self, way: &Way, goal: &Goal, run: &mut Run) {
        let root_field = way.fields.first().copied().or(match goal.wanted {
            Wanted::Field(field) => Some(field),
            Wanted::Typename | Wanted::Object(_) => None,
        });
        let segment = self.segment(root_field);
        let graph = self.supergraph.graph();
        for (index, position) in way.positions.iter().enumerate() {
            for id in self.places_at(*position) {
                let place = self.place(*id);
                let step = self.step(place.step);
                if step.segment != segment {
                    continue;
                }
                let state = State {
                    index,
                    node: place.node,
                    scope: place.scope,
                };
                run.reach(
                    state,
                    step.level * LEVEL,
                    step.level,
                    From::Start(Start::Place(*id)),
                );
            }
        }
        let Some(name) = root_field.map(|field| &self.tree.field(field).name) else {
            return;
        };
        // A mutation must not be sent twice, not even to two subgraphs.
        let is_sent = self.kind == OperationType::Mutation
            && self
                .places_at(Tree::ROOT)
                .iter()
                .any(|id| self.step(self.place(*id).step).segment == segment);
        if is_sent {
            return;
        }
        for node in graph.roots(self.supergraph.model(), self.kind) {
            if graph.field(node, name).is_some() {
                let state = State {
                    index: 0,
                    node,
                    scope: None,
                };
                run.reach(state, REQUEST, 0, From::Start(Start::Root(node)));
            }
        }
    }

    fn expand(
        &mut self,
        way: &Way,
        goal: &Goal,
        state: State,
        cost: u32,
        level: u32,
        run: &mut Run,
    ) -> Result<(), PlanError> {
        let graph = self.supergraph.graph();
        let next = way.fields.get(state.index).copied();
        let wanted = match (next, goal.wanted) {
            (Some(field), _) | (None, Wanted::Field(field)) => Some(field),
            (None, Wanted::Typename | Wanted::Object(_)) => None,
        };
        if let Some(field) = wanted {
            let entrance = Entrance {
                from: state,
                node: state.node,
                before: None,
            };
            self.enter(way, goal, field, entrance, (cost, level), run);
        } else if self.satisfied(goal, state) {
            run.finished(cost, state, Vec::new());
        }
        let scope = match (wanted, goal.wanted) {
            (Some(field), _) => self.tree.field(field).scope,
            (None, Wanted::Object(scope)) => scope,
            (None, _) => None,
        };
        if state.scope.is_none()
            && let Some(ty) = scope
            && let Some(node) = graph.cast(state.node, ty)
        {
            let below = State {
                node,
                scope: Some(ty),
                ..state
            };
            run.reach(
                below,
                cost,
                level,
                From::State(state, vec![Action::Cast(ty)]),
            );
        }
        self.jump(way, goal, state, wanted, (cost, level), run)
    }

    fn satisfied(&self, goal: &Goal, state: State) -> bool {
        let node = self.supergraph.graph().node(state.node);
        match goal.wanted {
            Wanted::Field(_) => false,
            Wanted::Typename => state.scope.is_none() && !node.interface_object,
            Wanted::Object(None) => state.scope.is_none(),
            Wanted::Object(Some(ty)) => state.scope == Some(ty) || node.ty == ty,
        }
    }

    /// Moves into a field that the node's subgraph resolves. A field with requirements counts only right after the
    /// jump that brings what it requires.
    fn enter(
        &self,
        way: &Way,
        goal: &Goal,
        field: FieldId,
        entrance: Entrance,
        (cost, level): (u32, u32),
        run: &mut Run,
    ) {
        let Entrance { from, node, before } = entrance;
        if !self.suits(State { node, ..from }, field) {
            return;
        }
        let Some(found) = self.field_move(node, &self.tree.field(field).name, goal.for_key) else {
            return;
        };
        if found.requires.is_some() != before.is_some() {
            return;
        }
        // Asked of all objects though meant for one type of them: possible, but more than needed.
        let is_wide = self.tree.field(field).scope.is_some() && from.scope.is_none();
        let cost = if is_wide { cost + WIDE } else { cost };
        let mut actions: Vec<Action> = before.into_iter().collect();
        if from.index == way.fields.len() {
            if found.target.is_none() {
                run.finished(cost + FIELD, from, actions);
            }
            return;
        }
        if let Some(target) = found.target {
            let below = State {
                index: from.index + 1,
                node: target,
                scope: None,
            };
            actions.push(Action::Field(field));
            run.reach(below, cost + FIELD, level, From::State(from, actions));
        }
    }

    /// True when objects at a state are those a field is planned for.
    fn suits(&self, state: State, field: FieldId) -> bool {
        let node = self.supergraph.graph().node(state.node);
        match self.tree.field(field).scope {
            None => state.scope.is_none(),
            Some(ty) => {
                state.scope == Some(ty)
                    || (state.scope.is_none() && (node.ty == ty || node.interface_object))
            }
        }
    }

    /// Moves to the same entities in another request.
    fn jump(
        &mut self,
        way: &Way,
        goal: &Goal,
        state: State,
        wanted: Option<FieldId>,
        (cost, level): (u32, u32),
        run: &mut Run,
    ) -> Result<(), PlanError> {
        let supergraph = self.supergraph;
        let (graph, model) = (supergraph.graph(), supergraph.model());
        let position = way.positions[state.index];
        let name = wanted.map(|field| self.tree.field(field).name.clone());
        let node = graph.node(state.node);
        for entity_move in graph.entity_moves(model, state.node) {
            let (Move::Key(entry) | Move::InterfaceObject(entry)) = entity_move else {
                continue;
            };
            let target_subgraph = graph.node(entry.target).subgraph;
            let there = State {
                node: entry.target,
                ..state
            };
            let least = cost + self.request_cost(level + 1, target_subgraph);
            if run.is_beaten(least) {
                continue;
            }
            let plain = run.is_open(there, least);
            let requires = name
                .as_ref()
                .and_then(|name| self.field_move(entry.target, name, goal.for_key))
                .and_then(|found| found.requires.clone());
            if !plain && requires.is_none() {
                continue;
            }
            let Some(key_cost) = self.key_cost(position, state, &entry)? else {
                continue;
            };
            let total = least + key_cost;
            if plain {
                let action = jump_action(&entry, None);
                run.reach(there, total, level + 1, From::State(state, vec![action]));
            }
            self.require(
                way,
                goal,
                state,
                wanted,
                &entry,
                requires,
                (total, level + 1),
                run,
            )?;
        }
        self.jump_to_roots(position, state, (cost, level), run);
        // A field with requirements is entered by key even if its subgraph is where we stand.
        for entry in graph.entries(model, node.ty, node.subgraph) {
            let requires = name
                .as_ref()
                .and_then(|name| self.field_move(entry.target, name, goal.for_key))
                .and_then(|found| found.requires.clone());
            if requires.is_none() {
                break;
            }
            let Some(key_cost) = self.key_cost(position, state, &entry)? else {
                continue;
            };
            let total = cost + self.request_cost(level + 1, node.subgraph) + key_cost;
            self.require(
                way,
                goal,
                state,
                wanted,
                &entry,
                requires,
                (total, level + 1),
                run,
            )?;
        }
        Ok(())
    }

    /// The query root type is the same object in every subgraph, also where a field further down leads to it.
    fn jump_to_roots(
        &self,
        position: PositionId,
        state: State,
        (cost, level): (u32, u32),
        run: &mut Run,
    ) {
        let (graph, model) = (self.supergraph.graph(), self.supergraph.model());
        let here = graph.node(state.node);
        if position == Tree::ROOT || model.query != Some(here.ty) {
            return;
        }
        for node in graph.roots(model, OperationType::Query) {
            if graph.node(node).subgraph != here.subgraph {
                let there = State { node, ..state };
                let from = From::State(state, vec![Action::Root(node)]);
                run.reach(there, cost + REQUEST, level + 1, from);
            }
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn require(
        &mut self,
        way: &Way,
        goal: &Goal,
        state: State,
        wanted: Option<FieldId>,
        entry: &EntityMove<'_>,
        requires: Option<Arc<FieldSet>>,
        (cost, level): (u32, u32),
        run: &mut Run,
    ) -> Result<(), PlanError> {
        let (Some(requires), Some(field)) = (requires, wanted) else {
            return Ok(());
        };
        let position = way.positions[state.index];
        let known = self.known_step(position, state.scope, entry.target, Some(&requires));
        let (cost, level) = match known {
            Some(step) => (self.step(step).level * LEVEL, self.step(step).level),
            None => {
                let considered = (
                    position,
                    state.scope,
                    entry.target,
                    Arc::as_ptr(&requires) as usize,
                );
                let Some(extra) = self.set_cost(position, state, &requires, considered, false)?
                else {
                    return Ok(());
                };
                (cost + extra, level)
            }
        };
        let entrance = Entrance {
            from: state,
            node: entry.target,
            before: Some(jump_action(entry, Some(requires))),
        };
        self.enter(way, goal, field, entrance, (cost, level), run);
        Ok(())
    }

    fn key_cost(
        &mut self,
        position: PositionId,
        state: State,
        entry: &EntityMove<'_>,
    ) -> Result<Option<u32>, PlanError> {
        let considered = (position, state.scope, entry.target, entry.key_index);
        self.set_cost(position, state, &entry.key.fields, considered, true)
    }

    fn set_cost(
        &mut self,
        position: PositionId,
        state: State,
        set: &FieldSet,
        considered: Considered,
        for_key: bool,
    ) -> Result<Option<u32>, PlanError> {
        let supergraph = self.supergraph;
        if supergraph
            .graph()
            .tells(supergraph.model(), state.node, set)
        {
            return Ok(Some(0));
        }
        if let Some(known) = self.costs.get(&considered) {
            return Ok(*known);
        }
        let depth = self.considering.len();
        let circle = self
            .considering
            .iter()
            .position(|known| *known == considered)
            .or((depth >= MAX_NESTING).then_some(0));
        if let Some(circle) = circle {
            self.circle = Some(self.circle.map_or(circle, |known| known.min(circle)));
            return Ok(None);
        }
        let outer = self.circle.take();
        self.considering.push(considered);
        let cost = self.cost_of(position, state.scope, set, for_key);
        self.considering.pop();
        let cost = cost?;
        // Impossible only because something further out is being considered: it may be possible another time.
        let given_up = self
            .circle
            .filter(|circle| cost.is_none() && *circle < depth);
        if given_up.is_none() {
            self.costs.insert(considered, cost);
        }
        self.circle = match (outer, given_up) {
            (Some(outer), Some(given_up)) => Some(outer.min(given_up)),
            (outer, given_up) => outer.or(given_up),
        };
        Ok(cost)
    }

    fn request_cost(&self, level: u32, subgraph: SubgraphId) -> u32 {
        let latest = self.requests.get(&subgraph);
        if latest.is_some_and(|latest| *latest >= level) {
            JOIN
        } else {
            REQUEST
        }
    }
}

fn jump_action(entry: &EntityMove<'_>, requires: Option<Arc<FieldSet>>) -> Action {
    Action::Jump {
        target: entry.target,
        key_index: entry.key_index,
        requires,
    }
}
