//! A subgraph's response body -> the tree.

use bytes::Bytes;

use crate::json::{Cursor, JsonError, MAX_DEPTH, unescape};
use crate::prepared::asked::Keys;
use crate::symbols::{NO_SYMBOL, Position, Prediction, Symbol, Symbols, TYPENAME};
use crate::tree::{NewChain, Object, ObjectId, Span, Tree, TreeValue};

/// What a response body holds.
#[derive(Debug)]
pub(crate) struct Body {
    /// The value of `data`; `None` when there is no such entry.
    pub data: Option<TreeValue>,
    /// The JSON text of `errors`, unless it is absent, null or empty.
    pub errors: Option<Bytes>,
}

/// Why a body is not a GraphQL response.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ParseError {
    #[error("the response is not JSON: {0}")]
    Json(#[from] JsonError),
    #[error("the response is not UTF-8")]
    NotUtf8,
    #[error("the response is neither data nor errors")]
    NotGraphQL,
    #[error("the response is too long")]
    TooLong,
}

/// About how many bytes of a body become one node.
const BYTES_PER_NODE: usize = 32;
/// How many nodes there is room for at most before any have been read.
const MOST_RESERVED: usize = 1 << 16;

/// Parses a body into the tree. Keys that the plan does not know, or that are not among those `asked` for below the root, are
/// passed over. On an error the tree is as it was.
pub(crate) fn parse_body(
    tree: &mut Tree,
    symbols: &Symbols,
    prediction: &mut Prediction,
    asked: &Keys,
    body: &Bytes,
) -> Result<Body, ParseError> {
    std::str::from_utf8(body).map_err(|_| ParseError::NotUtf8)?;
    let buffer = tree.keep(body.clone()).ok_or(ParseError::TooLong)?;
    let mark = tree.mark();
    tree.nodes
        .reserve((body.len() / BYTES_PER_NODE).min(MOST_RESERVED));
    let mut parser = Parser {
        cursor: Cursor { text: body, at: 0 },
        tree,
        symbols,
        prediction,
        asked,
        buffer,
    };
    let parsed = parser.body(body);
    if parsed.is_err() {
        tree.cut(mark);
    }
    parsed
}

struct Parser<'a> {
    cursor: Cursor<'a>,
    tree: &'a mut Tree,
    symbols: &'a Symbols,
    prediction: &'a mut Prediction,
    asked: &'a Keys,
    buffer: u16,
}

impl Parser<'_> {
    fn body(&mut self, bytes: &Bytes) -> Result<Body, ParseError> {
        self.cursor.expect(b'{', "expected an object")?;
        let mut body = Body {
            data: None,
            errors: None,
        };
        let mut more = !self.cursor.closes(b'}')?;
        while more {
            let key = self.cursor.key()?;
            let unescaped = unescape(key);
            match unescaped.as_ref().map_or(key, String::as_bytes) {
                b"data" => body.data = Some(self.value(NO_SYMBOL, 1)?),
                b"errors" => {
                    let text = self.cursor.skip_value(1)?;
                    body.errors = (text != b"null" && text != b"[]").then(|| bytes.slice_ref(text));
                }
                _ => {
                    self.cursor.skip_value(1)?;
                }
            }
            more = self.cursor.another(b'}')?;
        }
        self.cursor.end()?;
        if body.data.is_none() && body.errors.is_none() {
            return Err(ParseError::NotGraphQL);
        }
        Ok(body)
    }

    /// The value under `key`, or an item of the list under it.
    fn value(&mut self, key: Symbol, depth: usize) -> Result<TreeValue, JsonError> {
        let first = self.cursor.peek()?;
        let start = self.cursor.at;
        match first {
            b'"' => {
                self.cursor.string()?;
                Ok(TreeValue::String(self.span(start)))
            }
            b'{' | b'[' if depth >= MAX_DEPTH => Err(self.cursor.error("nested too deep")),
            b'{' => self.object_or_raw(key, depth),
            b'[' => self.list(key, depth),
            b't' => self.cursor.word(b"true").map(|()| TreeValue::Bool(true)),
            b'f' => self.cursor.word(b"false").map(|()| TreeValue::Bool(false)),
            b'n' => self.cursor.word(b"null").map(|()| TreeValue::Null),
            b'-' | b'0'..=b'9' => {
                self.cursor.number()?;
                Ok(TreeValue::Number(self.span(start)))
            }
            _ => Err(self.cursor.error("expected a value")),
        }
    }

    fn object_or_raw(&mut self, key: Symbol, depth: usize) -> Result<TreeValue, JsonError> {
        let start = self.cursor.at;
        let key_use = self.symbols.key_use(key);
        if key_use.leaf && !key_use.composite {
            self.cursor.skip_value(depth)?;
            return Ok(TreeValue::Raw(self.span(start)));
        }
        let object = self.object(key, depth)?;
        if key_use.leaf {
            self.tree.raw_objects.insert(object, self.span(start));
        }
        Ok(TreeValue::Object(object))
    }

    fn object(&mut self, parent: Symbol, depth: usize) -> Result<ObjectId, JsonError> {
        let object = self.tree.objects.len() as ObjectId;
        self.tree.objects.push(Object::EMPTY);
        let mut chain = NewChain::default();
        let mut type_name = NO_SYMBOL;
        let mut position = Position::FirstUnder(parent);

        self.cursor.at += 1;
        let mut more = !self.cursor.closes(b'}')?;
        while more {
            let name = self.cursor.key()?;
            let is_asked = |key: &Symbol| parent == NO_SYMBOL || self.asked.have_below(*key);
            let Some(key) = self.resolve(position, name).filter(is_asked) else {
                self.cursor.skip_value(depth + 1)?;
                more = self.cursor.another(b'}')?;
                continue;
            };
            position = Position::After(key);
            let value = self.value(key, depth + 1)?;
            if key == TYPENAME
                && let TreeValue::String(span) = value
            {
                type_name = self.type_name(parent, span);
            }
            chain.push(&mut self.tree.nodes, key, value);
            more = self.cursor.another(b'}')?;
        }
        self.tree.objects[object as usize] = Object {
            first: chain.first,
            last: chain.last,
            type_name,
            walk: 0,
        };
        Ok(object)
    }

    fn type_name(&mut self, parent: Symbol, span: Span) -> Symbol {
        let start = span.start as usize + 1;
        let name = &self.cursor.text[start..start + span.len as usize - 2];
        self.resolve(Position::TypeUnder(parent), name)
            .unwrap_or_else(|| self.symbols.unknown_type(parent))
    }

    /// The symbol of a name. Names of the plan have no escapes, so only one that it does not know may be written with any.
    fn resolve(&mut self, position: Position, name: &[u8]) -> Option<Symbol> {
        let known = self.prediction.resolve(self.symbols, position, name);
        if known.is_some() {
            return known;
        }
        let name = unescape(name)?;
        self.prediction
            .resolve(self.symbols, position, name.as_bytes())
    }

    fn list(&mut self, key: Symbol, depth: usize) -> Result<TreeValue, JsonError> {
        let mut chain = NewChain::default();
        self.cursor.at += 1;
        let mut more = !self.cursor.closes(b']')?;
        while more {
            let value = self.value(key, depth + 1)?;
            chain.push(&mut self.tree.nodes, NO_SYMBOL, value);
            more = self.cursor.another(b']')?;
        }
        Ok(TreeValue::List {
            first: chain.first,
            len: chain.len,
        })
    }

    /// From `start` to here.
    fn span(&self, start: usize) -> Span {
        Span {
            buffer: self.buffer,
            start: start as u32,
            len: (self.cursor.at - start) as u32,
        }
    }
}
