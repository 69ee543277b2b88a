//! The GraphiQL page, embedded into the program at build time.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::service::Service;

/// A file that the page loads.
struct Asset {
    name: &'static str,
    plain: &'static [u8],
    brotli: &'static [u8],
}

// Written by the build script: INDEX, POLICY, VERSION and ASSETS.
include!(concat!(env!("OUT_DIR"), "/graphiql.rs"));

/// Where the page's files are. The version is part of the path, so that browsers may keep them forever.
pub(crate) const ASSETS_ROUTE: &str = "/graphiql/{version}/{name}";

/// The page itself.
pub(crate) fn index(service: &Service) -> Response {
    // The path is of plain characters only, which its type sees to.
    let html = INDEX
        .replace("{{endpoint}}", &service.config.supergraph.path.0)
        .replace("{{assets}}", &format!("/graphiql/{VERSION}"));
    let mut response = Response::new(Body::from(html));
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(POLICY),
    );
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    response
}

/// `GET /`
pub(crate) async fn home(State(service): State<Arc<Service>>) -> Response {
    index(&service)
}

/// `GET /graphiql/{version}/{name}`
pub(crate) async fn asset(
    Path((version, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let found = ASSETS
        .iter()
        .find(|asset| version == VERSION && asset.name == name);
    let Some(asset) = found else {
        let mut response = Response::new(Body::from("not found"));
        *response.status_mut() = StatusCode::NOT_FOUND;
        return response;
    };
    let takes_brotli = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|encodings| encodings.split(',').any(|encoding| encoding.trim() == "br"));
    let body = if takes_brotli {
        asset.brotli
    } else {
        asset.plain
    };
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(content_type(asset.name)),
    );
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=31536000, immutable"),
    );
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    if takes_brotli {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
    }
    response
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("ttf") => "font/ttf",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    }
}
