//! What a subgraph does when an event arrives.

use async_trait::async_trait;
use diesel_async::AsyncPgConnection;

use super::Event;
use crate::error::ApiError;

/// Works the events of some types. One consumer is one durable queue, shared by all instances of its subgraph.
#[async_trait]
pub trait Consumer: Send + Sync {
    /// The consumer's name, unique within its subgraph: part of the queue's name, so never change it lightly.
    fn name(&self) -> &'static str;

    /// The types it wants, as topic patterns: `shop.*`, `payment.succeeded`.
    fn patterns(&self) -> &'static [&'static str];

    /// Applies the event. It runs in the transaction that also marks the event as worked, so an effect in the
    /// database happens once. It must not commit or roll back itself.
    async fn consume(
        &self,
        connection: &mut AsyncPgConnection,
        event: &Event,
    ) -> Result<(), ConsumeError>;
}

/// Why an event could not be worked.
#[derive(Debug, thiserror::Error)]
pub enum ConsumeError {
    /// It may work later: it is tried again with growing pauses, then goes to the dead letters.
    #[error("{0}")]
    Retry(String),
    /// It will never work: it goes to the dead letters at once.
    #[error("{0}")]
    Reject(String),
}

impl From<diesel::result::Error> for ConsumeError {
    fn from(error: diesel::result::Error) -> Self {
        ConsumeError::Retry(error.to_string())
    }
}

impl From<ApiError> for ConsumeError {
    fn from(error: ApiError) -> Self {
        ConsumeError::Retry(error.message)
    }
}
