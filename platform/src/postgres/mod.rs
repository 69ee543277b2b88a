//! The private PostgreSQL cluster: the one that souk itself makes, starts and stops when no server is configured.
//!
//! It is reachable through a socket in a directory that only its owner may enter, and only for the user that souk runs
//! as. It survives everything that may happen to souk: a half-made cluster is made anew, a postmaster that was left
//! behind is stopped, and a second souk on the same data is refused.

mod connect;
mod error;
mod initialise;
mod place;
mod postmaster;
mod programs;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub use self::connect::ensure_database;
pub use self::error::PostgresError;
use self::place::Place;
use self::postmaster::Postmaster;
use crate::config::Config;

/// The database role that souk connects as.
const USER: &str = "souk";
/// How long a start may take. Recovery after a crash reads the log since the last checkpoint, which is bounded.
const START_WITHIN: Duration = Duration::from_secs(120);

/// Whether data must survive the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// What is committed stays, even when the power fails.
    Durable,
    /// For tests: fast, and worth nothing after a crash.
    Disposable,
}

/// Whether PostgreSQL ends with this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifetime {
    /// It stops when the [`Cluster`] is dropped, and also when this process is killed where the system can do that.
    WithProcess,
    /// It stays until [`Cluster::stop`] is called or somebody stops it by its process id.
    Detached,
}

/// What cluster to run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where it is to be: a directory of its own, made if needed.
    pub directory: PathBuf,
    /// Where PostgreSQL's programs are; `None` looks in the usual places.
    pub programs: Option<PathBuf>,
    /// Whether data must survive.
    pub durability: Durability,
    /// When it stops.
    pub lifetime: Lifetime,
}

impl Options {
    /// The cluster in the data directory, as configured: durable, and stopped with this process.
    pub fn from_config(config: &Config) -> Options {
        Options {
            directory: config.data_dir.join("postgres"),
            programs: config.postgres.bin.clone(),
            durability: Durability::Durable,
            lifetime: Lifetime::WithProcess,
        }
    }
}

/// A running private cluster. Dropping it stops PostgreSQL and waits for it.
#[derive(Debug)]
pub struct Cluster {
    url: String,
    postmaster: Postmaster,
    lifetime: Lifetime,
    place: Place,
}

impl Cluster {
    /// Makes the cluster if needed and starts it. Ready for connections when this returns.
    pub async fn start(options: Options) -> Result<Cluster, PostgresError> {
        let began = Instant::now();
        let lifetime = options.lifetime;
        let asked = options.directory.clone();
        let prepared = tokio::task::spawn_blocking(move || start_blocking(&options)).await;
        let (place, postmaster) =
            prepared.map_err(|error| PostgresError::Connection(error.to_string()))??;
        let cluster = Cluster {
            url: server_url(&place.sockets),
            postmaster,
            lifetime,
            place,
        };
        cluster.wait_until_ready().await?;
        if cluster.place.moved {
            tracing::info!(
                asked = %asked.display(),
                directory = %cluster.place.home.display(),
                "PostgreSQL's unprivileged user cannot reach the data directory, so the database is kept elsewhere",
            );
        }
        tracing::info!(directory = %cluster.place.home.display(), elapsed = ?began.elapsed(), "private PostgreSQL started");
        Ok(cluster)
    }

    /// The server's address without a database: input for [`crate::config::subgraph_database_url`].
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where the cluster really is. Not where it was asked for, if PostgreSQL's user cannot get there.
    pub fn directory(&self) -> &Path {
        &self.place.home
    }

    /// The process id of the server.
    pub fn pid(&self) -> u32 {
        self.postmaster.pid()
    }

    /// Returns when PostgreSQL has ended, for whatever reason. Without it souk cannot go on.
    pub async fn ended(&self) {
        self.postmaster.ended().await;
    }

    /// Stops PostgreSQL: open transactions are rolled back, what is committed is written, nothing needs recovery.
    pub async fn stop(self) {
        let stopped = tokio::task::spawn_blocking(move || self.postmaster.stop()).await;
        if let Err(error) = stopped {
            tracing::error!(%error, "PostgreSQL could not be stopped in order");
        }
    }

    async fn wait_until_ready(&self) -> Result<(), PostgresError> {
        let until = Instant::now() + START_WITHIN;
        let url = format!("{}postgres", self.url);
        loop {
            let refusal = match connect::connect(&url).await {
                Ok(_) => return Ok(()),
                Err(error) => connect::describe(&error),
            };
            let failed = |reason: String| PostgresError::Start {
                directory: self.place.cluster.clone(),
                reason,
            };
            if !self.postmaster.is_running() {
                return Err(failed(self.postmaster.last_words()));
            }
            if Instant::now() > until {
                return Err(failed(format!("it does not accept connections: {refusal}")));
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if self.lifetime == Lifetime::WithProcess {
            self.postmaster.stop();
        }
    }
}

fn start_blocking(options: &Options) -> Result<(Place, Postmaster), PostgresError> {
    // Before anything is made: a machine without PostgreSQL should not get a data directory for it.
    programs::find(options.programs.as_deref(), None)?;
    let place = place::prepare(&options.directory)?;
    let programs = programs::find(
        options.programs.as_deref(),
        place::existing_version(&place.cluster),
    )?;
    initialise::initialise(&place, &programs, options.durability)?;
    initialise::write_access(&place)?;
    postmaster::end_leftover(&place)?;
    let with_parent = options.lifetime == Lifetime::WithProcess;
    let postmaster = Postmaster::start(&place, &programs, options.durability, with_parent)?;
    Ok((place, postmaster))
}

/// `postgres://souk@%2Fdirectory%2Fof%2Fsocket/`: a host that begins with a slash is a directory.
fn server_url(sockets: &Path) -> String {
    let mut host = String::new();
    for byte in sockets.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.".contains(byte) {
            host.push(char::from(*byte));
        } else {
            host.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("postgres://{USER}@{host}/")
}
