//! Every input of the corpus: those that once showed something wrong, and a few to begin with.

#![allow(
    clippy::expect_used,
    reason = "a corpus that cannot be read fails the test"
)]

use std::fs;
use std::path::Path;

use souk_fuzzing::TARGETS;

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
            if std::panic::catch_unwind(|| target.try_input(&input)).is_err() {
                harmful.push(path.display().to_string());
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
