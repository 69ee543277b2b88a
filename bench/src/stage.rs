//! A platform under load: the processes, their servers, and what is sold on it.

use clap::ValueEnum;
use souk_harness::{Launch, Platform, RabbitMq, Redis, shared};
use souk_platform::config::{SUBGRAPHS, subgraph_database_url};
use souk_platform::postgres::{Cluster, Durability, Lifetime, Options};

use tokio_postgres::NoTls;

use crate::catalogue;

/// How the platform runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// `souk serve`.
    One,
    /// Six subgraphs and two routers, with RabbitMQ and Redis. The load goes to one router.
    Separate,
}

impl Mode {
    /// For tables.
    pub fn name(self) -> &'static str {
        match self {
            Mode::One => "one process",
            Mode::Separate => "separate",
        }
    }
}

/// A platform that serves.
pub struct Stage {
    /// Its processes.
    pub platform: Platform,
    /// How it runs.
    pub mode: Mode,
    postgres: String,
    // Below the platform: they end after it.
    _servers: Option<(RabbitMq, Redis, Cluster)>,
}

impl Stage {
    /// The address of the router.
    pub fn url(&self) -> &str {
        self.platform.url()
    }

    /// Does to every database at once what autovacuum does to a busy one within a minute. Before that PostgreSQL plans
    /// for the empty tables that it knew.
    pub async fn settle(&self) {
        for subgraph in SUBGRAPHS {
            let url = subgraph_database_url(&self.postgres, subgraph);
            let url = url.unwrap_or_else(|error| panic!("{error}"));
            let (client, connection) = tokio_postgres::connect(&url, NoTls)
                .await
                .unwrap_or_else(|error| panic!("{url}: {error}"));
            tokio::spawn(connection);
            let vacuumed = client.batch_execute("VACUUM ANALYZE").await;
            vacuumed.unwrap_or_else(|error| panic!("{url}: {error}"));
        }
    }
}

/// The address of the private PostgreSQL of `souk serve`, which is in its data directory.
fn private_postgres(platform: &Platform) -> String {
    let socket = platform.directory().join("data/postgres");
    format!(
        "postgres://souk@{}/",
        socket.display().to_string().replace('/', "%2F")
    )
}

/// Starts a platform with the demo's data and so many more products, all of which can be found.
pub async fn set(binary: &str, mode: Mode, products: usize) -> Stage {
    // Setting it up takes longer than the usual life of a token, when the catalogue is large.
    let launch = Launch::new(binary).set("SOUK_IDENTITY_ACCESS_TOKEN_LIFETIME", "2h");
    let stage = match mode {
        Mode::One => {
            let platform = launch.serve().await;
            Stage {
                postgres: private_postgres(&platform),
                platform,
                mode,
                _servers: None,
            }
        }
        Mode::Separate => separate(launch).await,
    };
    catalogue::fill(stage.url(), products).await;
    stage
}

/// Servers of their own: others may be busy with tests, and PostgreSQL must be as durable as that of `souk serve`.
async fn separate(launch: Launch) -> Stage {
    let options = Options {
        directory: shared::data_directory().join("postgres"),
        programs: None,
        durability: Durability::Durable,
        lifetime: Lifetime::WithProcess,
    };
    let cluster = Cluster::start(options).await;
    let cluster = cluster.unwrap_or_else(|error| panic!("{error}"));
    let (broker, redis) = (RabbitMq::private().await, Redis::start().await);
    let launch = launch
        .set("SOUK_DATABASE_URL", cluster.url())
        .set("SOUK_EVENTS_URL", &broker.url())
        .set("SOUK_CACHE_URL", &redis.url());
    Stage {
        platform: launch.separate().await,
        mode: Mode::Separate,
        postgres: cluster.url().to_owned(),
        _servers: Some((broker, redis, cluster)),
    }
}
