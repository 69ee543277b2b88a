//! Ways to send more than one response.

mod connection;
mod multipart;
mod protocol;
mod sse;
pub(crate) mod stream;
pub(crate) mod websocket;
