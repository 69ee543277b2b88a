//! Events: what a subgraph tells the others.
//!
//! An event is written to the outbox in the transaction of the change it tells of. The [`Relay`] publishes the
//! outbox in order per aggregate; a row is done when the bus has it on disk. The bus puts the event into the
//! inbox of every queue that wants its type, once. A [`Worker`] applies a queue's inbox in order per aggregate,
//! each event in the transaction that marks it as done; failures are tried again with growing pauses and end as
//! dead letters, which [`inbox`] lists and replays.

pub mod bus;
mod consume;
pub mod inbox;
mod local;
pub mod outbox;
mod payload;
mod rabbit;
mod regularly;
mod relay;
mod tables;
mod wake;
mod worker;

pub use bus::{Bus, BusError, Heard, Queue};
pub use consume::{ConsumeError, Consumer};
pub use local::LocalBus;
pub use payload::{
    OrderLine, OrderShopPart, Payload, ProductSnapshot, ShopSnapshot, StockLevel, VariantSnapshot,
};
pub use rabbit::RabbitBus;
pub use relay::Relay;
pub use wake::Wake;
pub use worker::Worker;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// An event as it travels and as it stands in the outbox.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Unique; consumers use it to work each event once.
    pub id: Uuid,
    /// The version of the payload's shape, 1 to begin with.
    pub version: i32,
    /// When the change happened.
    pub time: DateTime<Utc>,
    /// The thing that changed. Events of one aggregate are delivered in order.
    pub aggregate_id: Uuid,
    /// What caused it, see [`crate::identity::CorrelationId`].
    pub correlation_id: String,
    /// What happened.
    #[serde(flatten)]
    pub payload: Payload,
}

impl Event {
    /// A new event of now.
    pub fn new(aggregate_id: Uuid, correlation_id: &str, payload: Payload) -> Event {
        Event {
            id: Uuid::now_v7(),
            version: 1,
            time: Utc::now(),
            aggregate_id,
            correlation_id: correlation_id.to_owned(),
            payload,
        }
    }
}
