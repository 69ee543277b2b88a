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
    value: &Value,
) -> Result<TreeValue, AbsorbError> {
    if value.max_depth > MAX_DEPTH {
        return Err(AbsorbError::TooDeep);
    }
    // The buffer's text is made while its spans are handed out, so its place is taken first.
    let buffer = tree.keep(Bytes::new()).ok_or(AbsorbError::TooLong)?;
    let keys = value
        .keys
        .iter()
        .map(|key| symbols.look_up(key.as_bytes()).unwrap_or(UNKNOWN))
        .collect();
    let text = Vec::with_capacity(value.text.len() + value.text.len() / 4);
    let mut absorber = Absorber {
        tree,
        symbols,
        value,
        keys,
        at: 0,
        text,
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
    value: &'a Value,
    /// The symbols of the value's keys.
    keys: Vec<Symbol>,
    at: usize,
    /// The JSON text that the spans refer to.
    text: Vec<u8>,
    buffer: u16,
}

impl<'a> Absorber<'a> {
    fn next(&mut self) -> Result<Token, AbsorbError> {
        let token = self
            .value
            .tokens
            .get(self.at)
            .copied()
            .ok_or(AbsorbError::Malformed)?;
        self.at += 1;
        Ok(token)
    }

    fn value(&mut self, key: Symbol) -> Result<TreeValue, AbsorbError> {
        let start = self.text.len();
        match self.next()? {
            Token::Null => Ok(TreeValue::Null),
            Token::Bool(value) => Ok(TreeValue::Bool(value)),
            Token::Number { start: from, len } => {
                let number = self.slice(from, len);
                self.text.extend_from_slice(number.as_bytes());
                Ok(TreeValue::Number(self.span(start)))
            }
            Token::String { start: from, len } => {
                let string = self.slice(from, len);
                write_string(&mut self.text, string);
                Ok(TreeValue::String(self.span(start)))
            }
            Token::ListStart => self.list(key),
            Token::ObjectStart => self.object_or_raw(key),
            Token::ListEnd | Token::Key(_) | Token::ObjectEnd => Err(AbsorbError::Malformed),
        }
    }

    fn list(&mut self, key: Symbol) -> Result<TreeValue, AbsorbError> {
        let (mut first, mut last) = (END, END);
        let mut len = 0;
        while self.value.tokens.get(self.at) != Some(&Token::ListEnd) {
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
            let span = self.span(start);
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
                Token::Key(index) => self.keys[index as usize],
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
            write_string(&mut self.text, &self.value.keys[index as usize]);
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
            Token::Number { start, len } => {
                let number = self.slice(start, len);
                self.text.extend_from_slice(number.as_bytes());
            }
            Token::String { start, len } => {
                let string = self.slice(start, len);
                write_string(&mut self.text, string);
            }
            Token::ObjectStart => self.write_members()?,
            Token::ListStart => {
                self.text.push(b'[');
                let mut first = true;
                while self.value.tokens.get(self.at) != Some(&Token::ListEnd) {
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

    fn slice(&self, start: u32, len: u32) -> &'a str {
        &self.value.text[start as usize..(start + len) as usize]
    }

    /// From `start` to the end of the text.
    fn span(&self, start: usize) -> Span {
        Span {
            buffer: self.buffer,
            start: start as u32,
            len: (self.text.len() - start) as u32,
        }
    }
}
