//! Every input of the corpus: those that once showed something wrong, and a few to begin with.

#![allow(
    clippy::expect_used,
    reason = "a corpus that cannot be read fails the test"
)]

use std::fs;
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use souk_fuzzing::{TARGETS, Target};

/// An input that takes longer hangs. Generous, for a debug build on a busy machine.
const LIMIT: Duration = Duration::from_secs(60);

/// What an input does that it must not do.
fn harm(target: Target, input: Vec<u8>) -> Option<&'static str> {
    let (done, outcome) = mpsc::channel();
    // Not joined: a thread that hangs ends with the test's process.
    thread::spawn(move || {
        let panicked = std::panic::catch_unwind(|| target.try_input(&input)).is_err();
        // Nobody listens any more when it took too long.
        let _ = done.send(panicked);
    });
    match outcome.recv_timeout(LIMIT) {
        Ok(false) => None,
        Ok(true) => Some("panics"),
        Err(_) => Some("hangs"),
    }
}

#[test]
fn nothing_of_the_corpus_does_harm() {
    let mut harmful = Vec::new();
    for target in TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("corpus")
            .join(target.name);
        let mut count = 0;
        for entry in fs::read_dir(&folder).expect("the target has a corpus") {
            let path = entry.expect("an entry").path();
            let input = fs::read(&path).expect("an input");
            if let Some(harm) = harm(target, input) {
                harmful.push(format!("{} {harm}", path.display()));
            }
            count += 1;
        }
        assert!(count > 0, "{} is empty", folder.display());
    }
    assert!(
        harmful.is_empty(),
        "see above what these do:\n{}",
        harmful.join("\n")
    );
}
