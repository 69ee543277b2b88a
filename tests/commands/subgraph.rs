//! A subgraph over HTTP, whose schema can become another one.

use std::sync::{Arc, Mutex};

use async_graphql::{
    EmptyMutation, EmptySubscription, Object, ObjectType, Request, Response, Schema, SimpleObject,
};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use axum::{Json, Router};
use futures::future::BoxFuture;

type Answer = Arc<dyn Fn(Request) -> BoxFuture<'static, Response> + Send + Sync>;

/// A subgraph that runs until the test ends.
#[derive(Clone)]
pub struct Subgraph {
    pub url: String,
    state: Arc<Served>,
}

struct Served {
    answer: Mutex<Answer>,
    /// What the header `authorization` has to be, if it matters.
    authorization: Option<&'static str>,
}

#[derive(SimpleObject)]
struct Product {
    name: &'static str,
}

/// The first version of the schema.
pub struct Catalogue;

#[Object]
impl Catalogue {
    async fn product(&self) -> Product {
        Product { name: "Lamp" }
    }
}

/// The second version: one more field.
pub struct LargerCatalogue;

#[Object]
impl LargerCatalogue {
    async fn product(&self) -> Product {
        Product { name: "Lamp" }
    }

    async fn newest(&self) -> Product {
        Product { name: "Sofa" }
    }
}

fn answer(query: impl ObjectType + 'static) -> Answer {
    let schema = Schema::build(query, EmptyMutation, EmptySubscription)
        .enable_federation()
        .finish();
    Arc::new(move |request| {
        let schema = schema.clone();
        Box::pin(async move { schema.execute(request).await })
    })
}

impl Subgraph {
    pub async fn start(query: impl ObjectType + 'static) -> Subgraph {
        Subgraph::start_for(query, None).await
    }

    /// Answers only requests that bring this header `authorization`.
    pub async fn start_for(
        query: impl ObjectType + 'static,
        authorization: Option<&'static str>,
    ) -> Subgraph {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let state = Arc::new(Served {
            answer: Mutex::new(answer(query)),
            authorization,
        });
        let subgraph = Subgraph {
            url: format!("http://{}/graphql", listener.local_addr().unwrap()),
            state: state.clone(),
        };
        let routes = Router::new()
            .route("/graphql", post(serve))
            .with_state(state);
        tokio::spawn(async move { axum::serve(listener, routes).await });
        subgraph
    }

    /// Goes on with another schema.
    pub fn become_another(&self, query: impl ObjectType + 'static) {
        *self.state.answer.lock().unwrap() = answer(query);
    }
}

async fn serve(
    State(state): State<Arc<Served>>,
    headers: HeaderMap,
    Json(request): Json<Request>,
) -> Json<Response> {
    let sent = headers
        .get("authorization")
        .and_then(|value| value.to_str().ok());
    if state.authorization.is_some() && sent != state.authorization {
        let error = async_graphql::ServerError::new("who are you?", None);
        return Json(Response::from_errors(vec![error]));
    }
    let answer = state.answer.lock().unwrap().clone();
    Json(answer(request).await)
}
