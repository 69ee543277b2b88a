//! A subgraph's HTTP server. The GraphQL endpoint answers only whom the router or another subgraph vouches for: a
//! request without a signed identity header is refused, and so is a forged or expired one.

use std::sync::Arc;

use async_graphql::Request;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, FromRequestParts, State, WebSocketUpgrade};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post as on_post};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tower_http::decompression::RequestDecompressionLayer;
use uuid::Uuid;

use super::{Readiness, error_response, execute, websocket};
use crate::error::{ApiError, ApiResult, ErrorCode};
use crate::identity::{
    CLIENT_HEADER, CORRELATION_HEADER, ClientAddress, IDENTITY_HEADER, Identity, InternalSigner,
};
use crate::subgraph::Subgraph;
use crate::telemetry::{self, TelemetryError};

/// The largest request in bytes, decompressed. The router's own limit is lower; lists of representations make requests grow.
const LARGEST_BODY: usize = 4 * 1024 * 1024;
/// How much is read from a WebSocket at once, in bytes. Each has a buffer of this size, which is cleared before every
/// read; what the router sends is short.
const READ_BUFFER: usize = 4 * 1024;
/// The longest correlation id that is taken over from a caller: as long as the router takes from its clients.
const LONGEST_CORRELATION_ID: usize = 128;

/// What a subgraph's server needs beside the subgraph.
#[derive(Clone)]
pub struct Serving {
    /// Verifies identity headers.
    pub signer: InternalSigner,
    /// What `/readiness` asks. Should contain [`super::database_check`].
    pub readiness: Readiness,
    /// When cancelled, `/readiness` says no and subscriptions end.
    pub shutdown: CancellationToken,
}

struct Server {
    subgraph: Arc<Subgraph>,
    serving: Serving,
    metrics: PrometheusHandle,
}

/// The routes of a subgraph that runs on its own: `POST /graphql`, subscriptions by graphql-transport-ws on the same
/// path, `/health` (the process lives), `/readiness`, `/metrics`, and the subgraph's own routes.
pub fn router(subgraph: Arc<Subgraph>, serving: Serving) -> Result<Router, TelemetryError> {
    let own_routes = subgraph.routes.clone();
    let metrics = telemetry::metrics()?;
    let server = Arc::new(Server {
        subgraph,
        serving,
        metrics,
    });
    let routes = Router::new()
        .route(
            "/graphql",
            get(upgrade).merge(on_post(post).layer(RequestDecompressionLayer::new())),
        )
        .route("/health", get(health))
        .route("/readiness", get(readiness))
        .route("/metrics", get(prometheus))
        .layer(DefaultBodyLimit::disable())
        .with_state(server);
    Ok(routes.merge(own_routes))
}

/// The correlation id of a request: the caller's, if it is short and printable, else a new one.
pub fn correlation_id(headers: &HeaderMap) -> String {
    let given = headers
        .get(CORRELATION_HEADER)
        .and_then(|value| value.to_str().ok());
    match given {
        Some(id)
            if !id.is_empty()
                && id.len() <= LONGEST_CORRELATION_ID
                && id.bytes().all(|b| b.is_ascii_graphic()) =>
        {
            id.to_owned()
        }
        _ => Uuid::now_v7().to_string(),
    }
}

async fn post(State(server): State<Arc<Server>>, headers: HeaderMap, body: Body) -> Response {
    let correlation_id = correlation_id(&headers);
    let identity = match identity(&server.serving.signer, &headers) {
        Ok(identity) => identity,
        Err(error) => return refuse(StatusCode::UNAUTHORIZED, error, &correlation_id),
    };
    if !is_json(&headers) {
        let error = ApiError::new(
            ErrorCode::BadUserInput,
            "send the request as application/json",
        );
        return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, error, &correlation_id);
    }
    let body = match read(body).await {
        Ok(body) => body,
        Err((status, error)) => return refuse(status, error, &correlation_id),
    };
    let request = match parse(&body) {
        Ok(request) => request,
        Err(error) => return refuse(StatusCode::BAD_REQUEST, error, &correlation_id),
    };
    let request = match client_address(&headers) {
        Some(client) => request.data(client),
        None => request,
    };
    let subgraph = &server.subgraph;
    let response = execute(
        &*subgraph.schema,
        subgraph.name,
        identity,
        &correlation_id,
        request,
    )
    .await;
    graphql(StatusCode::OK, &response, &correlation_id)
}

async fn upgrade(State(server): State<Arc<Server>>, request: axum::extract::Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let correlation_id = correlation_id(&parts.headers);
    let Ok(upgrade) = WebSocketUpgrade::from_request_parts(&mut parts, &server).await else {
        let error = ApiError::new(
            ErrorCode::BadUserInput,
            "send queries by POST, subscriptions by graphql-transport-ws",
        );
        return refuse(StatusCode::METHOD_NOT_ALLOWED, error, &correlation_id);
    };
    let identity = match identity(&server.serving.signer, &parts.headers) {
        Ok(identity) => identity,
        Err(error) => return refuse(StatusCode::UNAUTHORIZED, error, &correlation_id),
    };
    let caller = websocket::Caller {
        service: server.subgraph.schema.clone(),
        subgraph: server.subgraph.name,
        identity,
        correlation_id,
        client: client_address(&parts.headers),
    };
    let shutdown = server.serving.shutdown.clone();
    upgrade
        .protocols([websocket::PROTOCOL])
        .read_buffer_size(READ_BUFFER)
        .max_message_size(LARGEST_BODY)
        .on_upgrade(move |socket| websocket::serve(socket, caller, shutdown))
}

fn identity(signer: &InternalSigner, headers: &HeaderMap) -> ApiResult<Identity> {
    match headers.get(IDENTITY_HEADER).map(HeaderValue::to_str) {
        Some(Ok(header)) => signer.verify(header),
        Some(Err(_)) => Err(ApiError::unauthenticated(
            "the identity header is not one that this platform signed",
        )),
        None => Err(ApiError::unauthenticated(
            "a subgraph answers only the router and other subgraphs",
        )),
    }
}

/// The client's address as the router saw it. Whoever can sign an identity is believed about the client, too.
fn client_address(headers: &HeaderMap) -> Option<ClientAddress> {
    let address = headers.get(CLIENT_HEADER)?.to_str().ok()?.parse().ok()?;
    Some(ClientAddress(address))
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

async fn read(body: Body) -> Result<Bytes, (StatusCode, ApiError)> {
    match Limited::new(body, LARGEST_BODY).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            let message = format!("the request is larger than {LARGEST_BODY} bytes");
            Err((
                StatusCode::PAYLOAD_TOO_LARGE,
                ApiError::new(ErrorCode::BadUserInput, message),
            ))
        }
        Err(_) => Err((
            StatusCode::BAD_REQUEST,
            ApiError::new(ErrorCode::BadUserInput, "the request's body broke off"),
        )),
    }
}

/// A request has a query (GraphQL over HTTP, section 4.1). Batches are not supported.
fn parse(body: &[u8]) -> ApiResult<Request> {
    let refused = |reason: &str| {
        ApiError::new(
            ErrorCode::BadUserInput,
            format!("the body is not a GraphQL request: {reason}"),
        )
    };
    let request: Request =
        serde_json::from_slice(body).map_err(|error| refused(&error.to_string()))?;
    if request.query.is_empty() {
        return Err(refused("it has no query"));
    }
    Ok(request)
}

fn refuse(status: StatusCode, error: ApiError, correlation_id: &str) -> Response {
    graphql(
        status,
        &error_response(error, correlation_id),
        correlation_id,
    )
}

fn graphql(
    status: StatusCode,
    response: &async_graphql::Response,
    correlation_id: &str,
) -> Response {
    match serde_json::to_vec(response) {
        Ok(body) => {
            let mut response =
                (status, [(header::CONTENT_TYPE, "application/json")], body).into_response();
            if let Ok(id) = HeaderValue::from_str(correlation_id) {
                response.headers_mut().insert(CORRELATION_HEADER, id);
            }
            response
        }
        Err(error) => {
            tracing::error!(%error, correlation_id, "a response cannot be written as JSON");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

async fn health() -> Response {
    page(StatusCode::OK, &json!({ "status": "up" }))
}

async fn readiness(State(server): State<Arc<Server>>) -> Response {
    if server.serving.shutdown.is_cancelled() {
        return page(
            StatusCode::SERVICE_UNAVAILABLE,
            &json!({ "status": "stopping" }),
        );
    }
    match server.serving.readiness.ask().await {
        Ok(parts) => page(
            StatusCode::OK,
            &json!({ "status": "ready", "parts": parts }),
        ),
        Err(parts) => page(
            StatusCode::SERVICE_UNAVAILABLE,
            &json!({ "status": "not ready", "parts": parts }),
        ),
    }
}

async fn prometheus(State(server): State<Arc<Server>>) -> Response {
    (
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        server.metrics.render(),
    )
        .into_response()
}

fn page(status: StatusCode, body: &Value) -> Response {
    (
        status,
        [(header::CONTENT_TYPE, "application/json")],
        body.to_string(),
    )
        .into_response()
}
