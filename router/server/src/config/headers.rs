//! Which headers subgraphs get.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{HeaderText, HeaderValueText, Pattern};

/// `headers`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Headers {
    /// Rules for every subgraph.
    pub all: HeaderRules,
    /// Rules for the subgraphs of these names, after those for every subgraph.
    pub subgraphs: BTreeMap<String, HeaderRules>,
}

/// `headers.all` and `headers.subgraphs.<name>`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HeaderRules {
    /// Rules for requests to subgraphs, applied in order. Without a rule nothing of the client's is passed on.
    pub request: Vec<HeaderRule>,
}

/// One rule: a map with one of the keys `propagate`, `insert` and `remove`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeaderRule {
    /// Pass a header of the client on.
    Propagate(Propagate),
    /// Set a header.
    Insert(Insert),
    /// Take out what rules before this one have set.
    Remove(Remove),
}

/// `propagate`: exactly one of `named` and `matching`.
#[derive(Debug, Clone, PartialEq)]
pub enum Propagate {
    /// One header.
    Named {
        /// Its name.
        named: HeaderText,
        /// The name for the subgraph, when it is another.
        rename: Option<HeaderText>,
        /// The value when the client sent none.
        default: Option<HeaderValueText>,
    },
    /// Every header whose name the pattern matches in whole.
    Matching(Pattern),
}

impl<'de> Deserialize<'de> for Propagate {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Propagate, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Keys {
            named: Option<HeaderText>,
            rename: Option<HeaderText>,
            default: Option<HeaderValueText>,
            matching: Option<Pattern>,
        }
        let keys = Keys::deserialize(deserializer)?;
        match (keys.named, keys.matching, keys.rename, keys.default) {
            (Some(named), None, rename, default) => Ok(Propagate::Named {
                named,
                rename,
                default,
            }),
            (None, Some(pattern), None, None) => Ok(Propagate::Matching(pattern)),
            _ => Err(serde::de::Error::custom(
                "expected either `named` (with or without `rename` and `default`) or `matching`",
            )),
        }
    }
}

/// `insert`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Insert {
    /// The header's name.
    pub name: HeaderText,
    /// The header's value.
    pub value: HeaderValueText,
}

/// `remove`: exactly one of `named` and `matching`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Remove {
    /// One header.
    Named(HeaderText),
    /// Every header whose name the pattern matches in whole.
    Matching(Pattern),
}
