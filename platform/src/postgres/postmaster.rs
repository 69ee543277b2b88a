//! The running server process: starting it, ending it, and dealing with one that an earlier souk left behind.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::sync::watch;

use super::place::{Owner, Place, SOCKET, open_itself};
use super::programs::Programs;
use super::{Durability, PostgresError};

/// A log that has grown beyond this many bytes is put aside at the next start.
const LONGEST_LOG: u64 = 8 * 1024 * 1024;
/// How long a fast shutdown may take before an immediate one, which the next start recovers from.
const FAST_SHUTDOWN: Duration = Duration::from_secs(20);
/// How long an immediate shutdown may take.
const IMMEDIATE_SHUTDOWN: Duration = Duration::from_secs(5);

/// A running postgres.
#[derive(Debug)]
pub(super) struct Postmaster {
    pid: Pid,
    /// False once it has ended and was reaped.
    running: watch::Receiver<bool>,
    log: PathBuf,
    log_begins: u64,
}

impl Postmaster {
    /// Starts postgres. It lives until it is told to stop, unless `with_parent`: then it also ends by itself when this
    /// process dies in whatever way, where the system can do that.
    pub(super) fn start(
        place: &Place,
        programs: &Programs,
        durability: Durability,
        with_parent: bool,
    ) -> Result<Postmaster, PostgresError> {
        let log = place.home.join("postgres.log");
        let log_file =
            open_log(&log).map_err(|error| PostgresError::directory(&place.home, &error))?;
        let log_begins = log_file
            .metadata()
            .map(|metadata| metadata.len())
            .unwrap_or_default();
        let mut command = command(place, programs, durability, with_parent);
        let errors = log_file
            .try_clone()
            .map_err(|error| PostgresError::directory(&place.home, &error))?;
        command.stdout(log_file).stderr(errors);
        // Its own group: Ctrl-C in the terminal is for souk, which then stops PostgreSQL in order.
        command.process_group(0);

        let (pid, running) = supervise(command)
            .map_err(|error| PostgresError::program(&programs.postgres(), &error))?;
        Ok(Postmaster {
            pid,
            running,
            log,
            log_begins,
        })
    }

    pub(super) fn pid(&self) -> u32 {
        self.pid.as_raw().unsigned_abs()
    }

    /// False once it has ended.
    pub(super) fn is_running(&self) -> bool {
        *self.running.borrow()
    }

    /// Returns when it has ended.
    pub(super) async fn ended(&self) {
        let mut running = self.running.clone();
        // An error means that the supervising thread is gone, and with it the process.
        let _ = running.wait_for(|running| !running).await;
    }

    /// Ends it in order, with force if that takes too long, and waits for the end.
    pub(super) fn stop(&self) {
        for (signal, patience) in [
            (Signal::SIGINT, FAST_SHUTDOWN),
            (Signal::SIGQUIT, IMMEDIATE_SHUTDOWN),
        ] {
            if !self.is_running() {
                return;
            }
            // It may have ended in between, which is what is wanted.
            let _ = kill(self.pid, signal);
            let until = Instant::now() + patience;
            while self.is_running() && Instant::now() < until {
                thread::sleep(Duration::from_millis(5));
            }
        }
        if self.is_running() {
            tracing::error!(pid = self.pid.as_raw(), "PostgreSQL does not stop");
        }
    }

    /// What it logged since it was started: the last few lines.
    pub(super) fn last_words(&self) -> String {
        let mut text = String::new();
        if let Ok(mut file) = File::open(&self.log) {
            let read = file
                .seek(SeekFrom::Start(self.log_begins))
                .and_then(|_| file.read_to_string(&mut text));
            if let Err(error) = read {
                return format!("its log {} cannot be read: {error}", self.log.display());
            }
        }
        let lines: Vec<&str> = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect();
        let from = lines.len().saturating_sub(4);
        format!(
            "{} (more in {})",
            lines[from..].join("; "),
            self.log.display()
        )
    }
}

/// Starts the command on a thread of its own that waits for its end. The thread must live as long as the process:
/// the system counts the end of the thread that started a process as the death of its parent.
fn supervise(mut command: Command) -> std::io::Result<(Pid, watch::Receiver<bool>)> {
    let (sender, receiver) = watch::channel(true);
    let (started, start) = std::sync::mpsc::channel::<std::io::Result<Pid>>();
    thread::Builder::new()
        .name("postgres".to_owned())
        .spawn(move || {
            let mut child: Child = match command.spawn() {
                Ok(child) => child,
                Err(error) => {
                    let _ = started.send(Err(error));
                    return;
                }
            };
            let pid = i32::try_from(child.id())
                .map(Pid::from_raw)
                .map_err(std::io::Error::other);
            let _ = started.send(pid);
            let _ = child.wait();
            let _ = sender.send(false);
        })?;
    let pid = start.recv().map_err(std::io::Error::other)??;
    Ok((pid, receiver))
}

fn command(
    place: &Place,
    programs: &Programs,
    durability: Durability,
    with_parent: bool,
) -> Command {
    let postgres = programs.postgres();
    let setpriv = Path::new("/usr/bin/setpriv");
    let mut command = if with_parent && setpriv.is_file() {
        // A fast shutdown when souk dies without a chance to say good-bye.
        let mut command = Owner::command(place.owner.as_ref(), setpriv);
        command.args(["--pdeathsig", "INT", "--"]).arg(postgres);
        command
    } else {
        Owner::command(place.owner.as_ref(), &postgres)
    };
    command.arg("-D").arg(&place.cluster);
    let mut set = |name: &str, value: &str| {
        command.arg("-c").arg(format!("{name}={value}"));
    };
    set("listen_addresses", "");
    set(
        "unix_socket_directories",
        &format!("\"{}\"", place.sockets.display()),
    );
    set("unix_socket_permissions", "0700");
    set("port", "5432");
    set(
        "hba_file",
        &place.home.join("pg_hba.conf").display().to_string(),
    );
    set(
        "ident_file",
        &place.home.join("pg_ident.conf").display().to_string(),
    );
    set("logging_collector", "off");
    set("log_destination", "stderr");
    set("log_timezone", "UTC");
    set("timezone", "UTC");
    set("jit", "off");
    set("shared_buffers", "128MB");
    set("effective_cache_size", "512MB");
    set("max_wal_size", "512MB");
    set("random_page_cost", "1.1");
    set("idle_in_transaction_session_timeout", "5min");
    match durability {
        Durability::Durable => set("max_connections", "200"),
        Durability::Disposable => {
            set("max_connections", "400");
            set("fsync", "off");
            set("synchronous_commit", "off");
            set("full_page_writes", "off");
            set("wal_level", "minimal");
            set("max_wal_senders", "0");
        }
    }
    command
}

fn open_log(path: &Path) -> std::io::Result<File> {
    if fs::metadata(path).is_ok_and(|metadata| metadata.len() > LONGEST_LOG) {
        fs::rename(path, path.with_extension("log.old"))?;
    }
    open_itself(OpenOptions::new().append(true).create(true), path)
}

/// Ends a postmaster that an earlier souk left behind, and removes what the dead left lying. Call it with the lock held:
/// then no living souk uses the cluster.
pub(super) fn end_leftover(place: &Place) -> Result<(), PostgresError> {
    let pid_file = place.cluster.join("postmaster.pid");
    if let Some(pid) = leftover_pid(&pid_file) {
        match whose(pid, &place.cluster) {
            Process::Gone => {}
            Process::Other => {
                // PostgreSQL itself would only see that the number is in use, and refuse.
                tracing::warn!(
                    pid = pid.as_raw(),
                    "the number of an earlier PostgreSQL no longer belongs to one that lives"
                );
                remove(&pid_file, place)?;
            }
            Process::Ours => end(pid, place)?,
        }
    }
    remove(&place.sockets.join(SOCKET), place)?;
    remove(&place.sockets.join(format!("{SOCKET}.lock")), place)
}

fn end(pid: Pid, place: &Place) -> Result<(), PostgresError> {
    tracing::info!(
        pid = pid.as_raw(),
        "stopping PostgreSQL of an earlier run that did not end in order"
    );
    for (signal, patience) in [
        (Signal::SIGINT, FAST_SHUTDOWN),
        (Signal::SIGQUIT, IMMEDIATE_SHUTDOWN),
    ] {
        // It may have ended in between, which is what is wanted.
        let _ = kill(pid, signal);
        let until = Instant::now() + patience;
        while Instant::now() < until {
            if whose(pid, &place.cluster) != Process::Ours {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
    Err(PostgresError::StillRunning {
        directory: place.cluster.clone(),
        pid: pid.as_raw(),
    })
}

fn remove(file: &Path, place: &Place) -> Result<(), PostgresError> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(PostgresError::directory(&place.home, &error))
        }
        _ => Ok(()),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Process {
    /// There is none of this number.
    Gone,
    /// A postmaster on this cluster.
    Ours,
    /// Something else, or a dead process that nobody has reaped.
    Other,
}

fn leftover_pid(pid_file: &Path) -> Option<Pid> {
    let text = fs::read_to_string(pid_file).ok()?;
    let pid: i32 = text.lines().next()?.trim().parse().ok()?;
    (pid > 1).then(|| Pid::from_raw(pid))
}

/// A postmaster works in its data directory, which tells it from everything else, even after the directory was renamed.
/// The dead work nowhere.
fn whose(pid: Pid, cluster: &Path) -> Process {
    if kill(pid, None) == Err(Errno::ESRCH) {
        return Process::Gone;
    }
    let process = PathBuf::from(format!("/proc/{pid}"));
    if !process.exists() {
        // Without /proc it cannot be told, and stopping on a live cluster is worse than waiting.
        return Process::Ours;
    }
    match (
        fs::read_link(process.join("cwd")),
        fs::canonicalize(cluster),
    ) {
        (Ok(works_in), Ok(cluster)) if works_in == cluster => Process::Ours,
        _ => Process::Other,
    }
}
