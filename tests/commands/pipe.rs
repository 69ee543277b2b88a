//! Commands in a pipe.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use souk_composition::{SubgraphInput, compose};

use crate::router::signal;
use crate::{Folder, SOUK, souk};

#[test]
fn a_reader_that_goes_early_is_no_failure() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut command = Command::new(SOUK);
    command
        .args(["compose", "--config", "supergraph.yaml"])
        .current_dir(repository)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    // The supergraph is longer than a pipe holds, so the command notices that nobody reads on.
    let mut beginning = [0; 6];
    child
        .stdout
        .take()
        .unwrap()
        .read_exact(&mut beginning)
        .unwrap();
    assert_eq!(&beginning, b"schema");
    assert!(child.wait().unwrap().success());
}

/// A full disk under the log is the same.
#[tokio::test]
async fn nobody_who_reads_the_log_is_no_failure() {
    souk_platform::tls::install();
    let products = SubgraphInput {
        name: "products".to_owned(),
        url: "http://127.0.0.1:9/".to_owned(),
        sdl: "type Query { product: String }".to_owned(),
    };
    let supergraph = compose(&[products]).unwrap().supergraph_sdl;
    let folder = Folder::new(&[("supergraph.graphql", &supergraph)]);
    let arguments = [
        "router",
        "--supergraph",
        "supergraph.graphql",
        "--listen",
        "127.0.0.1:0",
    ];
    let mut command = souk(folder.0.path(), &arguments);
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    let url = log.find_map(|line| {
        let line = line.unwrap();
        let (_, behind) = line.split_once("url=\"")?;
        Some(behind.split_once('"').unwrap().0.to_owned())
    });
    drop(log);

    // The failure is logged.
    let request = reqwest::Client::new().post(url.unwrap());
    let request = request.json(&json!({ "query": "{ product }" }));
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["data"]["product"], Value::Null);
    assert_eq!(answer["errors"].as_array().unwrap().len(), 1, "{answer}");
    signal(&child, "TERM");
    assert!(child.wait().unwrap().success());
}
