//! Ways to send more than one response.

mod connection;
mod protocol;
pub(crate) mod sse;
pub(crate) mod websocket;
