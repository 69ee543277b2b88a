//! The whole platform as its users find it: the real binary, in one process or in eight, on data of its own.

mod launch;
mod part;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output};
use std::time::Duration;

use nix::sys::signal::Signal;

pub use self::launch::{INTERNAL_SECRET, Launch, WEBHOOK_SECRET, database_prefix_url};
use self::part::Part;
use crate::{RabbitMq, Redis, wait_for};

/// How long a part may take to end in order before it is killed.
const END_WITHIN: Duration = Duration::from_secs(30);
/// The password of every demo account.
pub const DEMO_PASSWORD: &str = "souk-demo-2026";
/// The part that is all of it.
const SERVE: &str = "serve";
/// The first router of separate processes.
const ROUTER: &str = "router";
/// The second one.
const OTHER_ROUTER: &str = "other router";

/// A running platform. When it is dropped everything it started ends, and its files are removed.
pub struct Platform {
    launch: Launch,
    directory: PathBuf,
    parts: Vec<Part>,
    // Below the parts: dropped after them.
    servers: Servers,
}

#[derive(Default)]
struct Servers {
    broker: Option<RabbitMq>,
    redis: Option<Redis>,
}

impl Platform {
    /// The address of the first router, without a trailing slash.
    pub fn url(&self) -> &str {
        self.url_of_first([ROUTER, SERVE])
    }

    /// The address of the second router; the same as [`Platform::url`] in one process.
    pub fn other_url(&self) -> &str {
        self.url_of_first([OTHER_ROUTER, SERVE])
    }

    fn url_of_first(&self, names: [&str; 2]) -> &str {
        let part = names
            .iter()
            .find_map(|name| self.parts.iter().find(|part| part.name == *name));
        &part.expect("a router").url
    }

    /// The address of one part: `serve`, a subgraph's name, `router` or `other router`.
    pub fn url_of(&self, part: &str) -> String {
        self.part(part).url.clone()
    }

    /// The directory of this platform's files; the data directory of `souk serve` is `data` in it.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The value of a variable that every process got, such as `SOUK_EVENTS_URL`.
    pub fn setting(&self, variable: &str) -> Option<&str> {
        self.launch.settings.get(variable).map(String::as_str)
    }

    /// The Redis of separate processes.
    pub fn redis(&mut self) -> &mut Redis {
        self.servers
            .redis
            .as_mut()
            .expect("a Redis of the platform's own")
    }

    /// What the part has written to standard output and standard error since it was started.
    pub fn log_of(&self, part: &str) -> String {
        self.part(part).log()
    }

    /// True until the part has ended, by itself or not.
    pub fn is_running(&self, part: &str) -> bool {
        self.part(part).is_running()
    }

    /// Kills the part as a crash would.
    pub fn kill(&mut self, part: &str) {
        let process = self.part_mut(part).process.take();
        let process = process.unwrap_or_else(|| panic!("{part} does not run"));
        process.signal(Signal::SIGKILL);
        process.wait();
    }

    /// Ends the part as an operator would, with `SIGTERM` or `SIGINT`, and tells how it ended.
    pub async fn stop(&mut self, part: &str, signal: Signal) -> ExitStatus {
        let process = self.part_mut(part).process.take();
        let process = process.unwrap_or_else(|| panic!("{part} does not run"));
        process.signal(signal);
        wait_for(&format!("{part} to end"), END_WITHIN, async || {
            !process.is_running()
        })
        .await;
        process.wait()
    }

    /// Starts a part, on the data it had if it ran before, and waits until it is ready.
    pub async fn start(&mut self, part: &str) {
        let part = self.part_mut(part);
        part.start();
        part.wait_until_ready().await;
    }

    /// Starts a part and does not wait for anything.
    pub fn spawn(&mut self, part: &str) {
        self.part_mut(part).start();
    }

    /// Changes a flag for the next start.
    pub fn set_flag(&mut self, part: &str, flag: &str, value: &str) {
        self.part_mut(part).set_flag(flag, value);
    }

    /// Runs another command of the binary with the platform's settings, such as `["search", "rebuild"]`, and gives what
    /// it printed.
    pub async fn command(&self, arguments: &[&str]) -> String {
        let output = self.command_given(arguments, "").await;
        let (stdout, stderr) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        assert!(
            output.status.success(),
            "souk {arguments:?}: {}\n{stdout}{stderr}",
            output.status
        );
        stdout.into_owned()
    }

    /// Runs another command with this text as its standard input, whether it succeeds or not.
    pub async fn command_given(&self, arguments: &[&str], input: &str) -> Output {
        self.launch.run_in(&self.directory, arguments, input).await
    }

    fn add(&mut self, name: &'static str, address: &str, arguments: &[&str]) {
        let mut part = Part::new(&self.launch, &self.directory, name, arguments);
        part.url = format!("http://{address}");
        part.start();
        self.parts.push(part);
    }

    async fn wait_until_ready(&mut self) {
        for part in &mut self.parts {
            part.wait_until_ready().await;
        }
    }

    fn part(&self, name: &str) -> &Part {
        let part = self.parts.iter().find(|part| part.name == name);
        part.unwrap_or_else(|| panic!("the platform has no part {name}"))
    }

    fn part_mut(&mut self, name: &str) -> &mut Part {
        let part = self.parts.iter_mut().find(|part| part.name == name);
        part.unwrap_or_else(|| panic!("the platform has no part {name}"))
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        self.parts.clear();
        // A database is some 40 MB. What a failed test has written, or cannot be removed, stays until the end of all tests.
        if !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.directory);
        }
    }
}
