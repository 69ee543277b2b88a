//! Answers to requests that ask for one response.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};

use super::media::ResponseType;
use crate::error::{Refusal, RefusalKind};

/// A response of the executor.
pub(crate) fn executed(response: souk_executor::Response, media: ResponseType) -> Response {
    // Without a `data` entry nothing was executed, which only the newer media type tells by status.
    let status = if response.has_data() || media == ResponseType::Json {
        StatusCode::OK
    } else {
        StatusCode::BAD_REQUEST
    };
    answer(status, media, Body::from(response.into_bytes()))
}

/// A request that was not executed.
pub(crate) fn refused(refusal: &Refusal, media: ResponseType) -> Response {
    let status = match (refusal.kind, media) {
        (RefusalKind::Http(status), _) => status,
        (RefusalKind::GraphQL, ResponseType::Json) => StatusCode::OK,
        (RefusalKind::GraphQL, _) => StatusCode::BAD_REQUEST,
    };
    let mut response = answer(status, media, Body::from(refusal.body()));
    response.headers_mut().extend(refusal.headers.clone());
    response
}

fn answer(status: StatusCode, media: ResponseType, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(media.content_type()),
    );
    headers.insert(header::VARY, HeaderValue::from_static("accept"));
    // What a client may see depends on who it is.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
