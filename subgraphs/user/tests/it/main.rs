//! The user subgraph as the router and other subgraphs meet it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "what a test cannot set up or find fails the test"
)]

mod accounts;
mod addresses;
mod graph;
mod guards;
mod keys;
mod limits;
mod races;
mod sessions;
mod support;
