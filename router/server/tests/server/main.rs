//! The router as its clients see it: over HTTP, WebSocket, server-sent events and multipart, in front of two subgraphs.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that panics has failed, as it should"
)]
#![allow(
    clippy::needless_pass_by_value,
    reason = "`json!` makes values, and tests hand them on"
)]

mod authentication;
mod authorization;
mod compression;
mod coprocessor;
mod cross_site;
mod endpoint;
mod exposed_plans;
mod graphiql;
mod key_sets;
mod limits;
mod logs;
mod multipart;
mod over_http;
mod override_labels;
mod reference;
mod reload;
mod server_sent_events;
mod shutdown;
mod subgraph_traffic;
mod subscribers;
mod support;
mod threads;
mod time_limits;
mod unreachable;
mod validation;
mod variables;
mod web_socket;
