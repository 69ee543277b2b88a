//! The platform against real servers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot be set up should fail at once"
)]

mod cache;
mod cluster;
mod database;
mod events;
mod logs;
mod migrations;
mod serving;
