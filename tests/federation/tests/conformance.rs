//! Every case of `fixtures/` comes out as its files say. `UPDATE_FIXTURES=1` writes the files; read them then.
//! `CASES=keys/` runs only the cases whose path has that in it.

#![allow(
    clippy::expect_used,
    reason = "a fixture that cannot be read fails the test"
)]

use std::fs;
use std::path::{Path, PathBuf};

use souk_federation_tests::{Case, Expectation, Graph, Outcome, Runner};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// How many cases there are at least: fewer were read if their folders were not found.
const CASES: usize = 150;

fn chosen(path: &Path) -> bool {
    let only = std::env::var("CASES").unwrap_or_default();
    path.to_string_lossy().contains(&only)
}

/// What is wrong with a case's outcome; or its files are brought up to date.
fn judge(case: &Case, outcome: Outcome) -> Vec<String> {
    let update = std::env::var_os("UPDATE_FIXTURES").is_some();
    let mut wrong: Vec<String> = outcome.wrong.into_iter().map(|wrong| wrong.text).collect();
    let found = |wanted| {
        let mut found = outcome.found.iter().filter(|(kind, _)| *kind == wanted);
        found.next().map(|(_, text)| text.as_str())
    };
    for kind in [
        Expectation::Plan,
        Expectation::Requests,
        Expectation::Response,
    ] {
        let file = case.file(kind);
        let expected = fs::read_to_string(&file).ok();
        if expected.as_deref() == found(kind) {
            continue;
        }
        if !update {
            wrong.push(format!(
                "--- expected in {}\n{}\n--- found\n{}",
                file.display(),
                expected.as_deref().unwrap_or("(no such file)\n"),
                found(kind).unwrap_or("(nothing)\n"),
            ));
            continue;
        }
        match found(kind) {
            Some(text) => fs::write(&file, text).expect("the fixture can be written"),
            None => fs::remove_file(&file).expect("the fixture can be removed"),
        }
    }
    wrong
}

async fn failures(runner: &Runner, cases: &[Case]) -> Vec<String> {
    let mut failures = Vec::new();
    for case in cases {
        let wrong = judge(case, runner.run(case).await);
        if !wrong.is_empty() {
            failures.push(format!("=== {}\n{}", case.path.display(), wrong.join("\n")));
        }
    }
    failures
}

#[tokio::test]
async fn every_case_comes_out_as_its_files_say() {
    let mut failed = Vec::new();
    let mut count = 0;
    for folder in Graph::all_below(&fixtures()) {
        let mut cases = Case::all_of(&folder);
        cases.retain(|case| chosen(&case.path));
        if cases.is_empty() {
            continue;
        }
        count += cases.len();
        let graph = Graph::read(&folder);
        if let Some(difference) = graph.difference() {
            let folder = folder.display();
            failed.push(format!(
                "=== {folder} composes to another schema\n{difference}"
            ));
        }
        let runner = Runner::in_process(graph);
        failed.extend(failures(&runner, &cases).await);
    }
    let least = match std::env::var_os("CASES") {
        Some(_) => 1,
        None => CASES,
    };
    assert!(count >= least, "only {count} cases were run");
    let sum = format!("{} of {count} cases failed", failed.len());
    assert!(failed.is_empty(), "{}\n{sum}", failed.join("\n"));
}

#[tokio::test]
async fn cases_come_out_the_same_over_http() {
    for group in ["keys", "requires", "interface-object", "errors"] {
        for folder in Graph::all_below(&fixtures().join(group)) {
            let graph = Graph::read(&folder);
            if graph.has_faults() {
                continue;
            }
            let runner = Runner::over_http(graph).await;
            let failed = failures(&runner, &Case::all_of(&folder)).await;
            assert!(failed.is_empty(), "{}", failed.join("\n"));
        }
    }
}

#[test]
fn every_file_belongs_to_a_case() {
    for folder in Graph::all_below(&fixtures()) {
        for entry in fs::read_dir(folder.join("cases")).expect("cases") {
            let path = entry.expect("a file").path();
            let operation = path.with_extension("graphql");
            assert!(operation.exists(), "{} has no operation", path.display());
        }
    }
}
