//! What is not as it must be is told in one clear sentence, with exit code 2, before anything is started.

use std::fs;
use std::net::TcpListener;
use std::path::Path;

use souk_harness::platform::{INTERNAL_SECRET, database_prefix_url};
use souk_harness::{Launch, Platform, shared};

use crate::SOUK;

/// A database server that is not there, and must not be asked.
const NOWHERE: &str = "postgres://souk@nowhere.invalid/souk";

/// Runs `souk serve` and expects a refusal with all of these words.
async fn refused(launch: Launch, data: &Path, more: &[&str], words: &[&str]) {
    let data = data.display().to_string();
    refused_to_run(
        &launch,
        &[&["serve", "--data", &data], more].concat(),
        words,
    )
    .await;
}

/// Runs a command and expects a refusal with all of these words.
async fn refused_to_run(launch: &Launch, arguments: &[&str], words: &[&str]) {
    let output = launch.run(arguments).await;
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert_eq!(told.lines().count(), 1, "one sentence: {told}");
    assert!(told.starts_with("souk: "), "{told}");
    for word in words {
        assert!(told.contains(word), "nothing of {word}: {told}");
    }
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
}

#[tokio::test]
async fn a_taken_port() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let data = shared::data_directory().join("data");
    let words = [port.as_str(), "taken"];
    refused(Launch::new(SOUK), &data, &["--port", &port], &words).await;
    assert!(!data.join("postgres").exists(), "nothing was started");
}

#[tokio::test]
async fn a_data_directory_that_cannot_be_written() {
    let file = shared::data_directory().join("file");
    fs::write(&file, "").unwrap();
    for data in [file.join("data"), file, "/proc/souk".into()] {
        let words = [data.to_str().unwrap(), "--data"];
        refused(Launch::new(SOUK), &data, &["--port", "0"], &words).await;
    }
}

#[tokio::test]
async fn a_search_directory_that_cannot_be_written() {
    let file = shared::data_directory().join("file");
    fs::write(&file, "").unwrap();
    let index = file.join("index").display().to_string();
    // Also where the database is elsewhere, and for the subgraph alone.
    let launch = || {
        Launch::new(SOUK)
            .set("SOUK_SEARCH_DIR", &index)
            .set("SOUK_DATABASE_URL", NOWHERE)
    };
    let data = shared::data_directory().join("data");
    let words = [index.as_str(), "SOUK_SEARCH_DIR"];
    refused(launch(), &data, &["--port", "0"], &words).await;
    let alone = launch()
        .set(
            "SOUK_IDENTITY_INTERNAL_SECRET",
            "an internal secret of 32 bytes or more",
        )
        .set("SOUK_EVENTS_URL", "amqp://nowhere.invalid")
        .set("SOUK_CACHE_URL", "redis://nowhere.invalid");
    let arguments = ["subgraph", "search", "--listen", "127.0.0.1:0"];
    refused_to_run(&alone, &arguments, &words).await;
}

#[tokio::test]
async fn dead_letters_of_databases_that_are_not_migrated() {
    let url = database_prefix_url().await;
    let launch = Launch::new(SOUK).set("SOUK_DATABASE_URL", &url);
    // Looking on makes no database.
    for _ in 0..2 {
        refused_to_run(&launch, &["events", "dead-letters"], &["_user"]).await;
    }
}

#[tokio::test]
async fn missing_programs_of_postgresql() {
    let empty = shared::data_directory();
    let launch = Launch::new(SOUK).set("SOUK_POSTGRES_BIN", empty.to_str().unwrap());
    let words = ["SOUK_POSTGRES_BIN", empty.to_str().unwrap(), "initdb"];
    let data = shared::data_directory().join("data");
    refused(launch, &data, &["--port", "0"], &words).await;
}

#[tokio::test]
async fn a_wrong_value() {
    let data = shared::data_directory().join("data");
    let port = ["--port", "70000"];
    refused(Launch::new(SOUK), &data, &port, &["--port", "70000"]).await;
    let launch = Launch::new(SOUK).set("SOUK_PAYMENTS_EXPIRE_AFTER", "soon");
    let words = ["SOUK_PAYMENTS_EXPIRE_AFTER", "soon"];
    refused(launch, &data, &["--port", "0"], &words).await;
    let launch = Launch::new(SOUK).set("SOUK_SERVER_PROT", "4000");
    refused(launch, &data, &["--port", "0"], &["SOUK_SERVER_PROT"]).await;
}

#[tokio::test]
async fn a_configuration_of_the_router_that_does_not_fit() {
    let data = shared::data_directory().join("data");
    let file = shared::data_directory().join("router.yaml");
    let path = file.to_str().unwrap();
    let flags = ["--port", "0", "--router-config", path];
    refused(Launch::new(SOUK), &data, &flags, &[path, "cannot read"]).await;
    for (text, words) in [
        ("limits: { max_deepness: 3 }", ["limits", "max_deepness"]),
        (
            "supergraph: { listen: 127.0.0.1:1 }",
            ["supergraph.listen", "--port"],
        ),
        (
            "override_subgraph_url: { user: http://user/graphql }",
            ["override_subgraph_url", "without HTTP"],
        ),
    ] {
        fs::write(&file, text).unwrap();
        refused(
            Launch::new(SOUK),
            &data,
            &flags,
            &[&[path], &words[..]].concat(),
        )
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_souk_on_the_same_data() {
    let platform: Platform = Launch::new(SOUK).without_demo().serve().await;
    let data = platform.directory().join("data");
    let words = ["another souk", "--data"];
    refused(Launch::new(SOUK), &data, &["--port", "0"], &words).await;
}

#[tokio::test]
async fn separate_processes_without_the_servers_that_they_share() {
    // Nobody is asked at these addresses: what is missing is told first.
    let shared = [
        ("SOUK_IDENTITY_INTERNAL_SECRET", INTERNAL_SECRET),
        ("SOUK_DATABASE_URL", "postgres://souk@127.0.0.1:1/souk"),
        ("SOUK_EVENTS_URL", "amqp://souk@127.0.0.1:1/%2f"),
        ("SOUK_CACHE_URL", "redis://127.0.0.1:1"),
    ];
    let all_but = |missing: &str| {
        let kept = shared.iter().filter(|(variable, _)| *variable != missing);
        kept.fold(Launch::new(SOUK), |launch, (variable, value)| {
            launch.set(variable, value)
        })
    };
    for (missing, _) in shared {
        let subgraph = ["subgraph", "order", "--listen", "127.0.0.1:0"];
        refused_to_run(&all_but(missing), &subgraph, &[missing, "not set"]).await;
    }
    let supergraph = concat!(env!("CARGO_MANIFEST_DIR"), "/../schema/supergraph.graphql");
    let router = [
        "router",
        "--listen",
        "127.0.0.1:0",
        "--supergraph",
        supergraph,
    ];
    let words = ["SOUK_CACHE_URL", "not set"];
    refused_to_run(&all_but("SOUK_CACHE_URL"), &router, &words).await;
}
