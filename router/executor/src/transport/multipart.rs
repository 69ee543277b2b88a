//! A multipart stream that carries a subscription (`multipart/mixed; subscriptionSpec=1.0`).

use bytes::{Buf, Bytes, BytesMut};
use http::HeaderValue;
use memchr::memmem;
use serde::Deserialize;

use super::TransportError;
use super::streaming::Piece;

/// Takes parts out of a stream that arrives in pieces (RFC 2046, section 5.1).
///
/// A part is given out as soon as its message is complete: the delimiter behind it comes with the next event or heartbeat
/// from many servers, and never when they die. A message is one JSON object, which tells itself where it ends, so a part's
/// `content-length` is not needed.
pub(super) struct Parts {
    /// How the line begins that stands before every part and behind the last.
    delimiter: Vec<u8>,
    /// How far the line that is being read has been searched for its end.
    searched: usize,
    at: At,
}

#[derive(Clone, Copy, PartialEq)]
enum At {
    /// At a line before the first delimiter.
    Preamble,
    /// Behind a delimiter, in its line.
    DelimiterLine,
    /// At a line of a part's headers.
    Headers {
        is_first: bool,
    },
    /// Behind the headers, before the message.
    Body,
    Message(Nesting),
    /// Behind the message.
    Rest,
}

const LINE_END: &[u8] = b"\r\n";

impl Parts {
    /// A reader for this `content-type`, which has to name the boundary.
    pub fn new(content_type: &HeaderValue) -> Result<Parts, TransportError> {
        let boundary = content_type.to_str().ok().and_then(boundary);
        let Some(boundary) = boundary else {
            return Err(malformed("the multipart content type names no boundary"));
        };
        Ok(Parts {
            delimiter: format!("--{boundary}").into_bytes(),
            searched: 0,
            at: At::Preamble,
        })
    }

    /// The next event in `buffer`, which loses what was read. `None` when more has to arrive first.
    pub fn next(&mut self, buffer: &mut BytesMut) -> Result<Option<Piece>, TransportError> {
        loop {
            let is_read = match &mut self.at {
                At::DelimiterLine if buffer.starts_with(b"--") => return Ok(Some(Piece::End)),
                At::DelimiterLine => self.pass_line(buffer, |_| At::Headers { is_first: true }),
                At::Preamble => {
                    self.pass_delimiter(buffer) || self.pass_line(buffer, |_| At::Preamble)
                }
                At::Headers { is_first } => {
                    let is_first = *is_first;
                    if self.pass_delimiter(buffer) {
                        // Servers that write it right behind a part write it again when there are no more.
                        if !is_first {
                            return Err(malformed("a part without the empty line before its body"));
                        }
                        true
                    } else {
                        self.pass_line(buffer, |is_empty| match is_empty {
                            true => At::Body,
                            false => At::Headers { is_first: false },
                        })
                    }
                }
                At::Message(nesting) => {
                    let Some(len) = nesting.end(buffer) else {
                        return Ok(None);
                    };
                    self.at = At::Rest;
                    if let Some(piece) = read_message(&buffer.split_to(len))? {
                        return Ok(Some(piece));
                    }
                    true
                }
                At::Body | At::Rest => self.pass_blank(buffer)?,
            };
            if !is_read {
                return Ok(None);
            }
        }
    }

    /// Goes on behind the line that the buffer begins with, at what follows a line that is empty or not. False when the
    /// line's end has not arrived.
    fn pass_line(&mut self, buffer: &mut BytesMut, next: impl FnOnce(bool) -> At) -> bool {
        let Some(found) = memmem::find(&buffer[self.searched..], LINE_END) else {
            self.searched = buffer.len().saturating_sub(LINE_END.len() - 1);
            return false;
        };
        let len = self.searched + found;
        buffer.advance(len + LINE_END.len());
        self.searched = 0;
        self.at = next(len == 0);
        true
    }

    /// Goes on behind the delimiter, if the buffer begins with it.
    fn pass_delimiter(&mut self, buffer: &mut BytesMut) -> bool {
        let is_there = buffer.starts_with(&self.delimiter);
        if is_there {
            buffer.advance(self.delimiter.len());
            self.searched = 0;
            self.at = At::DelimiterLine;
        }
        is_there
    }

    /// Goes on to the message, or to the delimiter behind it or in its stead. False when more has to arrive.
    fn pass_blank(&mut self, buffer: &mut BytesMut) -> Result<bool, TransportError> {
        let blank = buffer.len() - buffer.trim_ascii_start().len();
        buffer.advance(blank);
        if self.at == At::Body && buffer.starts_with(b"{") {
            self.at = At::Message(Nesting::default());
            return Ok(true);
        }
        if !self.pass_delimiter(buffer) {
            return match self.delimiter.starts_with(buffer) {
                true => Ok(false),
                false => Err(malformed(NOT_OF_THE_PROTOCOL)),
            };
        }
        Ok(true)
    }
}

/// How far a JSON object has been read in search of its end. Whether it is one, its parser says.
#[derive(Clone, Copy, Default, PartialEq)]
struct Nesting {
    read: usize,
    depth: usize,
    in_string: bool,
}

impl Nesting {
    /// The length of the object that `bytes` begin with, `None` when they do not have its end. No byte is read twice.
    fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        while let Some(byte) = bytes.get(self.read) {
            self.read += 1;
            match byte {
                b'"' => self.in_string = !self.in_string,
                // What is escaped may not have arrived.
                b'\\' if self.in_string => self.read += 1,
                b'{' | b'[' if !self.in_string => self.depth += 1,
                b'}' | b']' if !self.in_string => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return Some(self.read);
                    }
                }
                _ => {}
            }
        }
        None
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

const NOT_OF_THE_PROTOCOL: &str = "a part that is not of the protocol";

/// What a message says; `None` for a heartbeat.
fn read_message(text: &[u8]) -> Result<Option<Piece>, TransportError> {
    let message: Message =
        sonic_rs::from_slice(text).map_err(|_| malformed(NOT_OF_THE_PROTOCOL))?;
    if message.data.is_some() {
        // A server that sends bare GraphQL responses.
        return Ok(Some(Piece::Event(Bytes::copy_from_slice(text))));
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

    const CONTENT_TYPE: &str = "multipart/mixed; boundary=\"graphql\"; subscriptionSpec=1.0";

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
        for cut in 0..STREAM.len() {
            let (start, rest) = STREAM.split_at(cut);
            assert_eq!(pieces(CONTENT_TYPE, &[start, rest]), expected, "{cut}");
        }
        let bare = STREAM.strip_prefix("preamble\r\n").unwrap();
        assert_eq!(
            pieces("multipart/mixed;boundary=graphql", &[bare]),
            expected
        );
    }

    /// Servers write the next delimiter with the next event, so an event that waited for it would come when it is old.
    #[test]
    fn a_part_is_given_out_with_the_last_byte_of_its_message() {
        let message = r#"{"payload":{"data":{"a":["}\\\"]",{}]}}}"#;
        let head = "--graphql\r\ncontent-length: 1\r\n\r\n";
        let mut parts = Parts::new(&HeaderValue::from_static(CONTENT_TYPE)).unwrap();
        let mut buffer = BytesMut::from(head);
        for byte in message.bytes() {
            assert_eq!(parts.next(&mut buffer).unwrap(), None);
            buffer.extend_from_slice(&[byte]);
        }
        let expected = event(r#"{"data":{"a":["}\\\"]",{}]}}"#);
        assert_eq!(parts.next(&mut buffer).unwrap(), Some(expected));
        for byte in b"\r\n--graphql-" {
            assert_eq!(parts.next(&mut buffer).unwrap(), None);
            buffer.extend_from_slice(&[*byte]);
        }
        buffer.extend_from_slice(b"-");
        assert_eq!(parts.next(&mut buffer).unwrap(), Some(Piece::End));
    }

    #[test]
    fn parts_without_a_message_are_passed_over() {
        let message = "{\"data\":{\"a\":1}}";
        let stream = format!(
            "--graphql\r\n\r\n\r\n--graphql\r\ncontent-length: 0\r\n\r\n--graphql\r\n\r\n{message}\r\n\
             --graphql\r\n--graphql--"
        );
        let expected = [event("{\"data\":{\"a\":1}}"), Piece::End];
        for cut in 0..stream.len() {
            let (start, rest) = stream.split_at(cut);
            assert_eq!(pieces(CONTENT_TYPE, &[start, rest]), expected, "{cut}");
        }
    }

    #[test]
    fn what_is_not_of_the_protocol_is_refused() {
        for (stream, why) in [
            ("--graphql\r\n\r\n<html>", NOT_OF_THE_PROTOCOL),
            ("--graphql\r\n\r\n[1]", NOT_OF_THE_PROTOCOL),
            ("--graphql\r\n\r\n{\"data\"]", NOT_OF_THE_PROTOCOL),
            ("--graphql\r\n\r\n{} {}", NOT_OF_THE_PROTOCOL),
            (
                "--graphql\r\n{\"data\":{}}\r\n--graphql",
                "a part without the empty line before its body",
            ),
        ] {
            let mut parts = Parts::new(&HeaderValue::from_static(CONTENT_TYPE)).unwrap();
            let refused = parts.next(&mut BytesMut::from(stream));
            assert_eq!(refused, Err(malformed(why)), "{stream}");
        }
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
