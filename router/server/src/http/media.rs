//! Media types: which one the client sends, and which one it wants (GraphQL over HTTP, section 4).

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};

use crate::error::Refusal;

/// A media type of one response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResponseType {
    /// `application/json`
    Json,
    /// `application/graphql-response+json`
    GraphqlResponse,
}

impl ResponseType {
    pub fn content_type(self) -> &'static str {
        match self {
            ResponseType::Json => "application/json; charset=utf-8",
            ResponseType::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
        }
    }
}

/// A media type of many responses, one after another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StreamType {
    /// `text/event-stream`: graphql-sse, distinct connections mode
    EventStream,
    /// `multipart/mixed; subscriptionSpec=1.0`: Apollo's multipart subscription protocol
    Multipart,
}

impl StreamType {
    pub fn content_type(self) -> &'static str {
        match self {
            StreamType::EventStream => "text/event-stream",
            StreamType::Multipart => "multipart/mixed;boundary=\"graphql\";subscriptionSpec=1.0",
        }
    }
}

/// How an operation can be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AnswerType {
    One(ResponseType),
    Stream(StreamType),
}

/// What the client takes. Which of it suits is known when the operation is (RFC 9110, section 12.5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Accepted {
    /// The type for a query or a mutation: there is one response, which a stream can carry as well.
    pub single: AnswerType,
    /// The type for a subscription, if the client takes a stream.
    pub stream: Option<StreamType>,
}

impl Accepted {
    /// What a client gets that says nothing (GraphQL over HTTP, section 6.1).
    const UNSAID: Accepted = Accepted {
        single: AnswerType::One(ResponseType::Json),
        stream: None,
    };

    /// The type of a body that says why there is no answer.
    pub fn refusal(self) -> ResponseType {
        match self.single {
            AnswerType::One(media) => media,
            AnswerType::Stream(_) => ResponseType::Json,
        }
    }
}

/// In the order in which they are taken when the client likes several alike. `application/json` is what clients
/// expect that name no type, so it comes before its successor unless that is named.
const OFFERED: [AnswerType; 4] = [
    AnswerType::One(ResponseType::Json),
    AnswerType::One(ResponseType::GraphqlResponse),
    AnswerType::Stream(StreamType::EventStream),
    AnswerType::Stream(StreamType::Multipart),
];

/// What to answer in; 406 when the client takes nothing that the router has.
pub(crate) fn negotiate(headers: &HeaderMap) -> Result<Accepted, Refusal> {
    let ranges = accepted(headers);
    let says_nothing = headers
        .get_all(ACCEPT)
        .iter()
        .all(|value| value.as_bytes().trim_ascii().is_empty());
    if says_nothing {
        return Ok(Accepted::UNSAID);
    }
    let mut single: Option<(u16, bool, AnswerType)> = None;
    let mut stream: Option<(u16, StreamType)> = None;
    for offered in OFFERED {
        let Some(range) = most_specific(&ranges, offered) else {
            continue;
        };
        let quality = range.quality;
        if quality == 0 {
            continue;
        }
        let named = range.specificity() == 2;
        // Both JSON types named and liked alike: the newer one tells more.
        let newer = named && offered == AnswerType::One(ResponseType::GraphqlResponse);
        let better = single.is_none_or(|(best, best_named, current)| {
            let replaces = newer && current == AnswerType::One(ResponseType::Json);
            (quality, named) > (best, best_named) || (quality == best && replaces)
        });
        if better {
            single = Some((quality, named, offered));
        }
        // Who takes anything (`*/*`) does not expect an answer without an end, and may wait for that.
        if let AnswerType::Stream(kind) = offered
            && range.specificity() > 0
            && stream.is_none_or(|(best, _)| quality > best)
        {
            stream = Some((quality, kind));
        }
    }
    let Some((_, _, single)) = single else {
        return Err(Refusal::http(
            StatusCode::NOT_ACCEPTABLE,
            "the router answers in application/graphql-response+json, application/json, text/event-stream and \
             multipart/mixed;subscriptionSpec=1.0, of which the accept header allows none",
            "NOT_ACCEPTABLE",
        ));
    };
    Ok(Accepted {
        single,
        stream: stream.map(|(_, kind)| kind),
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
    /// Whether it has the parameter `subscriptionSpec=1.0`.
    subscription_spec: bool,
}

impl Range {
    /// 0 for `*/*`, 1 for `type/*`, 2 for a type.
    fn specificity(&self) -> u8 {
        u8::from(self.kind != "*") + u8::from(self.subtype != "*")
    }

    fn matches(&self, offered: AnswerType) -> bool {
        let (kind, subtype) = match offered {
            AnswerType::One(ResponseType::Json) => ("application", "json"),
            AnswerType::One(ResponseType::GraphqlResponse) => {
                ("application", "graphql-response+json")
            }
            AnswerType::Stream(StreamType::EventStream) => ("text", "event-stream"),
            // Without the parameter the client may know other protocols in parts only, such as those of `@defer`.
            AnswerType::Stream(StreamType::Multipart) => {
                let mixed = self.kind == "multipart" && self.subtype == "mixed";
                return mixed && self.subscription_spec;
            }
        };
        (self.kind == "*" || self.kind == kind) && (self.subtype == "*" || self.subtype == subtype)
    }
}

fn most_specific(ranges: &[Range], offered: AnswerType) -> Option<&Range> {
    let matching = ranges.iter().filter(|range| range.matches(offered));
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
    let mut subscription_spec = false;
    for parameter in parts {
        let Some((name, value)) = parameter.split_once('=') else {
            continue;
        };
        match name.trim().to_ascii_lowercase().as_str() {
            "q" => {
                let weight: f32 = value.trim().parse().ok()?;
                quality = (weight.clamp(0.0, 1.0) * 1000.0) as u16;
            }
            "subscriptionspec" => subscription_spec = value.trim().trim_matches('"') == "1.0",
            "charset" if !is_utf8(value) => return None,
            _ => {}
        }
    }
    Some(Range {
        kind: kind.to_owned(),
        subtype: subtype.to_owned(),
        quality,
        subscription_spec,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: AnswerType = AnswerType::One(ResponseType::Json);
    const GRAPHQL: AnswerType = AnswerType::One(ResponseType::GraphqlResponse);
    const EVENTS: AnswerType = AnswerType::Stream(StreamType::EventStream);
    const PARTS: AnswerType = AnswerType::Stream(StreamType::Multipart);

    fn accepting(accept: &str) -> Option<Accepted> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, accept.parse().unwrap());
        negotiate(&headers).ok()
    }

    #[test]
    fn the_client_chooses() {
        let cases = [
            ("application/json", Some(JSON)),
            ("application/graphql-response+json", Some(GRAPHQL)),
            (
                "application/graphql-response+json; charset=utf-8, application/json;q=0.9",
                Some(GRAPHQL),
            ),
            (
                "application/json, application/graphql-response+json",
                Some(GRAPHQL),
            ),
            (
                "application/json, application/graphql-response+json;q=0.5",
                Some(JSON),
            ),
            ("application/graphql-response+json;q=0, */*", Some(JSON)),
            ("*/*", Some(JSON)),
            ("application/*", Some(JSON)),
            (
                "application/*, application/graphql-response+json",
                Some(GRAPHQL),
            ),
            ("Application/JSON", Some(JSON)),
            ("text/event-stream", Some(EVENTS)),
            ("text/event-stream, */*", Some(EVENTS)),
            ("application/json, text/event-stream", Some(JSON)),
            ("multipart/mixed;subscriptionSpec=1.0", Some(PARTS)),
            (
                "multipart/mixed;subscriptionSpec=1.0, application/json",
                Some(JSON),
            ),
            ("multipart/mixed;deferSpec=20220824", None),
            ("text/html, */*;q=0.1", Some(JSON)),
            ("text/html", None),
            ("application/json;q=0", None),
            ("application/json; charset=utf8", Some(JSON)),
            ("application/json; charset=utf-16", None),
            ("*/*;q=0", None),
        ];
        for (accept, expected) in cases {
            let single = accepting(accept).map(|accepted| accepted.single);
            assert_eq!(single, expected, "{accept}");
        }
        assert_eq!(negotiate(&HeaderMap::new()).ok(), Some(Accepted::UNSAID));
    }

    #[test]
    fn a_subscription_gets_what_suits_it() {
        use StreamType::{EventStream, Multipart};
        let cases = [
            ("text/event-stream, application/json", Some(EventStream)),
            (
                "application/json, text/event-stream;q=0.5",
                Some(EventStream),
            ),
            (
                "multipart/mixed;boundary=\"graphql\";subscriptionSpec=\"1.0\", application/json",
                Some(Multipart),
            ),
            (
                "multipart/mixed;subscriptionSpec=1.0, text/event-stream;q=0.9",
                Some(Multipart),
            ),
            (
                "text/event-stream, multipart/mixed;subscriptionSpec=1.0",
                Some(EventStream),
            ),
            ("text/*, application/json", Some(EventStream)),
            ("multipart/mixed, application/json", None),
            (
                "multipart/mixed;subscriptionSpec=2.0, application/json",
                None,
            ),
            ("text/event-stream;q=0, application/json", None),
            ("application/json, */*", None),
        ];
        for (accept, expected) in cases {
            let stream = accepting(accept).unwrap().stream;
            assert_eq!(stream, expected, "{accept}");
        }
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
