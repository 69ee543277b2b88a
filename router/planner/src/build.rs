//! From steps to plan nodes: levels, merged requests, entity groups.

mod groups;
mod levels;
mod paths;

use std::sync::Arc;

use apollo_compiler::ast::{OperationType, VariableDefinition};
use apollo_compiler::{Name, Node};

use crate::guard::Guard;
use crate::model::SubgraphId;
use crate::plan::{Fetch, Inputs, PlanNode};
use crate::search::{PlaceId, Search, StepId};
use crate::text::Writer;
use crate::tree::Tree;

use levels::Request;
use paths::Paths;

/// Makes the plan's nodes from a finished search. `None` when nothing is fetched.
pub(crate) fn build(
    search: &Search<'_>,
    operation_name: Option<&Name>,
    definitions: &[Node<VariableDefinition>],
) -> Option<PlanNode> {
    let mut builder = Builder {
        search,
        operation_name,
        definitions,
        paths: Paths::new(search.supergraph.model(), &search.tree),
        fetches: 0,
    };
    let mut stages = Vec::new();
    for run in levels::runs(search) {
        for level in run {
            let requests = level
                .iter()
                .map(|request| builder.request(request))
                .collect();
            stages.push(one_or(requests, PlanNode::Parallel)?);
        }
    }
    if search.kind == OperationType::Subscription {
        return subscription(stages);
    }
    one_or(stages, PlanNode::Sequence)
}

fn one_or(mut nodes: Vec<PlanNode>, many: fn(Vec<PlanNode>) -> PlanNode) -> Option<PlanNode> {
    match nodes.len() {
        0 | 1 => nodes.pop(),
        _ => Some(many(nodes)),
    }
}

/// A subscription has one root field and so one root request: the first stage.
fn subscription(mut stages: Vec<PlanNode>) -> Option<PlanNode> {
    if stages.is_empty() {
        return None;
    }
    let rest = stages.split_off(1);
    let PlanNode::Fetch(primary) = stages.pop()? else {
        return None;
    };
    Some(PlanNode::Subscription {
        primary,
        rest: one_or(rest, PlanNode::Sequence).map(Box::new),
    })
}

struct Builder<'a> {
    search: &'a Search<'a>,
    operation_name: Option<&'a Name>,
    definitions: &'a [Node<VariableDefinition>],
    paths: Paths<'a>,
    fetches: usize,
}

impl Builder<'_> {
    fn request(&mut self, request: &Request) -> PlanNode {
        let search = self.search;
        let places: Vec<PlaceId> = request
            .steps
            .iter()
            .map(|step| search.step(*step).place)
            .collect();
        let guard = Guard::any_loosely(places.iter().map(|place| &search.place(*place).guard));
        let is_root = request
            .steps
            .iter()
            .all(|step| search.step(*step).entity.is_none());
        let is_first = request.steps.iter().all(|step| search.is_first(*step));
        let name = self.name(request.subgraph);
        let fetch = if is_root {
            self.root(request.subgraph, name, &places)
        } else {
            self.entities(request.subgraph, name, &request.steps, &guard)
        };
        match guard.to_condition() {
            // A subscription's root field cannot have conditions (section 5.2.4.1).
            Some(condition) if !(is_first && search.kind == OperationType::Subscription) => {
                PlanNode::Condition {
                    condition,
                    then: Box::new(PlanNode::Fetch(fetch)),
                }
            }
            _ => PlanNode::Fetch(fetch),
        }
    }

    fn root(&mut self, subgraph: SubgraphId, name: Option<Name>, places: &[PlaceId]) -> Fetch {
        let writer = Writer::new(self.search, self.definitions);
        let position = places
            .first()
            .map(|place| self.search.place(*place).position);
        let (kind, inputs) = match position {
            Some(position) if position != Tree::ROOT => {
                let path = self.paths.to(position).to_vec();
                (OperationType::Query, Inputs::RootAt(path))
            }
            _ => (self.search.kind, Inputs::Root),
        };
        Fetch {
            subgraph: self.subgraph(subgraph),
            operation: Arc::new(writer.root(kind, name, places)),
            inputs,
            parts: None,
        }
    }

    fn entities(
        &mut self,
        subgraph: SubgraphId,
        name: Option<Name>,
        steps: &[StepId],
        whole: &Guard,
    ) -> Fetch {
        let (groups, fields) =
            groups::entity_groups(self.search, &mut self.paths, steps, whole, self.definitions);
        let writer = Writer::new(self.search, self.definitions);
        let (operation, parts) = writer.entities(name, &fields);
        Fetch {
            subgraph: self.subgraph(subgraph),
            operation: Arc::new(operation),
            inputs: Inputs::Entities(groups),
            parts,
        }
    }

    fn subgraph(&self, id: SubgraphId) -> Arc<str> {
        self.search.supergraph.model().subgraph(id).name.clone()
    }

    /// The client's operation name with subgraph and number, so that a subgraph's log tells where a request is from.
    fn name(&mut self, subgraph: SubgraphId) -> Option<Name> {
        let operation = self.operation_name?;
        let subgraph = self.subgraph(subgraph);
        let number = self.fetches;
        self.fetches += 1;
        let allowed = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
        let subgraph: String = subgraph.chars().map(allowed).collect();
        Name::new(&format!("{operation}__{subgraph}__{number}")).ok()
    }
}
