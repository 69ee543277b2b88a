//! Supergraph and operation in, query plan out.
//!
//! The stages, in the order in which data flows through them:
//!
//! 1. [`supergraph`] reads a supergraph schema into the federation [`model`] and the API schema;
//! 2. [`graph`] lays the moves between (type, subgraph) nodes over the model
//!    ([`reach`] answers what can be found there at all, whatever it costs);
//! 3. `normalise` turns an operation into fields per set of runtime types, fragments and literal conditions gone
//!    (`gate` says what the client may not see of it);
//! 4. `search` finds, for every field, the cheapest way through the graph, and notes what each request selects;
//! 5. `build` orders the requests by level, merges them and writes their texts;
//! 6. `projection` says how the client's answer is cut from the merged data.
//!
//! The result is a [`plan::QueryPlan`]. It prints as text; [`plan::QueryPlan::to_json`] writes it as Apollo's tools do,
//! [`plan::QueryPlan::to_graphviz`] and [`plan::QueryPlan::to_mermaid`] draw it.

mod build;
mod credentials;
mod error;
pub mod field_set;
mod format;
mod gate;
pub mod graph;
mod guard;
pub mod literal;
pub mod model;
mod normalise;
mod nulls;
pub mod plan;
mod planner;
mod problems;
mod projection;
pub mod reach;
mod scope;
mod search;
pub mod supergraph;
mod text;
mod tree;

pub use credentials::{Authorization, Credentials};
pub use error::PlanError;
pub use planner::Planner;
pub use supergraph::{SubgraphInfo, Supergraph, SupergraphError};

/// Compiles and runs the README's example.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
