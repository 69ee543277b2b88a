//! What a subgraph needs, for tests.

use std::sync::Arc;
use std::time::Duration;

use souk_platform::cache::MemoryCache;
use souk_platform::config::Config;
use souk_platform::database::Database;
use souk_platform::events::{Bus, LocalBus};
use souk_platform::peers::{PeerTransport, Peers};
use souk_platform::serving::Tasks;
use souk_platform::{Services, Subgraph};
use tokio_util::sync::CancellationToken;

use crate::{database, shared};

/// A fresh database, a cache and a bus in process, the default configuration with a data directory of its own.
pub async fn services(subgraph: &'static str, transport: Arc<dyn PeerTransport>) -> Services {
    services_on(
        subgraph,
        database(subgraph).await,
        Arc::new(LocalBus::default()),
        transport,
    )
}

/// As [`services`], with a database and a bus of the test's choice.
pub fn services_on(
    subgraph: &'static str,
    database: Database,
    bus: Arc<dyn Bus>,
    transport: Arc<dyn PeerTransport>,
) -> Services {
    let config = Config {
        data_dir: shared::data_directory(),
        ..Config::default()
    };
    Services {
        config: Arc::new(config),
        database,
        cache: Arc::new(MemoryCache::default()),
        bus,
        peers: Peers::new(subgraph, transport),
    }
}

/// What runs beside requests: consumers, outbox relays and jobs. It is told to stop when dropped.
pub struct Background {
    tasks: Tasks,
}

impl Background {
    /// Runs all of it for the subgraphs, which share the bus.
    pub async fn run(subgraphs: &[Arc<Subgraph>], bus: &Arc<dyn Bus>) -> Background {
        let tasks = Tasks::new(CancellationToken::new());
        for subgraph in subgraphs {
            tasks
                .consume(subgraph, bus)
                .await
                .expect("the queues of the subgraph");
        }
        for subgraph in subgraphs {
            tasks.publish(subgraph, bus);
            tasks.run_jobs(subgraph);
        }
        Background { tasks }
    }

    /// Stops it and waits for the end.
    pub async fn stop(self) {
        assert!(
            self.tasks.finish(Duration::from_secs(10)).await,
            "background work does not stop"
        );
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.tasks.shutdown().cancel();
    }
}
