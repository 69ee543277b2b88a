//! The engine's crates can be used by who has never heard of the shop.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

const ENGINE: [&str; 4] = [
    "souk-composition",
    "souk-planner",
    "souk-executor",
    "souk-router",
];

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--no-deps",
            "--offline",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

fn package<'a>(metadata: &'a Value, name: &str) -> Option<&'a Value> {
    let packages = metadata["packages"].as_array().unwrap();
    packages.iter().find(|package| package["name"] == name)
}

#[test]
fn they_depend_on_nothing_of_the_workspace_but_each_other() {
    let metadata = metadata();
    for name in ENGINE {
        let mut seen = BTreeSet::from([name.to_owned()]);
        let mut open = vec![name.to_owned()];
        while let Some(next) = open.pop() {
            let dependencies = package(&metadata, &next).unwrap()["dependencies"].as_array();
            for dependency in dependencies.unwrap() {
                let dependency = dependency["name"].as_str().unwrap();
                if package(&metadata, dependency).is_some() && seen.insert(dependency.to_owned()) {
                    open.push(dependency.to_owned());
                }
            }
        }
        let strangers: Vec<&String> = seen
            .iter()
            .filter(|name| !ENGINE.contains(&name.as_str()))
            .collect();
        assert!(strangers.is_empty(), "{name} depends on {strangers:?}");
    }
}

#[test]
fn each_has_a_readme_whose_example_is_compiled() {
    let metadata = metadata();
    for name in ENGINE {
        let manifest = package(&metadata, name).unwrap()["manifest_path"]
            .as_str()
            .unwrap();
        let folder = Path::new(manifest).parent().unwrap();
        let readme = std::fs::read_to_string(folder.join("README.md")).unwrap();
        let is_compiled = ["```rust\n", "```rust,no_run\n", "```no_run\n"]
            .iter()
            .any(|block| readme.contains(block));
        assert!(is_compiled, "the README of {name} has no example");
        let library = std::fs::read_to_string(folder.join("src/lib.rs")).unwrap();
        assert!(
            library.contains("#[cfg(doctest)]\n#[doc = include_str!(\"../README.md\")]")
                || library.contains("#![doc = include_str!(\"../README.md\")]"),
            "{name} does not compile the example of its README"
        );
    }
}
