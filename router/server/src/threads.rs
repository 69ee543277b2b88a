//! Serving on several threads of which each has its own connections.
//!
//! A request's work stays on the thread that read it, with its connections to subgraphs and its memory. Threads that
//! share their work wake each other for every answer of a subgraph, which costs more than the work that is shared.

use std::io;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};

use crate::connections::{Connections, accept};
use crate::router::{Router, RouterHandle};

/// The stack of a thread, in bytes. A subgraph in the same process resolves a nested field inside of all those around it,
/// as deep as `limits.max_depth` allows. Pages that are never touched take no memory.
const STACK: usize = 16 * 1024 * 1024;

impl Router {
    /// As [`Router::serve`], on so many threads of its own. The calling task only hands out the connections: each goes to
    /// the thread that has the fewest. A request that computes for long holds up the others on its thread, where
    /// [`Router::serve`] would let another thread work on those.
    pub async fn serve_on_threads(
        self,
        listener: TcpListener,
        threads: NonZeroUsize,
    ) -> io::Result<()> {
        let handle = self.handle();
        let mut workers = Vec::with_capacity(threads.get());
        for index in 0..threads.get() {
            workers.push(Worker::start(index, &self)?);
        }
        tokio::select! {
            () = accept(listener, |stream, peer| hand_out(stream, peer, &workers)) => {}
            () = handle.stopping() => {}
        }
        for worker in workers {
            // A thread that panicked has nothing left to wait for.
            let _ = worker.ended.await;
        }
        Ok(())
    }
}

fn hand_out(stream: TcpStream, peer: SocketAddr, workers: &[Worker]) {
    let least_busy = workers
        .iter()
        .min_by_key(|worker| worker.open.load(Ordering::Relaxed));
    // There is at least one thread, and the runtime of one that has ended closes the connection.
    if let (Some(worker), Ok(stream)) = (least_busy, stream.into_std()) {
        let counted = Counted::new(&worker.open);
        let _ = worker.connections.send((stream, peer, counted));
    }
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
    fn start(index: usize, router: &Router) -> io::Result<Worker> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (connections, accepted) = mpsc::unbounded_channel();
        let (end, ended) = oneshot::channel();
        let serving = serve(accepted, router.connections(), router.handle());
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
async fn serve(
    mut accepted: mpsc::UnboundedReceiver<Accepted>,
    connections: Connections,
    handle: RouterHandle,
) {
    let all = async {
        while let Some((stream, peer, counted)) = accepted.recv().await {
            match TcpStream::from_std(stream) {
                Ok(stream) => connections.serve(stream, peer, counted),
                Err(error) => tracing::error!(%error, "cannot take over a connection"),
            }
        }
    };
    tokio::select! {
        () = all => {}
        () = handle.stopping() => {}
    }
    handle.finish(connections).await;
}

/// Counts a connection as long as it is open.
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
