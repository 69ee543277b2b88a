//! The payment subgraph as order, buyers, providers and the router meet it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "what a test cannot set up or find fails the test"
)]

mod audit;
mod internal;
mod paying;
mod reading;
mod refunds;
mod webhooks;
mod world;
