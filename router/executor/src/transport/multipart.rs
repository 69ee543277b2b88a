//! A multipart stream that carries a subscription (`multipart/mixed; subscriptionSpec=1.0`).

use bytes::{Buf, Bytes, BytesMut};
use http::HeaderValue;
use memchr::memmem;
use serde::Deserialize;

use super::TransportError;
use super::streaming::Piece;

/// Takes parts out of a stream that arrives in pieces (RFC 2046, section 5.1).
pub(super) struct Parts {
    /// A line's end and the line that stands before every part.
    delimiter: Vec<u8>,
    /// How far the buffer has been searched for it.
    searched: usize,
    at: At,
}

#[derive(PartialEq)]
enum At {
    /// Before the first delimiter.
    Preamble,
    /// Behind a delimiter, whose line is not complete.
    DelimiterLine,
    Part,
}

impl Parts {
    /// A reader for this `content-type`, which has to name the boundary.
    pub fn new(content_type: &HeaderValue) -> Result<Parts, TransportError> {
        let boundary = content_type.to_str().ok().and_then(boundary);
        let Some(boundary) = boundary else {
            return Err(malformed("the multipart content type names no boundary"));
        };
        Ok(Parts {
            delimiter: format!("\r\n--{boundary}").into_bytes(),
            searched: 0,
            at: At::Preamble,
        })
    }

    /// The next event in `buffer`, which loses what was read. `None` when more has to arrive first.
    pub fn next(&mut self, buffer: &mut BytesMut) -> Result<Option<Piece>, TransportError> {
        loop {
            match self.at {
                At::Preamble => {
                    // The first delimiter may be the first line of all.
                    let first = &self.delimiter[2..];
                    if buffer.len() < first.len() {
                        return Ok(None);
                    }
                    if buffer.starts_with(first) {
                        buffer.advance(first.len());
                        self.at = At::DelimiterLine;
                    } else if self.until_delimiter(buffer).is_some() {
                        self.at = At::DelimiterLine;
                    } else {
                        return Ok(None);
                    }
                }
                At::DelimiterLine => {
                    if buffer.starts_with(b"--") {
                        return Ok(Some(Piece::End));
                    }
                    let Some(end) = memmem::find(buffer, b"\r\n") else {
                        return Ok(None);
                    };
                    // The line's end stays: it may be the one before the next delimiter.
                    buffer.advance(end);
                    self.at = At::Part;
                }
                At::Part => {
                    let Some(part) = self.until_delimiter(buffer) else {
                        return Ok(None);
                    };
                    self.at = At::DelimiterLine;
                    if let Some(piece) = read_part(&part)? {
                        return Ok(Some(piece));
                    }
                }
            }
        }
    }

    /// What stands before the next delimiter; the buffer goes on behind it.
    fn until_delimiter(&mut self, buffer: &mut BytesMut) -> Option<BytesMut> {
        let Some(found) = memmem::find(&buffer[self.searched..], &self.delimiter) else {
            self.searched = buffer.len().saturating_sub(self.delimiter.len() - 1);
            return None;
        };
        let part = buffer.split_to(self.searched + found);
        buffer.advance(self.delimiter.len());
        self.searched = 0;
        Some(part)
    }
}

/// The `boundary` parameter of a content type.
fn boundary(content_type: &str) -> Option<String> {
    let (_, parameters) = content_type.split_once(';')?;
    for parameter in parameters.split(';') {
        let Some((name, value)) = parameter.split_once('=') else {
            continue;
        };
        let value = value.trim().trim_matches('"');
        if name.trim().eq_ignore_ascii_case("boundary") && !value.is_empty() {
            return Some(value.to_owned());
        }
    }
    None
}

/// One message of the protocol.
#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    payload: Option<sonic_rs::LazyValue<'a>>,
    /// Why the stream ends, when that is not the operation's fault.
    #[serde(borrow)]
    errors: Option<sonic_rs::LazyValue<'a>>,
    #[serde(borrow)]
    data: Option<sonic_rs::LazyValue<'a>>,
}

/// A part, from the line end before its headers. `None` for a heartbeat.
fn read_part(part: &[u8]) -> Result<Option<Piece>, TransportError> {
    // A part without headers begins with the empty line at once.
    let Some(headers) = memmem::find(part, b"\r\n\r\n") else {
        return Err(malformed("a part without the empty line before its body"));
    };
    let body = part[headers + 4..].trim_ascii();
    if body.is_empty() {
        return Ok(None);
    }
    let message: Message =
        sonic_rs::from_slice(body).map_err(|_| malformed("a part that is not of the protocol"))?;
    if message.data.is_some() {
        // A server that sends bare GraphQL responses.
        return Ok(Some(Piece::Event(Bytes::copy_from_slice(body))));
    }
    if let Some(errors) = &message.errors {
        let text = format!("{{\"errors\":{}}}", errors.as_raw_str());
        return Ok(Some(Piece::Last(Bytes::from(text))));
    }
    let payload = message
        .payload
        .as_ref()
        .map(sonic_rs::LazyValue::as_raw_str);
    Ok(payload
        .filter(|payload| *payload != "null")
        .map(|payload| Piece::Event(Bytes::copy_from_slice(payload.as_bytes()))))
}

fn malformed(message: &str) -> TransportError {
    TransportError::Malformed(message.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &str = "preamble\r\n--graphql\r\ncontent-type: application/json\r\n\r\n{}\r\n--graphql\r\n\
        content-type: application/json\r\n\r\n{\"payload\":{\"data\":{\"a\":1}}}\r\n--graphql  \r\n\r\n\
        {\"payload\":{\"data\":{\"a\":2}}}\r\n--graphql\r\ncontent-type: application/json\r\n\r\n\
        {\"payload\":null,\"errors\":[{\"message\":\"gone\"}]}\r\n--graphql--\r\n";

    fn pieces(content_type: &'static str, chunks: &[&str]) -> Vec<Piece> {
        let mut parts = Parts::new(&HeaderValue::from_static(content_type)).unwrap();
        let (mut buffer, mut seen) = (BytesMut::new(), Vec::new());
        for chunk in chunks {
            buffer.extend_from_slice(chunk.as_bytes());
            while let Some(piece) = parts.next(&mut buffer).unwrap() {
                let end = piece == Piece::End;
                seen.push(piece);
                if end {
                    return seen;
                }
            }
        }
        seen
    }

    fn event(text: &'static str) -> Piece {
        Piece::Event(Bytes::from_static(text.as_bytes()))
    }

    #[test]
    fn parts_wherever_the_stream_is_cut() {
        let expected = [
            event("{\"data\":{\"a\":1}}"),
            event("{\"data\":{\"a\":2}}"),
            Piece::Last(Bytes::from_static(b"{\"errors\":[{\"message\":\"gone\"}]}")),
            Piece::End,
        ];
        let content_type = "multipart/mixed; boundary=\"graphql\"; subscriptionSpec=1.0";
        for cut in 0..STREAM.len() {
            let (start, rest) = STREAM.split_at(cut);
            assert_eq!(pieces(content_type, &[start, rest]), expected, "{cut}");
        }
        let bare = STREAM.strip_prefix("preamble\r\n").unwrap();
        assert_eq!(
            pieces("multipart/mixed;boundary=graphql", &[bare]),
            expected
        );
    }

    #[test]
    fn a_content_type_without_a_boundary_is_refused() {
        for content_type in [
            "multipart/mixed",
            "multipart/mixed; boundary=",
            "multipart/mixed; a",
        ] {
            assert!(Parts::new(&HeaderValue::from_static(content_type)).is_err());
        }
    }
}
