//! Subgraphs over HTTP/1.1 and HTTP/2, by GraphQL over HTTP; their subscriptions by graphql-transport-ws,
//! server-sent events or multipart.

use std::sync::Arc;
use std::time::Duration;

use apollo_compiler::ast::OperationType;
use async_trait::async_trait;
use bytes::Bytes;
use futures::FutureExt;
use futures::stream::{self, BoxStream, StreamExt};
use http::header::{
    self, ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName,
    HeaderValue,
};
use http::{Method, Request, Response, Uri};
use http_body_util::Full;
use hyper::body::Incoming;

use super::answer::receive;
pub use super::client::{
    HttpClient, HttpClientConfig, HttpSetupError, HttpVersion, TlsConfig, TlsIdentity,
};
use super::encoding::{self, Coding};
use super::http1::Http1Endpoint;
use super::in_flight::InFlight;
use super::streaming::{self, Framing};
use super::websocket::{self, WebSocketTarget};
use super::{SubgraphRequest, SubgraphResponse, SubgraphTransport, TransportError, root_cause};
use crate::json::write_string;

/// Where a subgraph is and how long it may take.
#[derive(Debug, Clone)]
pub struct HttpTransportConfig {
    /// The subgraph's GraphQL endpoint.
    pub url: String,
    /// The endpoint of its subscriptions; `url` when `None`. For [`SubscriptionProtocol::WebSocket`] the scheme may
    /// also be ws or wss.
    pub subscription_url: Option<String>,
    /// How the subgraph sends events.
    pub subscription_protocol: SubscriptionProtocol,
    /// From sending a request to the end of its response. Default 30 s.
    pub request_timeout: Duration,
    /// The longest body accepted, decompressed, in bytes. Default 64 MiB.
    pub max_response_bytes: usize,
    /// A subscription's socket that is silent for so long is pinged; silent for as long again, it is given up.
    /// Default 30 s.
    pub heartbeat: Duration,
    /// Whether identical queries with the same headers that are under way at the same time share one request.
    /// Headers that only trace a request (`traceparent`, `tracestate`, `x-correlation-id`) may differ. What belongs to a
    /// client's mutation is never shared. Default true.
    pub deduplicate_queries: bool,
    /// How the bodies of requests are compressed, for a subgraph that is known to understand it: nobody asks it. Bodies
    /// of WebSocket messages are not. Default [`Coding::Identity`].
    pub compression: Coding,
}

/// How a subgraph sends the events of a subscription.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SubscriptionProtocol {
    /// One WebSocket per subscription, by graphql-transport-ws.
    #[default]
    WebSocket,
    /// One response of server-sent events per subscription: GraphQL over SSE, distinct connections mode.
    EventStream,
    /// One multipart response per subscription (`subscriptionSpec=1.0`).
    Multipart,
}

impl HttpTransportConfig {
    /// The defaults for an address.
    pub fn new(url: impl Into<String>) -> HttpTransportConfig {
        HttpTransportConfig {
            url: url.into(),
            subscription_url: None,
            subscription_protocol: SubscriptionProtocol::default(),
            request_timeout: Duration::from_secs(30),
            max_response_bytes: 64 << 20,
            heartbeat: Duration::from_secs(30),
            deduplicate_queries: true,
            compression: Coding::Identity,
        }
    }
}

/// One subgraph over HTTP.
pub struct HttpTransport {
    endpoint: Arc<Endpoint>,
    subscriptions: Subscriptions,
    in_flight: Option<Arc<InFlight>>,
    /// For the log.
    address: String,
    subscriptions_address: String,
}

/// Where requests go, and what their answers may be.
struct Endpoint {
    client: HttpClient,
    uri: Uri,
    /// For HTTP/1.1 without TLS.
    plain: Option<Http1Endpoint>,
    request_timeout: Duration,
    max_response_bytes: usize,
    compression: Coding,
}

enum Subscriptions {
    WebSocket(WebSocketTarget),
    Http { uri: Uri, accept: HeaderValue },
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// The media types of answers.
pub(super) const ACCEPTED: HeaderValue =
    HeaderValue::from_static("application/graphql-response+json, application/json;q=0.9");

impl HttpTransport {
    /// A transport that shares the connections of `client`.
    pub fn new(
        client: HttpClient,
        config: &HttpTransportConfig,
    ) -> Result<HttpTransport, HttpSetupError> {
        let uri = parse_address(&config.url, &["http", "https"])?;
        let url = config.subscription_url.as_deref().unwrap_or(&config.url);
        let over_http = |accept| {
            let uri = parse_address(url, &["http", "https"])?;
            Ok::<_, HttpSetupError>(Subscriptions::Http { uri, accept })
        };
        let subscriptions = match config.subscription_protocol {
            SubscriptionProtocol::EventStream => over_http(streaming::EVENT_STREAM)?,
            SubscriptionProtocol::Multipart => over_http(streaming::MULTIPART)?,
            SubscriptionProtocol::WebSocket => {
                let uri = parse_address(url, &["http", "https", "ws", "wss"])?;
                Subscriptions::WebSocket(WebSocketTarget {
                    uri: websocket::websocket_uri(&uri)
                        .ok_or_else(|| HttpSetupError::Address(url.to_owned()))?,
                    tls: client.tls.clone(),
                    connect_timeout: client.connect_timeout,
                    heartbeat: config.heartbeat,
                    max_message_bytes: config.max_response_bytes,
                })
            }
        };
        let subscriptions_address = match &subscriptions {
            Subscriptions::WebSocket(target) => shown(&target.uri),
            Subscriptions::Http { uri, .. } => shown(uri),
        };
        let address = shown(&uri);
        let endpoint = Endpoint {
            plain: client.plain(&uri, config.compression),
            client,
            uri,
            request_timeout: config.request_timeout,
            max_response_bytes: config.max_response_bytes,
            compression: config.compression,
        };
        Ok(HttpTransport {
            endpoint: Arc::new(endpoint),
            subscriptions,
            in_flight: config.deduplicate_queries.then(Arc::default),
            address,
            subscriptions_address,
        })
    }
}

impl Endpoint {
    /// Sends a request; the time runs until the end of its response.
    async fn exchange(
        &self,
        context: &HeaderMap,
        body: Bytes,
        is_query: bool,
    ) -> Result<SubgraphResponse, TransportError> {
        let limit = self.max_response_bytes;
        let body = self.compression.encode(body)?;
        let exchange = async {
            match &self.plain {
                Some(plain) => plain.exchange(context, &body, limit, is_query).await,
                None => {
                    let headers = request_headers(context, ACCEPTED, Some(encoding::ACCEPTED));
                    let response = self.send(self.uri.clone(), headers, body).await?;
                    receive(response, limit).await
                }
            }
        };
        match tokio::time::timeout(self.request_timeout, exchange).await {
            Ok(response) => response,
            Err(_) => Err(TransportError::Timeout(self.request_timeout)),
        }
    }

    /// The head of the response. The body is compressed already.
    async fn send(
        &self,
        uri: Uri,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Response<Incoming>, TransportError> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = uri;
        *request.headers_mut() = headers;
        if let Some(coding) = self.compression.name() {
            let coding = HeaderValue::from_static(coding);
            request.headers_mut().insert(CONTENT_ENCODING, coding);
        }
        let sent = self.client.pool.request(request).await;
        sent.map_err(|error| match error.is_connect() {
            true => TransportError::Connection(root_cause(&error)),
            false => TransportError::Interrupted(root_cause(&error)),
        })
    }

    /// Opens a subscription whose events are the body of one response.
    async fn subscribe(
        &self,
        uri: &Uri,
        accept: &HeaderValue,
        request: &SubgraphRequest,
    ) -> Result<Events, TransportError> {
        let headers = request_headers(request.headers(), accept.clone(), None);
        let body = Bytes::from(request_body(request));
        let body = self.compression.encode(body)?;
        let opening = async {
            let response = self.send(uri.clone(), headers, body).await?;
            let framing = match response.status().is_success() {
                true => Framing::of(response.headers())?,
                false => None,
            };
            if let Some(framing) = framing {
                let limit = self.max_response_bytes;
                return Ok(streaming::events(response.into_body(), framing, limit));
            }
            // What cannot be subscribed to is answered like a query.
            let refusal = receive(response, self.max_response_bytes).await?;
            Ok(stream::iter([Ok(refusal)]).boxed())
        };
        match tokio::time::timeout(self.request_timeout, opening).await {
            Ok(opened) => opened,
            Err(_) => Err(TransportError::Timeout(self.request_timeout)),
        }
    }
}

type Events = BoxStream<'static, Result<SubgraphResponse, TransportError>>;

#[async_trait]
impl SubgraphTransport for HttpTransport {
    async fn fetch(&self, request: SubgraphRequest) -> Result<SubgraphResponse, TransportError> {
        let body = Bytes::from(request_body(&request));
        let is_query = request.operation.kind == OperationType::Query;
        // A request that is under way may have been sent before the mutation.
        let may_share = is_query && request.client_operation != OperationType::Mutation;
        match &self.in_flight {
            Some(in_flight) if may_share => {
                let send = || {
                    let (endpoint, body) = (self.endpoint.clone(), body.clone());
                    let (context, subgraph) = (request.context.clone(), request.subgraph.clone());
                    async move {
                        let headers = context.headers_for(&subgraph);
                        endpoint.exchange(headers, body, true).await
                    }
                    .boxed()
                };
                in_flight.share(&body, request.headers(), send).await
            }
            _ => {
                let headers = request.headers();
                self.endpoint.exchange(headers, body, is_query).await
            }
        }
    }

    async fn subscribe(&self, request: SubgraphRequest) -> Result<Events, TransportError> {
        match &self.subscriptions {
            Subscriptions::WebSocket(target) => websocket::subscribe(target, &request).await,
            Subscriptions::Http { uri, accept } => {
                self.endpoint.subscribe(uri, accept, &request).await
            }
        }
    }

    fn address(&self, kind: OperationType) -> Option<&str> {
        Some(match kind {
            OperationType::Query | OperationType::Mutation => &self.address,
            OperationType::Subscription => &self.subscriptions_address,
        })
    }
}

/// The JSON body of a request: `{"query":…,"operationName":…,"variables":…}`.
pub(super) fn request_body(request: &SubgraphRequest) -> Vec<u8> {
    let operation = &request.operation;
    let mut body = Vec::with_capacity(operation.text.len() + 256);
    body.extend_from_slice(b"{\"query\":");
    write_string(&mut body, &operation.text);
    if let Some(name) = &operation.name {
        body.extend_from_slice(b",\"operationName\":");
        write_string(&mut body, name);
    }
    if !request.variables.is_empty() {
        body.extend_from_slice(b",\"variables\":");
        request.variables.write_json(&mut body);
    }
    body.push(b'}');
    body
}

/// The headers of a request with a JSON body.
fn request_headers(
    context: &HeaderMap,
    accept: HeaderValue,
    accept_encoding: Option<HeaderValue>,
) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(context.len() + 4);
    for (name, value) in context {
        if may_pass(name) {
            headers.append(name, value.clone());
        }
    }
    headers.insert(CONTENT_TYPE, JSON);
    headers.insert(ACCEPT, accept);
    if let Some(accept_encoding) = accept_encoding {
        headers.insert(ACCEPT_ENCODING, accept_encoding);
    }
    headers
}

/// False for what belongs to one connection (RFC 9110, section 7.6.1) or to the body of the client's request.
pub(super) fn may_pass(name: &HeaderName) -> bool {
    const KEPT_BACK: [HeaderName; 11] = [
        header::CONNECTION,
        header::UPGRADE,
        header::TRANSFER_ENCODING,
        header::TE,
        header::TRAILER,
        header::EXPECT,
        header::HOST,
        header::CONTENT_LENGTH,
        CONTENT_ENCODING,
        ACCEPT_ENCODING,
        HeaderName::from_static("keep-alive"),
    ];
    !KEPT_BACK.contains(name)
}

/// An address without what is nobody's business: credentials, the path and the query.
fn shown(uri: &Uri) -> String {
    let scheme = uri.scheme_str().unwrap_or_default();
    let host = uri.host().unwrap_or_default();
    match uri.port_u16() {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    }
}

fn parse_address(address: &str, schemes: &[&str]) -> Result<Uri, HttpSetupError> {
    let uri: Uri = address
        .parse()
        .map_err(|_| HttpSetupError::Address(address.to_owned()))?;
    if !uri
        .scheme_str()
        .is_some_and(|scheme| schemes.contains(&scheme))
        || uri.host().is_none()
    {
        return Err(HttpSetupError::Address(address.to_owned()));
    }
    Ok(uri)
}
