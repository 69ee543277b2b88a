//! Puts what a fetch brought where it belongs in the tree, but for what it did not ask for.

use crate::prepared::asked::{Asked, Keys};
use crate::symbols::{Symbol, TYPENAME};
use crate::tree::{ObjectId, Tree, TreeValue};

/// What a merge could not put where it belongs.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Misfits {
    /// Entities that are neither object nor null.
    pub entities: usize,
    /// Values that contradict what another fetch brought: an object or a list of objects where the other has
    /// something else.
    pub values: usize,
}

/// Merges the `data` of a fetch of root fields into the objects that wait for it.
pub(crate) fn merge_root(
    tree: &mut Tree,
    targets: &[ObjectId],
    data: ObjectId,
    asked: &Asked,
) -> Misfits {
    let mut merge = Merge::of(tree, asked);
    for (index, target) in targets.iter().enumerate() {
        let data = match index > 0 && merge.tree.is_unshared {
            true => merge.tree.copy(data),
            false => data,
        };
        merge.object(*target, data, &asked.here);
    }
    Misfits {
        entities: 0,
        values: merge.misfits,
    }
}

/// What came of merging entities.
#[derive(Debug)]
pub(crate) struct MergedEntities {
    pub misfits: Misfits,
    /// The objects whose entity is null.
    pub without: Vec<ObjectId>,
}

/// Merges entities into the objects that wait for them. `targets` names an item of the list `entities` by index;
/// a null entity leaves its targets as they are.
pub(crate) fn merge_entities(
    tree: &mut Tree,
    targets: &[(ObjectId, u32)],
    first: u32,
    asked: &Asked,
) -> MergedEntities {
    let entities: Vec<TreeValue> = tree.chain(first).map(|item| item.value).collect();
    let is_wrong = |value: &&TreeValue| !matches!(value, TreeValue::Object(_) | TreeValue::Null);
    let wrong = entities.iter().filter(is_wrong).count();
    let mut without = Vec::new();
    let mut merged = vec![false; if tree.is_unshared { entities.len() } else { 0 }];
    let mut merge = Merge::of(tree, asked);
    for &(target, index) in targets {
        if let Some(TreeValue::Object(entity)) = entities.get(index as usize) {
            let is_again = merged
                .get_mut(index as usize)
                .is_some_and(|merged| std::mem::replace(merged, true));
            let entity = if is_again {
                merge.tree.copy(*entity)
            } else {
                *entity
            };
            merge.object(target, entity, &asked.here);
        } else {
            without.push(target);
        }
    }
    let misfits = Misfits {
        entities: wrong,
        values: merge.misfits,
    };
    MergedEntities { misfits, without }
}

/// The merge of what one fetch brought.
struct Merge<'a> {
    tree: &'a mut Tree,
    /// What the fetch asked for below the objects that it starts from. All that an answer has there has been asked for but for
    /// types: a subgraph that has only an interface object may tell its own name for them, which replaces none that is known
    /// unless it was asked for.
    below: &'a Keys,
    /// How many values contradict each other so far.
    misfits: usize,
}

impl<'a> Merge<'a> {
    fn of(tree: &'a mut Tree, asked: &'a Asked) -> Merge<'a> {
        Merge {
            tree,
            below: &asked.below,
            misfits: 0,
        }
    }

    /// Adds the fields of `from` that were `asked` for to `to`. The nodes are copied, since `from` may be merged into
    /// several objects; the objects under them are shared.
    fn object(&mut self, to: ObjectId, from: ObjectId, asked: &Keys) {
        if to == from {
            return;
        }
        let mut known_keys = KeySet::of(self.tree, to);
        let mut next = self.tree.objects[from as usize].first;
        while let Some(node) = self.tree.item(next) {
            next = node.next;
            if !asked.has(node.key) {
                continue;
            }
            let known = match known_keys.may_have(node.key) {
                true => self.tree.field_node(to, node.key),
                false => None,
            };
            match known {
                None => {
                    self.tree.push_field(to, node.key, node.value);
                    known_keys.add(node.key);
                }
                Some(id) => {
                    let merged = self.value(self.tree.nodes[id as usize].value, node.value);
                    self.tree.nodes[id as usize].value = merged;
                }
            }
            // A concrete type replaces the name of an interface object's type.
            if node.key == TYPENAME && matches!(node.value, TreeValue::String(_)) {
                let objects = &mut self.tree.objects;
                objects[to as usize].type_name = objects[from as usize].type_name;
            }
        }
    }

    /// A field that two fetches brought: fields of both objects, and the newer of two leaves unless it is null. Of two
    /// values that contradict each other the one that has fields stays, and of two such the older.
    fn value(&mut self, old: TreeValue, new: TreeValue) -> TreeValue {
        match (old, new) {
            (old, TreeValue::Null) => old,
            (TreeValue::Null, new) => new,
            (TreeValue::Object(to), TreeValue::Object(from)) => {
                self.object(to, from, self.below);
                old
            }
            (
                TreeValue::List { first: to, len },
                TreeValue::List {
                    first: from,
                    len: new_len,
                },
            ) if len == new_len => {
                let (mut to, mut from) = (to, from);
                while let (Some(old_item), Some(new_item)) =
                    (self.tree.item(to), self.tree.item(from))
                {
                    let merged = self.value(old_item.value, new_item.value);
                    self.tree.nodes[to as usize].value = merged;
                    (to, from) = (old_item.next, new_item.next);
                }
                old
            }
            (TreeValue::Object(_) | TreeValue::List { .. }, _)
            | (_, TreeValue::Object(_) | TreeValue::List { .. }) => {
                let old_has = has_fields(self.tree, old);
                let new_has = has_fields(self.tree, new);
                self.misfits += usize::from(old_has || new_has);
                if old_has { old } else { new }
            }
            (_, new) => new,
        }
    }
}

/// The keys of an object, roughly: a fetch mostly brings fields that the object does not have yet, and this tells so
/// without going through them for each.
struct KeySet(u64);

impl KeySet {
    fn of(tree: &Tree, object: ObjectId) -> KeySet {
        let mut keys = KeySet(0);
        for field in tree.chain(tree.objects[object as usize].first) {
            keys.add(field.key);
        }
        keys
    }

    fn add(&mut self, key: Symbol) {
        self.0 |= Self::bit(key);
    }

    /// False when the object does not have the key.
    fn may_have(&self, key: Symbol) -> bool {
        self.0 & Self::bit(key) != 0
    }

    fn bit(key: Symbol) -> u64 {
        1 << (key % 64)
    }
}

/// Whether a value is an object or a list that has one in it.
fn has_fields(tree: &Tree, value: TreeValue) -> bool {
    match value {
        TreeValue::Object(_) => true,
        TreeValue::List { first, .. } => tree.chain(first).any(|item| has_fields(tree, item.value)),
        _ => false,
    }
}
