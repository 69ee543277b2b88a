//! How much of a subgraph's trouble clients see.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, de};
use souk_executor::{ErrorPolicy, ExtensionPolicy};

/// `include_subgraph_errors`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IncludeSubgraphErrors {
    /// What clients see of the errors of every subgraph. Default true.
    pub all: Disclosure,
    /// The same for subgraphs by name.
    pub subgraphs: BTreeMap<String, Disclosure>,
}

/// `true`: everything. `false`: that there was an error, and where. Or an object with `redact_message` (default true)
/// and one of `allow_extensions_keys` and `deny_extensions_keys`; `deny_extensions_keys: [service]` keeps the names of
/// subgraphs to ourselves.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Disclosure(pub ErrorPolicy);

impl IncludeSubgraphErrors {
    /// What clients see of this subgraph's errors.
    pub fn policy(&self, subgraph: &str) -> &ErrorPolicy {
        &self.subgraphs.get(subgraph).unwrap_or(&self.all).0
    }
}

impl<'de> Deserialize<'de> for Disclosure {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Disclosure, D::Error> {
        deserializer.deserialize_any(Visitor)
    }
}

struct Visitor;

impl<'de> de::Visitor<'de> for Visitor {
    type Value = Disclosure;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a boolean or an object")
    }

    fn visit_bool<E: de::Error>(self, included: bool) -> Result<Disclosure, E> {
        Ok(Disclosure(if included {
            ErrorPolicy::default()
        } else {
            ErrorPolicy::redact_all()
        }))
    }

    fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Disclosure, A::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Keys {
            #[serde(default = "yes")]
            redact_message: bool,
            allow_extensions_keys: Option<Vec<String>>,
            deny_extensions_keys: Option<Vec<String>>,
        }
        fn yes() -> bool {
            true
        }
        let keys = Keys::deserialize(de::value::MapAccessDeserializer::new(map))?;
        let extensions = match (keys.allow_extensions_keys, keys.deny_extensions_keys) {
            (None, None) => ExtensionPolicy::All,
            (Some(allowed), None) => ExtensionPolicy::Allow(allowed),
            (None, Some(denied)) => ExtensionPolicy::Deny(denied),
            (Some(_), Some(_)) => {
                return Err(de::Error::custom(
                    "expected either `allow_extensions_keys` or `deny_extensions_keys`",
                ));
            }
        };
        Ok(Disclosure(ErrorPolicy {
            redact_message: keys.redact_message,
            extensions,
        }))
    }
}
