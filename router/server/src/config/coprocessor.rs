//! The service that decides about the policies of `@policy`.

use serde::{Deserialize, Deserializer, de};

use super::{HttpUrl, Period};

/// `coprocessor`: an external service by the protocol of Apollo Router's coprocessors. It is asked at the stage
/// `SupergraphRequest` only, and only about operations that depend on policies; keys of other stages are refused.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coprocessor {
    /// Where it listens: `http` or `https`.
    pub url: HttpUrl,
    /// How long it may take, until the end of its answer. Default 1 s.
    #[serde(default = "a_second")]
    pub timeout: Period,
    /// The stage at which it is asked.
    #[serde(default)]
    pub supergraph: CoprocessorStage,
}

fn a_second() -> Period {
    Period::seconds(1)
}

/// `coprocessor.supergraph`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CoprocessorStage {
    /// What it is told of a request.
    pub request: CoprocessorRequest,
}

/// `coprocessor.supergraph.request`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CoprocessorRequest {
    /// Where it listens at this stage. Default `coprocessor.url`.
    pub url: Option<HttpUrl>,
    /// Which entries of the context it is told, and by which names. Default `all`.
    pub context: ContextEntries,
    /// Whether it is told the headers of the client's request. Default false.
    pub headers: bool,
    /// Whether it is told the HTTP method of the client's request. Default false.
    pub method: bool,
    /// Whether it is told the document, the operation's name and the variables. Default false.
    pub body: bool,
}

/// `coprocessor.supergraph.request.context`. The policies are an entry of the context, so it cannot be `false`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ContextEntries {
    /// `all`
    #[default]
    All,
    /// `deprecated`, or `true`: all, by the names that Apollo Router had for them before 2.0.
    Deprecated,
    /// `selective`: those of these names.
    Selective(Vec<String>),
}

/// An entry of the context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContextEntry {
    /// The claims of the client's token.
    Claims,
    /// What is to be decided.
    Policies,
}

impl ContextEntry {
    /// The name, and the one before Apollo Router 2.0.
    const fn names(self) -> (&'static str, &'static str) {
        match self {
            ContextEntry::Claims => (
                "apollo::authentication::jwt_claims",
                "apollo_authentication::JWT::claims",
            ),
            ContextEntry::Policies => (
                "apollo::authorization::required_policies",
                "apollo_authorization::policies::required",
            ),
        }
    }
}

impl ContextEntries {
    /// The name by which the coprocessor is told the entry; `None` when it is not.
    pub fn name(&self, entry: ContextEntry) -> Option<&'static str> {
        let (name, deprecated) = entry.names();
        match self {
            ContextEntries::All => Some(name),
            ContextEntries::Deprecated => Some(deprecated),
            ContextEntries::Selective(names) => names.iter().any(|n| n == name).then_some(name),
        }
    }
}

impl<'de> Deserialize<'de> for ContextEntries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ContextEntries, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "snake_case")]
        enum Named {
            All,
            Deprecated,
            Selective(Vec<String>),
        }
        #[derive(Deserialize)]
        #[serde(
            untagged,
            expecting = "expected all, deprecated, true, or selective with a list of names"
        )]
        enum Written {
            Switch(bool),
            Named(Named),
        }
        let entries = match Written::deserialize(deserializer)? {
            Written::Switch(true) | Written::Named(Named::Deprecated) => ContextEntries::Deprecated,
            Written::Named(Named::All) => ContextEntries::All,
            Written::Named(Named::Selective(names)) => ContextEntries::Selective(names),
            Written::Switch(false) => ContextEntries::Selective(Vec::new()),
        };
        if entries.name(ContextEntry::Policies).is_none() {
            let (policies, _) = ContextEntry::Policies.names();
            return Err(de::Error::custom(format!(
                "the coprocessor has to be told the policies that it decides about; \
                 write all, or add {policies} under selective"
            )));
        }
        Ok(entries)
    }
}
