//! What every subgraph stands on: PostgreSQL, cache, events, identity, telemetry, serving.

pub mod cache;
pub mod client;
pub mod config;
pub mod database;
pub mod date;
pub mod error;
pub mod events;
pub mod geo;
pub mod id;
pub mod identity;
pub mod input;
pub mod loading;
pub mod migrations;
pub mod money;
pub mod page;
pub mod peers;
pub mod postgres;
pub mod serving;
pub mod subgraph;
pub mod telemetry;
pub mod tls;

pub use date::Date;
pub use error::{ApiError, ApiResult, ErrorCode, OnConstraint};
pub use id::Id;
pub use identity::{Caller, Identity, Role};
pub use subgraph::{GraphqlService, Job, Services, Subgraph};
