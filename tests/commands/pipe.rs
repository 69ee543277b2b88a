//! Commands in a pipe.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::SOUK;

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
