//! Answering one GraphQL request, whatever way it came.

use std::panic::AssertUnwindSafe;
use std::time::Instant;

use async_graphql::{ErrorExtensionValues, Request, Response, ServerError, Value};
use futures::FutureExt;
use futures::stream::{BoxStream, StreamExt};
use tracing::Instrument;

use crate::database::count_statements;
use crate::error::{ApiError, ErrorCode};
use crate::identity::{CorrelationId, Identity};
use crate::subgraph::GraphqlService;
use crate::telemetry;

/// Answers a query or mutation as `identity`. Resolvers find the identity and the correlation id in their context.
/// Every error of the response has a code of the closed set; an `INTERNAL` one has the correlation id and no detail.
pub async fn execute(
    service: &dyn GraphqlService,
    subgraph: &'static str,
    identity: Identity,
    correlation_id: &str,
    request: Request,
) -> Response {
    let started = Instant::now();
    let request = with_caller(request, identity, correlation_id);
    let span = telemetry::request_span(subgraph, correlation_id);
    let answer = caught(service.execute(request)).instrument(span.clone());
    let (answer, statements) = count_statements(answer).await;
    let mut response = answer.unwrap_or_else(|| span.in_scope(|| panicked(correlation_id)));

    let elapsed = started.elapsed();
    let outcome = if response.errors.is_empty() {
        "ok"
    } else {
        "error"
    };
    span.in_scope(|| {
        complete_errors(&mut response.errors, correlation_id);
        tracing::debug!(outcome, statements, ?elapsed, "request answered");
    });
    metrics::counter!("souk_subgraph_requests_total", "subgraph" => subgraph, "outcome" => outcome)
        .increment(1);
    metrics::histogram!("souk_subgraph_request_seconds", "subgraph" => subgraph)
        .record(elapsed.as_secs_f64());
    metrics::counter!("souk_subgraph_request_statements_total", "subgraph" => subgraph)
        .increment(statements);
    response
}

/// Answers a subscription, or a query as a stream of one response. As [`execute`] otherwise.
pub fn execute_stream(
    service: &dyn GraphqlService,
    subgraph: &'static str,
    identity: Identity,
    correlation_id: &str,
    request: Request,
) -> BoxStream<'static, Response> {
    let request = with_caller(request, identity, correlation_id);
    let span = telemetry::request_span(subgraph, correlation_id);
    let open = Open::new(subgraph);
    let correlation_id = correlation_id.to_owned();
    let mut responses = span.in_scope(|| service.execute_stream(request));
    let stream = async_stream::stream! {
        let _open = open;
        loop {
            match caught(responses.next()).instrument(span.clone()).await {
                Some(Some(mut response)) => {
                    span.in_scope(|| complete_errors(&mut response.errors, &correlation_id));
                    yield response;
                }
                Some(None) => break,
                None => {
                    yield span.in_scope(|| panicked(&correlation_id));
                    break;
                }
            }
        }
    };
    stream.boxed()
}

/// What `work` brings; `None` when it panicked. In one process the panic of a resolver would else end the client's
/// connection, with everything that the other subgraphs have answered.
async fn caught<T>(work: impl Future<Output = T>) -> Option<T> {
    AssertUnwindSafe(work).catch_unwind().await.ok()
}

fn panicked(correlation_id: &str) -> Response {
    error_response(ApiError::internal("a resolver panicked"), correlation_id)
}

/// A response that holds nothing but this error.
pub fn error_response(error: ApiError, correlation_id: &str) -> Response {
    let graphql = async_graphql::Error::from(error);
    let mut server_error = ServerError::new(graphql.message, None);
    server_error.extensions = graphql.extensions;
    complete_errors(std::slice::from_mut(&mut server_error), correlation_id);
    Response::from_errors(vec![server_error])
}

fn with_caller(request: Request, identity: Identity, correlation_id: &str) -> Request {
    request
        .data(identity)
        .data(CorrelationId(correlation_id.to_owned()))
}

/// Gives every error a code of the closed set, and `INTERNAL` ones the correlation id.
fn complete_errors(errors: &mut [ServerError], correlation_id: &str) {
    for error in errors {
        let code = match code(error) {
            Some(code) => code,
            None if is_callers_fault(error) => {
                // What follows are the types around the value, some of which only our code knows.
                if let Some(end) = error.message.find(" (occurred while parsing") {
                    error.message.truncate(end);
                }
                set(error, "code", ErrorCode::BadUserInput.as_str());
                ErrorCode::BadUserInput
            }
            None => {
                // Not one of ours, so its text may say more than a client should know.
                let internal = async_graphql::Error::from(ApiError::internal(&error.message));
                error.message = internal.message;
                error.extensions = internal.extensions;
                ErrorCode::Internal
            }
        };
        if code == ErrorCode::Internal {
            set(error, "correlationId", correlation_id);
        }
    }
}

fn code(error: &ServerError) -> Option<ErrorCode> {
    match error.extensions.as_ref()?.get("code")? {
        Value::String(code) => ErrorCode::parse(code),
        _ => None,
    }
}

/// True for what async-graphql itself refuses: a document that does not fit the schema has no path in the response, and
/// an argument or a variable that cannot be read says so in these words.
fn is_callers_fault(error: &ServerError) -> bool {
    let message = error.message.as_str();
    error.path.is_empty()
        || message.starts_with("Failed to parse")
        || message.starts_with("Expected input type")
        || message.starts_with("Invalid value for argument")
        || (message.starts_with("Variable ") && message.ends_with(" is not defined."))
}

fn set(error: &mut ServerError, name: &str, value: &str) {
    error
        .extensions
        .get_or_insert_with(ErrorExtensionValues::default)
        .set(name, value);
}

/// Counts an open subscription for as long as it lives.
struct Open(metrics::Gauge);

impl Open {
    fn new(subgraph: &'static str) -> Open {
        let gauge = metrics::gauge!("souk_subgraph_open_subscriptions", "subgraph" => subgraph);
        gauge.increment(1.0);
        Open(gauge)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}
