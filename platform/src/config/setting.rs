//! The list of everything that can be set.

/// The subgraphs that can be configured by name.
pub const SUBGRAPHS: [&str; 6] = ["user", "shop", "product", "order", "payment", "search"];

/// One thing that can be set.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Its place in `souk.toml`: `server.port`. A `*` stands for a subgraph's name.
    pub key: &'static str,
    /// What values it takes.
    pub kind: Kind,
    /// The value when nobody sets it, as it would stand in the environment.
    pub default: Option<&'static str>,
    /// What it does, in one line.
    pub about: &'static str,
}

/// What values a setting takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text that is not empty.
    Text,
    /// A file or directory.
    Path,
    /// A port, 0 to 65535.
    Port,
    /// A whole number within these bounds.
    Number(u64, u64),
    /// A length of time above zero, such as `15m`.
    Duration,
    /// A URL with one of these schemes.
    Url(&'static [&'static str]),
    /// Like `Url`, but it may hold a password, so it is never shown.
    SecretUrl(&'static [&'static str]),
    /// A secret of at least so many bytes.
    Secret(usize),
    /// `host:port`.
    Address,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A log level or directives.
    Level,
    /// Networks with commas between them, or `none`.
    Networks,
}

/// An environment variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Its name: `SOUK_SERVER_PORT`.
    pub name: String,
    /// The same setting in `souk.toml`; `None` for `SOUK_CONFIG`, which names that file.
    pub key: Option<String>,
    /// What it does, in one line.
    pub about: &'static str,
    /// The value when it is not set.
    pub default: Option<&'static str>,
}

const fn setting(
    key: &'static str,
    kind: Kind,
    default: Option<&'static str>,
    about: &'static str,
) -> Setting {
    Setting {
        key,
        kind,
        default,
        about,
    }
}

/// Everything that can be set, in the order of the documentation.
pub const SETTINGS: &[Setting] = &[
    setting(
        "data_dir",
        Kind::Path,
        Some("data"),
        "where souk keeps its files",
    ),
    setting(
        "server.host",
        Kind::Text,
        Some("127.0.0.1"),
        "the address the router binds",
    ),
    setting(
        "server.port",
        Kind::Port,
        None,
        "the port the router binds; by default 4000, or the next that is free",
    ),
    setting(
        "server.public_url",
        Kind::Url(&["http", "https"]),
        None,
        "the address at which clients reach the router",
    ),
    setting(
        "server.trusted_proxies",
        Kind::Networks,
        Some(
            "127.0.0.0/8, ::1, 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 169.254.0.0/16, fc00::/7, fe80::/10",
        ),
        "the reverse proxies whose x-forwarded-for is believed",
    ),
    setting(
        "server.router_config",
        Kind::Path,
        None,
        "router.yaml, which says how the router of `souk serve` behaves",
    ),
    setting(
        "database.url",
        Kind::SecretUrl(&["postgres", "postgresql"]),
        None,
        "the PostgreSQL server; without it souk runs a private one",
    ),
    setting(
        "database.pool_size",
        Kind::Number(1, 1000),
        Some("10"),
        "the most connections that the requests and workers of one subgraph share",
    ),
    setting(
        "postgres.bin",
        Kind::Path,
        None,
        "the directory of PostgreSQL's programs",
    ),
    setting(
        "events.url",
        Kind::SecretUrl(&["amqp", "amqps"]),
        None,
        "RabbitMQ; without it events travel inside the process",
    ),
    setting(
        "cache.url",
        Kind::SecretUrl(&["redis", "rediss"]),
        None,
        "Redis; without it the cache is in the process",
    ),
    setting(
        "identity.issuer",
        Kind::Text,
        Some("souk"),
        "the issuer of access tokens",
    ),
    setting(
        "identity.audience",
        Kind::Text,
        Some("souk"),
        "the audience of access tokens",
    ),
    setting(
        "identity.access_token_lifetime",
        Kind::Duration,
        Some("15m"),
        "how long an access token is good for",
    ),
    setting(
        "identity.refresh_token_lifetime",
        Kind::Duration,
        Some("30d"),
        "how long an unused session lasts",
    ),
    setting(
        "identity.internal_secret",
        Kind::Secret(32),
        None,
        "what router and subgraphs sign the identity header with",
    ),
    setting(
        "identity.login_attempts_per_minute",
        Kind::Number(1, 1_000_000),
        Some("10"),
        "how often somebody may try to log in",
    ),
    setting(
        "identity.new_sessions_per_minute",
        Kind::Number(1, 1_000_000),
        Some("60"),
        "how many accounts and guest sessions one network address may open",
    ),
    setting(
        "payments.expire_after",
        Kind::Duration,
        Some("30m"),
        "how long a buyer has to pay",
    ),
    setting(
        "payments.public_url",
        Kind::Url(&["http", "https"]),
        None,
        "where buyers and payment providers reach the payment subgraph; by default the server's address",
    ),
    setting(
        "payments.webhook_secret",
        Kind::Secret(32),
        None,
        "what the sandbox provider signs webhooks with",
    ),
    setting(
        "orders.stalled_after",
        Kind::Duration,
        Some("5s"),
        "when the reconciler takes up an order that stands still",
    ),
    setting(
        "orders.reconcile_every",
        Kind::Duration,
        Some("2s"),
        "the pause between two looks of the reconciler",
    ),
    setting(
        "search.dir",
        Kind::Path,
        None,
        "where the search index is; by default in the data directory",
    ),
    setting(
        "log.format",
        Kind::Word(&["pretty", "json"]),
        Some("pretty"),
        "for people or for machines",
    ),
    setting(
        "log.level",
        Kind::Level,
        Some("info"),
        "a level, or directives such as info,souk_order=debug",
    ),
    setting(
        "subgraphs.*.url",
        Kind::Url(&["http", "https"]),
        None,
        "where the router and other subgraphs find it",
    ),
    setting(
        "subgraphs.*.listen",
        Kind::Address,
        None,
        "the address the subgraph binds",
    ),
];

/// The setting at a place in `souk.toml`.
pub(super) fn find(key: &str) -> Option<&'static Setting> {
    SETTINGS
        .iter()
        .find(|setting| keys(setting).iter().any(|candidate| candidate == key))
}

/// All places of a setting: one, or one for each subgraph.
pub(super) fn keys(setting: &Setting) -> Vec<String> {
    if setting.key.contains('*') {
        SUBGRAPHS
            .iter()
            .map(|name| setting.key.replace('*', name))
            .collect()
    } else {
        vec![setting.key.to_owned()]
    }
}

/// The environment variable of a place in `souk.toml`.
pub(super) fn variable(key: &str) -> String {
    format!("SOUK_{}", key.replace('.', "_").to_uppercase())
}

pub(super) fn variables() -> Vec<Variable> {
    let mut variables = vec![Variable {
        name: "SOUK_CONFIG".to_owned(),
        key: None,
        about: "the configuration file",
        default: Some("souk.toml"),
    }];
    for setting in SETTINGS {
        for key in keys(setting) {
            variables.push(Variable {
                name: variable(&key),
                key: Some(key),
                about: setting.about,
                default: setting.default,
            });
        }
    }
    variables
}
