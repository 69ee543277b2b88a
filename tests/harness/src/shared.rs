//! Servers that test processes share, because starting one for each of them would take longer than the tests.
//!
//! Every test process holds a shared lock on a file for as long as it lives, however it ends. A keeper, a small shell
//! process, waits for the exclusive lock: it gets it when the last test process is gone, and then stops the servers and
//! removes their files. So nothing is left behind, whether tests run in one process or in hundreds.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use nix::unistd::geteuid;
use sha2::{Digest, Sha256};

/// Waits for the last test process, gives the next one two seconds to come, then stops what the files in `stop` name:
/// each holds lines of a signal and a process id. Takes the directory.
const KEEPER: &str = r#"
cd "$1" || exit 1
exec 8>keeper.lock 9>users.lock
flock -n 8 || exit 0
while :; do
    flock -x 9
    flock -u 9
    sleep 2
    flock -n -x 9 && break
done
for file in stop/*; do
    [ -f "$file" ] || continue
    while read -r signal pid; do
        kill -s "$signal" "$pid" 2>/dev/null
    done <"$file"
done
for file in stop/*; do
    [ -f "$file" ] || continue
    while read -r signal pid; do
        tries=0
        while kill -0 "$pid" 2>/dev/null; do
            tries=$((tries + 1))
            [ "$tries" -gt 100 ] && kill -KILL "$pid" 2>/dev/null
            sleep 0.1
        done
    done <"$file"
done
rm -rf stop postgres rabbitmq data
exec 8>&-
"#;

/// The directory of the shared servers, kept for this process from the first call on. Blocks while the keeper stops
/// the servers of earlier processes.
pub fn directory() -> &'static Path {
    static DIRECTORY: OnceLock<(PathBuf, File)> = OnceLock::new();
    let (directory, _) = DIRECTORY.get_or_init(|| {
        let directory = make_directory();
        let users = open(&directory.join("users.lock"));
        users
            .lock_shared()
            .expect("the lock of the shared test servers");
        (directory, users)
    });
    directory
}

/// Runs `start` unless another process has done so and `is_up` agrees. Only one process at a time is in here, for each
/// server. `start` tells by [`stop_at_end`] what the keeper must stop.
pub(crate) async fn start_once<T>(
    server: &str,
    is_up: impl AsyncFnOnce(&Path) -> Option<T>,
    start: impl AsyncFnOnce(&Path) -> T,
) -> T {
    let directory = directory();
    let lock_file = directory.join(format!("{server}.lock"));
    let lock = tokio::task::spawn_blocking(move || {
        let lock = open(&lock_file);
        lock.lock().map(|()| lock)
    });
    let _lock = lock
        .await
        .expect("a thread")
        .expect("the lock of a shared test server");
    ensure_keeper(directory);
    if let Some(up) = is_up(directory).await {
        return up;
    }
    start(directory).await
}

/// Notes the processes of a server for the keeper: a signal's name and a process id each.
pub(crate) fn stop_at_end(server: &str, processes: &[(&str, u32)]) {
    let stop = directory().join("stop");
    fs::create_dir_all(&stop).expect("a directory for process ids");
    let mut file = File::create(stop.join(server)).expect("a file for process ids");
    for (signal, pid) in processes {
        writeln!(file, "{signal} {pid}").expect("writing process ids");
    }
}

/// A new directory of this test process, removed by the keeper.
pub fn data_directory() -> PathBuf {
    let directory = directory()
        .join("data")
        .join(uuid::Uuid::now_v7().to_string());
    fs::create_dir_all(&directory).expect("a directory for data");
    directory
}

fn open(path: &Path) -> File {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path);
    file.unwrap_or_else(|error| panic!("cannot open {}: {error}", path.display()))
}

/// One directory per checkout and user. It is not in the checkout, because sockets need short paths and PostgreSQL's
/// user must get there.
fn make_directory() -> PathBuf {
    let digest = Sha256::digest(env!("CARGO_MANIFEST_DIR"));
    let uid = geteuid().as_raw();
    let directory = PathBuf::from(format!(
        "/tmp/souk-tests-{uid}-{}",
        hex::encode(&digest[..4])
    ));
    match DirBuilder::new().mode(0o711).create(&directory) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(error) => panic!("cannot make {}: {error}", directory.display()),
    }
    let metadata = fs::symlink_metadata(&directory).expect("the directory's owner");
    assert!(
        metadata.is_dir() && metadata.uid() == uid,
        "{} belongs to somebody else",
        directory.display()
    );
    directory
}

fn ensure_keeper(directory: &Path) {
    let keeper = open(&directory.join("keeper.lock"));
    if keeper.try_lock().is_err() {
        return;
    }
    drop(keeper);
    let mut command = Command::new("sh");
    command
        .args(["-c", KEEPER, "souk-test-keeper"])
        .arg(directory)
        .current_dir("/")
        .process_group(0);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    assert!(
        Command::new("flock")
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok(),
        "flock was not found: install it with `apt-get install util-linux`"
    );
    let mut keeper = command.spawn().expect("the keeper of shared test servers");
    // Reaped in case it finds another keeper and ends at once; else it outlives this process.
    std::thread::spawn(move || keeper.wait());
}
