//! One process of a platform.

use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::{END_WITHIN, Launch, SERVE};
use crate::Process;

/// How long a part may take until it is ready, on a machine that is busy with other tests.
pub(super) const READY_WITHIN: Duration = Duration::from_secs(120);

/// One process of a platform, which may run or not.
pub(super) struct Part {
    pub(super) name: &'static str,
    launch: Launch,
    arguments: Vec<String>,
    directory: PathBuf,
    pub(super) url: String,
    pub(super) process: Option<Process>,
    /// How much of the log is of earlier runs.
    log_begins: usize,
}

impl Part {
    pub(super) fn new(
        launch: &Launch,
        directory: &Path,
        name: &'static str,
        arguments: &[&str],
    ) -> Part {
        let directory = directory.join(name);
        fs::create_dir_all(&directory).expect("a directory for a process");
        Part {
            name,
            launch: launch.clone(),
            arguments: arguments.iter().map(|&word| word.to_owned()).collect(),
            directory,
            url: String::new(),
            process: None,
            log_begins: 0,
        }
    }

    pub(super) fn set_flag(&mut self, flag: &str, value: &str) {
        let position = self.arguments.iter().position(|word| word == flag);
        let position = position.expect("a flag that was given");
        value.clone_into(&mut self.arguments[position + 1]);
    }

    pub(super) fn start(&mut self) {
        assert!(self.process.is_none(), "{} runs", self.name);
        let mut command = self.launch.call(&self.directory, &self.arguments);
        let output = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.log_file());
        let output: File = output.expect("a process's log");
        let length = output.metadata().expect("the length of a log").len();
        self.log_begins = usize::try_from(length).expect("a log that fits into memory");
        let errors = output.try_clone().expect("a process's log");
        command.stdout(output).stderr(errors);
        self.process = Some(Process::spawn(command));
    }

    pub(super) async fn wait_until_ready(&mut self) {
        if self.name == SERVE {
            self.wait_until("the announcement", async |part| {
                part.log().contains("Ctrl-C stops everything")
            })
            .await;
            self.url = address_in(&self.log());
            // Started again, it must be where its clients look for it.
            let port = self.url.rsplit(':').next().unwrap_or_default().to_owned();
            self.set_flag("--port", &port);
        }
        self.wait_until("an answer from /readiness", async |part| {
            let url = format!("{}/readiness", part.url);
            let answer = crate::client::http().get(url).send().await;
            answer.is_ok_and(|answer| answer.status().is_success())
        })
        .await;
    }

    async fn wait_until(&self, what: &str, is_so: impl AsyncFn(&Part) -> bool) {
        let until = Instant::now() + READY_WITHIN;
        while !is_so(self).await {
            assert!(
                self.is_running() && Instant::now() < until,
                "waited in vain for {what} of {}, which has written:\n{}",
                self.name,
                self.log()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(super) fn is_running(&self) -> bool {
        self.process.as_ref().is_some_and(Process::is_running)
    }

    fn log_file(&self) -> PathBuf {
        self.directory.join("output.log")
    }

    pub(super) fn log(&self) -> String {
        let bytes = fs::read(self.log_file()).unwrap_or_default();
        String::from_utf8_lossy(&bytes[self.log_begins.min(bytes.len())..]).into_owned()
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let Some(process) = self.process.take() else {
            return;
        };
        // Only `souk serve` has a PostgreSQL to stop; the others have nothing that is worth waiting for.
        if self.name != SERVE {
            return;
        }
        process.signal(Signal::SIGTERM);
        let until = Instant::now() + END_WITHIN;
        while process.is_running() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// The address that `souk serve` prints.
fn address_in(output: &str) -> String {
    let line = output
        .lines()
        .find_map(|line| line.trim().strip_prefix("GraphQL "));
    let url = line.and_then(|address| address.trim().strip_suffix("/graphql"));
    url.unwrap_or_else(|| panic!("no address in:\n{output}"))
        .to_owned()
}
