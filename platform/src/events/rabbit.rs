//! The bus on RabbitMQ.
//!
//! Topology: events go to the topic exchange `souk.events` under their type. Every queue is a durable quorum queue
//! with one active consumer (order), whose messages are acknowledged once they are committed to the inbox. What a
//! queue gives up goes through `souk.dead` to the queue of the same name. Live listeners share one exclusive queue
//! per process.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::BoxStream;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, BasicQosOptions,
    ConfirmSelectOptions, ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{
    BasicProperties, Channel, Confirmation, Connection, ConnectionProperties, ExchangeKind,
};
use tokio::sync::{Mutex, broadcast};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::Event;
use super::bus::{Bus, BusError, Heard, LISTENER_BACKLOG, Queue, heard};
use super::inbox::Arrival;
use super::local::store;

const EVENTS: &str = "souk.events";
const DEAD: &str = "souk.dead";
/// Unacknowledged messages per queue, and so the most that is stored in one go.
const PREFETCH: u16 = 256;
/// The pause before a broken connection is made again.
const RECONNECT_AFTER: Duration = Duration::from_secs(1);
/// How long the broker may take to accept a connection.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// How long the broker may take to accept a connection and confirm a batch of messages.
const CONFIRM_WITHIN: Duration = Duration::from_secs(10);
/// How long the answer to "are you ready" may take.
const READY_WITHIN: Duration = Duration::from_secs(2);
/// How often the database is tried before the queue is left to another instance. Messages given back count as
/// delivered in vain, and newer brokers give up a message after twenty of those, so this is not done lightly.
const STORE_ATTEMPTS: u32 = 60;
/// The pause between two of these attempts.
const STORE_AGAIN_AFTER: Duration = Duration::from_secs(1);
/// A persistent message: it survives a restart of the broker.
const PERSISTENT: u8 = 2;

/// A bus on a RabbitMQ broker. Connections are made when needed and again when they break.
pub struct RabbitBus {
    url: Arc<str>,
    publisher: Mutex<Option<Publisher>>,
    /// The durable queues that were declared here: their patterns by their names. A broker that comes back without them
    /// gets them before anything is published, whose receivers would else not be known.
    known: RwLock<BTreeMap<String, &'static [&'static str]>>,
    live: broadcast::Sender<Heard>,
    listening: OnceLock<()>,
    stop: CancellationToken,
    _stop_on_drop: DropGuard,
}

struct Publisher {
    connection: Connection,
    channel: Channel,
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the signature that map_err wants"
)]
fn broker(error: lapin::Error) -> BusError {
    BusError::Broker(error.to_string())
}

impl RabbitBus {
    /// Connects to `amqp://user:password@host:port/vhost` and declares the exchanges.
    pub async fn connect(url: &str) -> Result<RabbitBus, BusError> {
        let stop = CancellationToken::new();
        let bus = RabbitBus {
            url: url.into(),
            publisher: Mutex::default(),
            known: RwLock::default(),
            live: broadcast::Sender::new(LISTENER_BACKLOG),
            listening: OnceLock::new(),
            _stop_on_drop: stop.clone().drop_guard(),
            stop,
        };
        *bus.publisher.lock().await = Some(bus.open_publisher().await?);
        Ok(bus)
    }

    /// Takes the publisher out if its channel is usable, or opens a new one.
    async fn open(&self, publisher: &mut Option<Publisher>) -> Result<Publisher, BusError> {
        match publisher.take() {
            Some(open)
                if open.connection.status().connected() && open.channel.status().connected() =>
            {
                Ok(open)
            }
            _ => self.open_publisher().await,
        }
    }

    async fn open_publisher(&self) -> Result<Publisher, BusError> {
        let connection = connect(&self.url).await?;
        let channel = connection.create_channel().await.map_err(broker)?;
        channel
            .confirm_select(ConfirmSelectOptions::default())
            .await
            .map_err(broker)?;
        declare_exchanges(&channel).await?;
        let known = self
            .known
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        for (name, patterns) in known {
            declare_queue(&channel, &name, patterns).await?;
        }
        Ok(Publisher {
            connection,
            channel,
        })
    }

    async fn publish_on(channel: &Channel, events: &[Event]) -> Result<(), BusError> {
        let properties = BasicProperties::default()
            .with_delivery_mode(PERSISTENT)
            .with_content_type("application/json".into());
        let mut confirms = Vec::with_capacity(events.len());
        for event in events {
            let body =
                serde_json::to_vec(event).map_err(|error| BusError::Broker(error.to_string()))?;
            let properties = properties
                .clone()
                .with_message_id(event.id.to_string().into());
            let confirm = channel
                .basic_publish(
                    EVENTS.into(),
                    event.payload.event_type().into(),
                    BasicPublishOptions::default(),
                    &body,
                    properties,
                )
                .await
                .map_err(broker)?;
            confirms.push(confirm);
        }
        for confirm in confirms {
            match confirm.await.map_err(broker)? {
                Confirmation::Ack(_) => {}
                Confirmation::Nack(_) | Confirmation::NotRequested => {
                    return Err(BusError::Broker(
                        "the broker did not take a message".to_owned(),
                    ));
                }
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Bus for RabbitBus {
    async fn publish(&self, events: &[Event]) -> Result<(), BusError> {
        let sent = tokio::time::timeout(CONFIRM_WITHIN, async {
            let mut publisher = self.publisher.lock().await;
            let open = self.open(&mut publisher).await?;
            Self::publish_on(&open.channel, events).await?;
            // Kept only after success: a channel in doubt is dropped and made again.
            *publisher = Some(open);
            Ok(())
        });
        sent.await
            .map_err(|_| BusError::Broker("no confirmation in time".to_owned()))?
    }

    async fn declare(&self, queue: &Queue) -> Result<(), BusError> {
        let connection = connect(&self.url).await?;
        let channel = connection.create_channel().await.map_err(broker)?;
        declare_exchanges(&channel).await?;
        declare_queue(&channel, &queue.name, queue.patterns).await?;
        self.known
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(queue.name.clone(), queue.patterns);
        connection
            .close(200, "declared".into())
            .await
            .map_err(broker)
    }

    async fn bind(&self, queue: Queue) -> Result<(), BusError> {
        self.declare(&queue).await?;
        let (url, stop) = (self.url.clone(), self.stop.clone());
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    () = stop.cancelled() => return,
                    result = receive(&url, &queue) => {
                        let error = result.err().map(|error| error.to_string()).unwrap_or_default();
                        tracing::warn!(queue = queue.name, error, "lost the queue and takes it up again");
                    }
                }
                tokio::time::sleep(RECONNECT_AFTER).await;
            }
        });
        Ok(())
    }

    fn listen(&self, patterns: &'static [&'static str]) -> BoxStream<'static, Heard> {
        self.listening.get_or_init(|| {
            let (url, stop, live) = (self.url.clone(), self.stop.clone(), self.live.clone());
            tokio::spawn(async move {
                loop {
                    tokio::select! {
                        () = stop.cancelled() => return,
                        result = receive_live(&url, &live) => {
                            let error = result.err().map(|error| error.to_string()).unwrap_or_default();
                            tracing::warn!(error, "lost the live events and takes them up again");
                        }
                    }
                    tokio::time::sleep(RECONNECT_AFTER).await;
                }
            });
        });
        heard(self.live.subscribe(), patterns)
    }

    async fn ready(&self) -> bool {
        // Opens a lost connection itself: an instance that is not ready gets no work, so it would not publish either.
        let opened = tokio::time::timeout(READY_WITHIN, async {
            let mut publisher = self.publisher.lock().await;
            let open = self.open(&mut publisher).await?;
            *publisher = Some(open);
            Ok::<_, BusError>(())
        });
        matches!(opened.await, Ok(Ok(())))
    }
}

async fn connect(url: &str) -> Result<Connection, BusError> {
    let properties = ConnectionProperties::default().with_connection_name("souk".into());
    let connecting = Connection::connect(url, properties);
    match tokio::time::timeout(CONNECT_WITHIN, connecting).await {
        Ok(connected) => connected.map_err(broker),
        Err(_) => Err(BusError::Broker(format!(
            "it takes no connection within {} s",
            CONNECT_WITHIN.as_secs()
        ))),
    }
}

async fn declare_exchanges(channel: &Channel) -> Result<(), BusError> {
    let durable = ExchangeDeclareOptions {
        durable: true,
        ..ExchangeDeclareOptions::default()
    };
    channel
        .exchange_declare(
            EVENTS.into(),
            ExchangeKind::Topic,
            durable,
            FieldTable::default(),
        )
        .await
        .map_err(broker)?;
    channel
        .exchange_declare(
            DEAD.into(),
            ExchangeKind::Fanout,
            durable,
            FieldTable::default(),
        )
        .await
        .map_err(broker)?;
    let mut quorum = FieldTable::default();
    quorum.insert(
        "x-queue-type".into(),
        AMQPValue::LongString("quorum".into()),
    );
    channel
        .queue_declare(DEAD.into(), QueueDeclareOptions::durable(), quorum)
        .await
        .map_err(broker)?;
    channel
        .queue_bind(
            DEAD.into(),
            DEAD.into(),
            "".into(),
            QueueBindOptions::default(),
            FieldTable::default(),
        )
        .await
        .map_err(broker)
}

fn broker_name(queue: &str) -> String {
    format!("souk.{queue}")
}

/// Declares the queue and binds it to the exchange of events, which must be there.
async fn declare_queue(
    channel: &Channel,
    queue: &str,
    patterns: &[&'static str],
) -> Result<(), BusError> {
    let mut arguments = FieldTable::default();
    arguments.insert(
        "x-queue-type".into(),
        AMQPValue::LongString("quorum".into()),
    );
    arguments.insert("x-single-active-consumer".into(), AMQPValue::Boolean(true));
    arguments.insert(
        "x-dead-letter-exchange".into(),
        AMQPValue::LongString(DEAD.into()),
    );
    let name = broker_name(queue);
    channel
        .queue_declare(
            name.as_str().into(),
            QueueDeclareOptions::durable(),
            arguments,
        )
        .await
        .map_err(broker)?;
    for pattern in patterns {
        channel
            .queue_bind(
                name.as_str().into(),
                EVENTS.into(),
                (*pattern).into(),
                QueueBindOptions::default(),
                FieldTable::default(),
            )
            .await
            .map_err(broker)?;
    }
    Ok(())
}

/// Moves messages into the inbox until the connection breaks. A message is acknowledged after the commit; one
/// that was committed but not acknowledged comes again and is recognised there.
async fn receive(url: &str, queue: &Queue) -> Result<(), BusError> {
    let connection = connect(url).await?;
    let channel = connection.create_channel().await.map_err(broker)?;
    channel
        .basic_qos(PREFETCH, BasicQosOptions::default())
        .await
        .map_err(broker)?;
    declare_exchanges(&channel).await?;
    declare_queue(&channel, &queue.name, queue.patterns).await?;
    let consumer = channel
        .basic_consume(
            broker_name(&queue.name).as_str().into(),
            "".into(),
            BasicConsumeOptions::default(),
            FieldTable::default(),
        )
        .await
        .map_err(broker)?;
    let mut batches = consumer.ready_chunks(usize::from(PREFETCH));
    while let Some(batch) = batches.next().await {
        let deliveries = batch
            .into_iter()
            .collect::<Result<Vec<_>, _>>()
            .map_err(broker)?;
        let Some(last) = deliveries.last() else {
            continue;
        };
        let mut seen = HashSet::new();
        let arrivals: Vec<Arrival> = deliveries
            .iter()
            .filter(|delivery| seen.insert(delivery.data.as_slice()))
            .map(|delivery| Arrival::from_bytes(&delivery.data))
            .collect();
        store_patiently(queue, &arrivals).await?;
        last.ack(BasicAckOptions { multiple: true })
            .await
            .map_err(broker)?;
    }
    Err(BusError::Broker("the queue's stream ended".to_owned()))
}

async fn store_patiently(queue: &Queue, arrivals: &[Arrival]) -> Result<(), BusError> {
    let mut attempt = 1;
    loop {
        match store(queue, arrivals).await {
            Err(error) if attempt < STORE_ATTEMPTS => {
                tracing::warn!(queue = queue.name, %error, attempt, "messages wait until they can be stored");
                tokio::time::sleep(STORE_AGAIN_AFTER).await;
                attempt += 1;
            }
            result => return result,
        }
    }
}

/// Passes every event to the process's listeners until the connection breaks.
async fn receive_live(url: &str, live: &broadcast::Sender<Heard>) -> Result<(), BusError> {
    let connection = connect(url).await?;
    let channel = connection.create_channel().await.map_err(broker)?;
    declare_exchanges(&channel).await?;
    let exclusive = QueueDeclareOptions {
        exclusive: true,
        auto_delete: true,
        ..QueueDeclareOptions::default()
    };
    let queue = channel
        .queue_declare("".into(), exclusive, FieldTable::default())
        .await
        .map_err(broker)?;
    channel
        .queue_bind(
            queue.name().clone(),
            EVENTS.into(),
            "#".into(),
            QueueBindOptions::default(),
            FieldTable::default(),
        )
        .await
        .map_err(broker)?;
    let options = BasicConsumeOptions {
        no_ack: true,
        exclusive: true,
        ..BasicConsumeOptions::default()
    };
    let mut consumer = channel
        .basic_consume(
            queue.name().clone(),
            "".into(),
            options,
            FieldTable::default(),
        )
        .await
        .map_err(broker)?;
    // Whatever was published before this queue existed was not heard.
    let _ = live.send(Heard::Missed);
    while let Some(delivery) = consumer.next().await {
        match serde_json::from_slice::<Event>(&delivery.map_err(broker)?.data) {
            Ok(event) => {
                // An error means that nobody listens.
                let _ = live.send(Heard::Event(Arc::new(event)));
            }
            // The durable queues keep it as a dead letter; a listener can only pass over it.
            Err(error) => tracing::warn!(%error, "a live message is not an event"),
        }
    }
    Err(BusError::Broker("the live stream ended".to_owned()))
}
