#![doc = include_str!("../README.md")]
#![allow(
    clippy::expect_used,
    reason = "a fixture that cannot be read fails the test"
)]

mod case;
mod data;
mod directives;
mod executable;
mod execute;
mod faults;
mod formula;
mod graph;
mod hidden;
mod http;
mod normal;
mod oracle;
pub mod random;
mod resolve;
mod run;
mod server;
mod transport;

pub use case::{Case, Expectation};
pub use graph::Graph;
pub use run::{Outcome, Runner, Wrong, WrongKind};
