//! What is known of every request: its correlation id, its span, its metrics, and what `cors` says.

use std::sync::Arc;
use std::time::Instant;

use axum::body::{Body, HttpBody};
use axum::extract::State;
use axum::middleware::Next;
use axum::response::Response;
use futures::StreamExt;
use futures::stream;
use http::{Request, header};
use tracing::{Instrument, Span};

use crate::correlation::{CORRELATION_ID, CorrelationId};
use crate::service::Service;

/// Says what the router's metrics mean, to the recorder of the program.
pub(crate) fn describe_metrics() {
    use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
    describe_counter!(
        "souk_router_http_requests_total",
        "GraphQL requests, by HTTP status"
    );
    describe_histogram!(
        "souk_router_http_request_duration_seconds",
        Unit::Seconds,
        "time from a GraphQL request's head to its response's head"
    );
    describe_gauge!("souk_router_active_subscriptions", "subscriptions open now");
    describe_counter!(
        "souk_router_plan_cache_hits_total",
        "operations whose plan was in the cache"
    );
    describe_counter!(
        "souk_router_plan_cache_misses_total",
        "operations that had to be planned"
    );
    describe_counter!(
        "souk_router_supergraph_reloads_total",
        "supergraphs loaded while running, by outcome"
    );
}

/// Around every request to the GraphQL endpoint.
pub(crate) async fn observe(
    State(service): State<Arc<Service>>,
    request: Request<Body>,
    next: Next,
) -> Response {
    let started = Instant::now();
    let (mut parts, body) = request.into_parts();
    let id = CorrelationId::of(&parts.headers);
    parts.extensions.insert(id.clone());
    let origin = parts.headers.get(header::ORIGIN).cloned();
    // Of the highest level, so that whatever is logged carries the id.
    let span = tracing::error_span!("request", correlation_id = id.as_str(), method = %parts.method, path = parts.uri.path());

    let mut response = match service.cors.preflight(&parts) {
        Some(response) => response,
        None => {
            next.run(Request::from_parts(parts, body))
                .instrument(span.clone())
                .await
        }
    };
    service
        .cors
        .decorate(origin.as_ref(), response.headers_mut());
    response
        .headers_mut()
        .insert(CORRELATION_ID, id.header_value().clone());

    let elapsed = started.elapsed();
    let status = response.status().as_u16();
    metrics::counter!("souk_router_http_requests_total", "status" => status.to_string())
        .increment(1);
    metrics::histogram!("souk_router_http_request_duration_seconds").record(elapsed.as_secs_f64());
    span.in_scope(|| {
        if response.status().is_server_error() {
            tracing::warn!(status, ?elapsed, "request failed");
        } else {
            tracing::debug!(status, ?elapsed, "request answered");
        }
    });
    response.map(|body| in_span(body, span))
}

/// The body of a stream is made after its head has been sent: what is logged meanwhile belongs to the request as well.
fn in_span(body: Body, span: Span) -> Body {
    if body.size_hint().exact().is_some() {
        return body;
    }
    let mut pieces = body.into_data_stream().instrument(span);
    Body::from_stream(stream::poll_fn(move |context| {
        let span = pieces.span().clone();
        span.in_scope(|| pieces.inner_mut().poll_next_unpin(context))
    }))
}
