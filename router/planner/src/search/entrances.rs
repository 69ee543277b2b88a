//! Entering positions that have several entries.
//!
//! All entries are placed before anything below, each so that it leads to the same node: then whatever is placed there is
//! there for all objects of the position. Where subgraphs share the value, a position may be entered at more than one node;
//! at which first is decided here, and at which others by what is wanted below.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::dijkstra::{From, Route, Run, Start, State};
use super::route::{LEVEL, REQUEST};
use super::{Goal, Search, Wanted};
use crate::error::PlanError;
use crate::graph::NodeId;
use crate::guard::Guard;
use crate::tree::{FieldId, PositionId};

/// At which nodes positions with several entries have been entered, or are being entered.
#[derive(Debug, Default)]
pub(super) struct Entrances {
    open: HashMap<PositionId, Vec<NodeId>>,
    /// Where some entry has no way to the node.
    closed: HashSet<(PositionId, NodeId)>,
}

impl Entrances {
    fn has(&self, position: PositionId, node: NodeId) -> bool {
        let open = self.open.get(&position);
        open.is_some_and(|nodes| nodes.contains(&node))
    }
}

impl Search<'_> {
    /// Enters the positions above a goal, and its own. Returns the goal: if it is one of several entries, at the node where
    /// the others are.
    pub(super) fn entered(&mut self, goal: &Goal) -> Result<Goal, PlanError> {
        let mut above = vec![goal.position];
        while let Some(field) = above.last().and_then(|at| self.tree.position(*at).parent) {
            above.push(self.tree.field(field).position);
        }
        for position in above.into_iter().rev() {
            if self.tree.entries(position).is_some() {
                self.first_entrance(position, &goal.guard)?;
            }
        }
        let mut goal = goal.clone();
        if let Wanted::Field(field) = goal.wanted
            && let Some(child) = self.tree.field(field).child
            && let Some(entries) = self.tree.entries(child)
        {
            let only = entries.nodes.first().filter(|_| entries.nodes.len() == 1);
            let node = match only.copied() {
                Some(only) => only,
                None => self.first_entrance(child, &goal.guard)?,
            };
            goal.wanted = Wanted::Entry(field, node);
        }
        Ok(goal)
    }

    /// Enters a position at one node at least. Returns the first.
    fn first_entrance(&mut self, position: PositionId, guard: &Guard) -> Result<NodeId, PlanError> {
        let first = |search: &Self| {
            let open = search.entrances.open.get(&position);
            open.and_then(|nodes| nodes.first().copied())
        };
        if let Some(known) = first(self) {
            return Ok(known);
        }
        let nodes = self
            .tree
            .entries(position)
            .map(|entries| entries.nodes.clone());
        let nodes: Vec<NodeId> = nodes.into_iter().flatten().collect();
        let node = match nodes.as_slice() {
            [only] => Some(*only),
            nodes => self.best_entrance(position, nodes)?,
        };
        let Some(node) = node else {
            return Err(self.lost(position, None));
        };
        self.enter_at(position, node, guard)?;
        Ok(node)
    }

    /// The node to which all entries lead at the least cost, and of several the one that leaves the least to others.
    fn best_entrance(
        &mut self,
        position: PositionId,
        nodes: &[NodeId],
    ) -> Result<Option<NodeId>, PlanError> {
        let mut best: Option<(u32, NodeId)> = None;
        for node in nodes {
            let Some(cost) = self.cost_of_entrance(position, *node)? else {
                continue;
            };
            // What cannot be had there takes a request more, whatever is below it.
            let more = REQUEST.saturating_mul(self.untold_here(position, *node));
            let cost = cost.saturating_add(more);
            let cost = cost.saturating_add(self.untold(position, *node));
            if best.is_none_or(|(least, _)| cost < least) {
                best = Some((cost, *node));
            }
        }
        Ok(best.map(|(_, node)| node))
    }

    /// What the dearest of the entries costs: as a rule they all travel in one request. `None` when one has no way.
    fn cost_of_entrance(
        &mut self,
        position: PositionId,
        node: NodeId,
    ) -> Result<Option<u32>, PlanError> {
        let mut cost: u32 = 0;
        for goal in self.entry_goals(position, node, &Guard::always()) {
            if self.cannot_occur(&goal) {
                continue;
            }
            match self.route(&goal)? {
                Some(route) => cost = route.cost.max(cost),
                None if self.may_occur(&goal)? => return Ok(None),
                None => {}
            }
        }
        Ok(Some(cost))
    }

    fn enter_at(
        &mut self,
        position: PositionId,
        node: NodeId,
        guard: &Guard,
    ) -> Result<(), PlanError> {
        let open = self.entrances.open.entry(position).or_default();
        open.push(node);
        for goal in self.entry_goals(position, node, guard) {
            self.place_if_it_occurs(&goal)?;
        }
        Ok(())
    }

    fn entry_goals(&self, position: PositionId, node: NodeId, guard: &Guard) -> Vec<Goal> {
        let goal = |field: &FieldId| Goal {
            position: self.tree.field(*field).position,
            wanted: Wanted::Entry(*field, node),
            for_key: false,
            guard: guard.clone(),
        };
        let fields = self.tree.ways_in(position).iter();
        fields.map(goal).collect()
    }

    /// The cheapest way to a goal from what is placed. Enters positions at further nodes where that is best.
    pub(super) fn route_from_placed(&mut self, goal: &Goal) -> Result<Option<Route>, PlanError> {
        loop {
            let route = self.route(goal)?;
            let Some(Start::Entries(position, node)) = route.as_ref().map(|route| route.start)
            else {
                return Ok(route);
            };
            if self.cost_of_entrance(position, node)?.is_some() {
                self.enter_at(position, node, &goal.guard)?;
            } else {
                self.entrances.closed.insert((position, node));
            }
        }
    }

    /// Starts a search at the nodes at which a position has not been entered. At the first it costs nothing: it has to be
    /// entered anyway.
    pub(super) fn start_at_entries(&self, position: PositionId, run: &mut Run) {
        let Some(nodes) = self.nodes_whatever_is_above(position) else {
            return;
        };
        let is_entered = self.entrances.open.contains_key(&position);
        let known = self.index.values(position).first();
        let level = known.map_or(0, |known| self.step(self.place(*known).step).level);
        for node in nodes {
            let is_closed = self.entrances.closed.contains(&(position, *node));
            if is_closed || self.entrances.has(position, *node) {
                continue;
            }
            let subgraph = self.supergraph.graph().node(*node).subgraph;
            let cost = match is_entered {
                true => level * LEVEL + self.request_cost(level, subgraph),
                false => 0,
            };
            let state = State {
                index: 0,
                node: *node,
                scope: None,
            };
            let start = Start::Entries(position, *node);
            run.reach(state, cost, level, From::Start(start));
        }
    }

    /// True when none of a position's entries can occur.
    pub(super) fn is_never_entered(&self, position: PositionId) -> bool {
        let nodes = self.nodes_whatever_is_above(position);
        if nodes.is_some_and(BTreeSet::is_empty) {
            return true;
        }
        self.entrances.open.contains_key(&position) && self.index.values(position).is_empty()
    }
}
