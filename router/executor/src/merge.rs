//! Puts what a fetch brought where it belongs in the tree.

use crate::symbols::TYPENAME;
use crate::tree::{END, ObjectId, Tree, TreeValue};

/// Merges the `data` of a fetch of root fields into the objects that wait for it.
pub(crate) fn merge_root(tree: &mut Tree, targets: &[ObjectId], data: ObjectId) {
    for target in targets {
        merge_object(tree, *target, data);
    }
}

/// Merges entities into the objects that wait for them. `targets` names an item of the list `entities` by index;
/// a null entity leaves its targets as they are. Items that are neither object nor null are counted in the
/// result.
pub(crate) fn merge_entities(tree: &mut Tree, targets: &[(ObjectId, u32)], first: u32) -> usize {
    let entities: Vec<TreeValue> = tree.chain(first).map(|item| item.value).collect();
    let is_wrong = |value: &&TreeValue| !matches!(value, TreeValue::Object(_) | TreeValue::Null);
    let wrong = entities.iter().filter(is_wrong).count();
    for &(target, index) in targets {
        if let Some(TreeValue::Object(entity)) = entities.get(index as usize) {
            merge_object(tree, target, *entity);
        }
    }
    wrong
}

/// Adds the fields of `from` to `to`. The nodes are copied, since `from` may be merged into several objects;
/// the objects under them are shared.
fn merge_object(tree: &mut Tree, to: ObjectId, from: ObjectId) {
    if to == from {
        return;
    }
    let was_empty = tree.objects[to as usize].first == END;
    let mut next = tree.objects[from as usize].first;
    while let Some(node) = tree.item(next) {
        next = node.next;
        let known = if was_empty {
            None
        } else {
            tree.field_node(to, node.key)
        };
        match known {
            None => tree.push_field(to, node.key, node.value),
            Some(id) => {
                let merged = merge_value(tree, tree.nodes[id as usize].value, node.value);
                tree.nodes[id as usize].value = merged;
            }
        }
        // A concrete type replaces the name of an interface object's type.
        if node.key == TYPENAME && matches!(node.value, TreeValue::String(_)) {
            tree.objects[to as usize].type_name = tree.objects[from as usize].type_name;
        }
    }
}

/// A field that two fetches brought: fields of both objects, and the newer of two leaves unless it is null.
fn merge_value(tree: &mut Tree, old: TreeValue, new: TreeValue) -> TreeValue {
    match (old, new) {
        (old, TreeValue::Null) => old,
        (TreeValue::Object(to), TreeValue::Object(from)) => {
            merge_object(tree, to, from);
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
                let merged = merge_value(tree, old_item.value, new_item.value);
                tree.nodes[to as usize].value = merged;
                (to, from) = (old_item.next, new_item.next);
            }
            old
        }
        // Lists of different lengths cannot be the same list: what came first stays whole.
        (TreeValue::List { .. }, TreeValue::List { .. }) => old,
        (_, new) => new,
    }
}
