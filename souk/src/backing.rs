//! What the subgraphs of this process stand on: databases, bus, cache. Embedded where nothing is configured.

use std::path::Path;
use std::sync::Arc;

use souk_platform::cache::{Cache, MemoryCache, RedisCache};
use souk_platform::config::{Config, subgraph_database_url};
use souk_platform::database::Database;
use souk_platform::events::{Bus, LocalBus, RabbitBus};
use souk_platform::peers::{PeerTransport, Peers};
use souk_platform::postgres::{Cluster, Options, ensure_database};
use souk_platform::serving::Tasks;
use souk_platform::{Services, Subgraph, migrations};

use crate::failure::Failure;
use crate::graph::Member;

/// Databases, bus and cache of this process.
pub struct Backing {
    /// The configuration.
    pub config: Arc<Config>,
    /// The private PostgreSQL, when no other is configured.
    pub cluster: Option<Cluster>,
    /// Carries events.
    pub bus: Arc<dyn Bus>,
    /// Short-lived values.
    pub cache: Arc<dyn Cache>,
    server_url: String,
}

impl Backing {
    /// Connects to what is configured and starts what is not.
    pub async fn start(config: Arc<Config>) -> Result<Backing, Failure> {
        let (cluster, server_url) = database_server(&config).await?;
        let bus: Arc<dyn Bus> = match &config.events.url {
            Some(url) => Arc::new(RabbitBus::connect(url).await.map_err(|error| {
                Failure::setup(format!(
                    "cannot connect to the message broker named by SOUK_EVENTS_URL: {error}"
                ))
            })?),
            None => Arc::new(LocalBus::default()),
        };
        let cache = connect_cache(&config).await?;
        Ok(Backing {
            config,
            cluster,
            bus,
            cache,
            server_url,
        })
    }

    /// Makes and migrates the subgraph's database.
    pub async fn migrate(&self, member: Member) -> Result<migrations::Report, Failure> {
        let url = self.database_url(member)?;
        ensure_database(&url).await.map_err(Failure::setup)?;
        migrations::run(&url, member.migrations)
            .await
            .map_err(Failure::setup)
    }

    /// What the subgraph gets to work with. Its database is connected to when it is first used.
    pub fn services(
        &self,
        member: Member,
        peers: Arc<dyn PeerTransport>,
    ) -> Result<Services, Failure> {
        let url = self.database_url(member)?;
        let database =
            Database::new(&url, self.config.database.pool_size).map_err(Failure::setup)?;
        Ok(Services {
            config: self.config.clone(),
            database,
            cache: self.cache.clone(),
            bus: self.bus.clone(),
            peers: Peers::new(member.name, peers),
        })
    }

    /// Starts what runs beside the requests of these subgraphs: their queues and workers, outbox relays and jobs.
    pub async fn start_workers(
        &self,
        subgraphs: &[Arc<Subgraph>],
        tasks: &Tasks,
    ) -> Result<(), Failure> {
        // All queues are bound before the first relay starts, so that no event is published before its receivers are
        // known.
        for subgraph in subgraphs {
            tasks
                .consume(subgraph, &self.bus)
                .await
                .map_err(Failure::failed)?;
        }
        for subgraph in subgraphs {
            tasks.publish(subgraph, &self.bus);
            tasks.run_jobs(subgraph);
        }
        Ok(())
    }

    /// Makes the subgraph's queues known to the broker, so that events are kept for it before it first runs.
    pub async fn declare_queues(&self, subgraph: &Subgraph) -> Result<(), Failure> {
        for (queue, _) in subgraph.queues() {
            self.bus.declare(&queue).await.map_err(Failure::failed)?;
        }
        Ok(())
    }

    /// Stops the private PostgreSQL, if it runs.
    pub async fn stop(self) {
        if let Some(cluster) = self.cluster {
            cluster.stop().await;
        }
    }

    fn database_url(&self, member: Member) -> Result<String, Failure> {
        subgraph_database_url(&self.server_url, member.name).map_err(Failure::setup)
    }
}

/// Refuses to run a subgraph on its own without the servers that it shares with the others. With the stand-ins of a single
/// process everything would seem to work: events would count as published, though nobody else had heard them.
pub fn require_shared_servers(config: &Config) -> Result<(), Failure> {
    let mut missing = Vec::new();
    if config.database.url.is_none() {
        missing.push(Failure::setup(
            "SOUK_DATABASE_URL is not set: a subgraph on its own needs a PostgreSQL server that all of them reach",
        ));
    }
    if config.events.url.is_none() {
        missing.push(Failure::setup(
            "SOUK_EVENTS_URL is not set: a subgraph on its own needs a RabbitMQ, or no other process hears of its events",
        ));
    }
    missing.extend(require_shared_cache(config).err());
    Failure::all(missing).map_or(Ok(()), Err)
}

/// Refuses a cache of one's own where another process has to see what is in it.
pub fn require_shared_cache(config: &Config) -> Result<(), Failure> {
    match config.cache.url {
        Some(_) => Ok(()),
        None => Err(Failure::setup(
            "SOUK_CACHE_URL is not set: separate processes need a Redis that all of them reach, or routers do not hear of \
             logouts",
        )),
    }
}

/// The cache that is configured.
pub async fn connect_cache(config: &Config) -> Result<Arc<dyn Cache>, Failure> {
    match &config.cache.url {
        Some(url) => {
            let cache = RedisCache::connect(url).await.map_err(|error| {
                Failure::setup(format!(
                    "cannot connect to the Redis named by SOUK_CACHE_URL: {error}"
                ))
            })?;
            Ok(Arc::new(cache))
        }
        None => Ok(Arc::new(MemoryCache::default())),
    }
}

async fn database_server(config: &Config) -> Result<(Option<Cluster>, String), Failure> {
    if let Some(url) = &config.database.url {
        return Ok((None, url.to_string()));
    }
    check_writable(&config.data_dir)?;
    let cluster = Cluster::start(Options::from_config(config))
        .await
        .map_err(Failure::setup)?;
    let url = cluster.url().to_owned();
    Ok((Some(cluster), url))
}

/// Tells a data directory that cannot be written before anything is started in it.
fn check_writable(directory: &Path) -> Result<(), Failure> {
    let refused = |error: std::io::Error| {
        let directory = directory.display();
        Failure::setup(format!(
            "the data directory {directory} cannot be written: {error}; name another one with --data"
        ))
    };
    std::fs::create_dir_all(directory).map_err(refused)?;
    let probe = directory.join(format!(".writable-{}", std::process::id()));
    std::fs::write(&probe, b"").map_err(refused)?;
    std::fs::remove_file(&probe).map_err(refused)
}
