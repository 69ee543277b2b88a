//! Protection against requests that a page of another site makes a browser send.
//!
//! A browser sends a "simple" request to another site without asking that site first. A request passes when it
//! cannot have been simple (its content type, or a header that needs a preflight), or when nothing about it
//! says that another site's page caused it. `sec-fetch-site` says so for certain; browsers too old to send it
//! leave `origin`, `referer` or `cookie`, which programs other than browsers do not send.

use http::header::{CONTENT_TYPE, COOKIE, ORIGIN, REFERER};
use http::request::Parts;
use http::{HeaderMap, HeaderName, StatusCode};

use crate::config::Csrf;
use crate::error::Refusal;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// 403 for a request that another site's page may have caused.
pub(crate) fn check(config: &Csrf, parts: &Parts) -> Result<(), Refusal> {
    let headers = &parts.headers;
    if config.unsafe_disabled || !is_simple(headers) {
        return Ok(());
    }
    if config
        .required_headers
        .iter()
        .any(|required| headers.contains_key(&required.0))
    {
        return Ok(());
    }
    if !may_be_cross_site(headers) {
        return Ok(());
    }
    let names: Vec<&str> = config
        .required_headers
        .iter()
        .map(|required| required.0.as_str())
        .collect();
    Err(Refusal::http(
        StatusCode::FORBIDDEN,
        format!(
            "the request was blocked because a page of another site may have caused it; \
             send the content-type application/json or one of the headers {}",
            names.join(", ")
        ),
        "CSRF_BLOCKED",
    ))
}

/// Whether a browser sends such a request to another site without a preflight (Fetch, "CORS-safelisted
/// request-header"), as far as its content type goes.
fn is_simple(headers: &HeaderMap) -> bool {
    let Some(content_type) = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
    else {
        return true;
    };
    let essence = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    matches!(
        essence.as_str(),
        "" | "text/plain" | "application/x-www-form-urlencoded" | "multipart/form-data"
    )
}

fn may_be_cross_site(headers: &HeaderMap) -> bool {
    match headers.get(SEC_FETCH_SITE).map(http::HeaderValue::as_bytes) {
        Some(b"same-origin" | b"none") => false,
        Some(_) => true,
        None => [ORIGIN, REFERER, COOKIE]
            .iter()
            .any(|sign| headers.contains_key(sign)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(headers: &[(&str, &str)]) -> bool {
        let mut request = http::Request::builder().uri("/graphql");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        check(&Csrf::default(), &parts).is_ok()
    }

    #[test]
    fn requests_of_other_sites_are_blocked() {
        assert!(passes(&[]));
        assert!(passes(&[("sec-fetch-site", "same-origin")]));
        assert!(passes(&[("sec-fetch-site", "none")]));
        assert!(passes(&[
            ("sec-fetch-site", "cross-site"),
            ("content-type", "application/json")
        ]));
        assert!(passes(&[
            ("sec-fetch-site", "cross-site"),
            ("apollo-require-preflight", "1")
        ]));
        assert!(!passes(&[("sec-fetch-site", "cross-site")]));
        assert!(!passes(&[("sec-fetch-site", "same-site")]));
        assert!(!passes(&[
            ("sec-fetch-site", "cross-site"),
            ("content-type", "text/plain")
        ]));
        assert!(!passes(&[("cookie", "session=1")]));
        assert!(!passes(&[
            ("origin", "https://evil.example"),
            ("content-type", "multipart/form-data; boundary=x")
        ]));
    }
}
