//! How long a request may take.

use std::time::Duration;

use http::{HeaderValue, StatusCode, header};
use tokio::time::{Instant, timeout_at};

use crate::error::Refusal;

const KEY: &str = "traffic_shaping.router.timeout";

/// When a request has taken too long. One for all that is done for the request, from reading its body on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    at: Instant,
    limit: Duration,
}

impl Deadline {
    pub fn after(limit: Duration) -> Deadline {
        Deadline {
            at: Instant::now() + limit,
            limit,
        }
    }

    /// What the client has to send; 408 when it has not come in time.
    pub async fn receive<T>(
        self,
        work: impl Future<Output = Result<T, Refusal>>,
    ) -> Result<T, Refusal> {
        timeout_at(self.at, work).await.unwrap_or_else(|_| {
            let message = format!(
                "the request body did not arrive within the {:?} allowed",
                self.limit
            );
            let refusal = Refusal::http(StatusCode::REQUEST_TIMEOUT, message, "REQUEST_TIMEOUT")
                .configured_by(KEY);
            // The rest of the body may still come, so the connection cannot be used again.
            Err(refusal.with_header(header::CONNECTION, HeaderValue::from_static("close")))
        })
    }

    /// What the router has to do; 504 when it is not done in time.
    pub async fn answer<T>(
        self,
        work: impl Future<Output = Result<T, Refusal>>,
    ) -> Result<T, Refusal> {
        timeout_at(self.at, work).await.unwrap_or_else(|_| {
            let message = format!(
                "the operation took longer than the {:?} allowed",
                self.limit
            );
            Err(
                Refusal::http(StatusCode::GATEWAY_TIMEOUT, message, "GATEWAY_TIMEOUT")
                    .configured_by(KEY),
            )
        })
    }
}
