//! Every folder of `tests/fixtures` is a case: its `*.graphql` files are the subgraphs, named after
//! the files, and beside them stands what composition makes of them: `supergraph.graphql` and
//! `api.graphql`, or `errors.txt`; and `hints.txt` when there are hints.
//!
//! To add a case, add a folder with its subgraphs and run the test with `UPDATE_FIXTURES=1`; then
//! read what it wrote.

#![allow(
    clippy::expect_used,
    reason = "a fixture that cannot be read fails the test"
)]

use souk_composition::{Composed, CompositionErrors, SubgraphInput, compose};
use souk_planner::{Supergraph, SupergraphError};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const OUTPUTS: [&str; 4] = [
    "supergraph.graphql",
    "api.graphql",
    "errors.txt",
    "hints.txt",
];

fn fixture_folders() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut folders: Vec<PathBuf> = fs::read_dir(root)
        .expect("the fixtures' folder")
        .map(|entry| entry.expect("a fixture").path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    assert!(!folders.is_empty(), "there are fixtures");
    folders
}

fn subgraphs(folder: &Path) -> Vec<SubgraphInput> {
    let mut subgraphs: Vec<SubgraphInput> = fs::read_dir(folder)
        .expect("the fixture's files")
        .map(|entry| entry.expect("a file").path())
        .filter(|path| {
            let name = path.file_name().expect("a name").to_string_lossy();
            name.ends_with(".graphql") && !OUTPUTS.contains(&name.as_ref())
        })
        .map(|path| {
            let name = path.file_stem().expect("a name").to_string_lossy();
            SubgraphInput {
                name: name.to_string(),
                url: format!("http://{name}/graphql"),
                sdl: fs::read_to_string(&path).expect("a readable file"),
            }
        })
        .collect();
    subgraphs.sort_by(|a, b| a.name.cmp(&b.name));
    subgraphs
}

/// What the fixture's output files should say.
fn outputs(result: &Result<Composed, CompositionErrors>) -> BTreeMap<&'static str, String> {
    let mut outputs = BTreeMap::new();
    match result {
        Ok(composed) => {
            outputs.insert("supergraph.graphql", composed.supergraph_sdl.clone());
            outputs.insert("api.graphql", composed.api_sdl.clone());
            let hints: Vec<String> = composed.hints.iter().map(ToString::to_string).collect();
            if !hints.is_empty() {
                outputs.insert("hints.txt", hints.join("\n\n") + "\n");
            }
        }
        Err(errors) => {
            outputs.insert("errors.txt", format!("{errors}\n"));
        }
    }
    outputs
}

#[test]
fn every_fixture_composes_as_its_files_say() {
    let update = std::env::var_os("UPDATE_FIXTURES").is_some();
    let mut failures = Vec::new();
    for folder in fixture_folders() {
        let found = outputs(&compose(&subgraphs(&folder)));
        for name in OUTPUTS {
            let path = folder.join(name);
            let expected = fs::read_to_string(&path).ok();
            let found = found.get(name).cloned();
            if expected == found {
                continue;
            }
            if update {
                match found {
                    Some(text) => fs::write(&path, text).expect("the fixture can be written"),
                    None => fs::remove_file(&path).expect("the fixture can be removed"),
                }
                continue;
            }
            failures.push(format!(
                "{}\n--- expected\n{}\n--- found\n{}",
                path.display(),
                expected.as_deref().unwrap_or("(no such file)"),
                found.as_deref().unwrap_or("(no such output)"),
            ));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn the_order_of_the_subgraphs_does_not_matter() {
    for folder in fixture_folders() {
        let mut subgraphs = subgraphs(&folder);
        let in_order = outputs(&compose(&subgraphs));
        assert_eq!(in_order, outputs(&compose(&subgraphs)), "{folder:?}");
        subgraphs.reverse();
        assert_eq!(in_order, outputs(&compose(&subgraphs)), "{folder:?}");
        let middle = subgraphs.len() / 2;
        subgraphs.rotate_left(middle);
        assert_eq!(in_order, outputs(&compose(&subgraphs)), "{folder:?}");
    }
}

/// A supergraph, and the API schema in it, must mean the same to who plans on it.
#[test]
fn every_supergraph_is_one_that_the_planner_reads() {
    for folder in fixture_folders() {
        let subgraphs = subgraphs(&folder);
        let Ok(composed) = compose(&subgraphs) else {
            continue;
        };
        let supergraph = match Supergraph::parse(&composed.supergraph_sdl) {
            // The planner refuses what protects data in a way that it does not serve.
            Err(SupergraphError::UnsupportedLink { .. }) => continue,
            read => read.unwrap_or_else(|error| panic!("{}: {error}", folder.display())),
        };
        let mut names: Vec<String> = supergraph
            .subgraphs()
            .map(|subgraph| subgraph.name.to_string())
            .collect();
        names.sort();
        let expected: Vec<String> = subgraphs.into_iter().map(|input| input.name).collect();
        assert_eq!(names, expected, "{}", folder.display());

        let ours = apollo_compiler::Schema::parse_and_validate(&composed.api_sdl, "api.graphql")
            .unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        for (name, ty) in &ours.types {
            if !ty.is_built_in() {
                assert!(
                    supergraph.api_schema().types.contains_key(name),
                    "{}: the planner hides \"{name}\"",
                    folder.display()
                );
            }
        }
        for (name, ty) in &supergraph.api_schema().types {
            if !ty.is_built_in() {
                assert!(
                    ours.types.contains_key(name),
                    "{}: only the planner shows \"{name}\"",
                    folder.display()
                );
            }
        }
    }
}

/// `CODES.md` is the list of all codes, and names a fixture that shows each.
#[test]
fn every_code_has_a_fixture() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| fs::read_to_string(root.join(path)).expect("a readable file");
    let source = read("src/code.rs");
    let codes: Vec<&str> = source
        .lines()
        .filter_map(|line| line.trim_end_matches(';').rsplit('"').nth(1))
        .collect();
    assert!(codes.len() > 100, "code.rs has the codes: {codes:?}");
    let listed = read("CODES.md");
    for code in codes {
        let row = listed
            .lines()
            .find(|line| line.starts_with(&format!("| `{code}` |")))
            .unwrap_or_else(|| panic!("CODES.md does not list {code}"));
        let fixture = row.rsplit('`').nth(1).expect("the fixture's name");
        let column = row.split('|').nth(2).expect("a second column").trim();
        let start = match column {
            "WARN" | "INFO" | "DEBUG" => format!("{column} {code}: "),
            _ => format!("{code}: "),
        };
        let shown = ["errors.txt", "hints.txt"].iter().any(|name| {
            let path = root.join("tests/fixtures").join(fixture).join(name);
            fs::read_to_string(path).is_ok_and(|text| {
                let mut lines = text.lines();
                lines.any(|line| line.starts_with(&start))
            })
        });
        assert!(shown, "{fixture} does not show {code}");
    }
}
