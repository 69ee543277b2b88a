//! What a request may cost.

use serde::Deserialize;

/// `limits`. A request beyond a limit is refused with an error that names the limit, its value and its key.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// The longest request body, in bytes. Default 2,000,000.
    pub http_max_request_bytes: usize,
    /// The most tokens of a document. Default 15,000.
    pub parser_max_tokens: usize,
    /// The deepest nesting that the parser follows. Default 500.
    pub parser_max_recursion: usize,
    /// The deepest nesting of fields; a leaf at the root has depth 1. Default 50, `null` for none.
    pub max_depth: Option<u32>,
    /// The most fields, those of a fragment counted wherever it is spread. Default none.
    pub max_height: Option<u32>,
    /// The most fields at the root. Default 200, `null` for none.
    pub max_root_fields: Option<u32>,
    /// The most aliases, those of a fragment counted wherever it is spread. Default 500, `null` for none.
    pub max_aliases: Option<u32>,
    /// Whether introspection is kept from nesting lists, which makes answers grow exponentially. Default true.
    pub introspection_max_depth: bool,
    /// Only log operations that are deeper, higher or have more aliases or root fields than allowed. Default false.
    pub warn_only: bool,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            http_max_request_bytes: 2_000_000,
            parser_max_tokens: 15_000,
            parser_max_recursion: 500,
            max_depth: Some(50),
            max_height: None,
            max_root_fields: Some(200),
            max_aliases: Some(500),
            introspection_max_depth: true,
            warn_only: false,
        }
    }
}
