//! A WebSocket with the subprotocol graphql-transport-ws.

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

/// How much is read at once, in bytes. The usual 128 KiB would be cleared before every read.
const READ_BUFFER: usize = 4 * 1024;

/// One connection, with any number of operations one after the other.
pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    operations: u64,
}

impl Socket {
    /// Connects as whom the token names.
    pub async fn open(url: &str, token: &str) -> Result<Socket, String> {
        let url = format!("{}/graphql", url.replacen("http", "ws", 1));
        let mut request = url.into_client_request().map_err(shown)?;
        let protocol = "graphql-transport-ws".parse().map_err(shown)?;
        request
            .headers_mut()
            .insert("sec-websocket-protocol", protocol);
        let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER);
        let (stream, _) = connect_async_with_config(request, Some(config), true)
            .await
            .map_err(shown)?;
        let mut socket = Socket {
            stream,
            operations: 0,
        };
        let payload = json!({ "authorization": format!("Bearer {token}") });
        socket
            .send(&json!({ "type": "connection_init", "payload": payload }))
            .await?;
        let answer = socket.message().await?;
        if answer["type"] != "connection_ack" {
            return Err(answer.to_string());
        }
        Ok(socket)
    }

    /// Begins a subscription, in place of any before it.
    pub async fn subscribe(&mut self, query: &str, variables: &Value) -> Result<(), String> {
        self.operations += 1;
        let payload = json!({ "query": query, "variables": variables });
        let id = self.operations.to_string();
        self.send(&json!({ "id": id, "type": "subscribe", "payload": payload }))
            .await
    }

    /// Ends the subscription.
    pub async fn complete(&mut self) -> Result<(), String> {
        let id = self.operations.to_string();
        self.send(&json!({ "id": id, "type": "complete" })).await
    }

    /// The data of the subscription's next event.
    pub async fn next(&mut self) -> Result<Value, String> {
        loop {
            let mut message = self.message().await?;
            if message["id"].as_str() != Some(self.operations.to_string().as_str()) {
                continue;
            }
            if message["type"] != "next" || message["payload"].get("errors").is_some() {
                return Err(message.to_string());
            }
            return Ok(message["payload"]["data"].take());
        }
    }

    async fn send(&mut self, message: &Value) -> Result<(), String> {
        let sent = self.stream.send(Message::text(message.to_string())).await;
        sent.map_err(shown)
    }

    async fn message(&mut self) -> Result<Value, String> {
        loop {
            match self.stream.next().await {
                Some(Ok(Message::Text(text))) => {
                    let message: Value = serde_json::from_str(&text).map_err(shown)?;
                    if message["type"] != "ping" {
                        return Ok(message);
                    }
                    self.send(&json!({ "type": "pong" })).await?;
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(other)) => return Err(format!("the socket ended: {other:?}")),
                Some(Err(error)) => return Err(error.to_string()),
                None => return Err("the socket ended".to_owned()),
            }
        }
    }
}

fn shown(error: impl std::fmt::Display) -> String {
    error.to_string()
}
