//! Server-sent events, by the graphql-sse protocol in its distinct connections mode: one operation per HTTP
//! request, each response a `next` event, and a `complete` event at the end.

/// The event after the last response. Browsers drop an event without a `data` line.
pub(super) const COMPLETE: &str = "event: complete\ndata:\n\n";

/// A comment, which every client ignores.
pub(super) const HEARTBEAT: &str = ":\n\n";

/// A response as an event. A line break, which JSON allows between its tokens, would end the `data` field.
pub(super) fn next(response: &[u8]) -> String {
    let response = String::from_utf8_lossy(response);
    let mut text = String::with_capacity(response.len() + 32);
    text.push_str("event: next\n");
    for line in response.split(['\n', '\r']) {
        text.push_str("data: ");
        text.push_str(line);
        text.push('\n');
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_breaks_stay_within_the_event() {
        assert_eq!(next(b"{}"), "event: next\ndata: {}\n\n");
        assert_eq!(next(b"{\n}"), "event: next\ndata: {\ndata: }\n\n");
    }
}
