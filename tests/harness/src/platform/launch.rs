//! How a platform is started.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tokio::io::AsyncWriteExt;

use super::part::{Part, READY_WITHIN};
use super::{OTHER_ROUTER, Platform, ROUTER, SERVE, Servers};
use crate::database::{fresh_name, server_url};
use crate::{Process, RabbitMq, Redis, free_port, shared};

/// What router and subgraphs of a test sign identities with.
pub const INTERNAL_SECRET: &str = "an internal secret of 32 bytes or more";
/// What the sandbox of a test signs webhooks with, in separate processes.
pub const WEBHOOK_SECRET: &str = "a webhook secret of 32 bytes or more";
/// The subgraphs, in the order in which they are started.
const SUBGRAPHS: [&str; 6] = ["user", "shop", "product", "order", "payment", "search"];

/// How to start a platform.
#[derive(Clone)]
pub struct Launch {
    binary: String,
    pub(super) settings: BTreeMap<String, String>,
    demo: bool,
}

impl Launch {
    /// The binary with its defaults, except that a test may log in as often as it likes: all its clients have one
    /// address.
    pub fn new(binary: &str) -> Launch {
        let launch = Launch {
            binary: binary.to_owned(),
            settings: BTreeMap::new(),
            demo: true,
        };
        launch.set("SOUK_IDENTITY_LOGIN_ATTEMPTS_PER_MINUTE", "100000")
    }

    /// Sets a variable of `docs/operations.md` for every process.
    pub fn set(mut self, variable: &str, value: &str) -> Launch {
        self.settings.insert(variable.to_owned(), value.to_owned());
        self
    }

    /// Leaves the demo data out.
    pub fn without_demo(mut self) -> Launch {
        self.demo = false;
        self
    }

    /// `souk serve` on a free port and a fresh data directory, ready.
    pub async fn serve(self) -> Platform {
        let mut platform = self.not_started();
        platform.start(SERVE).await;
        platform
    }

    /// As [`Launch::serve`], but it does not run until [`Platform::start`] or [`Platform::spawn`] is called.
    pub fn not_started(self) -> Platform {
        let directory = shared::data_directory();
        let data = directory.join("data").display().to_string();
        let mut arguments = vec!["serve", "--port", "0", "--data", &data];
        if !self.demo {
            arguments.push("--no-demo");
        }
        let part = Part::new(&self, &directory, SERVE, &arguments);
        Platform {
            launch: self,
            directory,
            parts: vec![part],
            servers: Servers::default(),
        }
    }

    /// Runs a command of the binary to its end, in a directory of its own.
    pub async fn run(&self, arguments: &[&str]) -> Output {
        self.run_in(&shared::data_directory(), arguments, "").await
    }

    /// Runs a command with this text as its standard input.
    pub(super) async fn run_in(&self, directory: &Path, arguments: &[&str], input: &str) -> Output {
        let words: Vec<String> = arguments.iter().map(|&word| word.to_owned()).collect();
        let mut command = tokio::process::Command::from(self.call(directory, &words));
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let ran = async {
            let mut child = command.spawn()?;
            let mut pipe = child.stdin.take().expect("a pipe");
            // A command that does not read it may have ended.
            let _ = pipe.write_all(input.as_bytes()).await;
            drop(pipe);
            child.wait_with_output().await
        };
        let output = tokio::time::timeout(READY_WITHIN, ran).await;
        output
            .unwrap_or_else(|_| panic!("souk {arguments:?} does not end"))
            .unwrap_or_else(|error: std::io::Error| panic!("souk {arguments:?}: {error}"))
    }

    /// Six subgraphs and two routers, each on its own, with PostgreSQL, RabbitMQ and Redis.
    pub async fn separate(mut self) -> Platform {
        let directory = shared::data_directory();
        let servers = self.connect_servers().await;
        let mut addresses = Vec::new();
        for name in SUBGRAPHS {
            let address = format!("127.0.0.1:{}", free_port());
            self.settings.insert(
                format!("SOUK_SUBGRAPHS_{}_URL", name.to_uppercase()),
                format!("http://{address}/graphql"),
            );
            if name == "payment" {
                self.default("SOUK_PAYMENTS_PUBLIC_URL", format!("http://{address}"));
            }
            addresses.push((name, address));
        }
        let router_config = directory.join("router.yaml");
        fs::write(&router_config, router_yaml(&addresses)).expect("the routers' configuration");

        let mut platform = Platform {
            launch: self,
            directory,
            parts: Vec::new(),
            servers,
        };
        platform.command(&["migrate"]).await;
        for (name, address) in &addresses {
            platform.add(name, address, &["subgraph", name, "--listen", address]);
        }
        platform.wait_until_ready().await;

        let supergraph = repository().join("schema/supergraph.graphql");
        let (supergraph, config) = (
            supergraph.display().to_string(),
            router_config.display().to_string(),
        );
        for name in [ROUTER, OTHER_ROUTER] {
            let address = format!("127.0.0.1:{}", free_port());
            let arguments = [
                "router",
                "--supergraph",
                &supergraph,
                "--config",
                &config,
                "--listen",
                &address,
            ];
            platform.add(name, &address, &arguments);
        }
        platform.wait_until_ready().await;
        if platform.launch.demo {
            platform.command(&["seed"]).await;
        }
        platform
    }

    /// Starts the servers that the test did not bring along.
    async fn connect_servers(&mut self) -> Servers {
        let mut servers = Servers::default();
        if !self.settings.contains_key("SOUK_DATABASE_URL") {
            let url = database_prefix_url().await;
            self.settings.insert("SOUK_DATABASE_URL".to_owned(), url);
        }
        if !self.settings.contains_key("SOUK_EVENTS_URL") {
            let broker = RabbitMq::shared().await;
            self.settings
                .insert("SOUK_EVENTS_URL".to_owned(), broker.url());
            servers.broker = Some(broker);
        }
        if !self.settings.contains_key("SOUK_CACHE_URL") {
            let redis = Redis::start().await;
            self.settings
                .insert("SOUK_CACHE_URL".to_owned(), redis.url());
            servers.redis = Some(redis);
        }
        self.default("SOUK_IDENTITY_INTERNAL_SECRET", INTERNAL_SECRET.to_owned());
        // Each process would make its own at the same time; the second would wait for the first.
        self.default("SOUK_PAYMENTS_WEBHOOK_SECRET", WEBHOOK_SECRET.to_owned());
        servers
    }

    fn default(&mut self, variable: &str, value: String) {
        self.settings.entry(variable.to_owned()).or_insert(value);
    }

    /// A call of the binary in `directory`, with these settings and no others.
    pub(super) fn call(&self, directory: &Path, arguments: &[String]) -> Command {
        let mut command = Process::command(&self.binary, "cargo");
        for (variable, _) in std::env::vars_os() {
            let name = variable.to_string_lossy();
            if name.starts_with("SOUK_") || name == "RUST_LOG" {
                command.env_remove(&variable);
            }
        }
        command
            .args(arguments)
            .envs(&self.settings)
            .current_dir(directory)
            .stdin(Stdio::null());
        command
    }
}

/// An address for `SOUK_DATABASE_URL` on the PostgreSQL that all tests share, where nobody has databases yet.
pub async fn database_prefix_url() -> String {
    format!("{}{}", server_url().await, fresh_name())
}

fn router_yaml(addresses: &[(&'static str, String)]) -> String {
    let mut yaml = "override_subgraph_url:\n".to_owned();
    let mut keys = String::new();
    for (name, address) in addresses {
        yaml.push_str(&format!("  {name}: http://{address}/graphql\n"));
        if *name == "user" {
            keys = format!("http://{address}/.well-known/jwks.json");
        }
    }
    yaml.push_str(&format!(
        "authentication:\n  router:\n    jwt:\n      jwks:\n        - url: {keys}\n"
    ));
    yaml
}

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}
