//! Compressed bodies (RFC 9110, section 8.4), of subgraphs and of clients.

use std::io::{self, Read, Write};

use bytes::Bytes;
use flate2::Compression;
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use flate2::write::{GzEncoder, ZlibEncoder};
use http::header::HeaderValue;

use super::TransportError;

/// What [`decode`] understands, as the value of `accept-encoding`.
pub const ACCEPTED: HeaderValue = HeaderValue::from_static("gzip, deflate, br");

/// Of 11: a request is compressed while its client waits, and what is above costs more time than it saves.
const BROTLI_QUALITY: u32 = 4;
/// The window, as a power of two in bytes: longer than nearly all requests.
const BROTLI_WINDOW: u32 = 18;

/// The codings of a body, in the order in which they were applied, from the values of `content-encoding`. None for
/// most. One that is not known is [`TransportError::Malformed`], with its name.
pub fn codings<'a>(values: impl Iterator<Item = &'a str>) -> Result<Vec<Coding>, TransportError> {
    let mut codings = Vec::new();
    for name in values.flat_map(|value| value.split(',')) {
        match Coding::named(name.trim()) {
            Some(Coding::Identity) => {}
            Some(coding) => codings.push(coding),
            None => {
                let message = format!("the content encoding '{}' is not supported", name.trim());
                return Err(TransportError::Malformed(message));
            }
        }
    }
    Ok(codings)
}

/// The body without its codings. A body that would be longer than `limit` bytes is an error before it is that long.
pub fn decode(codings: &[Coding], body: Bytes, limit: usize) -> Result<Bytes, TransportError> {
    let mut body = body;
    for coding in codings.iter().rev() {
        body = coding.decode(&body, limit)?;
    }
    Ok(body)
}

/// A content coding.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Coding {
    /// None.
    #[default]
    Identity,
    /// `gzip`
    Gzip,
    /// `deflate`
    Deflate,
    /// `br`
    Brotli,
}

impl Coding {
    fn named(name: &str) -> Option<Coding> {
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        if is("gzip") || is("x-gzip") {
            Some(Coding::Gzip)
        } else if is("deflate") {
            Some(Coding::Deflate)
        } else if is("br") {
            Some(Coding::Brotli)
        } else if is("identity") || name.is_empty() {
            Some(Coding::Identity)
        } else {
            None
        }
    }

    /// Its name in `content-encoding`; none for [`Coding::Identity`], which need not be told.
    pub(super) fn name(self) -> Option<&'static str> {
        match self {
            Coding::Identity => None,
            Coding::Gzip => Some("gzip"),
            Coding::Deflate => Some("deflate"),
            Coding::Brotli => Some("br"),
        }
    }

    /// The body in this coding.
    pub(super) fn encode(self, body: Bytes) -> Result<Bytes, TransportError> {
        let encoded = match self {
            Coding::Identity => return Ok(body),
            Coding::Gzip => gzip(&body),
            Coding::Deflate => zlib(&body),
            Coding::Brotli => brotli(&body),
        };
        encoded.map(Bytes::from).map_err(|error| {
            TransportError::Unsupported(format!("the request cannot be compressed: {error}"))
        })
    }

    fn decode(self, body: &Bytes, limit: usize) -> Result<Bytes, TransportError> {
        let text = &body[..];
        match self {
            Coding::Identity => Ok(body.clone()),
            Coding::Gzip => inflate(MultiGzDecoder::new(text), body.len(), limit),
            // The name means zlib's format; some servers send the bare one.
            Coding::Deflate if has_zlib_header(text) => {
                inflate(ZlibDecoder::new(text), body.len(), limit)
            }
            Coding::Deflate => inflate(DeflateDecoder::new(text), body.len(), limit),
            Coding::Brotli => {
                let buffer = body.len().clamp(256, 16 << 10);
                let decoder = brotli::Decompressor::new(text, buffer);
                inflate(decoder, body.len(), limit)
            }
        }
    }
}

fn gzip(body: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body)?;
    encoder.finish()
}

fn zlib(body: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body)?;
    encoder.finish()
}

fn brotli(body: &[u8]) -> io::Result<Vec<u8>> {
    let buffer = body.len().clamp(256, 16 << 10);
    let mut encoder =
        brotli::CompressorWriter::new(Vec::new(), buffer, BROTLI_QUALITY, BROTLI_WINDOW);
    encoder.write_all(body)?;
    encoder.flush()?;
    Ok(encoder.into_inner())
}

fn inflate(decoder: impl Read, compressed: usize, limit: usize) -> Result<Bytes, TransportError> {
    let mut body = Vec::with_capacity(compressed.saturating_mul(4).min(limit));
    // One byte more than allowed tells that there are more.
    let allowed = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    decoder
        .take(allowed)
        .read_to_end(&mut body)
        .map_err(|_| TransportError::Malformed("the compressed body is damaged".into()))?;
    if body.len() > limit {
        return Err(TransportError::TooLarge(limit));
    }
    Ok(Bytes::from(body))
}

/// RFC 1950, section 2.2.
fn has_zlib_header(body: &[u8]) -> bool {
    match body {
        [method, flags, ..] => {
            method & 0x0f == 8 && (u16::from(*method) << 8 | u16::from(*flags)) % 31 == 0
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use flate2::write::DeflateEncoder;

    use super::*;

    fn body() -> Bytes {
        Bytes::from(b"the body ".repeat(1000))
    }

    fn gzip() -> Bytes {
        Coding::Gzip.encode(body()).unwrap()
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        for coding in [
            Coding::Identity,
            Coding::Gzip,
            Coding::Deflate,
            Coding::Brotli,
        ] {
            for body in [body(), Bytes::new()] {
                let encoded = coding.encode(body.clone()).unwrap();
                let named = codings(coding.name().into_iter()).unwrap();
                assert_eq!(decode(&named, encoded, 9000), Ok(body), "{coding:?}");
            }
        }
    }

    #[test]
    fn both_readings_of_deflate() {
        let zlib = Coding::Deflate.encode(body()).unwrap();
        let mut bare = DeflateEncoder::new(Vec::new(), Compression::fast());
        bare.write_all(&body()).unwrap();
        for encoded in [zlib, Bytes::from(bare.finish().unwrap())] {
            assert_eq!(decode(&[Coding::Deflate], encoded, 9000), Ok(body()));
        }
    }

    #[test]
    fn the_limit_is_that_of_the_decoded_body() {
        assert_eq!(decode(&[Coding::Gzip], gzip(), 9000).unwrap().len(), 9000);
        let refused = decode(&[Coding::Gzip], gzip(), 8999);
        assert_eq!(refused, Err(TransportError::TooLarge(8999)));
    }

    #[test]
    fn a_damaged_body_is_an_error() {
        let whole = gzip();
        let half = whole.slice(..whole.len() / 2);
        for body in [half, Bytes::from_static(b"{\"data\":{}}"), Bytes::new()] {
            for coding in [Coding::Gzip, Coding::Brotli] {
                let decoded = decode(&[coding], body.clone(), 9000);
                assert!(
                    matches!(decoded, Err(TransportError::Malformed(_))),
                    "{coding:?} {decoded:?}"
                );
            }
        }
    }

    #[test]
    fn several_codings_come_off_in_reverse() {
        let twice = Coding::Gzip.encode(gzip()).unwrap();
        let codings = codings(["GZIP, identity", "x-gzip"].into_iter()).unwrap();
        assert_eq!(codings, [Coding::Gzip, Coding::Gzip]);
        assert_eq!(decode(&codings, twice, 9000).unwrap().len(), 9000);
    }

    #[test]
    fn an_unknown_coding_is_named() {
        let error = codings(["zstd"].into_iter()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the content encoding 'zstd' is not supported"
        );
    }
}
