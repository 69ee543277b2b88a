#![doc = include_str!("../README.md")]
//!
//! # Inside
//!
//! A request passes these stages, in the order of the modules: `observe` gives it a correlation id and a span,
//! `graphql` tells POST, GET, server-sent events and WebSocket apart, `http` and `streaming` read it, `service`
//! asks `authentication` and the [`RequestHook`] who it is, `authorization` and the `coprocessor` what it may see,
//! `operation` turns its document into a plan, and the executor of the current `engine` runs that.

mod authentication;
mod authorization;
pub mod config;
mod connections;
mod coprocessor;
mod correlation;
mod deadline;
mod engine;
mod error;
mod file_watch;
mod graphql;
mod health;
mod hook;
mod http;
mod observe;
mod operation;
mod outgoing;
mod override_labels;
mod page;
mod propagation;
mod router;
mod service;
mod streaming;
mod subscriber;
mod threads;
mod transports;
mod watch;

pub use authentication::{KeySource, KeySourceError};
pub use authorization::Claims;
pub use config::{ConfigError, RouterConfig};
pub use connections::serve_routes;
pub use coprocessor::CoprocessorSetupError;
pub use correlation::{CORRELATION_ID, CorrelationId};
pub use engine::SupergraphLoadError;
pub use error::{GraphQLError, Location};
pub use file_watch::{FileWatch, WatchError};
pub use hook::RequestHook;
pub use override_labels::OverrideLabels;
pub use router::{MetricsText, Router, RouterBuilder, RouterError, RouterHandle};
pub use transports::{HttpTransports, TransportFactory, TransportSetupError};
pub use watch::SupergraphWatch;
