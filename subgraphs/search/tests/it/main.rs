//! The search subgraph: events in, GraphQL out.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "what a test cannot set up or find fails the test"
)]

mod filters;
mod following;
mod indexes;
mod model;
mod rebuilding;
mod schema;
mod text;
mod world;
