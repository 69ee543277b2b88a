//! The cheapest way to a goal.

use super::dijkstra::{Action, From, Open, Route, Run, State};
use super::{Goal, Search, Wanted};
use crate::error::PlanError;
use crate::graph::NodeId;
use crate::scope::Scope;
use crate::tree::{FieldId, PositionId, Tree};

/// What a new request costs.
pub(super) const REQUEST: u32 = 10_000;
/// What joining entities to a request that is sent anyway costs.
pub(super) const JOIN: u32 = 4000;
/// What starting from a request at some level costs, per level: later is worse.
pub(super) const LEVEL: u32 = 500;
/// What selecting one more field costs. [`Search::untold`] counts for less.
pub(super) const FIELD: u32 = 20;
/// What asking more objects than needed costs.
const WIDE: u32 = 50;
/// What asking so costs when a null may take from others: more than any detour, but where nobody else can be asked an answer
/// with a null is better than none.
const TAKING: u32 = 1 << 20;

/// Where a field is entered: at a state, or after a jump from it.
pub(super) struct Entrance {
    pub(super) from: State,
    pub(super) node: NodeId,
    pub(super) before: Option<Action>,
}

/// What lies between where the search starts at the earliest and the goal.
pub(super) struct Way {
    pub(super) breadth: Breadth,
    /// Where objects are known to be found at the first position, if that is why the search starts there.
    pub(super) found: Option<NodeId>,
    pub(super) positions: Vec<PositionId>,
    /// One fewer than positions: each leads from one to the next.
    pub(super) fields: Vec<FieldId>,
}

/// Which moves a search tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Breadth {
    /// As `Straight`, but starting below what is known to be found: finds some way, if any, and not the cheapest.
    Near,
    /// Entity moves to where the next field is, starting below what has been entered in the only possible way. Keys
    /// that another subgraph has to tell are searched on their own, so this finds nearly everything.
    Straight,
    /// Every entity move, starting from the root.
    Everywhere,
}

impl Breadth {
    pub(super) fn is_straight(self) -> bool {
        matches!(self, Breadth::Near | Breadth::Straight)
    }
}

impl Way {
    /// The field that leads on from one of the positions, or that the goal is.
    pub(super) fn wanted(&self, goal: &Goal, index: usize) -> Option<FieldId> {
        let field = self.fields.get(index).copied();
        field.or_else(|| goal.wanted.field())
    }
}

impl Search<'_> {
    /// The cheapest way to a goal from everything placed so far; `None` when there is none.
    pub(super) fn route(&mut self, goal: &Goal) -> Result<Option<Route>, PlanError> {
        for breadth in [Breadth::Straight, Breadth::Everywhere] {
            let way = self.way(goal, breadth);
            if let Some(route) = self.route_along(goal, &way)? {
                return Ok(Some(route));
            }
        }
        Ok(None)
    }

    /// True when there is some way to a goal. Notes what is found on it.
    pub(super) fn has_way(&mut self, goal: &Goal) -> Result<bool, PlanError> {
        for breadth in [Breadth::Near, Breadth::Straight, Breadth::Everywhere] {
            let way = self.way(goal, breadth);
            if breadth == Breadth::Near && way.found.is_none() {
                continue;
            }
            if let Some(route) = self.route_along(goal, &way)? {
                self.note_types(&route);
                if let Wanted::Object(None) = goal.wanted {
                    self.found.insert(goal.position, route.end);
                }
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn route_along(&mut self, goal: &Goal, way: &Way) -> Result<Option<Route>, PlanError> {
        let own = usize::from(goal.wanted.field().is_some());
        let mut run = Run::new(way.fields.len() + own);
        let starts = self.start(way, goal, &mut run);
        while let Some(open) = run.next() {
            self.spend()?;
            let state = match open {
                Open::State(state) => state,
                Open::Start(index, number) => {
                    self.next_start(&starts[index], index, number, &mut run);
                    continue;
                }
            };
            let Some(reached) = run.reached.get_mut(&state) else {
                continue;
            };
            if reached.done {
                continue;
            }
            reached.done = true;
            let (cost, level) = (reached.cost, reached.level);
            self.expand(way, goal, state, cost, level, &mut run)?;
        }
        Ok(run.finish())
    }

    /// From the goal up to the root, or to the last position that can be entered in one way only and has been, or to which
    /// all ways lead alike: all entries of one that has several are taken.
    fn way(&self, goal: &Goal, breadth: Breadth) -> Way {
        let mut way = Way {
            breadth,
            found: None,
            positions: vec![goal.position],
            fields: Vec::new(),
        };
        let mut at = goal.position;
        while let Some(field) = self.tree.position(at).parent {
            if self.stands_alone(at) {
                break;
            }
            if matches!(breadth, Breadth::Near) {
                way.found = self.found.get(&at).copied();
                if way.found.is_some() {
                    break;
                }
            }
            let is_entered = !self.index.values(at).is_empty() && self.has_one_resolver(field);
            if is_entered && breadth.is_straight() {
                break;
            }
            at = self.tree.field(field).position;
            way.fields.push(field);
            way.positions.push(at);
        }
        way.fields.reverse();
        way.positions.reverse();
        way
    }

    /// True when there is a single node at which a field can be had.
    fn has_one_resolver(&self, id: FieldId) -> bool {
        let field = self.tree.field(id);
        let owner = self.tree.owner(field.position, field.scope);
        if !self.supergraph.is_object(owner) {
            return false;
        }
        self.only_resolver(owner, &field.name).is_some()
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
        let wanted = way.wanted(goal, state.index);
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
        let scope = self.wanted_scope(goal, wanted);
        if state.scope.is_none()
            && let Some(scope) = scope
            && let Some(node) = graph.cast(state.node, scope.sample)
        {
            let below = State {
                node,
                scope: Some(scope),
                ..state
            };
            run.reach(
                below,
                cost,
                level,
                From::State(state, vec![Action::Cast(scope)]),
            );
        }
        self.jump(way, goal, state, wanted, (cost, level), run)
    }

    /// The runtime types that objects are wanted of, where a field or the goal says so.
    pub(super) fn wanted_scope(&self, goal: &Goal, wanted: Option<FieldId>) -> Option<Scope> {
        match (wanted, goal.wanted) {
            (Some(field), _) => self.tree.field(field).scope,
            (None, Wanted::Object(scope)) => scope,
            (None, _) => None,
        }
    }

    fn satisfied(&self, goal: &Goal, state: State) -> bool {
        let node = self.supergraph.graph().node(state.node);
        match goal.wanted {
            Wanted::Field(_) | Wanted::Entry(..) => false,
            Wanted::Typename => state.scope.is_none() && !node.interface_object,
            Wanted::Object(None) => state.scope.is_none(),
            Wanted::Object(Some(scope)) => state.scope == Some(scope) || node.ty == scope.sample,
        }
    }

    /// Moves into a field that the node's subgraph resolves. A field with requirements counts only right after the
    /// jump that brings what it requires.
    pub(super) fn enter(
        &mut self,
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
        let here = self.supergraph.graph().node(node);
        let is_by_interface = is_wide && here.interface_object && before.is_none();
        // A null that may not be there would take what is asked of other types away.
        let is_taking = is_by_interface && self.tree.takes_from_others(field, here.subgraph);
        let cost = match (is_wide, is_taking) {
            (false, _) => cost,
            (true, false) => cost + WIDE,
            (true, true) => cost + TAKING,
        };
        let mut actions: Vec<Action> = before.into_iter().collect();
        if from.index == way.fields.len() {
            let is_there = match goal.wanted {
                Wanted::Entry(_, node) => found.target == Some(node),
                _ => found.target.is_none() || self.tree.is_entry(field),
            };
            if is_there {
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
            // Of the subgraphs that have a root field, the one is asked that leaves the least to others.
            let untold = match way.positions[from.index] {
                Tree::ROOT => self.untold(way.positions[below.index], target),
                _ => 0,
            };
            let cost = cost + FIELD + untold;
            run.reach(below, cost, level, From::State(from, actions));
        }
    }

    /// True when objects at a state are those a field is planned for.
    fn suits(&self, state: State, field: FieldId) -> bool {
        let node = self.supergraph.graph().node(state.node);
        match self.tree.field(field).scope {
            None => state.scope.is_none(),
            Some(scope) => {
                state.scope == Some(scope)
                    || (state.scope.is_none() && (node.ty == scope.sample || node.interface_object))
            }
        }
    }
}
