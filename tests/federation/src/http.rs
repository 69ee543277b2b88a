//! Subgraphs behind real HTTP, on free ports of the loopback address.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::data::Object;
use crate::server::Server;

/// A subgraph that listens until it is dropped.
pub(crate) struct Listening {
    pub url: String,
    task: JoinHandle<()>,
}

impl Listening {
    pub async fn start(server: Arc<Server>) -> Listening {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .expect("a free port");
        let address = listener.local_addr().expect("an address");
        let app = Router::new().route("/", post(answer)).with_state(server);
        let task = tokio::spawn(async move {
            axum::serve(listener, app)
                .await
                .expect("serving does not end");
        });
        Listening {
            url: format!("http://{address}/"),
            task,
        }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(State(server): State<Arc<Server>>, Json(request): Json<Object>) -> Json<Value> {
    let text = request
        .get("query")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let variables = request.get("variables").and_then(Value::as_object).cloned();
    Json(server.answer(text, &variables.unwrap_or_default()))
}
