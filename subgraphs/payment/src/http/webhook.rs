//! Where providers tell us what happened.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::json;
use souk_platform::identity::CORRELATION_HEADER;

use crate::payments::{Payments, Refusal, Taken};
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

async fn receive(
    State(payments): State<Payments>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let body = match body {
        Ok(body) => body,
        Err(unread) if unread.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            let message = format!("a webhook has at most {LONGEST} bytes");
            return refused(unread.status(), "TOO_LARGE", &message);
        }
        Err(unread) => return refused(unread.status(), "MALFORMED", &unread.body_text()),
    };
    let correlation_id = headers
        .get(CORRELATION_HEADER)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    match payments.webhook(&headers, &body, correlation_id).await {
        Ok(Taken::Worked) => taken("worked"),
        Ok(Taken::Duplicate) => taken("duplicate"),
        Ok(Taken::Refused(why)) => {
            let code = match why {
                Refusal::UnknownPayment => "UNKNOWN_PAYMENT",
                Refusal::WrongAmount => "WRONG_AMOUNT",
            };
            refused(StatusCode::UNPROCESSABLE_ENTITY, code, &why.to_string())
        }
        Err(error) => {
            let (status, code) = match &error {
                WebhookError::Unsigned(_) => (StatusCode::UNAUTHORIZED, "SIGNATURE_INVALID"),
                WebhookError::Malformed(_) => (StatusCode::BAD_REQUEST, "MALFORMED"),
                WebhookError::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE"),
            };
            refused(status, code, &error.to_string())
        }
    }
}

fn taken(status: &str) -> Response {
    Json(json!({ "status": status })).into_response()
}

/// `code` is one of the set that `docs/operations.md` lists.
fn refused(status: StatusCode, code: &str, message: &str) -> Response {
    (status, Json(json!({ "error": message, "code": code }))).into_response()
}
