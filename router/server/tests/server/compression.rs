//! Compressed requests and answers.

use std::io::{Read, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::{GzEncoder, ZlibEncoder};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{Served, serve};

const REQUEST: &str = r#"{"query":"{ product(id: 1) { name } }"}"#;
/// The same, compressed with brotli and in base64.
const REQUEST_IN_BROTLI: &str = "CxOAeyJxdWVyeSI6InsgcHJvZHVjdChpZDogMSkgeyBuYW1lIH0gfSJ9Aw==";

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

async fn send(served: &Served, encoding: &str, body: Vec<u8>) -> (StatusCode, Value) {
    let request = served
        .post()
        .header("content-type", "application/json")
        .header("content-encoding", encoding)
        .body(body);
    let response = request.send().await.unwrap();
    (response.status(), response.json().await.unwrap())
}

#[tokio::test]
async fn compressed_requests_are_read() {
    let served = serve("").await;
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
    zlib.write_all(REQUEST.as_bytes()).unwrap();
    for (encoding, body) in [
        ("gzip", gzip(REQUEST)),
        ("deflate", zlib.finish().unwrap()),
        ("br", STANDARD.decode(REQUEST_IN_BROTLI).unwrap()),
        ("identity", REQUEST.into()),
    ] {
        let (_, answer) = send(&served, encoding, body).await;
        assert_eq!(
            answer,
            json!({ "data": { "product": { "name": "Lamp" } } }),
            "{encoding}"
        );
    }
}

#[tokio::test]
async fn requests_that_cannot_be_decompressed_are_told_why() {
    let served = serve("").await;
    let (status, answer) = send(&served, "zstd", REQUEST.into()).await;
    assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(
        answer["errors"][0]["message"],
        "the content encoding 'zstd' is not supported; a request body may be compressed with gzip, deflate or br"
    );
    let (status, answer) = send(&served, "gzip", REQUEST.into()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(
        answer["errors"][0]["message"],
        "the request body could not be read: the compressed body is damaged"
    );
}

#[tokio::test]
async fn the_limit_is_for_what_a_body_is_decompressed_to() {
    let served = serve("limits: { http_max_request_bytes: 1000 }").await;
    let bomb = gzip(&format!("{REQUEST}{}", " ".repeat(100_000)));
    assert!(bomb.len() < 1000);
    let (status, answer) = send(&served, "gzip", bomb).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    let extensions = &answer["errors"][0]["extensions"];
    assert_eq!(extensions["configuredBy"], "limits.http_max_request_bytes");
}

#[tokio::test]
async fn long_answers_are_compressed_when_the_client_takes_it() {
    let served = serve("").await;
    let query = json!({ "query": "{ __schema { types { name kind fields { name } } directives { name description } } }" });
    let plain = served.post().json(&query).send().await.unwrap();
    assert!(!plain.headers().contains_key("content-encoding"));
    let plain = plain.text().await.unwrap();
    for (accepted, expected) in [
        ("gzip", "gzip"),
        ("br", "br"),
        ("gzip;q=0.5, br;q=0.8", "br"),
        ("br;q=0, gzip", "gzip"),
    ] {
        let request = served.post().header("accept-encoding", accepted);
        let response = request.json(&query).send().await.unwrap();
        let headers = response.headers();
        assert_eq!(headers["content-encoding"], expected, "{accepted}");
        let varies = headers.get_all("vary").iter();
        let varies: Vec<_> = varies.map(|value| value.to_str().unwrap()).collect();
        assert!(varies.contains(&"accept-encoding"), "{varies:?}");
        let body = response.bytes().await.unwrap();
        assert!(body.len() < plain.len() / 2);
        if expected == "gzip" {
            let mut text = String::new();
            GzDecoder::new(&body[..]).read_to_string(&mut text).unwrap();
            assert_eq!(text, plain);
        }
    }
}
