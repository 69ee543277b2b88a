//! The pool of HTTP connections to subgraphs, and how connections are made.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt};
use http::Uri;
use http_body_util::Full;
use hyper_rustls::{ConfigBuilderExt, HttpsConnector};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use tower::{BoxError, Service};

use super::encoding::Coding;
use super::http1::{Http1, Http1Endpoint};

/// A pool of connections. One for all subgraphs that are reached in the same way; cheap to clone.
#[derive(Clone)]
pub struct HttpClient {
    pub(super) pool: Client<TimedConnector, Full<Bytes>>,
    pub(super) tls: Arc<ClientConfig>,
    pub(super) connect_timeout: Duration,
    /// Connections without TLS, unless they speak HTTP/2.
    plain: Option<Http1>,
}

/// How an [`HttpClient`] connects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpClientConfig {
    /// How long a connection may take to be made, TLS included. Default 5 s.
    pub connect_timeout: Duration,
    /// How long an idle connection is kept. Default 60 s.
    pub pool_idle_timeout: Duration,
    /// How many idle connections are kept per host. Default: no limit.
    pub pool_max_idle_per_host: usize,
    /// Which versions of HTTP are spoken.
    pub http_version: HttpVersion,
    /// Whom to believe, and who the client is.
    pub tls: TlsConfig,
}

/// The versions of HTTP that a client speaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum HttpVersion {
    /// With TLS, what ALPN negotiates; HTTP/1.1 without TLS.
    #[default]
    Negotiated,
    /// Always HTTP/1.1.
    Http1,
    /// Always HTTP/2, without asking; also without TLS (h2c with prior knowledge, RFC 9113, section 3.3).
    Http2,
}

/// TLS towards subgraphs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TlsConfig {
    /// The certificate authorities to believe, as PEM text, instead of Mozilla's.
    pub certificate_authorities: Option<String>,
    /// The certificate that the client shows.
    pub identity: Option<TlsIdentity>,
}

/// A certificate and its key.
#[derive(Clone, PartialEq, Eq)]
pub struct TlsIdentity {
    /// The certificate, and those that lead to its authority, as PEM text.
    pub certificate_chain: String,
    /// The private key as PEM text.
    pub key: String,
}

impl TlsConfig {
    /// Why no connection could be made with it.
    pub fn check(&self) -> Result<(), HttpSetupError> {
        tls_config(self).map(drop)
    }
}

impl std::fmt::Debug for TlsIdentity {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("TlsIdentity")
    }
}

impl Default for HttpClientConfig {
    fn default() -> HttpClientConfig {
        HttpClientConfig {
            connect_timeout: Duration::from_secs(5),
            pool_idle_timeout: Duration::from_secs(60),
            pool_max_idle_per_host: usize::MAX,
            http_version: HttpVersion::default(),
            tls: TlsConfig::default(),
        }
    }
}

/// Why a transport could not be made.
#[derive(Debug, thiserror::Error)]
pub enum HttpSetupError {
    /// The TLS library refused a certificate or its own defaults.
    #[error("cannot set up TLS: {0}")]
    Tls(#[from] rustls::Error),
    /// A certificate and a key that do not belong together.
    #[error("the key is not that of the first certificate in the certificate chain")]
    ForeignKey,
    /// PEM text that does not contain what it should.
    #[error("the {0} cannot be read as PEM text: {1}")]
    Pem(&'static str, String),
    /// Not an absolute http or https address.
    #[error("'{0}' is not an http:// or https:// address")]
    Address(String),
}

impl HttpClient {
    /// A client without connections.
    pub fn new(config: &HttpClientConfig) -> Result<HttpClient, HttpSetupError> {
        let tls = tls_config(&config.tls)?;
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(Duration::from_secs(60)));
        tcp.set_connect_timeout(Some(config.connect_timeout));
        let connector_tcp = tcp.clone();
        let https = hyper_rustls::HttpsConnectorBuilder::new()
            .with_tls_config(tls.clone())
            .https_or_http();
        let connector = match config.http_version {
            HttpVersion::Negotiated => https.enable_http1().enable_http2().wrap_connector(tcp),
            HttpVersion::Http1 => https.enable_http1().wrap_connector(tcp),
            HttpVersion::Http2 => https.enable_http2().wrap_connector(tcp),
        };
        let pool = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(config.pool_idle_timeout)
            .pool_max_idle_per_host(config.pool_max_idle_per_host)
            .http2_only(config.http_version == HttpVersion::Http2)
            .build(TimedConnector {
                https: connector,
                timeout: config.connect_timeout,
            });
        let plain = Http1::new(
            connector_tcp,
            config.pool_idle_timeout,
            config.pool_max_idle_per_host,
        );
        Ok(HttpClient {
            pool,
            tls: Arc::new(tls),
            connect_timeout: config.connect_timeout,
            plain: (config.http_version != HttpVersion::Http2).then_some(plain),
        })
    }

    /// The way to a subgraph that is spoken to in HTTP/1.1 without TLS, and gets bodies in this coding.
    pub(super) fn plain(&self, uri: &Uri, coding: Coding) -> Option<Http1Endpoint> {
        self.plain.as_ref()?.endpoint(uri, coding)
    }
}

/// Makes connections in time, TLS included: the connector below limits TCP only.
#[derive(Clone)]
pub(super) struct TimedConnector {
    https: HttpsConnector<HttpConnector>,
    timeout: Duration,
}

impl Service<Uri> for TimedConnector {
    type Response = <HttpsConnector<HttpConnector> as Service<Uri>>::Response;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.https.poll_ready(context)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let timeout = self.timeout;
        let connecting = tokio::time::timeout(timeout, self.https.call(uri));
        async move {
            match connecting.await {
                Ok(connected) => connected,
                Err(_) => Err(format!("no connection within {timeout:?}").into()),
            }
        }
        .boxed()
    }
}

fn tls_config(config: &TlsConfig) -> Result<ClientConfig, HttpSetupError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let builder = match &config.certificate_authorities {
        None => builder.with_webpki_roots(),
        Some(pem) => {
            let mut roots = RootCertStore::empty();
            for certificate in certificates("certificate authorities", pem)? {
                roots.add(certificate)?;
            }
            builder.with_root_certificates(roots)
        }
    };
    let Some(identity) = &config.identity else {
        return Ok(builder.with_no_client_auth());
    };
    let chain = certificates("certificate chain", &identity.certificate_chain)?;
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes())
        .map_err(|error| HttpSetupError::Pem("key", error.to_string()))?;
    let with_identity = builder.with_client_auth_cert(chain, key);
    with_identity.map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => HttpSetupError::ForeignKey,
        error => error.into(),
    })
}

fn certificates(
    what: &'static str,
    pem: &str,
) -> Result<Vec<CertificateDer<'static>>, HttpSetupError> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    let certificates = read.map_err(|error| HttpSetupError::Pem(what, error.to_string()))?;
    if certificates.is_empty() {
        return Err(HttpSetupError::Pem(
            what,
            "there is no certificate in it".into(),
        ));
    }
    Ok(certificates)
}
