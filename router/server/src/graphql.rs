//! The GraphQL endpoint: one path for POST, GET, streams and WebSocket.

use std::sync::Arc;

use apollo_compiler::ast::OperationType;
use axum::body::Body;
use axum::extract::{FromRequestParts, State, WebSocketUpgrade};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, header};

use crate::error::Refusal;
use crate::http::media::{self, Accepted, AnswerType, ResponseType};
use crate::http::request::{GraphQLRequest, from_body, from_query, read_body};
use crate::http::{csrf, response};
use crate::operation::expose::Exposure;
use crate::service::{Ready, Service};
use crate::streaming::{stream, websocket};

/// Answers a request to the GraphQL endpoint.
pub(crate) async fn endpoint(
    State(service): State<Arc<Service>>,
    request: Request<Body>,
) -> Response {
    let (mut parts, body) = request.into_parts();
    if is_websocket(&parts) {
        return match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
            Ok(upgrade) => websocket::accept(service, upgrade, parts),
            Err(rejection) => rejection.into_response(),
        };
    }
    if service.config.serves_page()
        && parts.method == Method::GET
        && parts.uri.query().is_none()
        && media::wants_html(&parts.headers)
    {
        return crate::page::index(&service);
    }
    let accepted = match media::negotiate(&parts.headers) {
        Ok(accepted) => accepted,
        Err(refusal) => return response::refused(&refusal, ResponseType::Json),
    };
    match answer(&service, &parts, body, accepted).await {
        Ok(response) => response,
        Err(refusal) => response::refused(&refusal.traced(&parts), accepted.refusal()),
    }
}

/// What is sent to a path where nothing is, or nothing that takes it: says where the graph is.
pub(crate) async fn elsewhere(State(service): State<Arc<Service>>, uri: Uri) -> Response {
    let graphql = &service.config.supergraph.path.0;
    let refusal = match uri.path() {
        // The page.
        "/" if service.config.serves_page() => {
            method_not_allowed(format!("GraphQL is served at {graphql}"), "GET, HEAD")
        }
        path => Refusal::http(
            StatusCode::NOT_FOUND,
            format!("there is nothing at {path}; GraphQL is served at {graphql}"),
            "NOT_FOUND",
        ),
    };
    response::refused(&refusal, ResponseType::Json)
}

fn is_websocket(parts: &Parts) -> bool {
    let upgrade = parts.headers.get(header::UPGRADE);
    upgrade.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

async fn answer(
    service: &Arc<Service>,
    parts: &Parts,
    body: Body,
    accepted: Accepted,
) -> Result<Response, Refusal> {
    let deadline = service.deadline();
    let request = deadline.receive(read(service, parts, body)).await?;
    deadline
        .answer(respond(service, parts, request, accepted))
        .await
}

/// The GraphQL request in an HTTP request.
async fn read(service: &Service, parts: &Parts, body: Body) -> Result<GraphQLRequest, Refusal> {
    match parts.method {
        Method::POST => {
            csrf::check(&service.config.csrf, parts)?;
            media::require_json(&parts.headers)?;
            from_body(&read_body(parts, body, service.config.limits.http_max_request_bytes).await?)
        }
        Method::GET | Method::HEAD => {
            csrf::check(&service.config.csrf, parts)?;
            from_query(parts.uri.query().unwrap_or_default())
        }
        _ => {
            let message = format!(
                "the method {} is not allowed; use POST or GET",
                parts.method
            );
            Err(method_not_allowed(message, "GET, POST"))
        }
    }
}

/// Executes the request's operation.
async fn respond(
    service: &Arc<Service>,
    parts: &Parts,
    request: GraphQLRequest,
    accepted: Accepted,
) -> Result<Response, Refusal> {
    let context = service.context(parts).await?;
    let ready = match service.ready(request, parts, context).await {
        Ok(ready) => ready,
        Err(refusal) => {
            return match accepted.single {
                AnswerType::Stream(kind) => Ok(stream::refused(&refusal.traced(parts), kind)),
                AnswerType::One(_) => Err(refusal),
            };
        }
    };
    if parts.method != Method::POST && ready.kind == OperationType::Mutation {
        let message = "a mutation cannot be sent with GET, which must change nothing; use POST";
        return Err(method_not_allowed(message.to_owned(), "POST"));
    }
    if ready.kind == OperationType::Subscription {
        let Some(kind) = accepted.stream else {
            return Err(Refusal::http(
                StatusCode::NOT_ACCEPTABLE,
                "a subscription has many responses: send accept: text/event-stream or \
                 accept: multipart/mixed;subscriptionSpec=1.0, or use a WebSocket with the subprotocol \
                 graphql-transport-ws",
                "SUBSCRIPTION_NEEDS_STREAM",
            ));
        };
        return Ok(stream::subscription(service, ready, Arc::new(parts.clone()), kind).await);
    }
    match accepted.single {
        AnswerType::Stream(kind) => stream::single(service, ready, kind).await,
        AnswerType::One(media) => {
            let executed = execute(service, ready, &parts.headers).await?;
            Ok(response::executed(executed, media))
        }
    }
}

/// Executes a query or a mutation, and adds its plan to the response if the request may ask for it.
async fn execute(
    service: &Service,
    ready: Ready,
    headers: &HeaderMap,
) -> Result<souk_executor::Response, Refusal> {
    let exposure = Exposure::asked(&service.config.plugins, headers);
    let Some((exposure, plan)) = exposure.zip(ready.shown_plan.clone()) else {
        return service.execute(ready).await;
    };
    let response = match exposure.dry_run {
        true => souk_executor::Response::without_execution(),
        false => service.execute(ready).await?,
    };
    Ok(exposure.add(response, &plan))
}

fn method_not_allowed(message: String, allowed: &'static str) -> Refusal {
    Refusal::http(
        StatusCode::METHOD_NOT_ALLOWED,
        message,
        "METHOD_NOT_ALLOWED",
    )
    .with_header(header::ALLOW, HeaderValue::from_static(allowed))
}
