//! Heads and framing of responses (RFC 9112).

use http::StatusCode;

use crate::transport::TransportError;
use crate::transport::answer::Answer;
use crate::transport::encoding;

/// How much room there is when it is not known how much will come, in bytes.
pub(super) const READ_AT_ONCE: usize = 4096;
/// The longest head, and the longest line of a chunked body, in bytes.
const LONGEST_HEAD: usize = 64 * 1024;
/// The most header fields of a head.
const MOST_HEADERS: usize = 128;

/// What matters of a response's head.
#[derive(Debug)]
pub(super) struct Head {
    pub status: StatusCode,
    pub body: Body,
    /// Whether the connection can be used again after the body.
    pub stays_open: bool,
    content_type: Option<String>,
    content_encoding: Vec<String>,
}

/// How long a body is (RFC 9112, section 6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Body {
    Length(usize),
    Chunked,
    UntilClose,
}

impl Head {
    /// The head at the start of a text and its length; `None` when it is not complete.
    pub fn parse(text: &[u8]) -> Result<Option<(Head, usize)>, TransportError> {
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut response = httparse::Response::new(&mut headers);
        match response.parse(text) {
            Ok(httparse::Status::Complete(length)) => Ok(Some((Head::of(&response)?, length))),
            Ok(httparse::Status::Partial) if text.len() < LONGEST_HEAD => Ok(None),
            Ok(httparse::Status::Partial) => Err(malformed("its head is too long")),
            Err(error) => Err(malformed(&error.to_string())),
        }
    }

    fn of(response: &httparse::Response) -> Result<Head, TransportError> {
        let status = StatusCode::from_u16(response.code.unwrap_or_default())
            .map_err(|_| malformed("its status is out of range"))?;
        let mut length = None;
        let mut transfer_coding = None;
        // HTTP/1.0 closes unless it says otherwise, which is not worth asking for.
        let mut stays_open = response.version == Some(1);
        let mut content_type = None;
        let mut content_encoding = Vec::new();
        for header in &*response.headers {
            let is = |name: &str| header.name.eq_ignore_ascii_case(name);
            let text = || String::from_utf8_lossy(header.value);
            if is("content-length") {
                for given in text().split(',') {
                    let given = given.trim().parse::<usize>();
                    let given = given.map_err(|_| malformed("its content-length is no number"))?;
                    if length.is_some_and(|known| known != given) {
                        return Err(malformed("it has two lengths"));
                    }
                    length = Some(given);
                }
            } else if is("transfer-encoding") {
                let last = text()
                    .rsplit(',')
                    .next()
                    .unwrap_or_default()
                    .trim()
                    .to_ascii_lowercase();
                transfer_coding = Some(last);
            } else if is("connection") {
                let closes = |option: &str| option.trim().eq_ignore_ascii_case("close");
                stays_open &= !text().split(',').any(closes);
            } else if is("content-type") {
                content_type = Some(text().into_owned());
            } else if is("content-encoding") {
                content_encoding.push(text().into_owned());
            }
        }
        let has_body = !matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
            && !status.is_informational();
        let body = match (transfer_coding.as_deref(), length) {
            _ if !has_body => Body::Length(0),
            (Some("chunked"), _) => Body::Chunked,
            (Some(_), _) | (None, None) => Body::UntilClose,
            (None, Some(length)) => Body::Length(length),
        };
        Ok(Head {
            status,
            body,
            stays_open: stays_open && body != Body::UntilClose,
            content_type,
            content_encoding,
        })
    }

    /// What the body is, as far as the head tells.
    pub fn answer(&self) -> Result<Answer, TransportError> {
        let codings = self.content_encoding.iter().map(String::as_str);
        let codings = encoding::codings(codings)?;
        Answer::announced(self.status, self.content_type.as_deref(), codings)
    }
}

/// The length of the line that says how long a chunk is, and how long the chunk is; `None` when it is not complete.
pub(super) fn chunk_size(text: &[u8]) -> Result<Option<(usize, usize)>, TransportError> {
    match httparse::parse_chunk_size(text) {
        Ok(httparse::Status::Complete((length, size))) => {
            let size = usize::try_from(size).unwrap_or(usize::MAX);
            Ok(Some((length, size)))
        }
        Ok(httparse::Status::Partial) if text.len() < LONGEST_HEAD => Ok(None),
        Ok(httparse::Status::Partial) | Err(_) => {
            Err(malformed("the size of a chunk is no number"))
        }
    }
}

/// The length of the line at the start of a text, with its end; `None` when it is not complete.
pub(super) fn line(text: &[u8]) -> Result<Option<usize>, TransportError> {
    match memchr::memchr(b'\n', text) {
        Some(end) => Ok(Some(end + 1)),
        None if text.len() < LONGEST_HEAD => Ok(None),
        None => Err(malformed("a trailer is too long")),
    }
}

/// An answer that is not HTTP.
pub(super) fn malformed(problem: &str) -> TransportError {
    TransportError::Interrupted(format!("the response is not valid HTTP/1.1: {problem}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> Head {
        let (head, length) = Head::parse(text.as_bytes()).unwrap().unwrap();
        assert_eq!(length, text.len());
        head
    }

    #[test]
    fn the_body_is_as_long_as_the_head_says() {
        let cases = [
            (
                "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n",
                Body::Length(3),
                true,
            ),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 3, 3\r\n\r\n",
                Body::Length(3),
                true,
            ),
            (
                "HTTP/1.1 200 \r\nTransfer-Encoding: Chunked\r\n\r\n",
                Body::Chunked,
                true,
            ),
            (
                "HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: gzip, chunked\r\n\r\n",
                Body::Chunked,
                true,
            ),
            (
                "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n",
                Body::UntilClose,
                false,
            ),
            ("HTTP/1.1 200 OK\r\n\r\n", Body::UntilClose, false),
            ("HTTP/1.1 204 No Content\r\n\r\n", Body::Length(0), true),
            (
                "HTTP/1.1 200 OK\r\nconnection: x, Close\r\ncontent-length: 3\r\n\r\n",
                Body::Length(3),
                false,
            ),
            (
                "HTTP/1.0 200 OK\r\ncontent-length: 3\r\n\r\n",
                Body::Length(3),
                false,
            ),
        ];
        for (text, body, stays_open) in cases {
            let head = head(text);
            assert_eq!((head.body, head.stays_open), (body, stays_open), "{text}");
        }
    }

    #[test]
    fn half_a_head_is_none() {
        let whole = "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n";
        for length in 0..whole.len() {
            let parsed = Head::parse(&whole.as_bytes()[..length]).unwrap();
            assert!(parsed.is_none(), "{length}");
        }
    }

    #[test]
    fn what_is_not_http_is_refused() {
        let endless = format!("HTTP/1.1 200 OK\r\nx: {}", "x".repeat(LONGEST_HEAD));
        for text in [
            "SSH-2.0-OpenSSH\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: -3\r\n\r\n",
            &endless,
        ] {
            assert!(Head::parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}
