//! Connections that wait for a request.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::{Handle, Id};

use super::Connection;

/// The idle connections to one host.
pub(super) struct Pool {
    idle_timeout: Duration,
    /// How many are kept for each runtime.
    max_idle: usize,
    /// A runtime has few neighbours: looking through a list is faster than hashing.
    runtimes: Mutex<Vec<Idle>>,
}

/// Those of one runtime.
struct Idle {
    runtime: Id,
    /// With the time since when they wait; the last used at the end.
    connections: Vec<(Instant, Connection)>,
    /// Whether a task closes the old ones.
    is_swept: bool,
}

impl Pool {
    /// A pool without connections.
    pub fn new(idle_timeout: Duration, max_idle: usize) -> Pool {
        Pool {
            idle_timeout,
            max_idle,
            runtimes: Mutex::default(),
        }
    }

    /// The connection of this runtime that was used last, unless the subgraph has closed it.
    pub fn take(&self) -> Option<Connection> {
        let runtime = Handle::current().id();
        loop {
            let (_, connection) = {
                let mut runtimes = self.lock();
                let mut known = runtimes.iter_mut();
                let idle = known.find(|idle| idle.runtime == runtime)?;
                idle.connections.pop()?
            };
            if connection.is_idle() {
                return Some(connection);
            }
        }
    }

    /// Keeps a connection of this runtime for the next request.
    pub fn give_back(self: &Arc<Self>, connection: Connection) {
        let runtime = Handle::current().id();
        let mut runtimes = self.lock();
        let known = runtimes.iter().position(|idle| idle.runtime == runtime);
        let index = known.unwrap_or_else(|| {
            runtimes.push(Idle {
                runtime,
                connections: Vec::new(),
                is_swept: false,
            });
            runtimes.len() - 1
        });
        let idle = &mut runtimes[index];
        if idle.connections.len() >= self.max_idle {
            return;
        }
        idle.connections.push((Instant::now(), connection));
        if !std::mem::replace(&mut idle.is_swept, true) {
            tokio::spawn(close_old(Arc::downgrade(self), self.idle_timeout));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.runtimes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes connections of this runtime that nobody has used for so long, until there are none.
async fn close_old(pool: std::sync::Weak<Pool>, timeout: Duration) {
    let runtime = Handle::current().id();
    loop {
        tokio::time::sleep(timeout / 2).await;
        let Some(pool) = pool.upgrade() else {
            return;
        };
        let mut runtimes = pool.lock();
        let Some(index) = runtimes.iter().position(|idle| idle.runtime == runtime) else {
            return;
        };
        let connections = &mut runtimes[index].connections;
        connections.retain(|(since, _)| since.elapsed() < timeout);
        if connections.is_empty() {
            runtimes.swap_remove(index);
            return;
        }
    }
}
