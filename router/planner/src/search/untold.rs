//! What would still have to be fetched elsewhere: of two subgraphs that may be asked for a root field, and cost the same,
//! the one is better that leaves fewer entities to be fetched.

use apollo_compiler::collections::{HashMap, HashSet};

use super::{Goal, Search};
use crate::graph::{FieldMove, NodeId};
use crate::tree::{FieldId, PositionId, Tree};

/// More is not worth telling apart.
const MOST: u32 = 19;

/// What the operation asks of each position, and where how much of it cannot be told.
#[derive(Debug, Default)]
pub(super) struct Untold {
    asked: HashMap<PositionId, Vec<FieldId>>,
    known: HashMap<(PositionId, NodeId), u32>,
}

impl Untold {
    pub(super) fn new(tree: &Tree<'_>, goals: &[Goal]) -> Untold {
        let mut asked: HashMap<PositionId, Vec<FieldId>> = HashMap::default();
        let mut seen = HashSet::default();
        for goal in goals {
            // Of several entries one stands for all of them.
            let field = goal.wanted.field().filter(|field| !tree.is_entry(*field));
            let mut open = field.or(tree.position(goal.position).parent);
            while let Some(field) = open.filter(|field| seen.insert(*field)) {
                let position = tree.field(field).position;
                asked.entry(position).or_default().push(field);
                open = tree.position(position).parent;
            }
        }
        Untold {
            asked,
            known: HashMap::default(),
        }
    }
}

impl Search<'_> {
    /// How many of the fields that the operation asks of a position, or further down, cannot be had at a node.
    pub(super) fn untold(&mut self, position: PositionId, node: NodeId) -> u32 {
        if let Some(known) = self.untold.known.get(&(position, node)) {
            return *known;
        }
        let asked = self.untold.asked.get(&position).cloned();
        let mut count = 0;
        for id in asked.unwrap_or_default() {
            count += match self.told(id, node) {
                None => 1,
                Some(found) => match (self.tree.field(id).child, found.target) {
                    (Some(child), Some(target)) => self.untold(child, target),
                    _ => 0,
                },
            };
        }
        let count = count.min(MOST);
        self.untold.known.insert((position, node), count);
        count
    }

    /// How many of the fields that the operation asks of a position itself cannot be had at a node.
    pub(super) fn untold_here(&self, position: PositionId, node: NodeId) -> u32 {
        let asked = self.untold.asked.get(&position).into_iter().flatten();
        asked.filter(|id| self.told(**id, node).is_none()).count() as u32
    }

    /// The move into a field at a node, or at that of the object type for which the field is asked.
    fn told(&self, id: FieldId, node: NodeId) -> Option<&FieldMove> {
        let graph = self.supergraph.graph();
        let field = self.tree.field(id);
        let cast = field.scope.and_then(|scope| graph.cast(node, scope.sample));
        let found = self.field_move(cast.unwrap_or(node), &field.name, false);
        found.filter(|found| found.requires.is_none())
    }
}
