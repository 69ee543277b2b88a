//! A subgraph on loopback that answers what the test wants.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Response, StatusCode, Version};
use axum::routing::post;
use futures::StreamExt;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A request as the subgraph got it.
#[derive(Debug, Clone)]
pub struct Received {
    pub body: Value,
    pub headers: HeaderMap,
    pub version: Version,
}

impl Received {
    pub fn query(&self) -> &str {
        self.body["query"].as_str().unwrap_or_default()
    }

    pub fn variable(&self, name: &str) -> &Value {
        &self.body["variables"][name]
    }

    pub fn representations(&self) -> &Vec<Value> {
        self.variable("representations")
            .as_array()
            .expect("representations")
    }
}

/// What the subgraph answers.
pub enum Answer {
    Json(Value),
    /// A body of JSON text as it is.
    Text(String),
    Raw {
        status: u16,
        content_type: &'static str,
        body: String,
    },
    /// The start of a body, and then the connection breaks.
    HalfBody(String),
    /// Nothing, ever.
    Hang,
}

/// A subgraph that is being served; dropping it stops it.
pub struct Served {
    pub name: String,
    pub url: String,
    received: Arc<Mutex<Vec<Received>>>,
    task: JoinHandle<()>,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}

type Handler = Arc<dyn Fn(&Received) -> Answer + Send + Sync>;

#[derive(Clone)]
struct Shared {
    handler: Handler,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Served {
    pub async fn start(
        name: &str,
        handler: impl Fn(&Received) -> Answer + Send + Sync + 'static,
    ) -> Served {
        let received = Arc::new(Mutex::new(Vec::new()));
        let shared = Shared {
            handler: Arc::new(handler),
            received: received.clone(),
        };
        let app = Router::new()
            .route("/graphql", post(answer))
            .with_state(shared);
        let (url, task) = serve(app).await;
        Served {
            name: name.to_owned(),
            url,
            received,
            task,
        }
    }

    pub fn received(&self) -> Vec<Received> {
        self.received.lock().expect("not poisoned").clone()
    }
}

/// Serves an app on a free port; the address has the path `/graphql`.
pub async fn serve(app: Router) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!(
        "http://{}/graphql",
        listener.local_addr().expect("an address")
    );
    let task = tokio::spawn(async move { axum::serve(listener, app).await.expect("serves") });
    (url, task)
}

async fn answer(
    State(shared): State<Shared>,
    version: Version,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let body = serde_json::from_slice(&body).expect("the router sends JSON");
    let received = Received {
        body,
        headers,
        version,
    };
    let answer = (shared.handler)(&received);
    shared.received.lock().expect("not poisoned").push(received);
    match answer {
        Answer::Json(value) => respond(200, "application/json", Body::from(value.to_string())),
        Answer::Text(text) => respond(200, "application/json", Body::from(text)),
        Answer::Raw {
            status,
            content_type,
            body,
        } => respond(status, content_type, Body::from(body)),
        Answer::HalfBody(text) => {
            let broken =
                futures::stream::once(async { Ok(text) }).chain(futures::stream::once(async {
                    Err(std::io::Error::other("cut off"))
                }));
            respond(200, "application/json", Body::from_stream(broken))
        }
        Answer::Hang => {
            tokio::time::sleep(Duration::from_secs(600)).await;
            respond(200, "application/json", Body::empty())
        }
    }
}

fn respond(status: u16, content_type: &str, body: Body) -> Response<Body> {
    Response::builder()
        .status(StatusCode::from_u16(status).expect("a status"))
        .header("content-type", content_type)
        .body(body)
        .expect("a response")
}
