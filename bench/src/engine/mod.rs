//! What the router itself costs: CPU per request, beside another router or beside itself with the subgraphs in its own
//! process. Request deduplication is off: every client request makes all of its subgraph requests.

mod graph;
mod serve;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use bytes::Bytes;
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use souk_harness::{Process, free_port, wait_for};

use crate::cpu;
use crate::http::{Connection, body};
use crate::load::{self, Client};
use crate::report::milliseconds;

/// What to measure. Without a supergraph: a small graph of our own, over HTTP and in process.
#[derive(Args)]
pub struct Engine {
    /// The supergraph to serve. Its subgraphs have to run already.
    #[arg(long, requires = "body")]
    supergraph: Option<PathBuf>,
    /// The request to send: a file with the JSON body.
    #[arg(long, requires = "supergraph")]
    body: Option<PathBuf>,
    /// Another router that serves the same supergraph, as PID=URL, at whose path `/graphql` it answers. Measured after ours, with the same load.
    #[arg(long)]
    against: Vec<Rival>,
    /// The process in which the subgraphs of `--supergraph` run, to show what they cost.
    #[arg(long)]
    subgraphs: Option<u32>,
    /// How long each measurement takes, in seconds, after a third of that to warm up.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// How many clients ask at the same time.
    #[arg(long, default_value_t = 50)]
    clients: usize,
}

/// One of the processes that are measured.
#[derive(Subcommand)]
pub enum Part {
    /// The subgraphs of our own graph, over HTTP.
    Subgraphs {
        /// Where to serve.
        address: SocketAddr,
    },
    /// A router with these subgraphs in its process.
    Mounted {
        /// Where to serve.
        address: SocketAddr,
    },
}

/// A router that we did not start.
#[derive(Clone)]
struct Rival {
    pid: u32,
    url: String,
}

impl FromStr for Rival {
    type Err = String;

    fn from_str(text: &str) -> Result<Rival, String> {
        let (pid, url) = text.split_once('=').ok_or("expected PID=URL")?;
        let pid = pid.parse().map_err(|_| "expected PID=URL")?;
        let url = url.to_owned();
        Ok(Rival { pid, url })
    }
}

/// Is one of the processes until it is killed.
pub async fn serve(part: &Part) {
    match part {
        Part::Subgraphs { address } => serve::subgraphs(*address).await,
        Part::Mounted { address } => serve::mounted(*address).await,
    }
}

/// Measures and prints a table.
pub async fn measure(souk: &str, engine: &Engine) {
    println!(
        "| router | per second | p50 ms | p99 ms | router ms | subgraphs ms | peak MiB | failed |"
    );
    println!("| --- | --: | --: | --: | --: | --: | --: | --: |");
    match (&engine.supergraph, &engine.body) {
        (Some(supergraph), Some(body)) => {
            let body =
                std::fs::read(body).unwrap_or_else(|error| panic!("{}: {error}", body.display()));
            engine.foreign(souk, supergraph, body.into()).await;
        }
        _ => engine.own(souk).await,
    }
}

impl Engine {
    /// A graph whose subgraphs somebody else has started.
    async fn foreign(&self, souk: &str, supergraph: &Path, body: Bytes) {
        let router = Router::start(souk, supergraph).await;
        let ours = self.load(
            "souk",
            &router.url,
            &body,
            router.process.pid(),
            self.subgraphs,
        );
        let ours = ours.await;
        drop(router);
        for rival in &self.against {
            let name = std::fs::read_to_string(format!("/proc/{}/comm", rival.pid));
            let name = name.unwrap_or_else(|error| panic!("process {}: {error}", rival.pid));
            let theirs = self.load(name.trim(), &rival.url, &body, rival.pid, self.subgraphs);
            let ratio = ours.router / theirs.await.router;
            println!(
                "\nsouk's router ms are {ratio:.2} of those of {}",
                name.trim()
            );
        }
    }

    /// Our own graph, over HTTP and then in process.
    async fn own(&self, souk: &str) {
        let body = body(graph::QUERY, &json!({}));
        let separate = {
            let address = format!("127.0.0.1:{}", free_port());
            let subgraphs = start_part("subgraphs", &address);
            wait_until_open(&address).await;
            let file =
                std::env::temp_dir().join(format!("souk-bench-{}.graphql", std::process::id()));
            std::fs::write(&file, graph::supergraph(&format!("http://{address}")))
                .expect("a temporary file");
            let router = Router::start(souk, &file).await;
            let _ = std::fs::remove_file(&file);
            let pid = router.process.pid();
            self.load("over HTTP", &router.url, &body, pid, Some(subgraphs.pid()))
                .await
        };
        let mounted = {
            let address = format!("127.0.0.1:{}", free_port());
            let router = start_part("mounted", &address);
            wait_until_open(&address).await;
            let url = format!("http://{address}");
            self.load("in process", &url, &body, router.pid(), None)
                .await
        };
        let ratio = mounted.router / (separate.router + separate.subgraphs);
        println!("\nin process, everything together costs {ratio:.2} of what it costs over HTTP");
    }

    async fn load(
        &self,
        name: &str,
        url: &str,
        body: &Bytes,
        router: u32,
        subgraphs: Option<u32>,
    ) -> Cost {
        let mut clients = Vec::with_capacity(self.clients);
        for _ in 0..self.clients {
            let connection = Connection::open(url, None).await;
            let connection = connection.unwrap_or_else(|error| panic!("{error}"));
            clients.push(Asker { connection, body });
        }
        check(&mut clients[0]).await;
        let duration = Duration::from_secs(self.seconds);
        load::run(&mut clients, duration / 3, Duration::ZERO).await;
        let used = || (cpu::of(router), subgraphs.map_or(0.0, cpu::of));
        let before = used();
        let outcome = load::run(&mut clients, Duration::ZERO, duration).await;
        let after = used();
        #[allow(
            clippy::cast_precision_loss,
            reason = "a number of requests is far below 2^52"
        )]
        let requests = outcome.latencies.len().max(1) as f64;
        let cost = Cost {
            router: (after.0 - before.0) * 1000.0 / requests,
            subgraphs: (after.1 - before.1) * 1000.0 / requests,
        };
        println!(
            "| {name} | {:.0} | {:.1} | {:.1} | {:.3} | {:.3} | {} | {} |",
            requests / outcome.elapsed.as_secs_f64(),
            milliseconds(outcome.percentile(0.5)),
            milliseconds(outcome.percentile(0.99)),
            cost.router,
            cost.subgraphs,
            cpu::peak_memory(router) >> 20,
            outcome.failures
        );
        cost
    }
}

/// CPU milliseconds per request.
struct Cost {
    router: f64,
    subgraphs: f64,
}

/// A client that asks the same again and again.
struct Asker<'a> {
    connection: Connection,
    body: &'a Bytes,
}

impl Client for Asker<'_> {
    async fn act(&mut self) -> Result<(), String> {
        self.connection.graphql(self.body.clone()).await.map(drop)
    }
}

/// What is measured must be a whole answer.
async fn check(client: &mut Asker<'_>) {
    let answer = client.connection.graphql(client.body.clone()).await;
    let answer = answer.unwrap_or_else(|error| panic!("{error}"));
    let answer: Value = serde_json::from_slice(&answer).expect("JSON");
    assert!(answer["data"].is_object(), "{answer}");
}

/// `souk router`.
struct Router {
    process: Process,
    url: String,
}

impl Router {
    async fn start(souk: &str, supergraph: &Path) -> Router {
        let address = format!("127.0.0.1:{}", free_port());
        let config = std::env::temp_dir().join(format!("souk-bench-{}.yaml", std::process::id()));
        let text = "traffic_shaping: { all: { deduplicate_query: false } }\n";
        std::fs::write(&config, text).expect("a temporary file");
        let mut command = Process::command(souk, "souk");
        command.arg("router").arg("--supergraph").arg(supergraph);
        command
            .arg("--config")
            .arg(&config)
            .args(["--listen", &address]);
        let process = Process::spawn(command);
        wait_until_open(&address).await;
        let _ = std::fs::remove_file(&config);
        Router {
            process,
            url: format!("http://{address}"),
        }
    }
}

fn start_part(part: &str, address: &str) -> Process {
    let own = std::env::current_exe().expect("the path of this program");
    let mut command = Process::command(&own.to_string_lossy(), "souk");
    command.args(["part", part, address]);
    Process::spawn(command)
}

async fn wait_until_open(address: &str) {
    let what = format!("a server at {address}");
    let open = async || tokio::net::TcpStream::connect(address).await.is_ok();
    wait_for(&what, Duration::from_secs(30), open).await;
}
