//! `souk health`, which container images use as their health check.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

use crate::{Folder, Ran, souk};

/// Answers one request with this status.
fn server(status: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/readiness", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let lines = BufReader::new(stream.try_clone().unwrap()).lines();
        for line in lines {
            if line.unwrap().is_empty() {
                break;
            }
        }
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        stream.write_all(answer.as_bytes()).unwrap();
    });
    url
}

#[test]
fn it_asks_the_server_itself_also_without_certificates_and_with_a_proxy_for_others() {
    let folder = Folder::new(&[("no-certificates/.keep", "")]);
    let ask = |url: &str| {
        let none = folder.path("no-certificates");
        let output = souk(&folder.path(""), &["health", url])
            .env("SSL_CERT_DIR", &none)
            .env("SSL_CERT_FILE", none.join("none.pem"))
            .env("HTTP_PROXY", "http://127.0.0.1:1")
            .env("http_proxy", "http://127.0.0.1:1")
            .output();
        Ran(output.unwrap())
    };
    ask(&server("200 OK")).succeeded();
    let down = ask(&server("503 Service Unavailable"));
    assert_eq!(down.code(), 1);
    assert!(down.err().contains("503"), "{}", down.err());
    // Where certificates are needed, the sentence says what is missing.
    let encrypted = ask("https://127.0.0.1:1/");
    assert_eq!(encrypted.code(), 1);
    assert!(
        encrypted.err().contains("certificates"),
        "{}",
        encrypted.err()
    );
}
