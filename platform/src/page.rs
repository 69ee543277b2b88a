//! Relay connections with keyset cursors.

use async_graphql::connection::{Connection, CursorType, Edge, EmptyFields};
use async_graphql::{OutputType, SimpleObject};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{ApiError, ApiResult};

/// The page length when a client names none.
pub const DEFAULT_PAGE: usize = 20;
/// The longest page.
pub const LONGEST_PAGE: usize = 100;

/// What `first` and `after` ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<K> {
    /// How many rows the client wants, 1 to 100.
    pub first: usize,
    /// The key of the row before the page, or `None` for the first page.
    pub after: Option<K>,
}

impl<K: DeserializeOwned> Page<K> {
    /// Reads the arguments `first` and `after`.
    pub fn new(first: Option<i32>, after: Option<String>) -> ApiResult<Page<K>> {
        let first = match first {
            None => DEFAULT_PAGE,
            Some(first) => match usize::try_from(first) {
                Ok(first @ 1..=LONGEST_PAGE) => first,
                _ => {
                    return Err(ApiError::bad_input(
                        "first",
                        format!("first must be between 1 and {LONGEST_PAGE}, got {first}"),
                    ));
                }
            },
        };
        let after = match after {
            None => None,
            Some(text) => Some(decode(&text)?),
        };
        Ok(Page { first, after })
    }

    /// How many rows to read: one more than asked for tells whether there is a next page.
    pub fn limit(&self) -> i64 {
        i64::try_from(self.first).unwrap_or(i64::MAX) + 1
    }
}

fn decode<K: DeserializeOwned>(text: &str) -> ApiResult<K> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok();
    bytes
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .ok_or_else(|| {
            ApiError::bad_input(
                "after",
                "this cursor is not one of this list; take it from pageInfo.endCursor",
            )
        })
}

/// The opaque cursor of a key.
pub fn cursor<K: Serialize>(key: &K) -> String {
    // Keys are tuples of strings, numbers, ids and times, which always serialise.
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(key).unwrap_or_default())
}

/// A cursor that is already text.
pub struct TextCursor(String);

impl TextCursor {
    /// A cursor made by [`cursor`].
    pub fn new(text: String) -> TextCursor {
        TextCursor(text)
    }
}

impl CursorType for TextCursor {
    type Error = std::convert::Infallible;

    fn decode_cursor(text: &str) -> Result<Self, Self::Error> {
        Ok(TextCursor(text.to_owned()))
    }

    fn encode_cursor(&self) -> String {
        self.0.clone()
    }
}

/// The number of all rows behind a connection, whatever the page.
#[derive(Debug, Clone, Copy, SimpleObject)]
#[graphql(shareable)]
pub struct Total {
    /// How many there are in all.
    pub total_count: i32,
}

/// What partners read about the type of a connection. The library has no words for it, so each schema sets them with
/// `override_output_type_description`.
pub const ABOUT: &str =
    "A page of a list: a part of it, in its order, and where the next part begins.";

/// A connection whose type is called `{Node}Connection`.
pub type PageOf<Node> = Connection<TextCursor, Node, EmptyFields, EmptyFields>;

/// Builds the connection from up to `first + 1` rows, in list order. `key` gives a row's cursor key.
pub fn connection<Row, K, Node>(
    page: &Page<K>,
    mut rows: Vec<Row>,
    key: impl Fn(&Row) -> K,
    node: impl Fn(Row) -> Node,
) -> PageOf<Node>
where
    K: Serialize,
    Node: OutputType,
{
    let has_next = rows.len() > page.first;
    rows.truncate(page.first);
    let mut connection = Connection::new(page.after.is_some(), has_next);
    for row in rows {
        let cursor = TextCursor(cursor(&key(&row)));
        connection.edges.push(Edge::new(cursor, node(row)));
    }
    connection
}
