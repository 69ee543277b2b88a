//! The sandbox's checkout page: plain HTML that works without JavaScript.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use minijinja::{AutoEscape, Environment, context};
use souk_platform::{ApiError, ErrorCode};
use uuid::Uuid;

use crate::provider::sandbox::{Choice, Sandbox};

const PAGE: &str = include_str!("checkout.html");
/// The page needs its own style and its own forms, and nothing else.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'";

/// `GET /sandbox/checkout/{id}` and the two buttons' `POST`s.
pub fn routes(sandbox: Arc<Sandbox>) -> Router {
    Router::new()
        .route("/sandbox/checkout/{id}", get(show))
        .route("/sandbox/checkout/{id}/pay", post(pay))
        .route("/sandbox/checkout/{id}/decline", post(decline))
        .with_state(sandbox)
}

async fn show(State(sandbox): State<Arc<Sandbox>>, Path(id): Path<String>) -> Response {
    let page = match checkout_id(&id) {
        Some(id) => sandbox.page(id).await,
        None => Ok(None),
    };
    match page {
        Ok(Some(page)) => render(
            StatusCode::OK,
            context! {
                id => id,
                state => page.state,
                description => page.description,
                amount => page.amount.amount.0.to_string(),
                currency => page.amount.currency.as_str(),
            },
        ),
        Ok(None) => not_found(),
        Err(error) => failed(&error),
    }
}

async fn pay(sandbox: State<Arc<Sandbox>>, id: Path<String>) -> Response {
    choose(&sandbox, &id, Choice::Pay).await
}

async fn decline(sandbox: State<Arc<Sandbox>>, id: Path<String>) -> Response {
    choose(&sandbox, &id, Choice::Decline).await
}

async fn choose(sandbox: &Arc<Sandbox>, id: &str, choice: Choice) -> Response {
    let Some(id) = checkout_id(id) else {
        return not_found();
    };
    match sandbox.choose(id, choice).await {
        // Back to the page by GET: reloading it does not choose again.
        Ok(()) => Redirect::to(&format!("/sandbox/checkout/{id}")).into_response(),
        Err(error) => failed(&error),
    }
}

fn not_found() -> Response {
    render(StatusCode::NOT_FOUND, context! { state => "UNKNOWN" })
}

fn checkout_id(text: &str) -> Option<Uuid> {
    Uuid::parse_str(text).ok()
}

fn failed(error: &ApiError) -> Response {
    let status = match error.code {
        ErrorCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    render(status, context! { state => "UNAVAILABLE" })
}

fn render(status: StatusCode, values: minijinja::Value) -> Response {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    match environment.render_str(PAGE, values) {
        Ok(html) => (
            status,
            [
                (header::CONTENT_SECURITY_POLICY, POLICY),
                (header::CACHE_CONTROL, "no-store"),
            ],
            Html(html),
        )
            .into_response(),
        Err(error) => {
            tracing::error!(%error, "the checkout page cannot be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
