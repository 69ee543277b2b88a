//! Media types: which one the client sends, and which one it wants (GraphQL over HTTP, section 4).

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};

use crate::error::Refusal;

/// A media type that the router answers in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResponseType {
    /// `application/json`
    Json,
    /// `application/graphql-response+json`
    GraphqlResponse,
    /// `text/event-stream`: graphql-sse, distinct connections mode
    EventStream,
}

impl ResponseType {
    pub fn content_type(self) -> &'static str {
        match self {
            ResponseType::Json => "application/json; charset=utf-8",
            ResponseType::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            ResponseType::EventStream => "text/event-stream",
        }
    }
}

/// In the order in which they are taken when the client likes several alike. `application/json` is what clients
/// expect that name no type, so it comes before its successor unless that is named.
const OFFERED: [(ResponseType, &str, &str); 3] = [
    (ResponseType::Json, "application", "json"),
    (
        ResponseType::GraphqlResponse,
        "application",
        "graphql-response+json",
    ),
    (ResponseType::EventStream, "text", "event-stream"),
];

/// The type to answer in; 406 when the client takes none that the router has.
pub(crate) fn negotiate(headers: &HeaderMap) -> Result<ResponseType, Refusal> {
    let ranges = accepted(headers);
    let says_nothing = headers
        .get_all(ACCEPT)
        .iter()
        .all(|value| value.as_bytes().trim_ascii().is_empty());
    if says_nothing {
        return Ok(ResponseType::Json);
    }
    let mut best: Option<(u16, u8, ResponseType)> = None;
    for (offered, kind, subtype) in OFFERED {
        let Some(range) = most_specific(&ranges, kind, subtype) else {
            continue;
        };
        if range.quality == 0 {
            continue;
        }
        let named = u8::from(range.specificity() == 2);
        // Both JSON types named and liked alike: the newer one tells more.
        let better = match best {
            None => true,
            Some((quality, best_named, current)) => {
                let newer = offered == ResponseType::GraphqlResponse
                    && current == ResponseType::Json
                    && named == 1;
                (range.quality, named) > (quality, best_named)
                    || (range.quality == quality && newer)
            }
        };
        if better {
            best = Some((range.quality, named, offered));
        }
    }
    best.map(|(_, _, offered)| offered).ok_or_else(|| {
        Refusal::http(
            StatusCode::NOT_ACCEPTABLE,
            "the router answers in application/graphql-response+json, application/json and text/event-stream, \
             of which the accept header allows none",
            "NOT_ACCEPTABLE",
        )
    })
}

/// Whether the client is a browser that opens a page.
pub(crate) fn wants_html(headers: &HeaderMap) -> bool {
    let ranges = accepted(headers);
    ranges
        .iter()
        .any(|range| range.kind == "text" && range.subtype == "html" && range.quality > 0)
}

/// 415 unless the body is JSON in UTF-8.
pub(crate) fn require_json(headers: &HeaderMap) -> Result<(), Refusal> {
    let refusal = |what: &str| {
        Refusal::http(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            format!("{what}; a request body must have the content-type application/json, in UTF-8"),
            "UNSUPPORTED_MEDIA_TYPE",
        )
    };
    let Some(value) = headers.get(CONTENT_TYPE) else {
        return Err(refusal("the content-type header is missing"));
    };
    let Some(text) = value.to_str().ok() else {
        return Err(refusal("the content-type header is not text"));
    };
    let mut parts = text.split(';');
    let essence = parts.next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(refusal(&format!(
            "the content-type {essence} is not supported"
        )));
    }
    for parameter in parts {
        let Some((name, value)) = parameter.split_once('=') else {
            continue;
        };
        if name.trim().eq_ignore_ascii_case("charset") && !is_utf8(value) {
            let value = value.trim();
            return Err(refusal(&format!("the charset {value} is not supported")));
        }
    }
    Ok(())
}

/// Whether the value of `charset` means UTF-8, by its name or the one that many give it.
fn is_utf8(charset: &str) -> bool {
    let charset = charset.trim().trim_matches('"');
    charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("utf8")
}

/// One range of an `accept` header.
#[derive(Debug)]
struct Range {
    kind: String,
    subtype: String,
    /// In thousandths, as RFC 9110 (section 12.4.2) allows three digits.
    quality: u16,
}

impl Range {
    /// 0 for `*/*`, 1 for `type/*`, 2 for a type.
    fn specificity(&self) -> u8 {
        u8::from(self.kind != "*") + u8::from(self.subtype != "*")
    }

    fn matches(&self, kind: &str, subtype: &str) -> bool {
        (self.kind == "*" || self.kind == kind) && (self.subtype == "*" || self.subtype == subtype)
    }
}

fn most_specific<'a>(ranges: &'a [Range], kind: &str, subtype: &str) -> Option<&'a Range> {
    let matching = ranges.iter().filter(|range| range.matches(kind, subtype));
    matching.max_by_key(|range| range.specificity())
}

fn accepted(headers: &HeaderMap) -> Vec<Range> {
    let mut ranges = Vec::new();
    for value in headers.get_all(ACCEPT) {
        let Ok(text) = value.to_str() else {
            continue;
        };
        for item in text.split(',') {
            ranges.extend(range(item));
        }
    }
    ranges
}

fn range(item: &str) -> Option<Range> {
    let mut parts = item.split(';');
    let essence = parts.next()?.trim().to_ascii_lowercase();
    let (kind, subtype) = essence.split_once('/')?;
    let mut quality = 1000;
    for parameter in parts {
        let Some((name, value)) = parameter.split_once('=') else {
            continue;
        };
        match name.trim().to_ascii_lowercase().as_str() {
            "q" => {
                let weight: f32 = value.trim().parse().ok()?;
                quality = (weight.clamp(0.0, 1.0) * 1000.0) as u16;
            }
            "charset" if !is_utf8(value) => return None,
            _ => {}
        }
    }
    Some(Range {
        kind: kind.to_owned(),
        subtype: subtype.to_owned(),
        quality,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(accept: &str) -> Option<ResponseType> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, accept.parse().unwrap());
        negotiate(&headers).ok()
    }

    #[test]
    fn the_client_chooses() {
        use ResponseType::{EventStream, GraphqlResponse, Json};
        let cases = [
            ("application/json", Some(Json)),
            ("application/graphql-response+json", Some(GraphqlResponse)),
            (
                "application/graphql-response+json; charset=utf-8, application/json;q=0.9",
                Some(GraphqlResponse),
            ),
            (
                "application/json, application/graphql-response+json",
                Some(GraphqlResponse),
            ),
            (
                "application/json, application/graphql-response+json;q=0.5",
                Some(Json),
            ),
            ("application/graphql-response+json;q=0, */*", Some(Json)),
            ("*/*", Some(Json)),
            ("application/*", Some(Json)),
            (
                "application/*, application/graphql-response+json",
                Some(GraphqlResponse),
            ),
            ("Application/JSON", Some(Json)),
            ("text/event-stream", Some(EventStream)),
            ("text/event-stream, */*", Some(EventStream)),
            ("application/json, text/event-stream", Some(Json)),
            ("text/html, */*;q=0.1", Some(Json)),
            ("text/html", None),
            ("application/json;q=0", None),
            ("application/json; charset=utf8", Some(Json)),
            ("application/json; charset=utf-16", None),
            ("*/*;q=0", None),
        ];
        for (accept, expected) in cases {
            assert_eq!(chosen(accept), expected, "{accept}");
        }
        assert_eq!(negotiate(&HeaderMap::new()).ok(), Some(Json));
    }

    #[test]
    fn bodies_are_json_in_utf8() {
        let cases = [
            ("application/json", true),
            ("application/json; charset=utf-8", true),
            ("APPLICATION/JSON;charset=\"UTF-8\"", true),
            ("application/json; charset=utf8", true),
            ("application/json; charset=latin1", false),
            ("text/plain", false),
            ("application/x-www-form-urlencoded", false),
            ("multipart/form-data; boundary=x", false),
            ("", false),
        ];
        for (content_type, accepted) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, content_type.parse().unwrap());
            assert_eq!(require_json(&headers).is_ok(), accepted, "{content_type}");
        }
    }
}
