//! What can go wrong with the private cluster, each as a sentence that says what to do.

use std::path::{Path, PathBuf};

/// Why the private PostgreSQL does not run, or a database cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    /// Nothing installed.
    #[error(
        "PostgreSQL's programs were not found: install them with `apt-get install postgresql`, name their directory in \
         SOUK_POSTGRES_BIN, or name a running server in SOUK_DATABASE_URL"
    )]
    ProgramsMissing,
    /// The configured directory is wrong.
    #[error("SOUK_POSTGRES_BIN names {}, which does not hold PostgreSQL's programs postgres and initdb", .0.display())]
    ProgramsNotThere(PathBuf),
    /// Older than what the platform's SQL needs.
    #[error("PostgreSQL {found} in {} is too old: version {needed} or newer is needed", directory.display())]
    TooOld {
        /// Where it is.
        directory: PathBuf,
        /// Its major version.
        found: u32,
        /// The oldest that works.
        needed: u32,
    },
    /// The configured server is older than what the platform's SQL needs.
    #[error(
        "the database server is PostgreSQL {found}, which is too old: version {needed} or newer is needed"
    )]
    ServerTooOld {
        /// What the server says of itself.
        found: String,
        /// The oldest that works.
        needed: u32,
    },
    /// The data is of another major version.
    #[error(
        "the database in {} was made by PostgreSQL {cluster}, but the programs found are of version {found}: install \
         PostgreSQL {cluster} (`apt-get install postgresql-{cluster}`), or move the directory away to begin anew",
        directory.display()
    )]
    Version {
        /// The cluster.
        directory: PathBuf,
        /// Its major version.
        cluster: u32,
        /// The programs' major version.
        found: u32,
    },
    /// No permission, no space, a file in the way.
    #[error("the directory {} cannot be used for the database: {reason}", directory.display())]
    Directory {
        /// Which one.
        directory: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// Another souk has it.
    #[error(
        "another souk (process {pid}) runs on the database in {}: stop it, or choose another directory with --data",
        directory.display()
    )]
    InUse {
        /// The directory.
        directory: PathBuf,
        /// The other process.
        pid: String,
        /// The address of the server that it runs, as [`super::Cluster::url`] gives it.
        url: String,
    },
    /// As root, without anybody to become.
    #[error(
        "PostgreSQL refuses to run as root, and there is no user postgres or nobody to run it as"
    )]
    NoUnprivilegedUser,
    /// There is data that its owner cannot reach any more.
    #[error(
        "the database in {} belongs to the user with the number {uid}, who cannot reach the directory: let that user \
         pass through the directories above it",
        directory.display()
    )]
    Unreachable {
        /// The cluster.
        directory: PathBuf,
        /// Its owner.
        uid: u32,
    },
    /// A postmaster of an earlier run does not go away.
    #[error("PostgreSQL (process {pid}) from an earlier run still uses {} and does not stop: end it first", directory.display())]
    StillRunning {
        /// The cluster.
        directory: PathBuf,
        /// The postmaster.
        pid: i32,
    },
    /// A program could not be started at all.
    #[error("{} cannot be started: {reason}", program.display())]
    Program {
        /// The program.
        program: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// initdb failed.
    #[error("the database in {} could not be made: {reason}", directory.display())]
    Initialise {
        /// The cluster.
        directory: PathBuf,
        /// What initdb said.
        reason: String,
    },
    /// postgres ended instead of serving.
    #[error("PostgreSQL did not start on {}: {reason}", directory.display())]
    Start {
        /// The cluster.
        directory: PathBuf,
        /// The last lines of its log.
        reason: String,
    },
    /// A server does not answer or refuses.
    #[error("the database server cannot be used: {0}")]
    Connection(String),
}

impl PostgresError {
    pub(super) fn directory(directory: &Path, error: &std::io::Error) -> PostgresError {
        PostgresError::Directory {
            directory: directory.to_owned(),
            reason: error.to_string(),
        }
    }

    pub(super) fn program(program: &Path, error: &std::io::Error) -> PostgresError {
        PostgresError::Program {
            program: program.to_owned(),
            reason: error.to_string(),
        }
    }
}
