//! Serving a subgraph: over HTTP and WebSocket, and inside the process. Both go through [`execute`] and
//! [`execute_stream`], so they behave alike.

mod execute;
mod health;
mod http;
mod peers;
mod tasks;
mod websocket;

pub use self::execute::{error_response, execute, execute_stream};
pub use self::health::{Readiness, cache_check, database_check};
pub use self::http::{Serving, correlation_id, router};
pub use self::peers::{HttpTransport, LocalTransport};
pub use self::tasks::Tasks;
