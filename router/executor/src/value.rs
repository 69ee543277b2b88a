//! A value from a subgraph in the same process -> the tree, without JSON in between.

use std::fmt::{self, Debug, Display};
use std::io::Write;
use std::sync::Arc;

use bytes::Bytes;

use crate::json::{MAX_DEPTH, write_string};
use crate::prepared::asked::Keys;
use crate::symbols::{KeyUse, NO_SYMBOL, Position, Prediction, Symbol, Symbols, TYPENAME, UNKNOWN};
use crate::tree::{NewChain, Object, ObjectId, Span, Tree, TreeValue};

/// A value that a subgraph in the same process tells when it is asked to.
#[derive(Clone)]
pub struct Value {
    tell: Arc<dyn Fn(&mut ValueBuilder<'_>) + Send + Sync>,
}

impl Value {
    /// A value that `tell` tells in one walk over its source, depth first, like a JSON writer: `object_start`, then
    /// `key` and a value for each member, then `object_end`.
    pub fn new(tell: impl Fn(&mut ValueBuilder<'_>) + Send + Sync + 'static) -> Value {
        Value {
            tell: Arc::new(tell),
        }
    }
}

impl Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Value").finish_non_exhaustive()
    }
}

/// Why a value could not be taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ValueError {
    /// The builder was not told a well-formed value.
    #[error("the response is not a well-formed value")]
    Malformed,
    /// Deeper than the stack allows.
    #[error("the response is nested too deep")]
    TooDeep,
    /// More text than a span can address.
    #[error("the response is too long")]
    TooLong,
}

/// How long a value is.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Length {
    /// Its text, in bytes.
    pub text: usize,
    /// How many nodes of the tree it becomes.
    pub nodes: usize,
}

/// What was taken in.
pub(crate) struct Told {
    pub value: TreeValue,
    pub length: Length,
}

/// How many nodes there is room for at most before any have been told.
const MOST_RESERVED: usize = 1 << 16;

/// Adds a value to the tree. Keys that the plan does not know, or that are not among those `asked` for below the root, are
/// passed over. `expected` is a guess at its length. On an error the tree is as it was.
pub(crate) fn take_in(
    tree: &mut Tree,
    symbols: &Symbols,
    prediction: &mut Prediction,
    asked: &Keys,
    value: &Value,
    expected: Length,
) -> Result<Told, ValueError> {
    // Spans name the buffer while it is being filled, so its place is taken first.
    let buffer = tree.keep(Bytes::new()).ok_or(ValueError::TooLong)?;
    let mark = tree.mark();
    let known = tree.nodes.len();
    tree.nodes.reserve(expected.nodes.min(MOST_RESERVED));
    let mut builder = ValueBuilder {
        tree,
        symbols,
        prediction,
        asked,
        buffer,
        text: Vec::with_capacity(expected.text),
        open: Vec::with_capacity(16),
        whole: None,
        problem: None,
    };
    (value.tell)(&mut builder);
    let (text, told) = builder.finish();
    match told {
        Ok(value) => {
            let length = Length {
                text: text.len(),
                nodes: tree.nodes.len() - known,
            };
            tree.replace_buffer(buffer, Bytes::from(text));
            Ok(Told { value, length })
        }
        Err(error) => {
            tree.cut(mark);
            Err(error)
        }
    }
}

/// Takes in what a [`Value`] tells.
pub struct ValueBuilder<'a> {
    tree: &'a mut Tree,
    symbols: &'a Symbols,
    prediction: &'a mut Prediction,
    asked: &'a Keys,
    /// The JSON text of strings, numbers and custom scalars, one after the other. It becomes a buffer of the tree.
    text: Vec<u8>,
    buffer: u16,
    /// The lists and objects around what comes next, from the outermost to the innermost.
    open: Vec<Open>,
    whole: Option<TreeValue>,
    problem: Option<ValueError>,
}

/// Where a value stands.
#[derive(Debug, Clone, Copy)]
struct Slot {
    /// The key that it is under, with any number of lists in between.
    key: Symbol,
    /// Whether it becomes part of the tree.
    is_built: bool,
    /// Whether it is part of the text of a custom scalar.
    is_written: bool,
}

/// A list or an object that is not complete.
struct Open {
    slot: Slot,
    is_built: bool,
    is_written: bool,
    /// Nothing has been written since its bracket.
    is_first: bool,
    chain: NewChain,
    /// What only an object has.
    object: Option<OpenObject>,
}

struct OpenObject {
    id: ObjectId,
    type_name: Symbol,
    /// Where its text begins, when that is kept as a custom scalar's value.
    kept_from: Option<usize>,
    position: Position,
    /// The key whose value comes next.
    key: Option<Symbol>,
}

impl ValueBuilder<'_> {
    /// Adds null.
    pub fn null(&mut self) {
        self.word("null", TreeValue::Null);
    }

    /// Adds a Boolean.
    pub fn bool(&mut self, value: bool) {
        let word = if value { "true" } else { "false" };
        self.word(word, TreeValue::Bool(value));
    }

    /// Adds a number in its JSON text, which must be a valid JSON number.
    pub fn number(&mut self, json: impl Display) {
        let Some(slot) = self.wanted() else {
            return;
        };
        let start = self.text.len();
        // Writing to a vector cannot fail.
        let _ = write!(self.text, "{json}");
        self.put(slot, TreeValue::Number(self.span(start)));
    }

    /// Adds a string or an enum value.
    pub fn string(&mut self, value: &str) {
        let Some(slot) = self.wanted() else {
            return;
        };
        let start = self.text.len();
        write_string(&mut self.text, value);
        self.put(slot, TreeValue::String(self.span(start)));
    }

    /// Opens a list.
    pub fn list_start(&mut self) {
        let slot = self.slot();
        if slot.is_written {
            self.text.push(b'[');
        }
        self.push(Open {
            slot,
            is_built: slot.is_built,
            is_written: slot.is_written,
            is_first: true,
            chain: NewChain::default(),
            object: None,
        });
    }

    /// Closes the innermost list.
    pub fn list_end(&mut self) {
        let Some(open) = self.open.pop_if(|open| open.object.is_none()) else {
            return self.is_malformed();
        };
        if open.is_written {
            self.text.push(b']');
        }
        let list = TreeValue::List {
            first: open.chain.first,
            len: open.chain.len,
        };
        self.put(open.slot, list);
    }

    /// Opens an object.
    pub fn object_start(&mut self) {
        let slot = self.slot();
        let used = match slot.is_built {
            true => self.symbols.key_use(slot.key),
            false => KeyUse::default(),
        };
        let is_built = slot.is_built && (used.composite || !used.leaf);
        let is_written = slot.is_written || used.leaf;
        let kept_from = used.leaf.then_some(self.text.len());
        if is_written {
            self.text.push(b'{');
        }
        let id = self.tree.objects.len() as ObjectId;
        if is_built {
            self.tree.objects.push(Object::EMPTY);
        }
        self.push(Open {
            slot,
            is_built,
            is_written,
            is_first: true,
            chain: NewChain::default(),
            object: Some(OpenObject {
                id,
                type_name: NO_SYMBOL,
                kept_from,
                position: Position::FirstUnder(slot.key),
                key: None,
            }),
        });
    }

    /// Names the member whose value comes next.
    pub fn key(&mut self, key: &str) {
        let Some(open) = self.open.last_mut() else {
            return self.is_malformed();
        };
        let Some(object) = open.object.as_mut().filter(|object| object.key.is_none()) else {
            return self.is_malformed();
        };
        if open.is_written {
            if !std::mem::take(&mut open.is_first) {
                self.text.push(b',');
            }
            write_string(&mut self.text, key);
            self.text.push(b':');
        }
        let symbol = match open.is_built {
            true => self
                .prediction
                .resolve(self.symbols, object.position, key.as_bytes()),
            false => None,
        };
        let is_root = open.slot.key == NO_SYMBOL;
        let symbol = symbol.filter(|symbol| is_root || self.asked.have_below(*symbol));
        if let Some(symbol) = symbol {
            object.position = Position::After(symbol);
        }
        object.key = Some(symbol.unwrap_or(UNKNOWN));
    }

    /// Closes the innermost object.
    pub fn object_end(&mut self) {
        let is_complete = |open: &mut Open| {
            let object = open.object.as_ref();
            object.is_some_and(|object| object.key.is_none())
        };
        let Some(Open {
            slot,
            is_built,
            is_written,
            chain,
            object: Some(object),
            ..
        }) = self.open.pop_if(is_complete)
        else {
            return self.is_malformed();
        };
        if is_written {
            self.text.push(b'}');
        }
        let text = object.kept_from.map(|start| self.span(start));
        let value = match (is_built, text) {
            (true, text) => {
                self.tree.objects[object.id as usize] = Object {
                    first: chain.first,
                    last: chain.last,
                    type_name: object.type_name,
                    walk: 0,
                };
                if let Some(text) = text {
                    self.tree.raw_objects.insert(object.id, text);
                }
                TreeValue::Object(object.id)
            }
            (false, Some(text)) => TreeValue::Raw(text),
            (false, None) => return,
        };
        self.put(slot, value);
    }

    fn finish(self) -> (Vec<u8>, Result<TreeValue, ValueError>) {
        let told = match (self.problem, self.whole) {
            (Some(problem), _) => Err(problem),
            (None, Some(_)) if u32::try_from(self.text.len()).is_err() => Err(ValueError::TooLong),
            (None, Some(value)) if self.open.is_empty() => Ok(value),
            (None, _) => Err(ValueError::Malformed),
        };
        (self.text, told)
    }

    fn is_malformed(&mut self) {
        self.problem.get_or_insert(ValueError::Malformed);
    }

    fn word(&mut self, word: &str, value: TreeValue) {
        let Some(slot) = self.wanted() else {
            return;
        };
        if slot.is_written {
            self.text.extend_from_slice(word.as_bytes());
        }
        self.put(slot, value);
    }

    /// Where the next value stands, if anybody wants it.
    fn wanted(&mut self) -> Option<Slot> {
        let slot = self.slot();
        (slot.is_built || slot.is_written).then_some(slot)
    }

    /// Where the next value stands.
    fn slot(&mut self) -> Slot {
        let nowhere = Slot {
            key: UNKNOWN,
            is_built: false,
            is_written: false,
        };
        let Some(open) = self.open.last_mut() else {
            if self.whole.is_some() {
                self.is_malformed();
                return nowhere;
            }
            return Slot {
                key: NO_SYMBOL,
                is_built: true,
                is_written: false,
            };
        };
        let key = match &mut open.object {
            Some(object) => object.key.take(),
            None => {
                if open.is_written && !std::mem::take(&mut open.is_first) {
                    self.text.push(b',');
                }
                Some(open.slot.key)
            }
        };
        let Some(key) = key else {
            self.is_malformed();
            return nowhere;
        };
        Slot {
            key,
            is_built: open.is_built && key != UNKNOWN,
            is_written: open.is_written,
        }
    }

    fn push(&mut self, open: Open) {
        if self.open.len() >= MAX_DEPTH {
            self.problem.get_or_insert(ValueError::TooDeep);
        }
        self.open.push(open);
    }

    /// Puts a value where it stands.
    fn put(&mut self, slot: Slot, value: TreeValue) {
        if !slot.is_built {
            return;
        }
        let Some(open) = self.open.last_mut() else {
            self.whole = Some(value);
            return;
        };
        let Some(object) = &mut open.object else {
            open.chain.push(&mut self.tree.nodes, NO_SYMBOL, value);
            return;
        };
        open.chain.push(&mut self.tree.nodes, slot.key, value);
        if slot.key == TYPENAME
            && let TreeValue::String(span) = value
        {
            let start = span.start as usize + 1;
            // A text that spans cannot address is refused in the end.
            let name = self
                .text
                .get(start..start + (span.len as usize).saturating_sub(2));
            let name = name.unwrap_or_default();
            let position = Position::TypeUnder(open.slot.key);
            let known = self.prediction.resolve(self.symbols, position, name);
            object.type_name = known.unwrap_or_else(|| self.symbols.unknown_type(open.slot.key));
        }
    }

    /// From `start` to the end of the text. A text too long for the numbers is refused as a whole in the end.
    fn span(&self, start: usize) -> Span {
        Span {
            buffer: self.buffer,
            start: start as u32,
            len: (self.text.len() - start) as u32,
        }
    }
}
