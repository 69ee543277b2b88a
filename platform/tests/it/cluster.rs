//! The private PostgreSQL through everything that may happen to it.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use souk_harness::{Process, wait_for};
use souk_platform::config::subgraph_database_url;
use souk_platform::postgres::{
    Cluster, Durability, Lifetime, Options, PostgresError, ensure_database,
};
use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};

fn options(directory: &Path) -> Options {
    Options {
        directory: directory.to_owned(),
        programs: None,
        durability: Durability::Durable,
        lifetime: Lifetime::WithProcess,
    }
}

/// A directory that PostgreSQL's user can reach.
fn reachable() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    directory
}

fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

async fn connect(cluster_url: &str) -> Client {
    let url = subgraph_database_url(cluster_url, "order").unwrap();
    ensure_database(&url).await.unwrap();
    let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn write_row(cluster_url: &str) {
    let sql = "CREATE TABLE IF NOT EXISTS kept (n int); INSERT INTO kept VALUES (1)";
    connect(cluster_url).await.batch_execute(sql).await.unwrap();
}

async fn rows(cluster_url: &str) -> i64 {
    connect(cluster_url)
        .await
        .query_one("SELECT count(*) FROM kept", &[])
        .await
        .unwrap()
        .get(0)
}

fn is_alive(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

#[tokio::test]
async fn what_the_cluster_s_user_links_to_is_not_written() {
    for name in ["souk.lock", "postgres.log", "pg_hba.conf", "pg_ident.conf"] {
        let directory = reachable();
        let (home, precious) = (
            directory.path().join("postgres"),
            directory.path().join("precious"),
        );
        fs::create_dir(&home).unwrap();
        fs::write(&precious, "precious").unwrap();
        std::os::unix::fs::symlink(&precious, home.join(name)).unwrap();
        let refused = Cluster::start(options(&home)).await;
        assert!(
            matches!(refused, Err(PostgresError::Directory { .. })),
            "{name}: {refused:?}"
        );
        assert_eq!(fs::read_to_string(&precious).unwrap(), "precious", "{name}");
    }
}

#[tokio::test]
async fn it_starts_keeps_data_and_stops() {
    let directory = reachable();
    let began = Instant::now();
    let cluster = Cluster::start(options(&directory.path().join("postgres")))
        .await
        .unwrap();
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "the first start took {:?}",
        began.elapsed()
    );
    write_row(cluster.url()).await;
    let pid = cluster.pid();
    if is_root() {
        assert_ne!(
            fs::metadata(format!("/proc/{pid}")).unwrap().uid(),
            0,
            "PostgreSQL runs as root"
        );
    }
    cluster.stop().await;
    assert!(!is_alive(pid));

    let again = Cluster::start(options(&directory.path().join("postgres")))
        .await
        .unwrap();
    assert_eq!(rows(again.url()).await, 1);
    let pid = again.pid();
    drop(again);
    assert!(!is_alive(pid), "dropping a cluster stops it");
}

#[tokio::test]
async fn nobody_else_gets_in() {
    let directory = reachable();
    let cluster = Cluster::start(options(&directory.path().join("postgres")))
        .await
        .unwrap();
    let mode = fs::metadata(cluster.directory()).unwrap().mode();
    assert_eq!(mode & 0o077, 0, "others can reach the socket");
    let client = connect(cluster.url()).await;
    let addresses: String = client
        .query_one("SHOW listen_addresses", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(addresses, "", "it listens on the network");
    for setting in ["fsync", "full_page_writes", "synchronous_commit"] {
        let value: String = client
            .query_one(&format!("SHOW {setting}"), &[])
            .await
            .unwrap()
            .get(0);
        assert_eq!(value, "on", "{setting}");
    }
}

#[tokio::test]
async fn a_second_souk_is_told_who_has_it() {
    let directory = reachable();
    let path = directory.path().join("postgres");
    let _cluster = Cluster::start(options(&path)).await.unwrap();
    let error = Cluster::start(options(&path)).await.unwrap_err();
    assert!(
        matches!(&error, PostgresError::InUse { pid, .. } if *pid == std::process::id().to_string()),
        "{error}"
    );
    assert!(error.to_string().contains("--data"), "{error}");
}

#[tokio::test]
async fn databases_are_made_once_by_many_at_a_time() {
    let directory = reachable();
    let cluster = Cluster::start(options(&directory.path().join("postgres")))
        .await
        .unwrap();
    let url = subgraph_database_url(cluster.url(), "shop").unwrap();
    let all = futures::future::join_all((0..8).map(|_| ensure_database(&url))).await;
    for made in all {
        made.unwrap();
    }
}

#[tokio::test]
async fn a_half_made_cluster_is_made_anew() {
    let directory = reachable();
    let path = directory.path().join("postgres");
    fs::create_dir_all(path.join("cluster.new/base")).unwrap();
    fs::write(path.join("cluster.new/PG_VERSION"), "15\n").unwrap();
    let cluster = Cluster::start(options(&path)).await.unwrap();
    write_row(cluster.url()).await;
    assert!(!path.join("cluster.new").exists());
}

#[tokio::test]
async fn a_recycled_process_id_is_not_taken_for_postgresql() {
    let directory = reachable();
    let path = directory.path().join("postgres");
    Cluster::start(options(&path)).await.unwrap().stop().await;
    let cluster = path.join("cluster");
    fs::write(
        cluster.join("postmaster.pid"),
        format!("{}\n{}\n", std::process::id(), cluster.display()),
    )
    .unwrap();
    Cluster::start(options(&path)).await.unwrap();
}

#[tokio::test]
async fn it_recovers_when_everything_is_killed() {
    let directory = reachable();
    let path = directory.path().join("postgres");
    let (holder, url, postmaster) = start_in_another_process(&path, Lifetime::Detached).await;
    write_row(&url).await;
    drop(holder);
    signal(postmaster, "KILL");
    wait_for(
        "PostgreSQL to be gone",
        Duration::from_secs(10),
        async || !is_alive(postmaster),
    )
    .await;
    assert!(
        path.join("cluster/postmaster.pid").exists(),
        "a stale lock file is what this test is about"
    );

    let cluster = Cluster::start(options(&path)).await.unwrap();
    assert_eq!(rows(cluster.url()).await, 1);
}

#[tokio::test]
async fn a_postmaster_left_behind_is_stopped() {
    let directory = reachable();
    let path = directory.path().join("postgres");
    let (holder, url, postmaster) = start_in_another_process(&path, Lifetime::Detached).await;
    write_row(&url).await;
    drop(holder);
    assert!(is_alive(postmaster));

    let cluster = Cluster::start(options(&path)).await.unwrap();
    assert!(!is_alive(postmaster));
    assert_eq!(rows(cluster.url()).await, 1);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn it_ends_with_a_souk_that_is_killed() {
    let directory = reachable();
    let path = directory.path().join("postgres");
    let (holder, url, postmaster) = start_in_another_process(&path, Lifetime::WithProcess).await;
    write_row(&url).await;
    drop(holder);
    wait_for("PostgreSQL to end", Duration::from_secs(20), async || {
        !is_alive(postmaster)
    })
    .await;
    assert!(
        !path.join("cluster/postmaster.pid").exists(),
        "it was not shut down in order"
    );
}

#[tokio::test]
async fn where_its_user_cannot_reach_the_data_is_kept_elsewhere() {
    let directory = tempfile::tempdir().unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let path = directory.path().join("data/postgres");
    let cluster = Cluster::start(options(&path)).await.unwrap();
    write_row(cluster.url()).await;
    let home = cluster.directory().to_owned();
    cluster.stop().await;
    assert_eq!(
        home.starts_with("/var/lib/souk"),
        is_root(),
        "{}",
        home.display()
    );

    let again = Cluster::start(options(&path)).await.unwrap();
    assert_eq!(again.directory(), home, "every start finds the same place");
    assert_eq!(rows(again.url()).await, 1);
    again.stop().await;
    fs::remove_dir_all(home).unwrap();
}

#[tokio::test]
async fn a_long_path_gets_a_short_socket() {
    let directory = reachable();
    let path = directory
        .path()
        .join("a-long-name/".repeat(9))
        .join("postgres");
    let cluster = Cluster::start(options(&path)).await.unwrap();
    write_row(cluster.url()).await;
    let sockets = cluster
        .url()
        .replace("postgres://souk@", "")
        .replace("%2F", "/");
    cluster.stop().await;
    fs::remove_dir_all(sockets).unwrap();
}

#[tokio::test]
async fn what_is_wrong_is_said_in_a_sentence() {
    let directory = reachable();
    let newer = directory.path().join("newer");
    Cluster::start(options(&newer)).await.unwrap().stop().await;
    fs::write(newer.join("cluster/PG_VERSION"), "9\n").unwrap();
    let error = Cluster::start(options(&newer)).await.unwrap_err();
    assert!(
        error.to_string().contains("was made by PostgreSQL 9"),
        "{error}"
    );

    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    let error = Cluster::start(options(&file.join("postgres")))
        .await
        .unwrap_err();
    assert!(matches!(error, PostgresError::Directory { .. }), "{error}");

    let programs = Some(PathBuf::from("/nowhere"));
    let error = Cluster::start(Options {
        programs,
        ..options(&directory.path().join("x"))
    })
    .await
    .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("SOUK_POSTGRES_BIN names /nowhere"),
        "{error}"
    );
    assert!(
        !directory.path().join("x").exists(),
        "nothing is made when the programs are missing"
    );

    let broken = directory.path().join("broken");
    let cluster = Cluster::start(options(&broken)).await.unwrap();
    cluster.stop().await;
    fs::remove_file(broken.join("cluster/global/pg_control")).unwrap();
    let error = Cluster::start(options(&broken)).await.unwrap_err();
    assert!(error.to_string().contains("pg_control"), "{error}");
}

fn signal(pid: u32, signal: &str) {
    let status = Command::new("kill")
        .args(["-s", signal, &pid.to_string()])
        .status()
        .unwrap();
    assert!(status.success());
}

/// Starts the cluster in a child process. Dropping the first value kills that process with SIGKILL. Returns the
/// cluster's address and the server's process id too.
async fn start_in_another_process(directory: &Path, lifetime: Lifetime) -> (Process, String, u32) {
    let report = directory.with_extension("report");
    let program = std::env::current_exe().unwrap();
    let mut command = Process::command(&program.to_string_lossy(), "cargo");
    command.args([
        "--exact",
        "cluster::child_that_holds_a_cluster",
        "--ignored",
        "--nocapture",
    ]);
    command
        .env("TEST_CLUSTER_DIRECTORY", directory)
        .env("TEST_CLUSTER_REPORT", &report);
    command.env(
        "TEST_CLUSTER_DETACHED",
        if lifetime == Lifetime::Detached {
            "1"
        } else {
            ""
        },
    );
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let child = Process::spawn(command);
    wait_for("the child's cluster", Duration::from_secs(60), async || {
        report.exists()
    })
    .await;
    let report = fs::read_to_string(report).unwrap();
    let (pid, url) = report.split_once(' ').unwrap();
    (child, url.to_owned(), pid.parse().unwrap())
}

#[tokio::test]
#[ignore = "the child process of the tests above, which start it themselves"]
async fn child_that_holds_a_cluster() {
    let Some(directory) = std::env::var_os("TEST_CLUSTER_DIRECTORY") else {
        return;
    };
    let detached = std::env::var("TEST_CLUSTER_DETACHED").unwrap() == "1";
    let lifetime = if detached {
        Lifetime::Detached
    } else {
        Lifetime::WithProcess
    };
    let cluster = Cluster::start(Options {
        lifetime,
        ..options(Path::new(&directory))
    })
    .await
    .unwrap();
    let report = PathBuf::from(std::env::var_os("TEST_CLUSTER_REPORT").unwrap());
    let half_written = report.with_extension("half");
    fs::write(
        &half_written,
        format!("{} {}", cluster.pid(), cluster.url()),
    )
    .unwrap();
    fs::rename(half_written, report).unwrap();
    std::future::pending::<()>().await;
}
