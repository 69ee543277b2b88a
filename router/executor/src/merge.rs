//! Puts what a fetch brought where it belongs in the tree.

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
pub(crate) fn merge_root(tree: &mut Tree, targets: &[ObjectId], data: ObjectId) -> Misfits {
    let mut misfits = Misfits::default();
    for (index, target) in targets.iter().enumerate() {
        let data = match index > 0 && tree.is_unshared {
            true => tree.copy(data),
            false => data,
        };
        merge_object(tree, *target, data, &mut misfits.values);
    }
    misfits
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
) -> MergedEntities {
    let entities: Vec<TreeValue> = tree.chain(first).map(|item| item.value).collect();
    let is_wrong = |value: &&TreeValue| !matches!(value, TreeValue::Object(_) | TreeValue::Null);
    let mut misfits = Misfits {
        entities: entities.iter().filter(is_wrong).count(),
        values: 0,
    };
    let mut without = Vec::new();
    let mut merged = vec![false; if tree.is_unshared { entities.len() } else { 0 }];
    for &(target, index) in targets {
        if let Some(TreeValue::Object(entity)) = entities.get(index as usize) {
            let is_again = merged
                .get_mut(index as usize)
                .is_some_and(|merged| std::mem::replace(merged, true));
            let entity = if is_again {
                tree.copy(*entity)
            } else {
                *entity
            };
            merge_object(tree, target, entity, &mut misfits.values);
        } else {
            without.push(target);
        }
    }
    MergedEntities { misfits, without }
}

/// Adds the fields of `from` to `to`. The nodes are copied, since `from` may be merged into several objects;
/// the objects under them are shared. `misfits` counts values that contradict each other.
fn merge_object(tree: &mut Tree, to: ObjectId, from: ObjectId, misfits: &mut usize) {
    if to == from {
        return;
    }
    let mut known_keys = KeySet::of(tree, to);
    let mut next = tree.objects[from as usize].first;
    while let Some(node) = tree.item(next) {
        next = node.next;
        let known = match known_keys.may_have(node.key) {
            true => tree.field_node(to, node.key),
            false => None,
        };
        match known {
            None => {
                tree.push_field(to, node.key, node.value);
                known_keys.add(node.key);
            }
            Some(id) => {
                let merged = merge_value(tree, tree.nodes[id as usize].value, node.value, misfits);
                tree.nodes[id as usize].value = merged;
            }
        }
        // A concrete type replaces the name of an interface object's type.
        if node.key == TYPENAME && matches!(node.value, TreeValue::String(_)) {
            tree.objects[to as usize].type_name = tree.objects[from as usize].type_name;
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

/// A field that two fetches brought: fields of both objects, and the newer of two leaves unless it is null. Of two values
/// that contradict each other the one that has fields stays, and of two such the older.
fn merge_value(tree: &mut Tree, old: TreeValue, new: TreeValue, misfits: &mut usize) -> TreeValue {
    match (old, new) {
        (old, TreeValue::Null) => old,
        (TreeValue::Null, new) => new,
        (TreeValue::Object(to), TreeValue::Object(from)) => {
            merge_object(tree, to, from, misfits);
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
            while let (Some(old_item), Some(new_item)) = (tree.item(to), tree.item(from)) {
                let merged = merge_value(tree, old_item.value, new_item.value, misfits);
                tree.nodes[to as usize].value = merged;
                (to, from) = (old_item.next, new_item.next);
            }
            old
        }
        (TreeValue::Object(_) | TreeValue::List { .. }, _)
        | (_, TreeValue::Object(_) | TreeValue::List { .. }) => {
            let (old_has, new_has) = (has_fields(tree, old), has_fields(tree, new));
            *misfits += usize::from(old_has || new_has);
            if old_has { old } else { new }
        }
        (_, new) => new,
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
