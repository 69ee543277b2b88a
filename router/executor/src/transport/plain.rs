//! Connections in plain HTTP/1.1, each driven by the task that waits for its answer.
//!
//! A connection with a task of its own costs every request two wake-ups of other tasks. Requests to subgraphs in the
//! same network are so short that this is a good part of what they cost.

use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::Poll;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::future::poll_fn;
use hashbrown::HashMap;
use http::header::{HOST, HeaderMap, HeaderValue};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Method, Request, Uri};
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower::ServiceExt;

use super::answer::{receive, root_cause};
use super::{SubgraphResponse, TransportError};

/// The connections to all hosts.
#[derive(Clone)]
pub(super) struct Plain {
    connector: HttpConnector,
    idle_timeout: Duration,
    max_idle_per_host: usize,
    hosts: Arc<Mutex<HashMap<Authority, Arc<Idle>>>>,
}

impl Plain {
    pub fn new(
        connector: HttpConnector,
        idle_timeout: Duration,
        max_idle_per_host: usize,
    ) -> Plain {
        Plain {
            connector,
            idle_timeout,
            max_idle_per_host,
            hosts: Arc::default(),
        }
    }

    /// The connections for requests to this address; `None` when it is not a plain one.
    pub fn connections(&self, uri: &Uri) -> Option<Connections> {
        if uri.scheme() != Some(&Scheme::HTTP) {
            return None;
        }
        let authority = uri.authority()?;
        let shown = authority.as_str().rsplit('@').next().unwrap_or_default();
        let host = HeaderValue::from_str(shown.strip_suffix(":80").unwrap_or(shown)).ok()?;
        let path = uri.path_and_query().cloned();
        let target = Uri::from(path.unwrap_or(PathAndQuery::from_static("/")));
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = hosts.entry(authority.clone()).or_default().clone();
        Some(Connections {
            plain: self.clone(),
            address: uri.clone(),
            host,
            target,
            idle,
        })
    }
}

/// The connections for one address.
pub(super) struct Connections {
    plain: Plain,
    address: Uri,
    host: HeaderValue,
    /// The address as it stands in a request: path and query.
    target: Uri,
    idle: Arc<Idle>,
}

/// Connections that wait for a request.
#[derive(Default)]
struct Idle {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The last used at the end.
    connections: Vec<(Instant, Connection)>,
    /// Whether a task closes the old ones.
    is_swept: bool,
}

type Stream = TokioIo<TcpStream>;

struct Connection {
    sender: http1::SendRequest<Full<Bytes>>,
    driver: http1::Connection<Stream, Full<Bytes>>,
}

impl Connections {
    /// Sends a POST and reads its response, of at most `limit` bytes. Dropping the future closes the connection.
    pub async fn exchange(
        &self,
        headers: HeaderMap,
        body: Bytes,
        limit: usize,
    ) -> Result<SubgraphResponse, TransportError> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.target.clone();
        *request.headers_mut() = headers;
        request.headers_mut().insert(HOST, self.host.clone());
        loop {
            let (mut connection, is_new) = match self.idle.take().await {
                Some(connection) => (connection, false),
                None => (self.connect().await?, true),
            };
            let Connection { sender, driver } = &mut connection;
            let sent = sender.try_send_request(request);
            let exchange = async {
                match sent.await {
                    Ok(response) => Ok(receive(response, limit).await),
                    Err(error) => Err(error),
                }
            };
            match drive(driver, exchange).await {
                Ok(answer) => {
                    if answer.is_ok() {
                        self.give_back(connection);
                    }
                    return answer;
                }
                Err(mut error) => match error.take_message() {
                    // The subgraph closed the connection while it was idle, and has got nothing of the request.
                    Some(unsent) if !is_new => request = unsent,
                    _ => return Err(TransportError::Connection(root_cause(error.error()))),
                },
            }
        }
    }

    async fn connect(&self) -> Result<Connection, TransportError> {
        let failed = |error: &dyn std::error::Error| TransportError::Connection(root_cause(error));
        let connecting = self.plain.connector.clone().oneshot(self.address.clone());
        let stream = connecting.await.map_err(|error| failed(&error))?;
        let handshake = http1::handshake(stream).await;
        let (sender, driver) = handshake.map_err(|error| failed(&error))?;
        Ok(Connection { sender, driver })
    }

    fn give_back(&self, connection: Connection) {
        if connection.sender.is_closed() {
            return;
        }
        let mut state = self.idle.lock();
        if state.connections.len() >= self.plain.max_idle_per_host {
            return;
        }
        state.connections.push((Instant::now(), connection));
        if !state.is_swept {
            state.is_swept = true;
            let idle = Arc::downgrade(&self.idle);
            tokio::spawn(close_old(idle, self.plain.idle_timeout));
        }
    }
}

/// Works on `exchange` and on the connection that it uses.
async fn drive<T>(
    driver: &mut http1::Connection<Stream, Full<Bytes>>,
    exchange: impl Future<Output = T>,
) -> T {
    let mut exchange = pin!(exchange);
    let mut is_open = true;
    poll_fn(|context| {
        // Twice: the exchange asks for the body when it has seen the head.
        for _ in 0..2 {
            // How a connection ends, the exchange learns from it.
            if is_open {
                is_open = Pin::new(&mut *driver).poll(context).is_pending();
            }
            if let Poll::Ready(outcome) = exchange.as_mut().poll(context) {
                return Poll::Ready(outcome);
            }
        }
        Poll::Pending
    })
    .await
}

impl Idle {
    /// The connection that was used last, unless the subgraph has closed it.
    async fn take(&self) -> Option<Connection> {
        loop {
            let (_, mut connection) = self.lock().connections.pop()?;
            let ended = poll_fn(|context| {
                Poll::Ready(Pin::new(&mut connection.driver).poll(context).is_ready())
            });
            if !ended.await && connection.sender.is_ready() {
                return Some(connection);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes connections that nobody has used for so long, until there are none.
async fn close_old(idle: Weak<Idle>, timeout: Duration) {
    loop {
        tokio::time::sleep(timeout / 2).await;
        let Some(idle) = idle.upgrade() else {
            return;
        };
        let mut state = idle.lock();
        state
            .connections
            .retain(|(since, _)| since.elapsed() < timeout);
        if state.connections.is_empty() {
            state.is_swept = false;
            return;
        }
    }
}
