//! Whether the router works, whether it takes requests, and what it counted.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde_json::json;

use crate::service::Service;

/// What takes longer than this to answer does not work.
const CHECKED_WITHIN: Duration = Duration::from_secs(2);

/// 200 as long as the process answers at all.
pub(crate) async fn health() -> Response {
    Json(json!({ "status": "UP" })).into_response()
}

/// 503 from the moment at which the router begins to stop, and while it lacks what it needs, so that load balancers
/// send requests elsewhere.
pub(crate) async fn readiness(State(service): State<Arc<Service>>) -> Response {
    if service.stopping.is_cancelled() {
        return not_ready("stopping");
    }
    if let Some(check) = &service.readiness {
        let answer = tokio::time::timeout(CHECKED_WITHIN, check()).await;
        if let Err(reason) = answer.unwrap_or_else(|_| Err("no answer in time".to_owned())) {
            // The reason goes to the log: the page is open to everybody, and a reason may hold an address.
            tracing::warn!(reason, "not ready");
            return not_ready("something that the router needs does not work");
        }
    }
    Json(json!({ "status": "UP" })).into_response()
}

fn not_ready(reason: &str) -> Response {
    let body = Json(json!({ "status": "DOWN", "reason": reason }));
    (StatusCode::SERVICE_UNAVAILABLE, body).into_response()
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
