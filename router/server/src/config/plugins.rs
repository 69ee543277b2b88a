//! What Apollo Router has as plugins.

use serde::Deserialize;

/// `plugins`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Plugins {
    /// Whether a request with the header `Apollo-Expose-Query-Plan` (or `hive-expose-query-plan`) gets its query plan in
    /// the response's extensions: with the value `true` beside the data, with `dry-run` instead of them. A plan shows how
    /// the graph is made; for development. Default false.
    #[serde(rename = "experimental.expose_query_plan")]
    pub expose_query_plan: bool,
}
