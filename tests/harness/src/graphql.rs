//! GraphQL in, JSON out, as the router would ask a subgraph.

use async_graphql::{Request, Variables};
use futures::stream::{BoxStream, StreamExt};
use serde_json::Value;
use souk_platform::serving;
use souk_platform::{Identity, Subgraph};
use uuid::Uuid;

/// Asks the subgraph and returns the whole response: `{"data": .., "errors": ..}`.
pub async fn execute(
    subgraph: &Subgraph,
    identity: Identity,
    query: &str,
    variables: Value,
) -> Value {
    let request = Request::new(query).variables(Variables::from_json(variables));
    let correlation_id = Uuid::now_v7().to_string();
    let response = serving::execute(
        &*subgraph.schema,
        subgraph.name,
        identity,
        &correlation_id,
        request,
    )
    .await;
    serde_json::to_value(response).expect("a response is JSON")
}

/// As [`execute`] for what must succeed: the `data`. Panics with the errors if there are any.
#[track_caller]
pub fn data(response: Value) -> Value {
    match response {
        Value::Object(mut members) if !members.contains_key("errors") => {
            members.remove("data").unwrap_or_default()
        }
        response => panic!("expected data, got {response:#}"),
    }
}

/// The `extensions.code` of the first error. Panics if there is none.
#[track_caller]
pub fn error_code(response: &Value) -> &str {
    match response
        .pointer("/errors/0/extensions/code")
        .and_then(Value::as_str)
    {
        Some(code) => code,
        None => panic!("expected an error with a code, got {response:#}"),
    }
}

/// Subscribes and returns the responses as they come.
pub fn subscribe(
    subgraph: &Subgraph,
    identity: Identity,
    query: &str,
    variables: Value,
) -> BoxStream<'static, Value> {
    let request = Request::new(query).variables(Variables::from_json(variables));
    let correlation_id = Uuid::now_v7().to_string();
    let responses = serving::execute_stream(
        &*subgraph.schema,
        subgraph.name,
        identity,
        &correlation_id,
        request,
    );
    responses
        .map(|response| serde_json::to_value(response).expect("a response is JSON"))
        .boxed()
}
