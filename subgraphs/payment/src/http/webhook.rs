//! Where providers tell us what happened.

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::json;
use souk_platform::identity::CORRELATION_HEADER;

use crate::payments::{Payments, Taken};
use crate::provider::WebhookError;

/// The longest webhook, in bytes.
const LONGEST: usize = 64 * 1024;

/// `POST /webhooks/payments/sandbox`.
pub fn routes(payments: Payments) -> Router {
    Router::new()
        .route("/webhooks/payments/sandbox", post(receive))
        .layer(DefaultBodyLimit::max(LONGEST))
        .with_state(payments)
}

async fn receive(State(payments): State<Payments>, headers: HeaderMap, body: Bytes) -> Response {
    let correlation_id = headers
        .get(CORRELATION_HEADER)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    match payments.webhook(&headers, &body, correlation_id).await {
        Ok(Taken::Worked) => answer(StatusCode::OK, "status", "worked"),
        Ok(Taken::Duplicate) => answer(StatusCode::OK, "status", "duplicate"),
        Ok(Taken::Refused(why)) => answer(StatusCode::UNPROCESSABLE_ENTITY, "error", why),
        Err(error) => {
            let status = match &error {
                WebhookError::Unsigned(_) => StatusCode::UNAUTHORIZED,
                WebhookError::Malformed(_) => StatusCode::BAD_REQUEST,
                WebhookError::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            };
            answer(status, "error", &error.to_string())
        }
    }
}

fn answer(status: StatusCode, key: &str, text: &str) -> Response {
    (status, Json(json!({ key: text }))).into_response()
}
