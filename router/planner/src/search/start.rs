//! Where the search for a goal starts: from what is placed already, and from the roots.
//!
//! An entity that many subgraphs add to has as many places. Where there are more than a few, those that can tell what is
//! wanted come first, and the others one after the other, each no sooner than it could be part of the cheapest way.

use apollo_compiler::ast::OperationType;

use super::dijkstra::{From, Open, Run, Start, State};
use super::index::{Listed, Spot};
use super::route::{LEVEL, REQUEST, Way};
use super::{Goal, Search};
use crate::graph::NodeId;
use crate::tree::{FieldId, PositionId, Tree};
/// So many places are started from at once.
const FEW: usize = 4;

/// The places of a position, and what a way from one of them costs at least.
pub(super) struct Starts {
    spot: Spot,
    segment: usize,
    /// Where the wanted field can be had; empty when nothing is known of that.
    targets: Vec<Target>,
}

/// A node that may be jumped to.
struct Target {
    node: NodeId,
    /// What it costs to go on from a request that is sent there anyway, wherever the way comes from.
    known: Option<u32>,
}

impl Search<'_> {
    /// Puts the places along the way and the roots into the queue. Returns, for each position, what comes later.
    pub(super) fn start(&self, way: &Way, goal: &Goal, run: &mut Run) -> Vec<Starts> {
        let root_field = self.root_field(goal);
        let segment = self.segment(root_field);
        let mut starts = Vec::with_capacity(way.positions.len());
        for (index, position) in way.positions.iter().enumerate() {
            let wanted = way.wanted(goal, index);
            let scope = self.wanted_scope(goal, wanted);
            let mut here = Starts {
                spot: (*position, None),
                segment,
                targets: Vec::new(),
            };
            let listed = self.index.at(here.spot);
            let is_object = self.supergraph.is_object(self.tree.position(*position).ty);
            match wanted.filter(|_| is_object && way.breadth.is_straight()) {
                Some(field) if listed.len() > FEW => {
                    here.targets = self.targets(*position, field);
                    self.start_where_told(&here, index, run);
                    // There is no jump from a root to another.
                    if *position != Tree::ROOT || here.targets.len() > FEW {
                        self.queue_start(&here, index, 0, run);
                    }
                }
                _ => {
                    self.start_all(&here, index, listed, run);
                    if scope.is_some() {
                        let listed = self.index.at((*position, scope));
                        self.start_all(&here, index, listed, run);
                    }
                }
            }
            starts.push(here);
        }
        let first = way.positions.first().copied();
        if first == Some(Tree::ROOT) {
            self.start_at_roots(root_field, segment, run);
        }
        if let Some(first) = first {
            self.start_at_entries(first, run);
            if let Some(node) = way.found {
                let start = Start::Entries(first, node);
                let state = State {
                    index: 0,
                    node,
                    scope: None,
                };
                run.reach(state, 0, 0, From::Start(start));
            }
        }
        starts
    }

    fn start_all(&self, starts: &Starts, index: usize, listed: &[Listed], run: &mut Run) {
        for place in listed {
            self.start_from(starts, index, place, run);
        }
    }

    fn start_from(&self, starts: &Starts, index: usize, listed: &Listed, run: &mut Run) {
        let place = self.place(listed.place);
        if self.step(place.step).segment != starts.segment {
            return;
        }
        let state = State {
            index,
            node: place.node,
            scope: place.scope,
        };
        let from = From::Start(Start::Place(listed.place));
        let level = self.step(place.step).level;
        run.reach(state, level * LEVEL, level, from);
    }

    fn targets(&self, position: PositionId, field: FieldId) -> Vec<Target> {
        let graph = self.supergraph.graph();
        let name = &self.tree.field(field).name;
        let ty = self.tree.position(position).ty;
        let target = |node| {
            let requires = graph
                .field(node, name)
                .and_then(|found| found.requires.as_ref());
            let step =
                requires.and_then(|requires| self.known_step(position, None, node, Some(requires)));
            Target {
                node,
                known: step.map(|step| self.step(step).level * LEVEL),
            }
        };
        self.resolvers(ty, name).map(target).collect()
    }

    /// Starts from the places that need no jump.
    fn start_where_told(&self, starts: &Starts, index: usize, run: &mut Run) {
        if starts.targets.len() > FEW {
            return;
        }
        for target in &starts.targets {
            for id in self.index.at_node(starts.spot, target.node) {
                let place = self.place(*id);
                let listed = Listed {
                    level: self.step(place.step).level,
                    node: place.node,
                    place: *id,
                };
                self.start_from(starts, index, &listed, run);
            }
        }
    }

    /// Starts from the next place of a position that has many.
    pub(super) fn next_start(&self, starts: &Starts, index: usize, number: usize, run: &mut Run) {
        if let Some(listed) = self.index.at(starts.spot).get(number) {
            self.start_from(starts, index, listed, run);
            self.queue_start(starts, index, number + 1, run);
        }
    }

    fn queue_start(&self, starts: &Starts, index: usize, number: usize, run: &mut Run) {
        if let Some(listed) = self.index.at(starts.spot).get(number) {
            let least = self.least(starts, listed.level);
            run.queue(least, Open::Start(index, number));
        }
    }

    /// What a way from a place of this level costs at least but for its fields, if the place itself does not have what is
    /// wanted.
    fn least(&self, starts: &Starts, level: u32) -> u32 {
        let here = level * LEVEL;
        if starts.targets.len() > FEW {
            return here;
        }
        let costs = starts.targets.iter().map(|target| match target.known {
            Some(known) => known.max(here),
            None => {
                let subgraph = self.supergraph.graph().node(target.node).subgraph;
                here + self.request_cost(level + 1, subgraph)
            }
        });
        costs.min().unwrap_or(here)
    }

    fn start_at_roots(&self, root_field: Option<FieldId>, segment: usize, run: &mut Run) {
        let graph = self.supergraph.graph();
        let Some(name) = root_field.map(|field| &self.tree.field(field).name) else {
            return;
        };
        // A mutation must not be sent twice, not even to two subgraphs.
        let is_sent = |listed: &Listed| self.step(self.place(listed.place).step).segment == segment;
        let roots = self.index.at((Tree::ROOT, None));
        if self.kind == OperationType::Mutation && roots.iter().any(is_sent) {
            return;
        }
        let root = self.tree.position(Tree::ROOT).ty;
        let nodes = graph.resolvers(root, name).iter();
        for node in nodes.filter(|node| !graph.node(**node).provided) {
            let state = State {
                index: 0,
                node: *node,
                scope: None,
            };
            run.reach(state, REQUEST, 0, From::Start(Start::Root(*node)));
        }
    }
}
