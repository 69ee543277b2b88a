//! From a document's text to a plan: parsing, limits, validation, planning, and the cache of all that.

pub(crate) mod cache;
pub(crate) mod expose;
mod given;
pub(crate) mod limits;
pub(crate) mod pool;
pub(crate) mod prepare;
mod validation;
pub(crate) mod variables;
