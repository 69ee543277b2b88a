//! Fields of several scopes whose values are planned for together.
//!
//! Where object types differ in how a field of theirs is reached, each has a way of its own to the field. But if all ways
//! lead to the same node, nothing below makes a difference between them: the values are one position, which is entered by
//! several fields. Otherwise nested fields of an interface would have to be planned for every combination of its types.

use apollo_compiler::Name;

use super::{Goal, PlaceId, Search, Wanted};
use crate::error::PlanError;
use crate::graph::NodeId;
use crate::scope::Scope;
use crate::tree::PositionId;

impl Search<'_> {
    /// The scopes of a field, by the only node where its value is to be had. A scope without such a node is alone.
    pub(super) fn by_value(
        &mut self,
        position: PositionId,
        scopes: &[Scope],
        name: &Name,
    ) -> Vec<(Vec<Scope>, Option<NodeId>)> {
        let mut groups: Vec<(Vec<Scope>, Option<NodeId>)> = Vec::new();
        for scope in scopes {
            let node = match scopes {
                [_] => None,
                _ => self.only_value(position, *scope, name),
            };
            let same = groups
                .iter_mut()
                .find(|(_, known)| node.is_some() && *known == node);
            match same {
                Some((scopes, _)) => scopes.push(*scope),
                None => groups.push((vec![*scope], node)),
            }
        }
        groups
    }

    /// The node to which a field of these types leads, if there is only one way and it depends on nothing further up.
    fn only_value(&mut self, position: PositionId, scope: Scope, name: &Name) -> Option<NodeId> {
        let (model, graph) = (self.supergraph.model(), self.supergraph.graph());
        let ty = scope.sample;
        let found = graph.field(self.only_resolver(ty, name)?, name)?;
        let target = found.target?;
        let is_plain = found.label.is_none() && !found.only_in_keys;
        let requires = found.requires.iter();
        let contexts = requires.flat_map(|requires| &requires.contexts).count();
        let is_independent = model.ty(ty).contexts.is_empty() && contexts == 0;
        (is_plain && is_independent && self.is_shared(position, ty)).then_some(target)
    }

    /// Places all ways into the positions above a goal that have several, and into its own.
    pub(super) fn enter_above(&mut self, goal: &Goal) -> Result<(), PlanError> {
        let mut above = vec![goal.position];
        while let Some(field) = above.last().and_then(|at| self.tree.position(*at).parent) {
            above.push(self.tree.field(field).position);
        }
        for position in above.into_iter().rev() {
            let Some(entries) = &self.tree.position(position).entries else {
                continue;
            };
            let fields = entries.fields.clone();
            if !self.entered.insert(position) {
                continue;
            }
            for field in fields {
                self.place_if_it_occurs(&Goal {
                    position: self.tree.field(field).position,
                    wanted: Wanted::Field(field),
                    for_key: false,
                    guard: goal.guard.clone(),
                })?;
            }
        }
        Ok(())
    }

    /// Where the search may start at a position that has several ways in before any is placed.
    pub(super) fn value_before_entry(&self, position: PositionId) -> Option<NodeId> {
        let entries = self.tree.position(position).entries.as_ref()?;
        (!self.entered.contains(&position)).then_some(entries.node)
    }

    /// Hangs a place below one more field.
    pub(super) fn join_place(&mut self, id: PlaceId, at: PlaceId, index: usize) {
        let above = self.place(at);
        let mut steps = above.beside.clone();
        steps.push(above.step);
        steps.extend(&self.place(id).beside);
        steps.push(self.place(id).step);
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
