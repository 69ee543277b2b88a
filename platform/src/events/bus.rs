//! The bus between subgraphs.

use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::BoxStream;

use super::Event;
use crate::database::Database;

/// Carries events from outboxes to inboxes, and live to whoever listens.
#[async_trait]
pub trait Bus: Send + Sync {
    /// Publishes the events in their order. `Ok` means that every queue bound so far will get them, whatever
    /// crashes now.
    async fn publish(&self, events: &[Event]) -> Result<(), BusError>;

    /// Makes the durable queue known, so that events published from now on are kept for it: also when a broker that
    /// lost its data is connected to again. Whoever publishes declares the queues of all receivers, not only its own.
    async fn declare(&self, queue: &Queue) -> Result<(), BusError>;

    /// Declares the queue and moves its events into the inbox of its database, from now until the bus is dropped.
    async fn bind(&self, queue: Queue) -> Result<(), BusError>;

    /// Every event from now on whose type fits one of the patterns, at most once, on every instance. Read the
    /// state after calling this and before the first event, and again at [`Heard::Missed`].
    fn listen(&self, patterns: &'static [&'static str]) -> BoxStream<'static, Heard>;

    /// True when the bus can publish now.
    async fn ready(&self) -> bool;
}

/// What a listener hears.
#[derive(Debug, Clone)]
pub enum Heard {
    /// An event.
    Event(Arc<Event>),
    /// Events may have been lost: the listener was too slow or the connection broke.
    Missed,
}

/// A durable queue: all instances of one consumer share it.
#[derive(Clone)]
pub struct Queue {
    /// `{subgraph}.{consumer}`.
    pub name: String,
    /// The types it wants: `shop.*`.
    pub patterns: &'static [&'static str],
    /// The database whose inbox it fills.
    pub database: Database,
}

/// Events could not be published or a queue could not be made.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// The broker does not answer or refused.
    #[error("the message broker does not answer: {0}")]
    Broker(String),
    /// The inbox could not be written.
    #[error("the inbox of {queue} could not be written: {reason}")]
    Inbox {
        /// The queue.
        queue: String,
        /// What the database said.
        reason: String,
    },
}

/// True if the event type fits the topic pattern, as a broker's topic exchange decides it: `*` stands for one word,
/// `#` for any number of them.
pub(super) fn fits(pattern: &str, event_type: &str) -> bool {
    let parts: Vec<&str> = pattern.split('.').collect();
    let words: Vec<&str> = event_type.split('.').collect();
    words_fit(&parts, &words)
}

fn words_fit(parts: &[&str], words: &[&str]) -> bool {
    match (parts.split_first(), words.split_first()) {
        (None, None) => true,
        (Some((&"#", rest)), _) => {
            (0..=words.len()).any(|skipped| words_fit(rest, &words[skipped..]))
        }
        (Some((&part, parts)), Some((&word, words))) => {
            (part == "*" || part == word) && words_fit(parts, words)
        }
        _ => false,
    }
}

/// How many events a listener may be behind before it misses some.
pub(super) const LISTENER_BACKLOG: usize = 4096;

/// The part of a live stream that fits the patterns.
pub(super) fn heard(
    receiver: tokio::sync::broadcast::Receiver<Heard>,
    patterns: &'static [&'static str],
) -> BoxStream<'static, Heard> {
    use futures::StreamExt;
    let stream = tokio_stream::wrappers::BroadcastStream::new(receiver);
    Box::pin(stream.filter_map(move |item| {
        let heard = match item {
            Ok(Heard::Event(event)) => {
                let wanted = patterns
                    .iter()
                    .any(|pattern| fits(pattern, event.payload.event_type()));
                wanted.then_some(Heard::Event(event))
            }
            Ok(Heard::Missed) | Err(_) => Some(Heard::Missed),
        };
        std::future::ready(heard)
    }))
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn topic_patterns() {
        assert!(fits("order.*", "order.placed"));
        assert!(fits("order.placed", "order.placed"));
        assert!(fits("#", "order.placed"));
        assert!(fits("order.#", "order"));
        assert!(fits("#.changed", "stock.changed"));
        assert!(!fits("#.changed", "stock.reserved"));
        assert!(!fits("order.*", "payment.created"));
        assert!(!fits("order", "order.placed"));
        assert!(!fits("order.*", "order"));
    }
}
