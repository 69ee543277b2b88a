//! What the subgraphs of this process stand on: databases, bus, cache. Embedded where nothing is configured.

use std::path::Path;
use std::sync::Arc;

use souk_platform::cache::{Cache, MemoryCache, RedisCache};
use souk_platform::config::{Config, subgraph_database_url};
use souk_platform::database::Database;
use souk_platform::events::{Bus, BusError, LocalBus, RabbitBus};
use souk_platform::peers::{PeerTransport, Peers};
use souk_platform::postgres::{Cluster, Options, PostgresError, ensure_database};
use souk_platform::serving::Tasks;
use souk_platform::{Services, Subgraph, migrations};

use crate::failure::Failure;
use crate::graph::{MEMBERS, Member};

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
        let server = database_server(&config).await?;
        Backing::on(server, config).await
    }

    /// As [`Backing::start`], also beside a `souk serve` that runs on the same data: then on its PostgreSQL.
    pub async fn start_beside(config: Arc<Config>) -> Result<Backing, Failure> {
        let server = match &config.database.url {
            Some(url) => (None, url.to_string()),
            None => match Cluster::start(Options::from_config(&config)).await {
                Err(PostgresError::InUse { url, .. }) => (None, url),
                started => {
                    let cluster = started.map_err(Failure::setup)?;
                    let url = cluster.url().to_owned();
                    (Some(cluster), url)
                }
            },
        };
        Backing::on(server, config).await
    }

    async fn on(
        (cluster, server_url): (Option<Cluster>, String),
        config: Arc<Config>,
    ) -> Result<Backing, Failure> {
        let bus: Arc<dyn Bus> = match &config.events.url {
            Some(url) => Arc::new(connect_broker(url).await?),
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

    /// Refuses a database that is not migrated: commands that look on must not change what runs.
    pub async fn expect_migrated(&self, member: Member) -> Result<(), Failure> {
        let pending = migrations::pending(&self.database_url(member)?, member.migrations).await;
        match pending.map_err(Failure::setup)? {
            0 => Ok(()),
            pending => Err(Failure::setup(format!(
                "{pending} migrations of the database of {} have not run: run `souk migrate` first",
                member.name
            ))),
        }
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

/// The broker, with the queues of all subgraphs: also those of other processes, which may not have run yet or, on a broker
/// that lost its data, not be back yet when the first event is published.
async fn connect_broker(url: &str) -> Result<RabbitBus, Failure> {
    let failed = |error: BusError| {
        Failure::setup(format!(
            "cannot connect to the message broker named by SOUK_EVENTS_URL: {error}"
        ))
    };
    let bus = RabbitBus::connect(url).await.map_err(failed)?;
    for member in MEMBERS {
        for (queue, _) in member.unconnected()?.queues() {
            bus.declare(&queue).await.map_err(failed)?;
        }
    }
    Ok(bus)
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
    check_data_directory(config)?;
    let cluster = Cluster::start(Options::from_config(config))
        .await
        .map_err(Failure::setup)?;
    let url = cluster.url().to_owned();
    Ok((Some(cluster), url))
}

/// Tells an index directory that cannot be written before anything is started.
pub fn check_search_directory(config: &Config) -> Result<(), Failure> {
    if config.search.dir.is_none() {
        check_data_directory(config)?;
    }
    let what = "directory of the search index";
    check_writable(what, &config.search_dir(), "SOUK_SEARCH_DIR")
}

fn check_data_directory(config: &Config) -> Result<(), Failure> {
    check_writable(
        "data directory",
        &config.data_dir,
        "--data or SOUK_DATA_DIR",
    )
}

/// Tells a directory that cannot be written before anything is started in it.
fn check_writable(what: &str, directory: &Path, setting: &str) -> Result<(), Failure> {
    let refused = |error: std::io::Error| {
        let directory = directory.display();
        Failure::setup(format!(
            "the {what} {directory} cannot be written: {error}; name another one with {setting}"
        ))
    };
    std::fs::create_dir_all(directory).map_err(refused)?;
    let probe = directory.join(format!(".writable-{}", std::process::id()));
    std::fs::write(&probe, b"").map_err(refused)?;
    std::fs::remove_file(&probe).map_err(refused)
}
