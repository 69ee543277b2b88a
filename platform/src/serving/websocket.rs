//! Subscriptions over WebSocket: the graphql-transport-ws protocol, spoken by async-graphql.

use std::sync::Arc;

use async_graphql::http::{WebSocket as Protocol, WebSocketProtocols, WsMessage};
use async_graphql::{Data, Executor, Request, Response};
use axum::extract::ws::{CloseFrame, Message, WebSocket};
use futures::stream::{BoxStream, StreamExt};
use futures::{SinkExt, future};
use tokio_util::sync::CancellationToken;

use super::{execute, execute_stream};
use crate::identity::{ClientAddress, Identity};
use crate::subgraph::GraphqlService;

/// The protocol's name in the handshake.
pub(super) const PROTOCOL: &str = "graphql-transport-ws";
/// RFC 6455, section 7.4.1: the server goes away.
const GOING_AWAY: u16 = 1001;

/// Whoever opened the socket. The identity was verified once, in the handshake.
#[derive(Clone)]
pub(super) struct Caller {
    pub(super) service: Arc<dyn GraphqlService>,
    pub(super) subgraph: &'static str,
    pub(super) identity: Identity,
    pub(super) correlation_id: String,
    pub(super) client: Option<ClientAddress>,
}

impl Caller {
    fn told_of_client(&self, request: Request) -> Request {
        match &self.client {
            Some(client) => request.data(client.clone()),
            None => request,
        }
    }
}

impl Executor for Caller {
    async fn execute(&self, request: Request) -> Response {
        execute(
            &*self.service,
            self.subgraph,
            self.identity.clone(),
            &self.correlation_id,
            self.told_of_client(request),
        )
        .await
    }

    fn execute_stream(
        &self,
        request: Request,
        _: Option<Arc<Data>>,
    ) -> BoxStream<'static, Response> {
        execute_stream(
            &*self.service,
            self.subgraph,
            self.identity.clone(),
            &self.correlation_id,
            self.told_of_client(request),
        )
    }
}

/// Speaks the protocol until either side closes or `shutdown` is cancelled.
pub(super) async fn serve(socket: WebSocket, caller: Caller, shutdown: CancellationToken) {
    let (mut sink, stream) = socket.split();
    let incoming = stream
        .take_while(|message| {
            future::ready(matches!(message, Ok(message) if !matches!(message, Message::Close(_))))
        })
        .filter_map(|message| {
            future::ready(match message {
                Ok(Message::Text(text)) => Some(text.as_bytes().to_vec()),
                Ok(Message::Binary(bytes)) => Some(bytes.to_vec()),
                _ => None,
            })
        });
    let mut outgoing = Box::pin(Protocol::new(
        caller,
        incoming,
        WebSocketProtocols::GraphQLWS,
    ));
    loop {
        let message = tokio::select! {
            message = outgoing.next() => message,
            () = shutdown.cancelled() => Some(WsMessage::Close(GOING_AWAY, "the server is stopping".to_owned())),
        };
        let (message, last) = match message {
            Some(WsMessage::Text(text)) => (Message::Text(text.into()), false),
            Some(WsMessage::Close(code, reason)) => (
                Message::Close(Some(CloseFrame {
                    code,
                    reason: reason.into(),
                })),
                true,
            ),
            None => return,
        };
        // A failure means that the other side is gone, which is how most subscriptions end.
        if sink.send(message).await.is_err() || last {
            return;
        }
    }
}
