//! The order subgraph as a client and its peers see it: GraphQL in, PostgreSQL behind.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test whose story cannot go on should fail at once"
)]

mod carts;
mod crashes;
mod outside;
mod placing;
mod reading;
mod rights;
mod selling;
mod settling;
mod watching;
mod world;
