//! Whether the router works, whether it takes requests, and what it counted.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde_json::json;

use crate::service::Service;

/// 200 as long as the process answers at all.
pub(crate) async fn health() -> Response {
    Json(json!({ "status": "UP" })).into_response()
}

/// 503 from the moment at which the router begins to stop, so that load balancers send requests elsewhere.
pub(crate) async fn readiness(State(service): State<Arc<Service>>) -> Response {
    if service.stopping.is_cancelled() {
        return (
            StatusCode::SERVICE_UNAVAILABLE,
            Json(json!({ "status": "DOWN", "reason": "stopping" })),
        )
            .into_response();
    }
    Json(json!({ "status": "UP" })).into_response()
}

/// Metrics in Prometheus' text format.
pub(crate) async fn metrics(State(service): State<Arc<Service>>) -> Response {
    match &service.metrics {
        Some(render) => (
            [(
                header::CONTENT_TYPE,
                "text/plain; version=0.0.4; charset=utf-8",
            )],
            render(),
        )
            .into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
