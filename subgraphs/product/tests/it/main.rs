//! The product subgraph as its callers see it: GraphQL in, PostgreSQL behind, events out.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on should say why"
)]

mod catalogue;
mod categories;
mod consumers;
mod entities;
mod errors;
mod market;
mod ownership;
mod properties;
mod schema;
mod statements;
mod stock;
mod variants;
