//! The bus in process.

use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use futures::stream::BoxStream;
use tokio::sync::broadcast;

use super::Event;
use super::bus::{Bus, BusError, Heard, LISTENER_BACKLOG, Queue, fits, heard};
use super::inbox::{self, Arrival};

/// Carries events within one process, straight into the inboxes: as durable as their databases are.
pub struct LocalBus {
    queues: RwLock<Vec<Queue>>,
    live: broadcast::Sender<Heard>,
}

impl Default for LocalBus {
    fn default() -> Self {
        LocalBus {
            queues: RwLock::default(),
            live: broadcast::Sender::new(LISTENER_BACKLOG),
        }
    }
}

impl LocalBus {
    fn queues(&self) -> Vec<Queue> {
        self.queues
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

#[async_trait]
impl Bus for LocalBus {
    async fn publish(&self, events: &[Event]) -> Result<(), BusError> {
        for queue in self.queues() {
            let mut arrivals = Vec::new();
            for event in events {
                let wanted = queue
                    .patterns
                    .iter()
                    .any(|pattern| fits(pattern, event.payload.event_type()));
                if wanted {
                    let failed = |error: serde_json::Error| BusError::Inbox {
                        queue: queue.name.clone(),
                        reason: error.to_string(),
                    };
                    arrivals.push(Arrival::from_event(event).map_err(failed)?);
                }
            }
            store(&queue, &arrivals).await?;
        }
        for event in events {
            // An error means that nobody listens.
            let _ = self.live.send(Heard::Event(Arc::new(event.clone())));
        }
        Ok(())
    }

    async fn declare(&self, _: &Queue) -> Result<(), BusError> {
        // Events wait in the outbox until a process runs, and a process binds its queues before it publishes.
        Ok(())
    }

    async fn bind(&self, queue: Queue) -> Result<(), BusError> {
        let mut queues = self.queues.write().unwrap_or_else(PoisonError::into_inner);
        queues.push(queue);
        Ok(())
    }

    fn listen(&self, patterns: &'static [&'static str]) -> BoxStream<'static, Heard> {
        heard(self.live.subscribe(), patterns)
    }

    async fn ready(&self) -> bool {
        true
    }
}

/// Writes arrivals into the queue's inbox.
pub(super) async fn store(queue: &Queue, arrivals: &[Arrival]) -> Result<(), BusError> {
    if arrivals.is_empty() {
        return Ok(());
    }
    let failed = |reason: String| BusError::Inbox {
        queue: queue.name.clone(),
        reason,
    };
    let mut connection = queue
        .database
        .get()
        .await
        .map_err(|error| failed(error.to_string()))?;
    inbox::store(&mut connection, &queue.name, arrivals)
        .await
        .map_err(|error| failed(error.to_string()))
}
