//! Serving on several threads of which each has its own connections.
//!
//! A request's work stays on the thread that read it, with its connections to subgraphs and its memory. Threads that
//! share their work wake each other for every answer of a subgraph, which costs more than the work that is shared.

use std::future::IntoFuture;
use std::io;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::serve::{Listener, ListenerExt};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};

use crate::router::{Router, RouterHandle};

/// The stack of a thread, in bytes. A subgraph in the same process resolves a nested field inside of all those around it,
/// as deep as `limits.max_depth` allows. Pages that are never touched take no memory.
const STACK: usize = 16 * 1024 * 1024;
/// How long to wait before accepting again when the system has run out of something.
const PAUSE: Duration = Duration::from_secs(1);

impl Router {
    /// As [`Router::serve`], on so many threads of its own. The calling task only hands out the connections: each goes to
    /// the thread that has the fewest. A request that computes for long holds up the others on its thread, where
    /// [`Router::serve`] would let another thread work on those.
    pub async fn serve_on_threads(
        self,
        listener: TcpListener,
        threads: NonZeroUsize,
    ) -> io::Result<()> {
        let address = listener.local_addr()?;
        let handle = self.handle();
        let mut workers = Vec::with_capacity(threads.get());
        for index in 0..threads.get() {
            workers.push(Worker::start(index, address, &self)?);
        }
        tokio::select! {
            () = hand_out(listener, &workers) => {}
            () = handle.stopping() => {}
        }
        for worker in workers {
            // A thread that panicked has nothing left to wait for.
            let _ = worker.ended.await;
        }
        Ok(())
    }
}

/// Accepts connections for the threads, for ever.
async fn hand_out(listener: TcpListener, workers: &[Worker]) {
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) if is_about_one_connection(&error) => continue,
            Err(error) => {
                tracing::error!(%error, "cannot accept connections");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let least_busy = workers
            .iter()
            .min_by_key(|worker| worker.open.load(Ordering::Relaxed));
        // There is at least one thread, and the runtime of one that has ended closes the connection.
        if let (Some(worker), Ok(stream)) = (least_busy, stream.into_std()) {
            let counted = Counted::new(&worker.open);
            let _ = worker.connections.send((stream, peer, counted));
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

/// A connection on its way to a thread.
type Accepted = (std::net::TcpStream, SocketAddr, Counted);

/// One of the threads.
struct Worker {
    connections: mpsc::UnboundedSender<Accepted>,
    /// How many connections it has.
    open: Arc<AtomicUsize>,
    ended: oneshot::Receiver<()>,
}

impl Worker {
    fn start(index: usize, address: SocketAddr, router: &Router) -> io::Result<Worker> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (connections, accepted) = mpsc::unbounded_channel();
        let (end, ended) = oneshot::channel();
        let serving = serve(
            Handed { accepted, address },
            router.routes(),
            router.handle(),
        );
        let work = move || {
            runtime.block_on(serving);
            let _ = end.send(());
        };
        std::thread::Builder::new()
            .name(format!("router-{index}"))
            .stack_size(STACK)
            .spawn(work)?;
        Ok(Worker {
            connections,
            open: Arc::default(),
            ended,
        })
    }
}

/// Serves the connections that are handed over until the router stops.
async fn serve(connections: Handed, routes: axum::Router, handle: RouterHandle) {
    let connections = connections.tap_io(|connection| {
        if let Err(error) = connection.stream.set_nodelay(true) {
            tracing::debug!(%error, "could not switch off delays on a connection");
        }
    });
    let stop = handle.clone();
    let server = axum::serve(
        connections,
        routes.into_make_service_with_connect_info::<SocketAddr>(),
    )
    .with_graceful_shutdown(async move { stop.stopping().await });
    handle.until_time_is_up(server.into_future()).await;
    handle.stopped().await;
}

/// The connections of one thread.
struct Handed {
    accepted: mpsc::UnboundedReceiver<Accepted>,
    address: SocketAddr,
}

impl Listener for Handed {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        loop {
            let Some((stream, peer, counted)) = self.accepted.recv().await else {
                // Nobody hands out connections any more, so the router is about to stop.
                return std::future::pending().await;
            };
            match TcpStream::from_std(stream) {
                Ok(stream) => {
                    let connection = Connection {
                        stream,
                        _counted: counted,
                    };
                    return (connection, peer);
                }
                Err(error) => tracing::error!(%error, "cannot take over a connection"),
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

/// A connection that counts as long as it is open.
struct Connection {
    stream: TcpStream,
    _counted: Counted,
}

struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn new(counter: &Arc<AtomicUsize>) -> Counted {
        counter.fetch_add(1, Ordering::Relaxed);
        Counted(counter.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, buffer)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, buffers)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
