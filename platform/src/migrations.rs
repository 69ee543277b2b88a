//! Brings a subgraph's database to the newest schema: the platform's own tables first (outbox, inbox), then the
//! subgraph's. Several instances may start at once; one of them migrates, the others wait for it.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use diesel::Connection as _;
use diesel::connection::SimpleConnection;
use diesel::migration::{Migration, MigrationSource, MigrationVersion};
use diesel::pg::Pg;
use diesel_async::AsyncPgConnection;
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use diesel_migrations::{
    EmbeddedMigrations, FileBasedMigrations, MigrationHarness, embed_migrations,
};

/// Tables that every subgraph's database has.
pub const PLATFORM: EmbeddedMigrations = embed_migrations!("../migrations/platform");

/// The advisory lock that is held while migrating. Locks are per database, so one number serves all subgraphs.
const LOCK: i64 = 0x0073_6f75_6b21;

/// What a run did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// The migrations that ran now, in order.
    pub applied: Vec<String>,
    /// How many had run before.
    pub already_applied: usize,
}

/// Why a database could not be migrated.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// No connection.
    #[error("cannot connect to the database to migrate it: {0}")]
    Connection(String),
    /// The advisory lock, or the table of migrations, cannot be used.
    #[error("cannot prepare the database for its migrations: {0}")]
    Prepare(String),
    /// The files are wrong.
    #[error("the migrations cannot be read: {0}")]
    Source(String),
    /// Two migrations have the same version, so one would be taken for the other.
    #[error(
        "the migrations {first} and {second} have the same version: give one of them another time stamp"
    )]
    SameVersion {
        /// One of them.
        first: String,
        /// The other.
        second: String,
    },
    /// The database has a newer schema than this program knows.
    #[error(
        "the database has been migrated by a newer souk: it has the migration {0}, which this one does not know"
    )]
    Newer(String),
    /// One migration failed. What came before it stays applied; the failing one left nothing.
    #[error("the migration {name} failed: {reason}")]
    Failed {
        /// Its directory's name.
        name: String,
        /// What PostgreSQL said.
        reason: String,
    },
}

/// Runs the platform's migrations and then `sources`, as far as they have not run on the database at `url`. Each runs
/// in its own transaction, in the order of their time stamps within a source.
pub async fn run(
    url: &str,
    sources: &'static [EmbeddedMigrations],
) -> Result<Report, MigrationError> {
    apply(url, move || embedded(sources)).await
}

/// As [`run`], with migrations read from directories such as `migrations/order` when the program runs.
pub async fn run_directories(url: &str, directories: &[PathBuf]) -> Result<Report, MigrationError> {
    let directories = directories.to_vec();
    apply(url, move || {
        let mut migrations = in_order(&PLATFORM)?;
        for directory in directories {
            let source = FileBasedMigrations::from_path(directory)
                .map_err(|error| MigrationError::Source(error.to_string()))?;
            migrations.extend(in_order(&source)?);
        }
        Ok(migrations)
    })
    .await
}

/// How many of the migrations have not run yet: zero when the database is ready for this program.
pub async fn pending(
    url: &str,
    sources: &'static [EmbeddedMigrations],
) -> Result<usize, MigrationError> {
    blocking(url, move |connection| {
        let known = embedded(sources)?;
        let applied = applied(connection)?;
        Ok(known
            .iter()
            .filter(|migration| !applied.contains(&migration.name().version().as_owned()))
            .count())
    })
    .await
}

type Migrations = Vec<Box<dyn Migration<Pg>>>;
type Connection = AsyncConnectionWrapper<AsyncPgConnection>;

fn embedded(sources: &[EmbeddedMigrations]) -> Result<Migrations, MigrationError> {
    let mut migrations = in_order(&PLATFORM)?;
    for source in sources {
        migrations.extend(in_order(source)?);
    }
    Ok(migrations)
}

fn in_order(source: &impl MigrationSource<Pg>) -> Result<Migrations, MigrationError> {
    let mut migrations = source
        .migrations()
        .map_err(|error| MigrationError::Source(error.to_string()))?;
    migrations.sort_by(|left, right| left.name().version().cmp(&right.name().version()));
    Ok(migrations)
}

async fn apply(
    url: &str,
    migrations: impl FnOnce() -> Result<Migrations, MigrationError> + Send + 'static,
) -> Result<Report, MigrationError> {
    blocking(url, move |connection| {
        let migrations = migrations()?;
        refuse_same_versions(&migrations)?;
        // The lock belongs to the session, so it also goes when this process dies half-way.
        let lock = format!("SELECT pg_advisory_lock({LOCK})");
        connection
            .batch_execute(&lock)
            .map_err(|error| MigrationError::Prepare(error.to_string()))?;
        let applied = applied(connection)?;
        refuse_newer(&migrations, &applied)?;

        let mut report = Report {
            applied: Vec::new(),
            already_applied: applied.len(),
        };
        for migration in &migrations {
            if applied.contains(&migration.name().version().as_owned()) {
                continue;
            }
            let name = migration.name().to_string();
            connection.run_migration(migration).map_err(|error| {
                // diesel names the migration too, and once is enough.
                let reason =
                    error
                        .to_string()
                        .replacen(&format!("Failed to run {name} with: "), "", 1);
                MigrationError::Failed {
                    name: name.clone(),
                    reason,
                }
            })?;
            tracing::info!(migration = name, "migrated");
            report.applied.push(name);
        }
        Ok(report)
    })
    .await
}

fn applied(
    connection: &mut Connection,
) -> Result<HashSet<MigrationVersion<'static>>, MigrationError> {
    let applied = connection
        .applied_migrations()
        .map_err(|error| MigrationError::Prepare(error.to_string()))?;
    Ok(applied.into_iter().collect())
}

fn refuse_same_versions(migrations: &Migrations) -> Result<(), MigrationError> {
    let mut names = HashMap::new();
    for migration in migrations {
        let name = migration.name().to_string();
        if let Some(first) = names.insert(migration.name().version().as_owned(), name.clone()) {
            return Err(MigrationError::SameVersion {
                first,
                second: name,
            });
        }
    }
    Ok(())
}

fn refuse_newer(
    migrations: &Migrations,
    applied: &HashSet<MigrationVersion<'static>>,
) -> Result<(), MigrationError> {
    let known: HashSet<_> = migrations
        .iter()
        .map(|migration| migration.name().version().as_owned())
        .collect();
    match applied.iter().find(|version| !known.contains(*version)) {
        Some(version) => Err(MigrationError::Newer(version.to_string())),
        None => Ok(()),
    }
}

/// Runs diesel's blocking migration code with a connection of its own, on a thread where it may block, so that it
/// works on every kind of tokio runtime.
async fn blocking<T: Send + 'static>(
    url: &str,
    work: impl FnOnce(&mut Connection) -> Result<T, MigrationError> + Send + 'static,
) -> Result<T, MigrationError> {
    let url = url.to_owned();
    let task = tokio::task::spawn_blocking(move || {
        let mut connection = Connection::establish(&url)
            .map_err(|error| MigrationError::Connection(error.to_string()))?;
        work(&mut connection)
    });
    task.await
        .map_err(|error| MigrationError::Prepare(error.to_string()))?
}
