//! Random graphs, random data and random operations: the graph has to answer like one server.

mod build;
mod closure;
mod demands;
mod dice;
mod differential;
mod directives;
mod features;
mod fields;
mod operation;
mod print;
mod protect;
mod restricted;
mod sample;
mod settle;
mod shrink;
mod types;
mod unsplit;
mod values;
mod vary;
mod whole;

pub use differential::{
    Failure, FailureKind, Tally, check, differ, features, operation, shrink, subgraphs,
};
pub use sample::Sample;
pub use whole::Size;
