//! Configuration: defaults, below `souk.toml`, below the environment, below command-line flags.
//!
//! [`SETTINGS`] is the one list of everything that can be set; reading, checking, the environment's names and the
//! documentation all come from it. A wrong configuration is refused as a whole, with one sentence per problem that
//! says where the value stands and what would be allowed.

mod foreign;
mod read;
mod setting;
mod value;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;
use std::path::PathBuf;
use std::time::Duration;

use rand::RngCore;
use serde::Deserialize;

pub use self::read::{ConfigError, Flag, Sources};
pub use self::setting::{Kind, SETTINGS, SUBGRAPHS, Setting, Variable};
pub use self::value::parse_duration;

use crate::identity::{InternalSigner, TrustedProxies};

/// Everything that can be configured.
#[derive(Debug, Clone, Deserialize)]
pub struct Config {
    /// Where files go that souk writes: the private PostgreSQL, the search index, mail that is not sent.
    pub data_dir: PathBuf,
    /// Where the router listens.
    pub server: Server,
    /// The databases.
    pub database: DatabaseSettings,
    /// The private PostgreSQL that runs when no database is configured.
    #[serde(default)]
    pub postgres: Postgres,
    /// The event bus.
    #[serde(default)]
    pub events: Events,
    /// The cache.
    #[serde(default)]
    pub cache: CacheSettings,
    /// Tokens and log-in.
    pub identity: IdentitySettings,
    /// Payments.
    pub payments: Payments,
    /// Orders.
    pub orders: Orders,
    /// Search.
    #[serde(default)]
    pub search: Search,
    /// What is logged and how.
    pub log: Log,
    /// Where each subgraph listens and where the others find it, by name. Only for separate processes.
    #[serde(default)]
    pub subgraphs: BTreeMap<String, SubgraphSettings>,
}

/// Where the router listens.
#[derive(Debug, Clone, Deserialize)]
pub struct Server {
    /// The address to bind: a name or an IP address.
    pub host: String,
    /// The port to bind; 0 takes a free one. Without it the usual one, or the next that is free.
    pub port: Option<u16>,
    /// The address at which clients reach the router, without a trailing slash, when it is not the one bound.
    pub public_url: Option<String>,
    /// The reverse proxies whose `x-forwarded-for` is believed, see [`TrustedProxies`].
    pub trusted_proxies: TrustedProxies,
    /// `router.yaml`, which says how the router of a single process behaves.
    pub router_config: Option<PathBuf>,
}

/// The databases.
#[derive(Debug, Clone, Deserialize)]
pub struct DatabaseSettings {
    /// A PostgreSQL server, `postgres://user:password@host:port[/prefix]`. Each subgraph has its own database
    /// there, see [`subgraph_database_url`]. Without it souk runs a private PostgreSQL in the data directory.
    pub url: Option<Secret>,
    /// The most connections that the requests and workers of one subgraph share. What waits for events, and the outbox
    /// relay, have their own.
    pub pool_size: usize,
}

/// The private PostgreSQL.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Postgres {
    /// The directory of PostgreSQL's programs, when they are not in one of the usual places.
    pub bin: Option<PathBuf>,
}

/// The event bus.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Events {
    /// RabbitMQ, `amqp://user:password@host:port/vhost`. Without it events travel inside the process.
    pub url: Option<Secret>,
}

/// The cache.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct CacheSettings {
    /// Redis, `redis://user:password@host:port/number`. Without it the cache is in the process.
    pub url: Option<Secret>,
}

/// Tokens and log-in.
#[derive(Debug, Clone, Deserialize)]
pub struct IdentitySettings {
    /// `iss` of access tokens.
    pub issuer: String,
    /// `aud` of access tokens.
    pub audience: String,
    /// How long an access token is good for.
    #[serde(with = "value::duration")]
    pub access_token_lifetime: Duration,
    /// How long a session lasts without being used.
    #[serde(with = "value::duration")]
    pub refresh_token_lifetime: Duration,
    /// What router and subgraphs share to sign the identity header: at least 32 bytes.
    pub internal_secret: Option<Secret>,
    /// How often somebody may try to log in to one account, or from one address, within a minute.
    pub login_attempts_per_minute: u32,
    /// How many accounts and guest sessions one network address may open within a minute.
    pub new_sessions_per_minute: u32,
}

/// Payments.
#[derive(Debug, Clone, Deserialize)]
pub struct Payments {
    /// How long a buyer has to pay.
    #[serde(with = "value::duration")]
    pub expire_after: Duration,
    /// The address at which buyers and payment providers reach the payment subgraph, when it is not the server's.
    pub public_url: Option<String>,
    /// What the sandbox provider signs its webhooks with.
    pub webhook_secret: Option<Secret>,
}

/// Orders.
#[derive(Debug, Clone, Deserialize)]
pub struct Orders {
    /// A saga that did not move for this long is taken up by the reconciler.
    #[serde(with = "value::duration")]
    pub stalled_after: Duration,
    /// The pause between two looks of the reconciler.
    #[serde(with = "value::duration")]
    pub reconcile_every: Duration,
}

/// Search.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Search {
    /// Where the index is; `search` in the data directory by default.
    pub dir: Option<PathBuf>,
}

/// What is logged and how.
#[derive(Debug, Clone, Deserialize)]
pub struct Log {
    /// For people or for machines.
    pub format: LogFormat,
    /// A level (`info`) or directives (`info,souk_order=debug`), as `RUST_LOG` has them. `RUST_LOG` itself wins.
    pub level: String,
}

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// One JSON object a line.
    Json,
}

/// Where one subgraph is, when it runs on its own.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct SubgraphSettings {
    /// The address at which the router and the other subgraphs find it: `http://host:port/graphql`.
    pub url: Option<String>,
    /// The address it binds: `host:port`.
    pub listen: Option<String>,
}

/// A value that never gets into a log: a password, or an address that holds one.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Deref for Secret {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Secret(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Secret(text.to_owned())
    }
}

impl Default for Config {
    /// What holds when nothing is configured.
    fn default() -> Self {
        // The defaults are constants of this crate, so they can only be wrong by a mistake in it.
        Config::read(Sources::default())
            .unwrap_or_else(|error| panic!("the default configuration is refused: {error}"))
    }
}

impl Config {
    /// The address at which clients reach the router, without a trailing slash.
    pub fn public_url(&self) -> String {
        match &self.server.public_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => {
                let host = match self.server.host.as_str() {
                    "0.0.0.0" | "::" => "localhost",
                    host => host,
                };
                let brackets = host.contains(':');
                let (open, close) = if brackets { ("[", "]") } else { ("", "") };
                format!(
                    "http://{open}{host}{close}:{}",
                    self.server.port.unwrap_or(4000)
                )
            }
        }
    }

    /// The address at which buyers and payment providers reach the payment subgraph, without a trailing slash.
    pub fn payments_url(&self) -> String {
        match &self.payments.public_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => self.public_url(),
        }
    }

    /// Where the search index is.
    pub fn search_dir(&self) -> PathBuf {
        self.search
            .dir
            .clone()
            .unwrap_or_else(|| self.data_dir.join("search"))
    }

    /// The signer that router and subgraphs share when they are separate processes: the secret must be configured.
    pub fn internal_signer(&self) -> Result<InternalSigner, ConfigError> {
        match &self.identity.internal_secret {
            Some(secret) => Ok(InternalSigner::new(secret.as_bytes())),
            None => Err(ConfigError::new(
                "SOUK_IDENTITY_INTERNAL_SECRET is not set: separate processes need the same secret of at least 32 bytes \
                 each, for example from `openssl rand -hex 32`",
            )),
        }
    }

    /// The signer of a single process: the configured secret, or one that nobody else knows.
    pub fn internal_signer_or_random(&self) -> InternalSigner {
        if let Some(secret) = &self.identity.internal_secret {
            return InternalSigner::new(secret.as_bytes());
        }
        let mut secret = [0_u8; 32];
        rand::rng().fill_bytes(&mut secret);
        InternalSigner::new(&secret)
    }

    /// Every environment variable that souk reads, for documentation and for checks of deployment files.
    pub fn variables() -> Vec<Variable> {
        setting::variables()
    }
}

/// The address of a subgraph's own database on the server at `server_url`. The path of the server's address is a
/// prefix, `souk` when there is none: `postgres://host/shop1` gives `postgres://host/shop1_order`.
pub fn subgraph_database_url(server_url: &str, subgraph: &str) -> Result<String, ConfigError> {
    let mut url = url::Url::parse(server_url).map_err(|error| {
        ConfigError::new(format!("the database's address is not a URL: {error}"))
    })?;
    let prefix = match url.path().trim_matches('/') {
        "" => "souk".to_owned(),
        path => path.to_owned(),
    };
    url.set_path(&format!("/{prefix}_{subgraph}"));
    Ok(url.into())
}

#[cfg(test)]
mod tests;
