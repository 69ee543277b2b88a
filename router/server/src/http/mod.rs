//! GraphQL over HTTP: from bytes to a GraphQL request, and back.

pub(crate) mod cors;
pub(crate) mod csrf;
pub(crate) mod media;
pub(crate) mod request;
pub(crate) mod response;
