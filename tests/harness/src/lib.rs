//! What tests stand on. Everything is real and private: PostgreSQL, Redis and RabbitMQ run on free ports or sockets of
//! their own and end after the tests. A missing program fails the test with the name of the package to install.
//!
//! PostgreSQL and RabbitMQ are shared by all test processes that run at the same time, see [`shared`]; a test gets a
//! database, or a virtual host, of its own.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that cannot be set up should fail at once and say why"
)]

pub mod client;
pub mod database;
mod graphql;
pub mod identity;
pub mod market;
pub mod peers;
pub mod platform;
mod process;
mod proxy;
mod rabbit;
mod redis;
mod services;
pub mod shared;

pub use client::{Client, Refusal, Subscription};
pub use database::{database, database_url, empty_database_url};
pub use graphql::{data, error_code, execute, subscribe};
pub use nix::sys::signal::Signal;
pub use platform::{Launch, Platform};
pub use process::{Process, free_port, wait_for};
pub use proxy::Proxy;
pub use rabbit::RabbitMq;
pub use redis::Redis;
pub use services::{Background, services, services_on};
