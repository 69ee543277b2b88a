//! What kinds of hints there are.

use std::fmt;

/// The code of a hint, and the level that Apollo's reference gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HintCode {
    /// As it prints.
    pub name: &'static str,
    /// How much hints of this code matter.
    pub level: HintLevel,
}

/// How much a hint matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum HintLevel {
    /// To be checked, though it may be meant for now: mostly, the supergraph leaves out something of a subgraph.
    Warn,
    /// Worth knowing, or something that could be better.
    Info,
    /// A detail of how the supergraph came about.
    Debug,
}

impl HintCode {
    pub(crate) const fn warn(name: &'static str) -> HintCode {
        let level = HintLevel::Warn;
        HintCode { name, level }
    }

    pub(crate) const fn info(name: &'static str) -> HintCode {
        let level = HintLevel::Info;
        HintCode { name, level }
    }

    pub(crate) const fn debug(name: &'static str) -> HintCode {
        let level = HintLevel::Debug;
        HintCode { name, level }
    }
}

impl fmt::Display for HintLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            HintLevel::Warn => "WARN",
            HintLevel::Info => "INFO",
            HintLevel::Debug => "DEBUG",
        })
    }
}
