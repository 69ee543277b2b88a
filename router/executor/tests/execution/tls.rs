//! Subgraphs behind TLS, with an authority of the test's own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::http::Version;
use axum::routing::post;
use axum::serve::Listener;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::{Value, json};
use souk_executor::transport::http::{
    HttpClient, HttpClientConfig, HttpSetupError, HttpVersion, TlsConfig, TlsIdentity,
};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig, crypto::ring};
use tokio_rustls::server::TlsStream;

use crate::support::*;

struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Authority {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        Authority { issuer }
    }

    fn pem(&self) -> String {
        self.issuer.pem()
    }

    fn issue(&self, name: &str) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.signed_by(&key, &self.issuer).unwrap(), key)
    }

    fn identity(&self) -> TlsIdentity {
        let (certificate, key) = self.issue("router");
        TlsIdentity {
            certificate_chain: certificate.pem(),
            key: key.serialize_pem(),
        }
    }

    /// A server that shows a certificate of this authority for 127.0.0.1.
    fn server(&self, clients_show_theirs: bool) -> ServerConfig {
        let (certificate, key) = self.issue("127.0.0.1");
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = if clients_show_theirs {
            let mut roots = RootCertStore::empty();
            roots.add(self.issuer.der().clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        } else {
            builder.with_no_client_auth()
        };
        builder
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap()
    }
}

struct TlsListener {
    tcp: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TlsStream<TcpStream>, SocketAddr) {
        loop {
            let Ok((stream, address)) = self.tcp.accept().await else {
                continue;
            };
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}

/// What a client of this configuration gets from a server that answers with the HTTP version.
async fn run(mut server: ServerConfig, alpn: &[&str], client: HttpClientConfig) -> Value {
    server.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/graphql", tcp.local_addr().unwrap());
    let acceptor = TlsAcceptor::from(Arc::new(server));
    let answer = |version: Version| async move {
        axum::Json(json!({ "data": { "version": format!("{version:?}") } }))
    };
    let app = axum::Router::new().route("/graphql", post(answer));
    let serving = axum::serve(TlsListener { tcp, acceptor }, app);
    let server = tokio::spawn(async move { serving.await });
    let mut graph = Graph::with_client("type Query { version: String }", &client);
    graph.connect("one", &url, |_| {});
    let response = graph.run("{ version }", root("one", "{ version }")).await;
    server.abort();
    response
}

fn client(authorities: Option<String>, identity: Option<TlsIdentity>) -> HttpClientConfig {
    HttpClientConfig {
        tls: TlsConfig {
            certificate_authorities: authorities,
            identity,
        },
        ..HttpClientConfig::default()
    }
}

#[tokio::test]
async fn alpn_chooses_the_version_of_http() {
    let authority = Authority::new();
    let cases: [(&[&str], HttpVersion, &str); 5] = [
        (&["h2", "http/1.1"], HttpVersion::Negotiated, "HTTP/2.0"),
        (&["http/1.1"], HttpVersion::Negotiated, "HTTP/1.1"),
        (&[], HttpVersion::Negotiated, "HTTP/1.1"),
        (&["h2", "http/1.1"], HttpVersion::Http1, "HTTP/1.1"),
        (&["h2", "http/1.1"], HttpVersion::Http2, "HTTP/2.0"),
    ];
    for (alpn, http_version, expected) in cases {
        let client = HttpClientConfig {
            http_version,
            ..client(Some(authority.pem()), None)
        };
        let response = run(authority.server(false), alpn, client).await;
        assert_eq!(
            response,
            json!({ "data": { "version": expected } }),
            "{alpn:?}"
        );
    }
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_is_refused() {
    let authority = Authority::new();
    for trusted in [None, Some(Authority::new().pem())] {
        let response = run(authority.server(false), &[], client(trusted, None)).await;
        let message = only_message(&response);
        assert!(message.contains("invalid peer certificate"), "{message}");
        assert!(!message.contains("127.0.0.1"), "{message}");
    }
}

#[tokio::test]
async fn the_client_shows_its_own_certificate() {
    let authority = Authority::new();
    let named = client(Some(authority.pem()), Some(authority.identity()));
    let response = run(authority.server(true), &[], named).await;
    assert_eq!(response, json!({ "data": { "version": "HTTP/1.1" } }));
    let nameless = client(Some(authority.pem()), None);
    let response = run(authority.server(true), &[], nameless).await;
    // The server looks at the certificate when the client is done with the handshake.
    assert!(only_message(&response).contains("no complete response"));
}

#[test]
fn unreadable_certificates_are_refused_when_the_client_is_made() {
    for pem in ["", "hello", "-----BEGIN CERTIFICATE-----\nx"] {
        let refused = HttpClient::new(&client(Some(pem.to_owned()), None));
        assert!(matches!(refused, Err(HttpSetupError::Pem(..))), "{pem}");
    }
    let identity = TlsIdentity {
        key: "none".to_owned(),
        ..Authority::new().identity()
    };
    let refused = HttpClient::new(&client(None, Some(identity)));
    assert!(matches!(refused, Err(HttpSetupError::Pem("key", _))));
    let authority = Authority::new();
    let identity = TlsIdentity {
        key: authority.identity().key,
        ..authority.identity()
    };
    let refused = HttpClient::new(&client(None, Some(identity)));
    assert!(matches!(refused, Err(HttpSetupError::ForeignKey)));
}

/// `https://` in front of an address where HTTP is spoken.
#[tokio::test]
async fn a_server_without_tls_is_told_from_one_that_is_down() {
    let app = axum::Router::new().route("/graphql", post(|| async { "unreached" }));
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = tcp.local_addr().unwrap();
    let server = tokio::spawn(async move { axum::serve(tcp, app).await });
    let mut graph = Graph::new("type Query { ok: Int } type Subscription { ok: Int }");
    graph.connect("one", &format!("https://{address}/graphql"), |_| {});
    let response = graph.run("{ ok }", root("one", "{ ok }")).await;
    assert_eq!(
        only_message(&response),
        "request to subgraph 'one' failed: could not reach the subgraph: \
         the peer does not speak TLS at this address"
    );
    let request = graph.request(
        "subscription { ok }",
        Some(subscription("one", "subscription { ok }", None)),
        json!({}),
    );
    let refused = graph.executor().subscribe(request).await.err().unwrap();
    assert_eq!(
        only_message(&json_of(&refused)),
        "request to subgraph 'one' failed: subscription failed: \
         the peer does not speak TLS at this address"
    );
    server.abort();
}

#[tokio::test]
async fn a_handshake_that_is_not_answered_ends_in_time() {
    // Connections are accepted by the system, and nobody reads from them.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/graphql", silent.local_addr().unwrap());
    let client = HttpClientConfig {
        connect_timeout: Duration::from_millis(200),
        ..HttpClientConfig::default()
    };
    let mut graph = Graph::with_client("type Query { ok: Int }", &client);
    graph.connect("one", &url, |_| {});
    let response = graph.run("{ ok }", root("one", "{ ok }")).await;
    let message = only_message(&response);
    let expected = "could not reach the subgraph: no connection within 200ms";
    assert!(message.ends_with(expected), "{message}");
}
