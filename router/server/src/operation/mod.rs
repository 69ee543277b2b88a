//! From a document's text to a plan: parsing, limits, validation, planning, and the cache of all that.

pub(crate) mod cache;
pub(crate) mod expose;
pub(crate) mod limits;
pub(crate) mod pool;
pub(crate) mod prepare;
pub(crate) mod variables;
