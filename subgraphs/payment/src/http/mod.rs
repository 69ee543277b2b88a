//! Routes beside GraphQL.

pub mod checkout;
pub mod webhook;
