//! A value from a subgraph in the same process, without JSON to parse in between.

use std::collections::HashMap;
use std::fmt::Display;
use std::io::Write;

use crate::json::write_string;

/// A finished value: what [`ValueBuilder`] was told, in order.
#[derive(Debug, Clone, Default)]
pub struct Value {
    pub(crate) tokens: Vec<Token>,
    pub(crate) keys: Vec<Box<str>>,
    /// The JSON text of strings and numbers, one after the other. It becomes a buffer of the tree as it is.
    pub(crate) text: Vec<u8>,
    /// How deep lists and objects are nested.
    pub(crate) max_depth: usize,
}

/// How long a value is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ValueRoom {
    tokens: usize,
    /// In bytes.
    text: usize,
}

impl Value {
    /// How long it is.
    pub fn room(&self) -> ValueRoom {
        ValueRoom {
            tokens: self.tokens.len(),
            text: self.text.len(),
        }
    }
}

/// One step of a value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Token {
    Null,
    Bool(bool),
    Number {
        start: u32,
        len: u32,
    },
    String {
        start: u32,
        len: u32,
    },
    ListStart,
    ListEnd,
    ObjectStart,
    /// Index into `keys`; the member's value follows.
    Key(u32),
    ObjectEnd,
}

/// Builds a [`Value`] in one walk over the source, depth first, like a JSON writer: `object_start`, then `key`
/// and a value for each member, then `object_end`.
#[derive(Debug, Default)]
pub struct ValueBuilder {
    value: Value,
    /// `after[k]` is the key that followed key `k` last time: objects of one list repeat their keys in order.
    after: Vec<u32>,
    last_key: u32,
    depth: usize,
    ids: HashMap<Box<str>, u32>,
}

impl ValueBuilder {
    /// An empty builder.
    pub fn new() -> ValueBuilder {
        ValueBuilder::default()
    }

    /// An empty builder with room for a value that was this long, such as the last answer to the same operation.
    pub fn with_room(room: ValueRoom) -> ValueBuilder {
        let mut builder = ValueBuilder::default();
        builder.value.tokens.reserve(room.tokens);
        builder.value.text.reserve(room.text);
        builder
    }

    /// Adds null.
    pub fn null(&mut self) {
        self.value.tokens.push(Token::Null);
    }

    /// Adds a Boolean.
    pub fn bool(&mut self, value: bool) {
        self.value.tokens.push(Token::Bool(value));
    }

    /// Adds a number in its JSON text, which must be a valid JSON number.
    pub fn number(&mut self, json: impl Display) {
        let start = self.value.text.len();
        // Writing to a vector cannot fail.
        let _ = write!(self.value.text, "{json}");
        let (start, len) = self.since(start);
        self.value.tokens.push(Token::Number { start, len });
    }

    /// Adds a string or an enum value.
    pub fn string(&mut self, value: &str) {
        let start = self.value.text.len();
        write_string(&mut self.value.text, value);
        let (start, len) = self.since(start);
        self.value.tokens.push(Token::String { start, len });
    }

    /// Opens a list.
    pub fn list_start(&mut self) {
        self.open(Token::ListStart);
    }

    /// Closes the innermost list.
    pub fn list_end(&mut self) {
        self.close(Token::ListEnd);
    }

    /// Opens an object.
    pub fn object_start(&mut self) {
        self.open(Token::ObjectStart);
    }

    /// Names the member whose value comes next.
    pub fn key(&mut self, key: &str) {
        let id = self.key_id(key);
        self.value.tokens.push(Token::Key(id));
    }

    /// Closes the innermost object.
    pub fn object_end(&mut self) {
        self.close(Token::ObjectEnd);
    }

    /// The value, complete.
    pub fn finish(self) -> Value {
        self.value
    }

    /// Start and length of what was written to the text since it had this length. A text too long for the numbers is
    /// refused as a whole when the value is taken in.
    fn since(&self, start: usize) -> (u32, u32) {
        (start as u32, (self.value.text.len() - start) as u32)
    }

    fn open(&mut self, token: Token) {
        self.depth += 1;
        self.value.max_depth = self.value.max_depth.max(self.depth);
        self.value.tokens.push(token);
    }

    fn close(&mut self, token: Token) {
        self.depth = self.depth.saturating_sub(1);
        self.value.tokens.push(token);
    }

    fn key_id(&mut self, key: &str) -> u32 {
        let guess = self.after.get(self.last_key as usize).copied().unwrap_or(0);
        let guessed_right = self
            .value
            .keys
            .get(guess as usize)
            .is_some_and(|known| &**known == key);
        let id = if guessed_right {
            guess
        } else {
            self.look_up(key)
        };
        if let Some(after) = self.after.get_mut(self.last_key as usize) {
            *after = id;
        }
        self.last_key = id;
        id
    }

    fn look_up(&mut self, key: &str) -> u32 {
        if let Some(id) = self.ids.get(key) {
            return *id;
        }
        let id = self.value.keys.len() as u32;
        self.value.keys.push(key.into());
        self.after.push(id + 1);
        self.ids.insert(key.into(), id);
        id
    }
}
