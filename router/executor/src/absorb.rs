//! A value from a subgraph in the same process -> the tree.

use bytes::Bytes;

use crate::json::{MAX_DEPTH, write_string};
use crate::symbols::{NO_SYMBOL, Symbol, Symbols, TYPENAME, UNKNOWN};
use crate::tree::{END, Node, NodeId, Object, ObjectId, Span, Tree, TreeValue};
use crate::value::{Token, Value};

/// Why a value could not be taken in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AbsorbError {
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

/// Adds a value to the tree. Keys that the plan does not know are passed over.
pub(crate) fn absorb(
    tree: &mut Tree,
    symbols: &Symbols,
    value: Value,
) -> Result<TreeValue, AbsorbError> {
    if value.max_depth > MAX_DEPTH {
        return Err(AbsorbError::TooDeep);
    }
    u32::try_from(value.text.len()).map_err(|_| AbsorbError::TooLong)?;
    // The text of objects inside custom scalars is added while spans are handed out, so the buffer's place is taken first.
    let buffer = tree.keep(Bytes::new()).ok_or(AbsorbError::TooLong)?;
    let keys = value.keys.iter();
    let key_symbols = keys.map(|key| symbols.look_up(key.as_bytes()).unwrap_or(UNKNOWN));
    let mut absorber = Absorber {
        tree,
        symbols,
        tokens: &value.tokens,
        keys: &value.keys,
        key_symbols: key_symbols.collect(),
        at: 0,
        text: value.text,
        buffer,
    };
    let absorbed = absorber.value(NO_SYMBOL)?;
    if absorber.at != value.tokens.len() {
        return Err(AbsorbError::Malformed);
    }
    let text = absorber.text;
    u32::try_from(text.len()).map_err(|_| AbsorbError::TooLong)?;
    tree.replace_buffer(buffer, Bytes::from(text));
    Ok(absorbed)
}

struct Absorber<'a> {
    tree: &'a mut Tree,
    symbols: &'a Symbols,
    tokens: &'a [Token],
    keys: &'a [Box<str>],
    /// The symbols of the keys.
    key_symbols: Vec<Symbol>,
    at: usize,
    /// The JSON text that the spans refer to: the value's own, then that of objects inside custom scalars.
    text: Vec<u8>,
    buffer: u16,
}

impl Absorber<'_> {
    fn next(&mut self) -> Result<Token, AbsorbError> {
        let token = self.tokens.get(self.at).copied();
        let token = token.ok_or(AbsorbError::Malformed)?;
        self.at += 1;
        Ok(token)
    }

    fn value(&mut self, key: Symbol) -> Result<TreeValue, AbsorbError> {
        match self.next()? {
            Token::Null => Ok(TreeValue::Null),
            Token::Bool(value) => Ok(TreeValue::Bool(value)),
            Token::Number { start, len } => Ok(TreeValue::Number(self.span(start, len))),
            Token::String { start, len } => Ok(TreeValue::String(self.span(start, len))),
            Token::ListStart => self.list(key),
            Token::ObjectStart => self.object_or_raw(key),
            Token::ListEnd | Token::Key(_) | Token::ObjectEnd => Err(AbsorbError::Malformed),
        }
    }

    fn list(&mut self, key: Symbol) -> Result<TreeValue, AbsorbError> {
        let (mut first, mut last) = (END, END);
        let mut len = 0;
        while self.tokens.get(self.at) != Some(&Token::ListEnd) {
            let value = self.value(key)?;
            let id = self.tree.nodes.len() as NodeId;
            self.tree.nodes.push(Node {
                key: NO_SYMBOL,
                next: END,
                value,
            });
            if last == END {
                first = id;
            } else {
                self.tree.nodes[last as usize].next = id;
            }
            last = id;
            len += 1;
        }
        self.at += 1;
        Ok(TreeValue::List { first, len })
    }

    fn object_or_raw(&mut self, key: Symbol) -> Result<TreeValue, AbsorbError> {
        let key_use = self.symbols.key_use(key);
        let members = self.at;
        if key_use.leaf {
            let start = self.text.len();
            self.write_members()?;
            let span = self.span(start as u32, (self.text.len() - start) as u32);
            if !key_use.composite {
                return Ok(TreeValue::Raw(span));
            }
            self.at = members;
            let object = self.object()?;
            self.tree.raw_objects.insert(object, span);
            return Ok(TreeValue::Object(object));
        }
        self.object().map(TreeValue::Object)
    }

    fn object(&mut self) -> Result<ObjectId, AbsorbError> {
        let object = self.tree.objects.len() as ObjectId;
        self.tree.objects.push(Object::EMPTY);
        loop {
            let key = match self.next()? {
                Token::ObjectEnd => return Ok(object),
                Token::Key(index) => self.key_symbols[index as usize],
                _ => return Err(AbsorbError::Malformed),
            };
            if key == UNKNOWN {
                self.skip_value()?;
                continue;
            }
            let value = self.value(key)?;
            self.tree.push_field(object, key, value);
            if key == TYPENAME
                && let TreeValue::String(span) = value
            {
                let start = span.start as usize + 1;
                let name = &self.text[start..start + span.len as usize - 2];
                self.tree.objects[object as usize].type_name =
                    self.symbols.look_up(name).unwrap_or(UNKNOWN);
            }
        }
    }

    fn skip_value(&mut self) -> Result<(), AbsorbError> {
        let mut open = 0usize;
        loop {
            match self.next()? {
                Token::ListStart | Token::ObjectStart => open += 1,
                Token::ListEnd | Token::ObjectEnd => {
                    open = open.checked_sub(1).ok_or(AbsorbError::Malformed)?;
                }
                Token::Key(_) if open == 0 => return Err(AbsorbError::Malformed),
                _ => {}
            }
            if open == 0 {
                return Ok(());
            }
        }
    }

    /// Writes the members of an object whose start is behind us, as JSON text with its braces.
    fn write_members(&mut self) -> Result<(), AbsorbError> {
        self.text.push(b'{');
        let mut first = true;
        loop {
            let index = match self.next()? {
                Token::ObjectEnd => break,
                Token::Key(index) => index,
                _ => return Err(AbsorbError::Malformed),
            };
            if !std::mem::take(&mut first) {
                self.text.push(b',');
            }
            write_string(&mut self.text, &self.keys[index as usize]);
            self.text.push(b':');
            self.write_value()?;
        }
        self.text.push(b'}');
        Ok(())
    }

    fn write_value(&mut self) -> Result<(), AbsorbError> {
        match self.next()? {
            Token::Null => self.text.extend_from_slice(b"null"),
            Token::Bool(true) => self.text.extend_from_slice(b"true"),
            Token::Bool(false) => self.text.extend_from_slice(b"false"),
            Token::Number { start, len } | Token::String { start, len } => {
                let start = start as usize;
                self.text.extend_from_within(start..start + len as usize);
            }
            Token::ObjectStart => self.write_members()?,
            Token::ListStart => {
                self.text.push(b'[');
                let mut first = true;
                while self.tokens.get(self.at) != Some(&Token::ListEnd) {
                    if !std::mem::take(&mut first) {
                        self.text.push(b',');
                    }
                    self.write_value()?;
                }
                self.at += 1;
                self.text.push(b']');
            }
            Token::ListEnd | Token::Key(_) | Token::ObjectEnd => {
                return Err(AbsorbError::Malformed);
            }
        }
        Ok(())
    }

    fn span(&self, start: u32, len: u32) -> Span {
        Span {
            buffer: self.buffer,
            start,
            len,
        }
    }
}
