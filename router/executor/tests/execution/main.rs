//! Plans run against subgraphs that are really served, over HTTP, over WebSocket and in process.

// A test's helpers may panic like the test itself.
#![allow(clippy::expect_used, clippy::unwrap_used)]

mod abstract_types;
mod coercion;
mod compression;
mod connections;
mod entities;
mod errors_of_others;
mod failures;
mod http;
mod in_process;
mod introspection;
mod metrics;
mod null_keys;
mod nulls;
mod origins;
mod planned;
mod robustness;
mod root_fields;
mod sharing;
mod streamed_subscriptions;
mod subscriptions;
mod support;
mod tls;
