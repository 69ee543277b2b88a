//! A WebSocket after its acknowledgement: any number of operations on one connection.

use std::collections::HashMap;
use std::sync::Arc;

use apollo_compiler::ast::OperationType;
use axum::extract::ws::{Message, WebSocket};
use futures::StreamExt;
use http::request::Parts;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use tracing::Instrument;

use super::protocol::{self, ClientMessage, Close};
use super::websocket::{End, SEND_TIMEOUT, send, text_of};
use crate::error::{GraphQLError, Refusal};
use crate::http::request::{GraphQLRequest, Parameters, ParametersError};
use crate::service::{Events, Refused, Service};

/// Messages of one connection that may wait to be sent; operations wait when there is no more room.
const OUTBOX: usize = 64;

/// One client, and what it has under way.
pub(super) struct Connection {
    service: Arc<Service>,
    parts: Arc<Parts>,
    operations: HashMap<String, Running>,
    /// Told apart by number: a client may use an id again as soon as it has completed its operation.
    last_number: u64,
    outbox: mpsc::Sender<Outgoing>,
    outgoing: mpsc::Receiver<Outgoing>,
}

/// An operation that is under way. Dropping it ends it.
struct Running {
    number: u64,
    task: JoinHandle<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A message of an operation.
struct Outgoing {
    id: String,
    number: u64,
    text: String,
    /// Nothing follows.
    last: bool,
}

impl Connection {
    pub(super) fn new(service: Arc<Service>, parts: Parts) -> Connection {
        let (outbox, outgoing) = mpsc::channel(OUTBOX);
        Connection {
            service,
            parts: Arc::new(parts),
            operations: HashMap::new(),
            last_number: 0,
            outbox,
            outgoing,
        }
    }

    pub(super) async fn run(mut self, socket: &mut WebSocket) -> Result<(), End> {
        let period = self.service.config.subscription.heartbeat_interval.0;
        let mut heartbeat = interval_at(Instant::now() + period, period);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let stopping = self.service.stopping.clone();
        let mut alive = true;
        loop {
            // The heartbeat comes last: when it has its turn, nothing that the client sent is waiting to be read.
            tokio::select! {
                biased;
                () = stopping.cancelled() => {
                    for id in self.operations.keys() {
                        send(socket, protocol::complete(id)).await?;
                    }
                    return Err(Close::GoingAway.into());
                }
                traffic = next_message(socket, &mut self.outgoing) => match traffic {
                    Traffic::In(received) => {
                        alive = true;
                        if let Some(text) = text_of(received)? {
                            self.receive(socket, &text).await?;
                        }
                    }
                    Traffic::Out(outgoing) => self.forward(socket, outgoing).await?,
                },
                _ = heartbeat.tick() => {
                    if !alive {
                        return Err(End::Gone);
                    }
                    alive = false;
                    let ping = socket.send(Message::Ping(bytes::Bytes::new()));
                    if !matches!(timeout(SEND_TIMEOUT, ping).await, Ok(Ok(()))) {
                        return Err(End::Gone);
                    }
                }
            }
        }
    }

    async fn receive(&mut self, socket: &mut WebSocket, text: &str) -> Result<(), End> {
        match protocol::read(text)? {
            ClientMessage::ConnectionInit { .. } => Err(Close::TooManyInits.into()),
            ClientMessage::Ping { payload } => send(socket, protocol::pong(payload)).await,
            ClientMessage::Pong {} => Ok(()),
            ClientMessage::Complete { id } => {
                self.operations.remove(&id);
                Ok(())
            }
            ClientMessage::Subscribe { id, payload } => self.start(socket, id, *payload).await,
        }
    }

    async fn start(
        &mut self,
        socket: &mut WebSocket,
        id: String,
        payload: Parameters,
    ) -> Result<(), End> {
        if self.operations.contains_key(&id) {
            return Err(Close::SubscriberExists(id).into());
        }
        let request = match payload.check() {
            Ok(request) => request,
            Err(ParametersError::Invalid(message)) => {
                return Err(Close::InvalidMessage(message).into());
            }
            Err(refused @ ParametersError::PersistedQuery) => {
                let errors = Refusal::from(refused).errors;
                return send(socket, protocol::error(&id, &errors)).await;
            }
        };
        let limit = self
            .service
            .config
            .subscription
            .max_operations_per_connection;
        if self.operations.len() >= limit {
            let message = format!(
                "{limit} operations are open on this connection, more are not allowed; \
                 the limit is configured as subscription.max_operations_per_connection"
            );
            let error = GraphQLError::new(message, "MAX_OPERATIONS_PER_CONNECTION_LIMIT");
            return send(socket, protocol::error(&id, &[error])).await;
        }
        self.last_number += 1;
        let sender = Sender {
            outbox: self.outbox.clone(),
            id: id.clone(),
            number: self.last_number,
        };
        let operation = run_operation(self.service.clone(), self.parts.clone(), request, sender);
        let task = tokio::spawn(operation.in_current_span());
        self.operations.insert(
            id,
            Running {
                number: self.last_number,
                task,
            },
        );
        Ok(())
    }

    async fn forward(&mut self, socket: &mut WebSocket, outgoing: Outgoing) -> Result<(), End> {
        let current = self
            .operations
            .get(&outgoing.id)
            .is_some_and(|running| running.number == outgoing.number);
        if !current {
            return Ok(());
        }
        if outgoing.last {
            self.operations.remove(&outgoing.id);
        }
        send(socket, outgoing.text).await
    }
}

/// A message in one direction or the other.
enum Traffic {
    In(Option<Result<Message, axum::Error>>),
    Out(Outgoing),
}

/// The next message of the client or for it. Neither side keeps the other waiting for ever.
async fn next_message(socket: &mut WebSocket, outgoing: &mut mpsc::Receiver<Outgoing>) -> Traffic {
    tokio::select! {
        received = socket.recv() => Traffic::In(received),
        Some(outgoing) = outgoing.recv() => Traffic::Out(outgoing),
    }
}

/// Where an operation sends its messages.
struct Sender {
    outbox: mpsc::Sender<Outgoing>,
    id: String,
    number: u64,
}

impl Sender {
    async fn send(&self, text: String, last: bool) {
        let outgoing = Outgoing {
            id: self.id.clone(),
            number: self.number,
            text,
            last,
        };
        // The connection may have gone, and this task with it.
        let _ = self.outbox.send(outgoing).await;
    }

    async fn refuse(&self, refusal: &Refusal) {
        self.send(protocol::error(&self.id, &refusal.errors), true)
            .await;
    }

    /// A response to an operation that was not executed is an error message; every other is a result.
    async fn respond(&self, response: &souk_executor::Response) {
        if !response.has_data()
            && let Some(error) = protocol::error_from_response(&self.id, response.bytes())
        {
            return self.send(error, true).await;
        }
        self.send(protocol::next(&self.id, response.bytes()), false)
            .await;
        self.send(protocol::complete(&self.id), true).await;
    }
}

async fn run_operation(
    service: Arc<Service>,
    parts: Arc<Parts>,
    request: GraphQLRequest,
    sender: Sender,
) {
    let deadline = service.deadline();
    let started = deadline.answer(start(&service, parts.clone(), request));
    let mut events = match started.await {
        Ok(Started::Subscription(events)) => events,
        Ok(Started::Answered(response)) => return sender.respond(&response).await,
        Err(refusal) => return sender.refuse(&refusal.traced(&parts)).await,
    };
    while let Some(event) = events.next().await {
        match event {
            // The subgraph has refused or ended the subscription.
            Ok(event) if !event.has_data() => return sender.respond(&event).await,
            Ok(event) => {
                sender
                    .send(protocol::next(&sender.id, event.bytes()), false)
                    .await;
            }
            Err(refusal) => return sender.refuse(&refusal).await,
        }
    }
    sender.send(protocol::complete(&sender.id), true).await;
}

/// What an operation has come to.
enum Started {
    Subscription(Events),
    Answered(souk_executor::Response),
}

async fn start(
    service: &Arc<Service>,
    parts: Arc<Parts>,
    request: GraphQLRequest,
) -> Result<Started, Refusal> {
    // The token is checked for each operation: it may have expired since the connection was opened.
    let context = service.context(&parts).await?;
    let ready = service.ready(request, &parts, context).await?;
    if ready.kind != OperationType::Subscription {
        return service.execute(ready).await.map(Started::Answered);
    }
    match service.subscribe(ready, parts).await {
        Ok(events) => Ok(Started::Subscription(events)),
        Err(Refused::Before(refusal)) => Err(refusal),
        Err(Refused::Executed(response)) => Ok(Started::Answered(response)),
    }
}
