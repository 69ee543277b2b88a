//! Items of lists by their index. A subgraph's errors name them one by one, in whatever order, so each list is walked once for
//! all of them.

use hashbrown::HashMap;

use crate::tree::{NodeId, Tree, TreeValue};

/// The items of the lists that were looked into, as far as was looked.
#[derive(Default)]
pub(crate) struct Items {
    /// By the first node of the list.
    known: HashMap<NodeId, Vec<NodeId>>,
}

impl Items {
    /// An item of a list; `None` where there is none, and for what is no list.
    pub fn get(&mut self, tree: &Tree, list: TreeValue, index: usize) -> Option<TreeValue> {
        let TreeValue::List { first, .. } = list else {
            return None;
        };
        let known = self.known.entry(first).or_default();
        let last = known.last().and_then(|last| tree.item(*last));
        let mut next = last.map_or(first, |last| last.next);
        while known.len() <= index
            && let Some(node) = tree.item(next)
        {
            known.push(next);
            next = node.next;
        }
        let item = tree.item(*known.get(index)?)?;
        Some(item.value)
    }
}
