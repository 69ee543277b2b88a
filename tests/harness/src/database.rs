//! Fresh databases on a PostgreSQL that all test processes share.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use sha2::{Digest, Sha256};
use souk_platform::config::SUBGRAPHS;
use souk_platform::database::Database;
use souk_platform::migrations;
use souk_platform::postgres::{Cluster, Durability, Lifetime, Options};
use tokio::sync::OnceCell;
use tokio_postgres::{Client, NoTls};

use crate::shared;

/// Connections per test database. Enough to show races, few enough for many tests at once.
const POOL: usize = 8;
/// The advisory lock under which templates are made.
const TEMPLATE_LOCK: i64 = 0x0073_6f75_6b74;

/// A pool on a fresh, migrated database of the subgraph (`"platform"` for the platform's own tables alone).
pub async fn database(subgraph: &str) -> Database {
    Database::new(&database_url(subgraph).await, POOL).expect("a pool")
}

/// The address of a fresh, migrated database of the subgraph. It is a copy of a template that is migrated once. It is
/// dropped after this process has ended.
pub async fn database_url(subgraph: &str) -> String {
    assert!(
        subgraph == "platform" || SUBGRAPHS.contains(&subgraph),
        "there is no subgraph {subgraph}"
    );
    let server = server_url().await;
    let client = connect(&format!("{server}postgres")).await;
    let template = template(&client, &server, subgraph).await;
    let name = fresh_name();
    run(
        &client,
        &format!("CREATE DATABASE {name} TEMPLATE {template}"),
    )
    .await;
    format!("{server}{name}")
}

/// The address of a fresh, empty database.
pub async fn empty_database_url() -> String {
    let server = server_url().await;
    let client = connect(&format!("{server}postgres")).await;
    let name = fresh_name();
    run(&client, &format!("CREATE DATABASE {name}")).await;
    format!("{server}{name}")
}

/// The shared PostgreSQL's address, without a database.
pub async fn server_url() -> String {
    static SERVER: OnceCell<String> = OnceCell::const_new();
    SERVER.get_or_init(find_or_start).await.clone()
}

async fn find_or_start() -> String {
    let url = shared::start_once("postgres", running, start).await;
    drop_abandoned(&connect(&format!("{url}postgres")).await).await;
    url
}

async fn running(directory: &Path) -> Option<String> {
    let url = fs::read_to_string(directory.join("postgres/url")).ok()?;
    let up = tokio_postgres::connect(&format!("{url}postgres"), NoTls)
        .await
        .is_ok();
    up.then_some(url)
}

async fn start(directory: &Path) -> String {
    let home = directory.join("postgres");
    // What an earlier run left was made without fsync, so after a crash it is worth nothing.
    if home.exists() {
        fs::remove_dir_all(&home).expect("the old test cluster can be removed");
    }
    let options = Options {
        directory: home.clone(),
        programs: None,
        durability: Durability::Disposable,
        lifetime: Lifetime::Detached,
    };
    let cluster = Cluster::start(options)
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    shared::stop_at_end("postgres", &[("INT", cluster.pid())]);
    fs::write(home.join("url"), cluster.url()).expect("the address of the test cluster");
    cluster.url().to_owned()
}

async fn template(client: &Client, server: &str, subgraph: &str) -> String {
    let migrations = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
    let own = migrations.join(subgraph);
    let directories = if subgraph == "platform" || !own.is_dir() {
        Vec::new()
    } else {
        vec![own]
    };

    let mut digest = Sha256::new();
    hash(&migrations.join("platform"), &mut digest);
    for directory in &directories {
        hash(directory, &mut digest);
    }
    let template = format!(
        "template_{subgraph}_{}",
        hex::encode(&digest.finalize()[..6])
    );

    run(client, &format!("SELECT pg_advisory_lock({TEMPLATE_LOCK})")).await;
    let existing = client
        .query("SELECT 1 FROM pg_database WHERE datname = $1", &[&template])
        .await
        .expect("the catalogue");
    if existing.is_empty() {
        // Made under another name, so that what was killed half-way is never taken for a template.
        let building = format!("building_{subgraph}");
        run(
            client,
            &format!("DROP DATABASE IF EXISTS {building} WITH (FORCE)"),
        )
        .await;
        run(client, &format!("CREATE DATABASE {building}")).await;
        let migrated =
            migrations::run_directories(&format!("{server}{building}"), &directories).await;
        migrated.unwrap_or_else(|error| panic!("the migrations of {subgraph}: {error}"));
        close_connections(client, &building).await;
        run(
            client,
            &format!("ALTER DATABASE {building} RENAME TO {template}"),
        )
        .await;
    }
    run(
        client,
        &format!("SELECT pg_advisory_unlock({TEMPLATE_LOCK})"),
    )
    .await;
    template
}

/// A session ends a moment after its client is gone; a database in use can be neither renamed nor copied.
async fn close_connections(client: &Client, database: &str) {
    let query = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = $1";
    loop {
        let closed: i64 = client
            .query_one(query, &[&database])
            .await
            .expect("the list of sessions")
            .get(0);
        if closed == 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

fn hash(directory: &Path, digest: &mut Sha256) {
    let entries = fs::read_dir(directory)
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", directory.display()));
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("a directory entry").path())
        .collect();
    paths.sort();
    for path in paths {
        digest.update(path.file_name().unwrap_or_default().as_encoded_bytes());
        if path.is_dir() {
            hash(&path, digest);
        } else {
            digest.update(fs::read(&path).expect("a migration"));
        }
    }
}

/// Names carry the process, so that later processes can drop what is no longer needed.
pub(crate) fn fresh_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!(
        "test_{}_{}",
        std::process::id(),
        COUNT.fetch_add(1, Ordering::Relaxed)
    )
}

async fn drop_abandoned(client: &Client) {
    let rows = client
        .query(
            "SELECT datname::text FROM pg_database WHERE datname LIKE 'test\\_%'",
            &[],
        )
        .await;
    for row in rows.expect("the list of databases") {
        let name: String = row.get(0);
        let pid = name
            .split('_')
            .nth(1)
            .and_then(|pid| pid.parse().ok())
            .map(nix::unistd::Pid::from_raw);
        let alive = pid.is_some_and(|pid| nix::sys::signal::kill(pid, None).is_ok());
        if !alive {
            // Another process may be dropping it too.
            let _ = client
                .batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
                .await;
        }
    }
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls)
        .await
        .unwrap_or_else(|error| panic!("the test PostgreSQL: {error}"));
    tokio::spawn(connection);
    client
}

async fn run(client: &Client, sql: &str) {
    client
        .batch_execute(sql)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error:?}"));
}
