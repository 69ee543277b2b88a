//! Pushes changes of orders to whoever watches them on this instance.
//!
//! One listener per process hears `order.status_changed` of every instance and hands each change to the watchers of
//! that order, without a query per watcher. The bus delivers at most once, so a watcher reads the state after it
//! began to watch, and again whenever it learns that the order is further than it heard.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::StreamExt;
use souk_platform::database::Database;
use souk_platform::events::{Bus, Event, Heard, Payload};
use tokio::sync::broadcast;
use uuid::Uuid;

use crate::domain::status::{OrderStatus, PartStatus};
use crate::store::order;

/// How many changes a watcher may be behind before it reads the state again.
const BACKLOG: usize = 16;
/// How often the listener compares what is watched with the database, so that a lost event is made up for.
const COMPARE_EVERY: Duration = Duration::from_secs(15);
/// How many orders one comparison query names.
const COMPARED_AT_ONCE: usize = 5_000;
/// The pause before listening again when the bus ended the stream.
const LISTEN_AGAIN: Duration = Duration::from_secs(1);

/// A change of an order, as its event told.
#[derive(Debug)]
pub struct Change {
    /// The order's revision after the change.
    pub revision: i64,
    /// The order's status after the change.
    pub status: OrderStatus,
    /// All its parts with their status after the change.
    pub parts: Vec<(Uuid, PartStatus)>,
    /// When it happened.
    pub at: DateTime<Utc>,
}

/// What a watcher is told.
#[derive(Debug, Clone)]
pub enum Signal {
    /// The order changed.
    Changed(Arc<Change>),
    /// The order is at this revision; whoever shows an older one has missed something and reads it again.
    AtRevision(i64),
}

/// The watched orders of this process.
pub struct Live {
    database: Database,
    bus: Arc<dyn Bus>,
    watched: Mutex<Watched>,
}

#[derive(Default)]
struct Watched {
    listening: bool,
    orders: HashMap<Uuid, broadcast::Sender<Signal>>,
}

impl Live {
    /// Listens once the first order is watched.
    pub fn new(database: Database, bus: Arc<dyn Bus>) -> Arc<Live> {
        Arc::new(Live {
            database,
            bus,
            watched: Mutex::default(),
        })
    }

    /// Watches the order from now on. Read the order's state after this, and skip changes that are not newer.
    pub fn watch(self: &Arc<Self>, order: Uuid) -> Watch {
        let mut watched = self.watched();
        if !watched.listening {
            watched.listening = true;
            // Subscribes here, not on the task: events from this moment on must not be missed.
            let heard = self.bus.listen(PATTERNS);
            tokio::spawn(listen(Arc::downgrade(self), heard));
        }
        let sender = watched
            .orders
            .entry(order)
            .or_insert_with(|| broadcast::Sender::new(BACKLOG));
        let receiver = Some(sender.subscribe());
        Watch {
            live: self.clone(),
            order,
            receiver,
        }
    }

    fn watched(&self) -> MutexGuard<'_, Watched> {
        // The map is valid whenever the lock is free, also when its last holder panicked.
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, order: Uuid, signal: Signal) {
        if let Some(sender) = self.watched().orders.get(&order) {
            // An error means that the last watcher is just leaving.
            let _ = sender.send(signal);
        }
    }

    /// Tells watchers the revisions of their orders.
    async fn compare(&self) {
        let orders: Vec<Uuid> = self.watched().orders.keys().copied().collect();
        for some in orders.chunks(COMPARED_AT_ONCE) {
            match self.revisions(some).await {
                Ok(revisions) => {
                    for (order, revision) in revisions {
                        self.tell(order, Signal::AtRevision(revision));
                    }
                }
                Err(error) => tracing::warn!(
                    message = error.message,
                    "watched orders could not be compared"
                ),
            }
        }
    }

    async fn revisions(&self, orders: &[Uuid]) -> souk_platform::ApiResult<Vec<(Uuid, i64)>> {
        let mut connection = self.database.get().await?;
        Ok(order::revisions(&mut connection, orders).await?)
    }
}

const PATTERNS: &[&str] = &["order.status_changed"];

/// Runs until nobody holds the [`Live`] any more.
async fn listen(live: Weak<Live>, mut heard: futures::stream::BoxStream<'static, Heard>) {
    let mut compare = tokio::time::interval(COMPARE_EVERY);
    compare.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let next = tokio::select! {
            next = heard.next() => next,
            _ = compare.tick() => Some(Heard::Missed),
        };
        let Some(live) = live.upgrade() else { return };
        match next {
            Some(Heard::Event(event)) => hand_on(&live, &event),
            Some(Heard::Missed) => live.compare().await,
            None => {
                tokio::time::sleep(LISTEN_AGAIN).await;
                heard = live.bus.listen(PATTERNS);
                live.compare().await;
            }
        }
    }
}

fn hand_on(live: &Live, event: &Event) {
    let Payload::OrderStatusChanged {
        order_id,
        status,
        parts,
        revision,
        ..
    } = &event.payload
    else {
        return;
    };
    let known_parts: Option<Vec<(Uuid, PartStatus)>> = parts
        .iter()
        .map(|part| PartStatus::parse(&part.status).map(|status| (part.shop_order_id, status)))
        .collect();
    let signal = match (OrderStatus::parse(status), known_parts) {
        (Some(status), Some(parts)) => Signal::Changed(Arc::new(Change {
            revision: *revision,
            status,
            parts,
            at: event.time,
        })),
        // Told by a newer version with a status that this one does not know.
        _ => Signal::AtRevision(*revision),
    };
    live.tell(*order_id, signal);
}

/// A watch on one order; it ends when this is dropped.
pub struct Watch {
    live: Arc<Live>,
    order: Uuid,
    receiver: Option<broadcast::Receiver<Signal>>,
}

/// What a watcher has to do next.
#[derive(Debug, Clone)]
pub enum Next {
    /// Show this change.
    Show(Arc<Change>),
    /// Read the state again: something was missed.
    Reread,
}

impl Watch {
    /// Waits until there is something newer than `shown`, the revision that the watcher has.
    pub async fn next(&mut self, shown: i64) -> Next {
        let Some(receiver) = &mut self.receiver else {
            return Next::Reread;
        };
        loop {
            match receiver.recv().await {
                Ok(Signal::Changed(change)) if change.revision == shown + 1 => {
                    return Next::Show(change);
                }
                // A change in between was lost, and with it what only the order's row says.
                Ok(Signal::Changed(change)) if change.revision > shown => return Next::Reread,
                Ok(Signal::AtRevision(revision)) if revision > shown => return Next::Reread,
                Ok(_) => {}
                // The sender lives as long as this watch, so an error is a lag.
                Err(_) => return Next::Reread,
            }
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut watched = self.live.watched();
        self.receiver = None;
        if watched
            .orders
            .get(&self.order)
            .is_some_and(|sender| sender.receiver_count() == 0)
        {
            watched.orders.remove(&self.order);
        }
    }
}
