//! Migrations, run by several instances at once.

use std::fs;
use std::path::{Path, PathBuf};

use souk_harness::{database, empty_database_url};
use souk_platform::migrations::{self, MigrationError};
use tempfile::TempDir;

fn migration(directory: &Path, name: &str, up: &str) {
    let path = directory.join(name);
    fs::create_dir_all(&path).unwrap();
    fs::write(path.join("up.sql"), up).unwrap();
    fs::write(path.join("down.sql"), "SELECT 1").unwrap();
}

fn directory() -> (TempDir, Vec<PathBuf>) {
    let directory = tempfile::tempdir().unwrap();
    let paths = vec![directory.path().to_owned()];
    (directory, paths)
}

#[tokio::test]
async fn eight_instances_start_at_once() {
    let (directory, paths) = directory();
    migration(
        directory.path(),
        "2030-01-01-000000_one",
        "CREATE TABLE one (id int); SELECT pg_sleep(0.3)",
    );
    migration(
        directory.path(),
        "2030-01-02-000000_two",
        "ALTER TABLE one RENAME TO two",
    );
    let url = empty_database_url().await;
    let runs = (0..8).map(|_| migrations::run_directories(&url, &paths));
    let mut migrated = 0;
    for report in futures::future::join_all(runs).await {
        let report = report.unwrap();
        if !report.applied.is_empty() {
            migrated += 1;
            let own: Vec<&String> = report.applied.iter().rev().take(2).rev().collect();
            assert_eq!(own, ["2030-01-01-000000_one", "2030-01-02-000000_two"]);
        }
    }
    assert_eq!(migrated, 1, "one migrates, the others wait for it");
}

#[tokio::test]
async fn a_failing_migration_is_named_and_leaves_nothing() {
    let (directory, paths) = directory();
    migration(
        directory.path(),
        "2030-01-01-000000_good",
        "CREATE TABLE good (id int)",
    );
    migration(
        directory.path(),
        "2030-01-02-000000_bad",
        "CREATE TABLE bad (id int); SELECT nonsense",
    );
    let url = empty_database_url().await;
    let error = migrations::run_directories(&url, &paths).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the migration 2030-01-02-000000_bad failed: column \"nonsense\" does not exist",
    );

    migration(
        directory.path(),
        "2030-01-02-000000_bad",
        "CREATE TABLE bad (id int)",
    );
    let report = migrations::run_directories(&url, &paths).await.unwrap();
    assert_eq!(report.applied, ["2030-01-02-000000_bad"]);
}

#[tokio::test]
async fn two_migrations_of_one_version_are_refused() {
    let (directory, mut paths) = directory();
    migration(
        &directory.path().join("a"),
        "2030-01-01-000000_one",
        "SELECT 1",
    );
    migration(
        &directory.path().join("b"),
        "2030-01-01-000000_two",
        "SELECT 1",
    );
    paths = vec![paths[0].join("a"), paths[0].join("b")];
    let error = migrations::run_directories(&empty_database_url().await, &paths)
        .await
        .unwrap_err();
    assert!(
        matches!(error, MigrationError::SameVersion { .. }),
        "{error}"
    );
}

#[tokio::test]
async fn a_database_of_a_newer_souk_is_refused() {
    let (directory, paths) = directory();
    migration(directory.path(), "2030-01-01-000000_newer", "SELECT 1");
    let url = empty_database_url().await;
    migrations::run_directories(&url, &paths).await.unwrap();
    let error = migrations::run(&url, &[]).await.unwrap_err();
    assert!(matches!(error, MigrationError::Newer(_)), "{error}");
}

#[tokio::test]
async fn nothing_is_pending_on_a_migrated_database() {
    let database = database("platform").await;
    assert_eq!(migrations::pending(database.url(), &[]).await.unwrap(), 0);
    let empty = empty_database_url().await;
    assert!(migrations::pending(&empty, &[]).await.unwrap() > 0);
}

#[tokio::test]
async fn a_database_that_does_not_answer_is_named() {
    let error = migrations::run("postgres://souk@127.0.0.1:1/souk", &[])
        .await
        .unwrap_err();
    assert!(matches!(error, MigrationError::Connection(_)), "{error}");
}
