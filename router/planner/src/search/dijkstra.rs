//! Dijkstra's algorithm, without the moves: states, what reached them, and the way back. What is nearer to the goal comes
//! first (A*): each field that is left costs something.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use apollo_compiler::collections::HashMap;

use super::PlaceId;
use super::route::FIELD;
use crate::graph::{NodeId, Requires};
use crate::scope::Scope;
use crate::tree::{FieldId, PositionId};

/// A way to a goal.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) cost: u32,
    pub(super) start: Start,
    pub(super) actions: Vec<Action>,
    /// Where it ends, but for what a last jump or field adds.
    pub(super) end: NodeId,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Start {
    /// At something placed already.
    Place(PlaceId),
    /// At the root type of a subgraph not asked yet.
    Root(NodeId),
    /// At a position that has not been entered at this node: all its entries have to be placed first, if there are several,
    /// or it is only asked whether there is a way.
    Entries(PositionId, NodeId),
}

#[derive(Debug, Clone)]
pub(super) enum Action {
    /// Into a composite field's value.
    Field(FieldId),
    /// Down to object types.
    Cast(Scope),
    /// To the query root type of another subgraph.
    Root(NodeId),
    /// To another request for the same entities.
    Jump {
        target: NodeId,
        key_index: usize,
        requires: Option<Arc<Requires>>,
    },
}

/// Where a search stands: at a node, for one of the positions on the way to the goal (by index), limited to runtime
/// types or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct State {
    pub(super) index: usize,
    pub(super) node: NodeId,
    pub(super) scope: Option<Scope>,
}

#[derive(Debug, Clone)]
pub(super) struct Reached {
    pub(super) cost: u32,
    pub(super) level: u32,
    pub(super) from: From,
    pub(super) done: bool,
}

#[derive(Debug, Clone)]
pub(super) enum From {
    Start(Start),
    State(State, Vec<Action>),
}

/// What a search goes on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Open {
    /// The next of the places to start from, by index of the position and of the place there.
    Start(usize, usize),
    State(State),
}

/// One run of Dijkstra's algorithm.
pub(super) struct Run {
    /// How many fields there are to enter.
    fields: usize,
    pub(super) reached: HashMap<State, Reached>,
    /// What a way by there costs at least, with what it goes on with.
    queue: BinaryHeap<Reverse<(u32, Open)>>,
    best: Option<(u32, State, Vec<Action>)>,
}

impl Run {
    /// A search for a way by so many fields.
    pub(super) fn new(fields: usize) -> Run {
        Run {
            fields,
            reached: HashMap::default(),
            queue: BinaryHeap::new(),
            best: None,
        }
    }

    /// Notes something to go on with, reached for that cost.
    pub(super) fn queue(&mut self, cost: u32, open: Open) {
        let index = match open {
            Open::Start(index, _) => index,
            Open::State(state) => state.index,
        };
        let left = self.fields.saturating_sub(index);
        let least = (left as u32).saturating_mul(FIELD).saturating_add(cost);
        self.queue.push(Reverse((least, open)));
    }

    /// What a cheapest way may go on with; `None` when the cheapest is known.
    pub(super) fn next(&mut self) -> Option<Open> {
        let Reverse((least, open)) = self.queue.pop()?;
        (!self.is_beaten(least)).then_some(open)
    }

    /// True when reaching a state at that cost would be news.
    pub(super) fn is_open(&self, state: State, cost: u32) -> bool {
        let known = self.reached.get(&state);
        known.is_none_or(|known| !known.done && known.cost > cost)
    }

    /// True when the goal is known to be had for that cost or less.
    pub(super) fn is_beaten(&self, cost: u32) -> bool {
        self.best.as_ref().is_some_and(|(best, ..)| *best <= cost)
    }

    pub(super) fn reach(&mut self, state: State, cost: u32, level: u32, from: From) {
        if !self.is_open(state, cost) {
            return;
        }
        let reached = Reached {
            cost,
            level,
            from,
            done: false,
        };
        self.reached.insert(state, reached);
        self.queue(cost, Open::State(state));
    }

    /// The goal is reached from a state by some last actions.
    pub(super) fn finished(&mut self, cost: u32, state: State, last: Vec<Action>) {
        if !self.is_beaten(cost) {
            self.best = Some((cost, state, last));
        }
    }

    pub(super) fn finish(self) -> Option<Route> {
        let (cost, mut state, last) = self.best?;
        let end = state.node;
        let mut pieces = vec![last];
        let start = loop {
            match &self.reached.get(&state)?.from {
                From::Start(start) => break *start,
                From::State(before, actions) => {
                    pieces.push(actions.clone());
                    state = *before;
                }
            }
        };
        Some(Route {
            cost,
            start,
            actions: pieces.into_iter().rev().flatten().collect(),
            end,
        })
    }
}
