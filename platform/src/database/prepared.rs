//! Statements that stay prepared.

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};

/// A statement that its connection prepares once and keeps, see [`prepared`].
#[derive(Debug, Clone, Copy)]
pub struct Prepared<S>(S);

/// Prepares the statement once for each connection, where diesel would do so every time: updates, upserts, inserts of
/// several rows and SQL given as text. It saves a round trip, and PostgreSQL the parsing and planning, which together
/// cost more than most statements.
///
/// Only for statements that have the same text every time, or one of a few: each text is kept for as long as the
/// connection lives.
pub fn prepared<S>(statement: S) -> Prepared<S> {
    Prepared(statement)
}

impl<S: QueryFragment<Pg>> QueryFragment<Pg> for Prepared<S> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }

    fn is_safe_to_cache_prepared(&self, _: &Pg) -> QueryResult<bool> {
        Ok(true)
    }
}

impl<S> QueryId for Prepared<S> {
    type QueryId = ();
    // Found again by its text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<S: Query> Query for Prepared<S> {
    type SqlType = S::SqlType;
}
