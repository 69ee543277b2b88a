//! Moves to the same entities in another request, and what they cost.

use std::sync::Arc;

use apollo_compiler::Name;
use apollo_compiler::ast::OperationType;

use super::dijkstra::{Action, From, Run, State};
use super::route::{Breadth, Entrance, JOIN, LEVEL, REQUEST, Way};
use super::{Considered, Goal, Search};
use crate::error::PlanError;
use crate::field_set::FieldSet;
use crate::graph::{EntityMove, Move, NodeId, Requires};
use crate::model::{SubgraphId, TypeId};
use crate::tree::{FieldId, PositionId, Tree};

/// Costs beyond this are not told apart. Sets that need each other may multiply what they cost.
const DEAR: u32 = 1 << 22;

/// How deep keys may need keys, and required fields others. It bounds the stack.
const MAX_NESTING: usize = 40;

impl<'m> Search<'m> {
    /// Moves to the same entities in another request.
    pub(super) fn jump(
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
        let entries = if run.is_beaten(cost + JOIN) {
            Vec::new()
        } else {
            self.entries_towards(way.breadth, state.node, name.as_ref())
        };
        for entry in entries {
            self.spend()?;
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
            let Some(key_cost) = self.key_cost(way, goal, state, &entry)? else {
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
            let Some(key_cost) = self.key_cost(way, goal, state, &entry)? else {
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

    /// The entity moves from a node. Of those from an object type only the ones that lead to a field, when it is known
    /// which is wanted and the search is not to go everywhere.
    fn entries_towards(
        &self,
        breadth: Breadth,
        from: NodeId,
        wanted: Option<&Name>,
    ) -> Vec<EntityMove<'m>> {
        let (graph, model) = (self.supergraph.graph(), self.supergraph.model());
        let here = graph.node(from);
        let wanted = wanted.filter(|_| breadth.is_straight());
        let Some(name) = wanted.filter(|_| self.supergraph.is_object(here.ty)) else {
            let moves = graph.entity_moves(model, from);
            return moves
                .filter_map(|found| match found {
                    Move::Key(entry) | Move::InterfaceObject(entry) => Some(entry),
                    Move::Field(..) | Move::AbstractType(..) => None,
                })
                .collect();
        };
        let targets = self.resolvers(here.ty, name).map(|node| graph.node(node));
        let elsewhere = targets.filter(|node| !node.provided && node.subgraph != here.subgraph);
        elsewhere
            .flat_map(|node| graph.entries(model, node.ty, node.subgraph))
            .collect()
    }

    /// The nodes at which a field of an object type can be had: its own, and those of the interface objects that stand
    /// for it.
    pub(super) fn resolvers<'a>(
        &'a self,
        object: TypeId,
        name: &'a Name,
    ) -> impl Iterator<Item = NodeId> + use<'a, 'm> {
        let (graph, model) = (self.supergraph.graph(), self.supergraph.model());
        let own = graph.resolvers(object, name).iter();
        let interfaces = model.ty(object).interfaces.iter();
        let stand_ins = interfaces
            .flat_map(move |interface| graph.resolvers(*interface, name))
            .filter(move |node| graph.node(**node).interface_object);
        own.chain(stand_ins).copied()
    }

    /// The node at which a field of an object type can be had, when there is only one.
    pub(super) fn only_resolver(&self, object: TypeId, name: &Name) -> Option<NodeId> {
        let mut nodes = self.resolvers(object, name);
        nodes.next().filter(|_| nodes.next().is_none())
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
        requires: Option<Arc<Requires>>,
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
                let Some(extra) = self.requires_cost(position, state, &requires, considered)?
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
        way: &Way,
        goal: &Goal,
        state: State,
        entry: &EntityMove<'_>,
    ) -> Result<Option<u32>, PlanError> {
        let position = way.positions[state.index];
        let (graph, model) = (self.supergraph.graph(), self.supergraph.model());
        let is_told = graph.tells(model, state.node, &entry.key.fields);
        if !is_told && self.has_goal(way, goal, state.index, &entry.key.fields) {
            return Ok(None);
        }
        let considered = (position, state.scope, entry.target, entry.key_index);
        self.set_cost(position, state, &entry.key.fields, considered, true)
    }

    /// True when the goal is in a field set at one of the positions on the way to it: who has the set needs to go
    /// nowhere.
    fn has_goal(&self, way: &Way, goal: &Goal, index: usize, set: &FieldSet) -> bool {
        let Some(leaf) = goal.wanted.field() else {
            return false;
        };
        let mut set = set;
        for field in way.fields[index..].iter().chain([&leaf]) {
            let field = self.tree.field(*field);
            match set.field(&field.name) {
                Some(below) if field.arguments.is_empty() => set = below,
                _ => return false,
            }
        }
        true
    }

    fn set_cost(
        &mut self,
        position: PositionId,
        state: State,
        set: &FieldSet,
        considered: Considered,
        for_key: bool,
    ) -> Result<Option<u32>, PlanError> {
        if self.tells(state.node, set) {
            return Ok(Some(0));
        }
        self.consider(considered, |search| {
            search.cost_of(position, state.scope, set, for_key)
        })
    }

    fn requires_cost(
        &mut self,
        position: PositionId,
        state: State,
        requires: &Requires,
        considered: Considered,
    ) -> Result<Option<u32>, PlanError> {
        let told = self.tells(state.node, &requires.fields);
        if told && requires.contexts.is_empty() {
            return Ok(Some(0));
        }
        self.consider(considered, |search| {
            let mut cost = 0;
            if !told {
                match search.cost_of(position, state.scope, &requires.fields, false)? {
                    Some(fields) => cost = fields,
                    None => return Ok(None),
                }
            }
            let contexts = search.cost_of_contexts(position, &requires.contexts)?;
            Ok(contexts.map(|contexts| contexts.saturating_add(cost)))
        })
    }

    fn tells(&self, node: NodeId, set: &FieldSet) -> bool {
        let supergraph = self.supergraph;
        supergraph.graph().tells(supergraph.model(), node, set)
    }

    /// Works out what something costs, unless it is known already or being worked out further out.
    fn consider(
        &mut self,
        considered: Considered,
        work_out: impl FnOnce(&mut Self) -> Result<Option<u32>, PlanError>,
    ) -> Result<Option<u32>, PlanError> {
        if let Some(known) = self.costs.get(&considered) {
            return Ok(*known);
        }
        if self.placing.contains(&considered) {
            self.circle = Some(0);
            return Ok(None);
        }
        let depth = self.considering.len();
        let mut circle = self
            .considering
            .iter()
            .position(|known| *known == considered);
        if circle.is_none() && depth >= MAX_NESTING {
            self.is_too_deep = true;
            circle = Some(0);
        }
        if let Some(circle) = circle {
            self.circle = Some(self.circle.map_or(circle, |known| known.min(circle)));
            return Ok(None);
        }
        let outer = self.circle.take();
        self.considering.push(considered);
        let cost = work_out(self);
        self.considering.pop();
        let cost = cost?.map(|cost| cost.min(DEAR));
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

    pub(super) fn request_cost(&self, level: u32, subgraph: SubgraphId) -> u32 {
        let latest = self.requests.get(&subgraph);
        if latest.is_some_and(|latest| *latest >= level) {
            JOIN
        } else {
            REQUEST
        }
    }
}

fn jump_action(entry: &EntityMove<'_>, requires: Option<Arc<Requires>>) -> Action {
    Action::Jump {
        target: entry.target,
        key_index: entry.key_index,
        requires,
    }
}
