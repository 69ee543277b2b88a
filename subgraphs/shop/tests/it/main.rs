//! The shop subgraph as the router and other subgraphs meet it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "what a test cannot set up or find fails the test"
)]

mod approval;
mod branches;
mod graph;
mod guards;
mod nearby;
mod shops;
mod snapshots;
mod support;
