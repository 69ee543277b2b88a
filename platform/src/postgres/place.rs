//! Where the cluster is and as whom it runs.
//!
//! PostgreSQL refuses to run as root. Root's cluster therefore belongs to the user `postgres` (or `nobody`). Where that
//! user cannot reach the data directory, as in a clone below root's home, the cluster is in `/var/lib/souk` instead,
//! under a name made from the data directory's path: every start finds the same one.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::fcntl::OFlag;
use nix::unistd::{Gid, Uid, User, chown, geteuid};
use sha2::{Digest, Sha256};

use super::{PostgresError, server_url};

/// Where root's clusters go when the data directory is out of reach.
const REACHABLE: &str = "/var/lib/souk";
/// The longest path of a socket, from `sockaddr_un`, without the closing zero.
const LONGEST_SOCKET: usize = 107;
/// The socket's name in its directory. The number is a name only: nothing listens on a port.
pub(super) const SOCKET: &str = ".s.PGSQL.5432";

/// The user that PostgreSQL runs as, when it is not the one that souk runs as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) uid: u32,
    pub(super) gid: u32,
}

impl Owner {
    /// A command as this user, with nothing of souk's environment and working directory.
    pub(super) fn command(owner: Option<&Owner>, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("TZ", "UTC")
            .current_dir("/");
        command.stdin(Stdio::null());
        if let Some(owner) = owner {
            command.uid(owner.uid).gid(owner.gid);
        }
        command
    }
}

/// The directories of a cluster, made and locked for this process.
#[derive(Debug)]
pub(super) struct Place {
    /// Everything of the cluster is below it.
    pub(super) home: PathBuf,
    /// PostgreSQL's data directory.
    pub(super) cluster: PathBuf,
    /// The directory of the socket.
    pub(super) sockets: PathBuf,
    /// Whom to run as; `None` for the current user.
    pub(super) owner: Option<Owner>,
    /// True when it is not where it was asked for.
    pub(super) moved: bool,
    /// Held for as long as the cluster is used.
    _lock: File,
}

/// Finds or makes the place for a cluster at `directory`, and locks it.
pub(super) fn prepare(directory: &Path) -> Result<Place, PostgresError> {
    make_directory(directory)?;
    let asked =
        fs::canonicalize(directory).map_err(|error| PostgresError::directory(directory, &error))?;
    let (home, owner) = choose(&asked)?;
    let moved = home != asked;
    if moved {
        make_parent(Path::new(REACHABLE))?;
        make_directory(&home)?;
    }
    hand_over(&home, owner.as_ref())?;
    let sockets = socket_directory(&home, owner.as_ref())?;
    let lock = lock(&home, &sockets)?;
    Ok(Place {
        cluster: home.join("cluster"),
        home,
        sockets,
        owner,
        moved,
        _lock: lock,
    })
}

/// The major version of the cluster in `cluster`, if there is one.
pub(super) fn existing_version(cluster: &Path) -> Option<u32> {
    fs::read_to_string(cluster.join("PG_VERSION"))
        .ok()?
        .trim()
        .parse()
        .ok()
}

fn choose(asked: &Path) -> Result<(PathBuf, Option<Owner>), PostgresError> {
    if !geteuid().is_root() {
        return Ok((asked.to_owned(), None));
    }
    let here = asked.join("cluster");
    if existing_version(&here).is_some() {
        let owner = owner_of(&here)?;
        if !can_reach(&owner, &here) {
            return Err(PostgresError::Unreachable {
                directory: here,
                uid: owner.uid,
            });
        }
        return Ok((asked.to_owned(), Some(owner)));
    }
    let elsewhere = Path::new(REACHABLE).join(short_hash(asked));
    let there = elsewhere.join("cluster");
    if existing_version(&there).is_some() {
        let owner = owner_of(&there)?;
        return Ok((elsewhere, Some(owner)));
    }
    let owner = unprivileged_user()?;
    hand_over(asked, Some(&owner))?;
    if can_reach(&owner, asked) {
        Ok((asked.to_owned(), Some(owner)))
    } else {
        Ok((elsewhere, Some(owner)))
    }
}

/// Whom a cluster that is there belongs to.
fn owner_of(cluster: &Path) -> Result<Owner, PostgresError> {
    let metadata =
        fs::metadata(cluster).map_err(|error| PostgresError::directory(cluster, &error))?;
    // Root itself cannot be the owner of a cluster that ever ran; PostgreSQL will say what is wrong with it.
    match metadata.uid() {
        0 => unprivileged_user(),
        uid => Ok(Owner {
            uid,
            gid: metadata.gid(),
        }),
    }
}

fn unprivileged_user() -> Result<Owner, PostgresError> {
    for name in ["postgres", "nobody"] {
        if let Ok(Some(user)) = User::from_name(name) {
            return Ok(Owner {
                uid: user.uid.as_raw(),
                gid: user.gid.as_raw(),
            });
        }
    }
    Err(PostgresError::NoUnprivilegedUser)
}

/// Asks the system rather than reading permissions, because access lists and mounts have a say too.
fn can_reach(owner: &Owner, directory: &Path) -> bool {
    let mut test = Owner::command(Some(owner), Path::new("/bin/sh"));
    test.args(["-c", "test -x \"$1\" && test -w \"$1\"", "sh"])
        .arg(directory);
    test.stdout(Stdio::null()).stderr(Stdio::null());
    test.status().is_ok_and(|status| status.success())
}

fn make_directory(directory: &Path) -> Result<(), PostgresError> {
    let made = DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(directory);
    made.map_err(|error| PostgresError::directory(directory, &error))
}

fn make_parent(directory: &Path) -> Result<(), PostgresError> {
    make_directory(directory)?;
    let open = fs::set_permissions(directory, fs::Permissions::from_mode(0o755));
    open.map_err(|error| PostgresError::directory(directory, &error))
}

/// Gives the directory to the owner and closes it for everybody else.
fn hand_over(directory: &Path, owner: Option<&Owner>) -> Result<(), PostgresError> {
    if let Some(owner) = owner {
        chown(
            directory,
            Some(Uid::from_raw(owner.uid)),
            Some(Gid::from_raw(owner.gid)),
        )
        .map_err(|error| PostgresError::directory(directory, &error.into()))?;
    }
    fs::set_permissions(directory, fs::Permissions::from_mode(0o700))
        .map_err(|error| PostgresError::directory(directory, &error))
}

/// Opens a file of the cluster, and never what a link in its place leads to: the directory belongs to PostgreSQL's user,
/// who must not choose what root writes to.
pub(super) fn open_itself(options: &mut OpenOptions, path: &Path) -> std::io::Result<File> {
    options.custom_flags(OFlag::O_NOFOLLOW.bits()).open(path)
}

/// Takes the lock that keeps a second souk out. The system drops it with the process, however that ends.
fn lock(home: &Path, sockets: &Path) -> Result<File, PostgresError> {
    let failed = |error: std::io::Error| PostgresError::directory(home, &error);
    let path = home.join("souk.lock");
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    let mut file = open_itself(&mut options, &path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            file.read_to_string(&mut pid).map_err(failed)?;
            return Err(PostgresError::InUse {
                directory: home.to_owned(),
                pid: pid.trim().to_owned(),
                url: server_url(sockets),
            });
        }
        Err(TryLockError::Error(error)) => return Err(failed(error)),
    }
    file.set_len(0).map_err(failed)?;
    file.seek(SeekFrom::Start(0)).map_err(failed)?;
    writeln!(file, "{}", std::process::id()).map_err(failed)?;
    Ok(file)
}

/// The cluster's own directory when the socket's path fits there, else a short one of the same owner.
fn socket_directory(home: &Path, owner: Option<&Owner>) -> Result<PathBuf, PostgresError> {
    if home.as_os_str().len() + 1 + SOCKET.len() <= LONGEST_SOCKET {
        return Ok(home.to_owned());
    }
    let directory = Path::new("/tmp").join(format!("souk-{}", short_hash(home)));
    match DirBuilder::new().mode(0o700).create(&directory) {
        Ok(()) => hand_over(&directory, owner)?,
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(PostgresError::directory(&directory, &error)),
    }
    // Anybody may make a directory of this name before us, so look whose it is.
    let metadata = fs::symlink_metadata(&directory)
        .map_err(|error| PostgresError::directory(&directory, &error))?;
    let uid = owner.map_or_else(|| geteuid().as_raw(), |owner| owner.uid);
    if !metadata.is_dir() || metadata.uid() != uid || metadata.mode() & 0o077 != 0 {
        let reason =
            "it is needed for the socket, but belongs to somebody else or is open to others"
                .to_owned();
        return Err(PostgresError::Directory { directory, reason });
    }
    Ok(directory)
}

fn short_hash(path: &Path) -> String {
    let digest = Sha256::digest(path.as_os_str().as_encoded_bytes());
    hex::encode(&digest[..8])
}
