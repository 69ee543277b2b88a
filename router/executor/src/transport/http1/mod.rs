//! HTTP/1.1 without TLS, as requests to subgraphs need it: a POST with a body that is complete, and its whole answer.
//!
//! The task that waits for an answer reads it from the socket itself, into a buffer of the answer's size. There is no
//! task per connection that would have to be woken, and nothing is copied on the way. Each runtime of the process has
//! connections of its own, because a socket wakes the thread of the runtime that opened it.

mod message;
mod pool;

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use hashbrown::HashMap;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderMap};
use http::uri::{Authority, Scheme};
use http::{StatusCode, Uri};
use hyper_util::client::legacy::connect::HttpConnector;
use std::sync::{Mutex, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tower::ServiceExt;

use self::message::{Body, Head};
use self::pool::Pool;
use super::encoding::{self, Coding};
use super::http::{ACCEPTED, may_pass};
use super::{SubgraphResponse, TransportError, root_cause};

/// The connections to all hosts.
#[derive(Clone)]
pub(super) struct Http1 {
    connector: HttpConnector,
    idle_timeout: Duration,
    max_idle_per_host: usize,
    hosts: Arc<Mutex<HashMap<Authority, Arc<Pool>>>>,
}

impl Http1 {
    pub fn new(
        connector: HttpConnector,
        idle_timeout: Duration,
        max_idle_per_host: usize,
    ) -> Http1 {
        Http1 {
            connector,
            idle_timeout,
            max_idle_per_host,
            hosts: Arc::default(),
        }
    }

    /// The way to this address, for bodies in this coding; `None` when it is not a plain one.
    pub fn endpoint(&self, uri: &Uri, coding: Coding) -> Option<Http1Endpoint> {
        if uri.scheme() != Some(&Scheme::HTTP) {
            return None;
        }
        let authority = uri.authority()?;
        let host = authority.as_str().rsplit('@').next().unwrap_or_default();
        let host = host.strip_suffix(":80").unwrap_or(host);
        let target = uri.path_and_query().map_or("/", |target| target.as_str());
        let mut head = format!("POST {target} HTTP/1.1\r\nhost: {host}\r\n").into_bytes();
        head.extend_from_slice(b"content-type: application/json\r\naccept: ");
        head.extend_from_slice(ACCEPTED.as_bytes());
        head.extend_from_slice(b"\r\naccept-encoding: ");
        head.extend_from_slice(encoding::ACCEPTED.as_bytes());
        if let Some(coding) = coding.name() {
            head.extend_from_slice(b"\r\ncontent-encoding: ");
            head.extend_from_slice(coding.as_bytes());
        }
        head.extend_from_slice(b"\r\n");
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let pool = hosts.entry(authority.clone()).or_insert_with(|| {
            let pool = Pool::new(self.idle_timeout, self.max_idle_per_host);
            Arc::new(pool)
        });
        Some(Http1Endpoint {
            connector: self.connector.clone(),
            address: uri.clone(),
            head,
            pool: pool.clone(),
        })
    }
}

/// The way to one address.
pub(super) struct Http1Endpoint {
    connector: HttpConnector,
    address: Uri,
    /// The head that all requests begin with.
    head: Vec<u8>,
    pool: Arc<Pool>,
}

/// A connection that no request is under way on.
pub(super) struct Connection {
    stream: TcpStream,
    /// What has been read of an answer and not been used yet. Empty between answers.
    read: Vec<u8>,
}

/// Why an exchange has no answer.
enum Failure {
    /// The connection ended before anything of the answer came.
    NoAnswer {
        cause: std::io::Error,
        /// Whether the subgraph may have got any of the request.
        sent: bool,
    },
    Error(TransportError),
}

impl From<TransportError> for Failure {
    fn from(error: TransportError) -> Failure {
        Failure::Error(error)
    }
}

impl Http1Endpoint {
    /// Sends a POST and reads its answer, of at most `limit` bytes. A query may be sent again when the subgraph has
    /// closed an idle connection at the wrong moment. Dropping the future closes the connection.
    pub async fn exchange(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        limit: usize,
        is_query: bool,
    ) -> Result<SubgraphResponse, TransportError> {
        let request = self.request(headers, body);
        loop {
            let idle = self.pool.take();
            let is_new = idle.is_none();
            let mut connection = match idle {
                Some(connection) => connection,
                None => self.connect().await?,
            };
            match connection.exchange(&request, limit).await {
                Ok((answer, stays_open)) => {
                    if stays_open {
                        self.pool.give_back(connection);
                    }
                    return Ok(answer);
                }
                Err(Failure::NoAnswer { sent, .. }) if !is_new && (is_query || !sent) => {}
                Err(Failure::NoAnswer { cause, .. }) => return Err(broken(&cause)),
                Err(Failure::Error(error)) => return Err(error),
            }
        }
    }

    /// The whole request as it is sent.
    fn request(&self, headers: &HeaderMap, body: &[u8]) -> Vec<u8> {
        let mut request =
            Vec::with_capacity(self.head.len() + 64 * headers.len() + 64 + body.len());
        request.extend_from_slice(&self.head);
        for (name, value) in headers {
            if may_pass(name) && *name != CONTENT_TYPE && *name != ACCEPT {
                request.extend_from_slice(name.as_str().as_bytes());
                request.extend_from_slice(b": ");
                request.extend_from_slice(value.as_bytes());
                request.extend_from_slice(b"\r\n");
            }
        }
        request.extend_from_slice(format!("content-length: {}\r\n\r\n", body.len()).as_bytes());
        request.extend_from_slice(body);
        request
    }

    async fn connect(&self) -> Result<Connection, TransportError> {
        let connecting = self.connector.clone().oneshot(self.address.clone());
        let stream = connecting
            .await
            .map_err(|error| TransportError::Connection(root_cause(&error)))?;
        Ok(Connection {
            stream: stream.into_inner(),
            read: Vec::new(),
        })
    }
}

impl Connection {
    /// Whether the subgraph has neither closed the connection nor sent what nobody asked for.
    fn is_idle(&self) -> bool {
        let unexpected = self.stream.try_read(&mut [0]);
        unexpected.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    }

    /// The answer to a request, and whether the connection can be used for the next.
    async fn exchange(
        &mut self,
        request: &[u8],
        limit: usize,
    ) -> Result<(SubgraphResponse, bool), Failure> {
        let written = self.write(request).await;
        // A subgraph that refuses a request may have closed its end before the request was complete.
        let head = match (self.head().await, written) {
            (Ok(head), _) => head,
            (Err(Failure::NoAnswer { .. }), Err(unwritten)) => return Err(unwritten),
            (Err(failure), _) => return Err(failure),
        };
        let answer = head.answer()?;
        let body = self.body(&head, limit).await?;
        let stays_open = head.stays_open && self.read.is_empty();
        Ok((answer.complete(body, limit)?, stays_open))
    }

    async fn write(&mut self, request: &[u8]) -> Result<(), Failure> {
        let mut rest = request;
        while !rest.is_empty() {
            match self.stream.write(rest).await {
                Ok(written) => rest = &rest[written..],
                Err(cause) => {
                    let sent = rest.len() < request.len();
                    return Err(Failure::NoAnswer { cause, sent });
                }
            }
        }
        Ok(())
    }

    /// The head of the final response, which leaves the buffer.
    async fn head(&mut self) -> Result<Head, Failure> {
        loop {
            while let Some((head, length)) = Head::parse(&self.read)? {
                self.read.drain(..length);
                // Interim responses come before the one that counts (RFC 9110, section 15.2).
                if !head.status.is_informational() || head.status == StatusCode::SWITCHING_PROTOCOLS
                {
                    return Ok(head);
                }
            }
            let is_first = self.read.is_empty();
            if let Err(cause) = self.read_more().await {
                return Err(match is_first {
                    true => Failure::NoAnswer { cause, sent: true },
                    false => Failure::Error(broken(&cause)),
                });
            }
        }
    }

    async fn body(&mut self, head: &Head, limit: usize) -> Result<Vec<u8>, TransportError> {
        match head.body {
            Body::Length(length) if length > limit => Err(TransportError::TooLarge(limit)),
            Body::Length(length) => self.body_of_length(length).await,
            Body::Chunked => self.chunks(limit).await,
            Body::UntilClose => self.until_close(limit).await,
        }
    }

    async fn body_of_length(&mut self, length: usize) -> Result<Vec<u8>, TransportError> {
        let here = length.min(self.read.len());
        // One byte more than there is to read: a read that does not fill the buffer tells tokio that there is no more,
        // so that the next one does not try in vain.
        let mut body = Vec::with_capacity(length + 1);
        body.extend(self.read.drain(..here));
        while body.len() < length {
            self.read_into(&mut body).await?;
        }
        // What was not asked for makes the connection useless.
        self.read.extend(body.drain(length..));
        Ok(body)
    }

    /// RFC 9112, section 7.1.
    async fn chunks(&mut self, limit: usize) -> Result<Vec<u8>, TransportError> {
        let mut body = Vec::new();
        loop {
            let (size_line, size) = self.chunk_size().await?;
            self.read.drain(..size_line);
            if size == 0 {
                break;
            }
            if size > limit.saturating_sub(body.len()) {
                return Err(TransportError::TooLarge(limit));
            }
            while self.read.len() < size + 2 {
                self.read.reserve(size + 2 - self.read.len());
                self.read_more().await.map_err(|cause| broken(&cause))?;
            }
            if self.read[size..size + 2] != *b"\r\n" {
                return Err(message::malformed("a chunk is longer than it says"));
            }
            body.extend_from_slice(&self.read[..size]);
            self.read.drain(..size + 2);
        }
        self.skip_trailers().await?;
        Ok(body)
    }

    async fn chunk_size(&mut self) -> Result<(usize, usize), TransportError> {
        loop {
            if let Some(size) = message::chunk_size(&self.read)? {
                return Ok(size);
            }
            self.read_more().await.map_err(|cause| broken(&cause))?;
        }
    }

    async fn skip_trailers(&mut self) -> Result<(), TransportError> {
        loop {
            match message::line(&self.read)? {
                Some(length) => {
                    self.read.drain(..length);
                    if length == 2 {
                        return Ok(());
                    }
                }
                None => self.read_more().await.map_err(|cause| broken(&cause))?,
            }
        }
    }

    async fn until_close(&mut self, limit: usize) -> Result<Vec<u8>, TransportError> {
        while self.read.len() <= limit {
            match self.read_more().await {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                    return Ok(std::mem::take(&mut self.read));
                }
                Err(error) => return Err(broken(&error)),
            }
        }
        Err(TransportError::TooLarge(limit))
    }

    /// Reads what there is, at least one byte.
    async fn read_more(&mut self) -> Result<(), std::io::Error> {
        self.read.reserve(message::READ_AT_ONCE);
        match self.stream.read_buf(&mut self.read).await? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }

    async fn read_into(&mut self, body: &mut Vec<u8>) -> Result<(), TransportError> {
        match self.stream.read_buf(body).await {
            Ok(0) => Err(broken(&ErrorKind::UnexpectedEof.into())),
            Ok(_) => Ok(()),
            Err(error) => Err(broken(&error)),
        }
    }
}

fn broken(error: &std::io::Error) -> TransportError {
    let message = match error.kind() {
        ErrorKind::UnexpectedEof => "the connection was closed".into(),
        _ => root_cause(error),
    };
    TransportError::Interrupted(message)
}
