//! The merged data of all subgraph responses of one request.
//!
//! All values live in two vectors and refer to each other by index: a field or list item is one [`Node`] of 20
//! bytes, an object is the chain of its fields. Strings and numbers are spans of the buffers they came in, with
//! quotes and escapes as they were, so that neither parsing nor writing copies, unescapes or escapes them.
//!
//! An object can be reached from several places, when one entity was asked for once and belongs at several. The
//! chain of an object's fields belongs to that object alone; what is shared is the objects below.

use bytes::Bytes;
use hashbrown::HashMap;

use crate::symbols::{NO_SYMBOL, Symbol};

/// Index of a node.
pub(crate) type NodeId = u32;
/// Index of an object.
pub(crate) type ObjectId = u32;

/// The end of a chain.
pub(crate) const END: NodeId = u32::MAX;
/// The object that holds the operation's root fields.
pub(crate) const ROOT: ObjectId = 0;

/// A field of an object or an item of a list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node {
    /// The field's key; [`NO_SYMBOL`] for an item.
    pub key: Symbol,
    /// The next field or item, or [`END`].
    pub next: NodeId,
    /// What it holds.
    pub value: TreeValue,
}

/// A value of the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TreeValue {
    Null,
    Bool(bool),
    /// The number's JSON text.
    Number(Span),
    /// The string's JSON text, with its quotes.
    String(Span),
    /// The JSON text of an object inside a custom scalar.
    Raw(Span),
    /// A chain of `len` items.
    List {
        first: NodeId,
        len: u32,
    },
    Object(ObjectId),
}

/// A piece of a buffer. Packed so that a [`TreeValue`] keeps its tag in the same 12 bytes.
#[repr(Rust, packed(2))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub buffer: u16,
    pub start: u32,
    pub len: u32,
}

/// An object: the chain of its fields.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Object {
    pub first: NodeId,
    pub last: NodeId,
    /// Its `__typename`: [`NO_SYMBOL`] when it was not asked for, `UNKNOWN` when the plan does not know it and it cannot be a
    /// root type's.
    pub type_name: Symbol,
    /// The last walk that came by; see [`Tree::next_walk`].
    pub walk: u32,
}

impl Object {
    /// An object without fields.
    pub const EMPTY: Object = Object {
        first: END,
        last: END,
        type_name: NO_SYMBOL,
        walk: 0,
    };
}

/// The merged data.
#[derive(Debug)]
pub(crate) struct Tree {
    pub nodes: Vec<Node>,
    pub objects: Vec<Object>,
    buffers: Vec<Bytes>,
    /// The text of objects under keys that are custom scalars at one place and composite at another.
    pub raw_objects: HashMap<ObjectId, Span>,
    walks: u32,
    /// Whether every object is to be at one place only, so that what is merged into it concerns no other place.
    pub is_unshared: bool,
}

/// How much a tree held at some time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TreeMark {
    nodes: usize,
    objects: usize,
}

impl Tree {
    /// A tree with an empty root.
    pub fn new() -> Tree {
        Tree {
            nodes: Vec::with_capacity(256),
            objects: vec![Object::EMPTY],
            buffers: Vec::with_capacity(8),
            raw_objects: HashMap::new(),
            walks: 0,
            is_unshared: false,
        }
    }

    /// How much there is, to [cut](Tree::cut) back to.
    pub fn mark(&self) -> TreeMark {
        TreeMark {
            nodes: self.nodes.len(),
            objects: self.objects.len(),
        }
    }

    /// Takes back what was added since a mark; nothing of before may refer to it. Buffers stay.
    pub fn cut(&mut self, mark: TreeMark) {
        self.nodes.truncate(mark.nodes);
        self.objects.truncate(mark.objects);
        self.raw_objects
            .retain(|object, _| (*object as usize) < mark.objects);
    }

    /// A copy of an object and all below it.
    pub fn copy(&mut self, object: ObjectId) -> ObjectId {
        let known = self.objects[object as usize];
        let copy = self.objects.len() as ObjectId;
        self.objects.push(Object {
            type_name: known.type_name,
            ..Object::EMPTY
        });
        if let Some(text) = self.raw_objects.get(&object).copied() {
            self.raw_objects.insert(copy, text);
        }
        let mut next = known.first;
        while let Some(node) = self.item(next) {
            next = node.next;
            let value = self.copy_value(node.value);
            self.push_field(copy, node.key, value);
        }
        copy
    }

    fn copy_value(&mut self, value: TreeValue) -> TreeValue {
        match value {
            TreeValue::Object(object) => TreeValue::Object(self.copy(object)),
            TreeValue::List { first, len } => {
                let mut copies = Vec::with_capacity(len as usize);
                let mut next = first;
                while let Some(node) = self.item(next) {
                    next = node.next;
                    let value = self.copy_value(node.value);
                    copies.push(Node { value, ..node });
                }
                // Items of a list follow each other, so each copy's successor is the next.
                let start = self.nodes.len() as NodeId;
                let count = copies.len() as NodeId;
                for (index, node) in copies.into_iter().enumerate() {
                    let index = index as NodeId;
                    let next = if index + 1 < count {
                        start + index + 1
                    } else {
                        END
                    };
                    self.nodes.push(Node { next, ..node });
                }
                let first = if count > 0 { start } else { END };
                TreeValue::List { first, len }
            }
            leaf => leaf,
        }
    }

    /// Keeps a buffer alive; spans refer to it by the index returned. `None` when the tree holds too many
    /// buffers, or this one is too long for a span.
    pub fn keep(&mut self, buffer: Bytes) -> Option<u16> {
        let index = u16::try_from(self.buffers.len()).ok()?;
        u32::try_from(buffer.len()).ok()?;
        self.buffers.push(buffer);
        Some(index)
    }

    /// Puts a buffer in the place that was taken for it.
    pub fn replace_buffer(&mut self, index: u16, buffer: Bytes) {
        self.buffers[index as usize] = buffer;
    }

    /// The text of a span.
    pub fn text(&self, span: Span) -> &[u8] {
        let start = span.start as usize;
        &self.buffers[span.buffer as usize][start..start + span.len as usize]
    }

    /// The text of a string without its quotes, escapes as they are.
    pub fn string_content(&self, span: Span) -> &[u8] {
        let text = self.text(span);
        &text[1..text.len() - 1]
    }

    /// Starts a walk: an object whose `walk` is the number returned has been seen in it.
    pub fn next_walk(&mut self) -> u32 {
        self.walks += 1;
        self.walks
    }

    /// Whether an object has been seen in a walk; it has been from now on.
    pub fn visited(&mut self, object: ObjectId, walk: u32) -> bool {
        std::mem::replace(&mut self.objects[object as usize].walk, walk) == walk
    }

    /// The node of a chain at this place; `None` at its end.
    pub fn item(&self, id: NodeId) -> Option<Node> {
        self.nodes.get(id as usize).copied()
    }

    /// Adds a field to the end of an object.
    pub fn push_field(&mut self, object: ObjectId, key: Symbol, value: TreeValue) {
        let id = self.nodes.len() as NodeId;
        self.nodes.push(Node {
            key,
            next: END,
            value,
        });
        let head = &mut self.objects[object as usize];
        let last = std::mem::replace(&mut head.last, id);
        if last == END {
            head.first = id;
        } else {
            self.nodes[last as usize].next = id;
        }
    }

    /// The node of a field.
    pub fn field_node(&self, object: ObjectId, key: Symbol) -> Option<NodeId> {
        let mut id = self.objects[object as usize].first;
        while id != END {
            let node = &self.nodes[id as usize];
            if node.key == key {
                return Some(id);
            }
            id = node.next;
        }
        None
    }

    /// The value of a field.
    pub fn field(&self, object: ObjectId, key: Symbol) -> Option<TreeValue> {
        let id = self.field_node(object, key)?;
        Some(self.nodes[id as usize].value)
    }

    /// The fields of an object or the items of a list, from its first node.
    pub fn chain(&self, first: NodeId) -> Chain<'_> {
        Chain {
            nodes: &self.nodes,
            next: first,
        }
    }
}

/// A chain of nodes that is being made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewChain {
    pub first: NodeId,
    pub last: NodeId,
    pub len: u32,
}

impl Default for NewChain {
    fn default() -> NewChain {
        NewChain {
            first: END,
            last: END,
            len: 0,
        }
    }
}

impl NewChain {
    /// Adds a field, or an item (whose key is [`NO_SYMBOL`]).
    #[inline]
    pub fn push(&mut self, nodes: &mut Vec<Node>, key: Symbol, value: TreeValue) {
        let id = nodes.len() as NodeId;
        nodes.push(Node {
            key,
            next: END,
            value,
        });
        match nodes.get_mut(self.last as usize) {
            Some(last) => last.next = id,
            None => self.first = id,
        }
        self.last = id;
        self.len += 1;
    }
}

/// Walks a chain of nodes.
pub(crate) struct Chain<'a> {
    nodes: &'a [Node],
    next: NodeId,
}

impl Iterator for Chain<'_> {
    type Item = Node;

    fn next(&mut self) -> Option<Node> {
        if self.next == END {
            return None;
        }
        let node = self.nodes[self.next as usize];
        self.next = node.next;
        Some(node)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_twenty_bytes() {
        assert_eq!(size_of::<Node>(), 20);
    }
}
