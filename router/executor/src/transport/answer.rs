//! From an HTTP response to a GraphQL response.

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};

use super::encoding::{self, Coding};
use super::{SubgraphResponse, TransportError, root_cause};

/// Reads a response of at most `limit` bytes, decompressed.
pub(super) async fn receive(
    response: Response<Incoming>,
    limit: usize,
) -> Result<SubgraphResponse, TransportError> {
    let (parts, body) = response.into_parts();
    let text = |value: &HeaderValue| value.to_str().unwrap_or("?").to_owned();
    let media_type = parts.headers.get(CONTENT_TYPE).map(text);
    let codings: Vec<String> = parts
        .headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .map(text)
        .collect();
    let codings = encoding::codings(codings.iter().map(String::as_str))?;
    let answer = Answer::announced(parts.status, media_type.as_deref(), codings)?;
    let body = read(body, limit).await?;
    answer.complete(body, limit)
}

/// What a response's head tells of its body.
pub(super) struct Answer {
    status: StatusCode,
    media_type: MediaType,
    codings: Vec<Coding>,
}

impl Answer {
    /// An error when the body cannot be a GraphQL response, so that nobody needs to read it.
    pub fn announced(
        status: StatusCode,
        media_type: Option<&str>,
        codings: Vec<Coding>,
    ) -> Result<Answer, TransportError> {
        let media_type = media_type.map_or(MediaType::Json, MediaType::of);
        if !status.is_success() && matches!(media_type, MediaType::Other(_)) {
            return Err(TransportError::Status(status));
        }
        Ok(Answer {
            status,
            media_type,
            codings,
        })
    }

    /// With the body, which may have `limit` bytes when it is decompressed.
    pub fn complete(
        self,
        body: impl Into<Bytes>,
        limit: usize,
    ) -> Result<SubgraphResponse, TransportError> {
        let body = encoding::decode(&self.codings, body.into(), limit)?;
        judge(self.status, self.media_type, body)
    }
}

async fn read(mut body: Incoming, limit: usize) -> Result<Bytes, TransportError> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > limit {
        return Err(TransportError::TooLarge(limit));
    }
    let mut whole = Bytes::new();
    let mut collected = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| TransportError::Interrupted(root_cause(&error)))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if whole.is_empty() && collected.is_empty() {
            // Most bodies come in one piece, which needs no copy.
            whole = data;
            continue;
        }
        if collected.is_empty() {
            collected.reserve(announced.max(whole.len() + data.len()));
            collected.extend_from_slice(&std::mem::take(&mut whole));
        }
        if collected.len() + data.len() > limit {
            return Err(TransportError::TooLarge(limit));
        }
        collected.extend_from_slice(&data);
    }
    if whole.len() > limit {
        return Err(TransportError::TooLarge(limit));
    }
    Ok(if collected.is_empty() {
        whole
    } else {
        collected.freeze()
    })
}

#[derive(Debug, PartialEq, Eq)]
enum MediaType {
    /// `application/graphql-response+json`: a GraphQL response whatever the status.
    GraphQL,
    /// `application/json`, or none at all.
    Json,
    /// Any other, as errors show it.
    Other(String),
}

/// The longest media type that errors show, in characters.
const LONGEST_SHOWN: usize = 64;

impl MediaType {
    fn of(content_type: &str) -> MediaType {
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        if essence.eq_ignore_ascii_case("application/graphql-response+json") {
            MediaType::GraphQL
        } else if essence.eq_ignore_ascii_case("application/json") {
            MediaType::Json
        } else {
            MediaType::Other(shown(essence))
        }
    }
}

/// A subgraph may send anything as its media type; what cannot be in one (RFC 9110, section 8.3.1) is not shown.
fn shown(essence: &str) -> String {
    let plain = |c: char| match c.is_ascii_alphanumeric() || "!#$&-^_.+/*".contains(c) {
        true => c,
        false => '?',
    };
    let mut characters = essence.chars();
    let mut shown: String = characters.by_ref().take(LONGEST_SHOWN).map(plain).collect();
    if characters.next().is_some() {
        shown.push_str("...");
    }
    shown
}

/// Whether a body is a GraphQL response. Many servers send one as `application/json` with a status of 400 or 500.
fn judge(
    status: StatusCode,
    media_type: MediaType,
    body: Bytes,
) -> Result<SubgraphResponse, TransportError> {
    match media_type {
        MediaType::Other(other) => Err(TransportError::Malformed(format!(
            "the content type is not JSON but '{other}'"
        ))),
        MediaType::Json if !status.is_success() && !has_errors(&body) => {
            Err(TransportError::Status(status))
        }
        MediaType::GraphQL | MediaType::Json => Ok(SubgraphResponse::Json(body)),
    }
}

fn has_errors(body: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Errors {
        errors: Vec<serde::de::IgnoredAny>,
    }
    serde_json::from_slice::<Errors>(body).is_ok_and(|body| !body.errors.is_empty())
}
