//! The commands that need no platform, as a user runs them: the real binary, real files, real subgraphs over HTTP.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that cannot go on should fail at once and say why"
)]

mod compose;
mod crates;
mod health;
mod limits;
mod listen;
mod pipe;
mod plan;
mod readiness;
mod reload;
mod router;
mod router_config;
mod subgraph;
mod watch;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// The binary under test.
const SOUK: &str = env!("CARGO_BIN_EXE_souk");

/// How long something may take to happen.
const SOON: Duration = Duration::from_secs(30);

/// A folder of one test, with its files.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Folder {
        let folder = Folder(tempfile::tempdir().unwrap());
        for (name, text) in files {
            folder.write(name, text);
        }
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// Runs souk in the folder.
    fn souk(&self, arguments: &[&str]) -> Ran {
        Ran(souk(self.0.path(), arguments).output().unwrap())
    }
}

fn souk(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(SOUK);
    command.current_dir(folder).args(arguments);
    command
}

/// A command that has ended.
struct Ran(Output);

impl Ran {
    fn code(&self) -> i32 {
        self.0.status.code().unwrap()
    }

    fn out(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).unwrap()
    }

    fn err(&self) -> String {
        String::from_utf8(self.0.stderr.clone()).unwrap()
    }

    /// What was printed, when the command succeeded.
    fn succeeded(self) -> String {
        assert_eq!(self.code(), 0, "{}", self.err());
        self.out()
    }
}

/// Waits until something holds.
fn eventually(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < SOON, "not within {SOON:?}: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
