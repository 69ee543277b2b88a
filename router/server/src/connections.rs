//! Connections of clients: accepting them, serving HTTP on them, and not keeping those that say nothing.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::extract::ConnectInfo;
use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

/// How long to wait before accepting again when the system has run out of something.
const PAUSE: Duration = Duration::from_secs(1);

/// Serves routes of a program as a router serves its own: a client that does not send the head of a request within
/// `head_within` is not kept, nor is a connection on which no other request comes for as long. When `stop` resolves, the requests
/// that are under way have `finish_within` to be answered.
pub async fn serve_routes(
    routes: axum::Router,
    listener: TcpListener,
    head_within: Duration,
    stop: impl Future<Output = ()>,
    finish_within: Duration,
) {
    let connections = Connections::new(routes, head_within);
    tokio::select! {
        () = accept(listener, |stream, peer| connections.serve(stream, peer, ())) => {}
        () = stop => {}
    }
    if tokio::time::timeout(finish_within, connections.finish())
        .await
        .is_err()
    {
        tracing::warn!("some requests did not finish in time");
    }
}

/// Hands on every connection that clients open, for ever.
pub(crate) async fn accept(listener: TcpListener, mut take: impl FnMut(TcpStream, SocketAddr)) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => take(stream, peer),
            Err(error) if is_about_one_connection(&error) => {}
            Err(error) => {
                tracing::error!(%error, "cannot accept connections");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

fn is_about_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    )
}

/// The connections that one runtime serves.
pub(crate) struct Connections {
    routes: axum::Router,
    builder: auto::Builder<TokioExecutor>,
    /// How long a client may take to send the head of a request.
    head_within: Duration,
    open: GracefulShutdown,
}

impl Connections {
    pub fn new(routes: axum::Router, head_within: Duration) -> Connections {
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(head_within);
        Connections {
            routes,
            builder,
            head_within,
            open: GracefulShutdown::new(),
        }
    }

    /// Serves a connection as a task of its own. `guard` is dropped when it ends.
    pub fn serve(&self, stream: TcpStream, peer: SocketAddr, guard: impl Send + 'static) {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "could not switch off delays on a connection");
        }
        let asked = Arc::new(AtomicBool::new(false));
        let silence = silence(self.head_within, asked.clone());
        let routes = self.routes.clone();
        let service = service_fn(move |mut request: Request<Incoming>| {
            asked.store(true, Ordering::Relaxed);
            request.extensions_mut().insert(ConnectInfo(peer));
            routes.clone().oneshot(request)
        });
        let connection = self
            .builder
            .serve_connection_with_upgrades(TokioIo::new(stream), service);
        let served = self.open.watch(connection.into_owned());
        tokio::spawn(async move {
            tokio::select! {
                ended = served => if let Err(error) = ended {
                    tracing::trace!(%error, "a connection broke");
                },
                () = silence => {}
            }
            drop(guard);
        });
    }

    /// Lets the requests that are under way be answered, and resolves when all connections have ended.
    pub async fn finish(self) {
        self.open.shutdown().await;
    }
}

/// Resolves when a client has not asked anything in time; never when it has. The HTTP layer limits the time for a head
/// only once it knows which version of HTTP the client speaks.
async fn silence(limit: Duration, asked: Arc<AtomicBool>) {
    tokio::time::sleep(limit).await;
    if asked.load(Ordering::Relaxed) {
        std::future::pending::<()>().await;
    }
}
