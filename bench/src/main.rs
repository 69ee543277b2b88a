//! Load on the whole platform, run by hand: see `bench/README.md`.
//!
//! One thread makes the load, so that the platform and its servers keep as much of a small machine as possible. What a
//! request costs is read from `/proc`, for the processes of Souk, PostgreSQL and the other servers apart.
#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark that cannot go on should end at once and say why; its table goes to standard output"
)]

mod catalogue;
mod cpu;
mod engine;
mod http;
mod load;
mod pages;
mod purchases;
mod report;
mod socket;
mod stage;
mod start_up;
mod watchers;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::engine::{Engine, Part};
use crate::report::Report;
use crate::stage::Mode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures a souk binary.
#[derive(Parser)]
struct Cli {
    /// The binary.
    #[arg(long, default_value = "target/release/souk", global = true)]
    souk: PathBuf,
    /// Also writes the figures to this file, as JSON.
    #[arg(long, global = true)]
    json: Option<PathBuf>,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// From an empty directory to serving, and again with the data.
    StartUp,
    /// The product page and the search page.
    Pages(Load),
    /// Orders placed, and whole purchases.
    Purchases(Load),
    /// Many open subscriptions to one order: memory, and how long a change takes to reach the last of them.
    Watchers {
        /// How many.
        #[arg(long, default_value_t = 10_000)]
        count: usize,
    },
    /// The router itself: CPU per request.
    Engine(Engine),
    /// One of the processes that `engine` measures.
    #[command(hide = true)]
    Part {
        /// Which.
        #[command(subcommand)]
        part: Part,
    },
    /// Everything, in one process and as separate processes.
    All(Load),
}

/// How much load, on what.
#[derive(Args, Clone)]
struct Load {
    /// In one process or as separate processes.
    #[arg(long, value_enum, default_value_t = Mode::One)]
    mode: Mode,
    /// How many products are made beside the demo's.
    #[arg(long, default_value_t = 2_000)]
    products: usize,
    /// How long each measurement takes, in seconds, after half of that to warm up.
    #[arg(long, default_value_t = 15)]
    seconds: u64,
    /// How many clients ask at the same time.
    #[arg(long, default_value_t = 16)]
    clients: usize,
}

impl Load {
    fn duration(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}

fn main() {
    let cli = Cli::parse();
    if let What::Part { part } = &cli.what {
        // These are servers: they take all the threads that there are.
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        return runtime.block_on(engine::serve(part));
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let report = runtime.block_on(run(&cli));
    println!("\n{}", report.table());
    if let Some(file) = &cli.json {
        std::fs::write(file, report.json()).expect("the file for the figures");
    }
}

async fn run(cli: &Cli) -> Report {
    let binary = cli
        .souk
        .canonicalize()
        .unwrap_or_else(|error| panic!("{}: {error}", cli.souk.display()));
    let binary = binary.to_string_lossy();
    let mut report = Report::default();
    match &cli.what {
        What::StartUp => start_up::measure(&binary, &mut report).await,
        What::Pages(load) => {
            let stage = stage::set(&binary, load.mode, load.products).await;
            pages::measure(&stage, load, &mut report).await;
        }
        What::Purchases(load) => {
            let stage = stage::set(&binary, load.mode, load.products).await;
            purchases::measure(&stage, load, &mut report).await;
        }
        What::Watchers { count } => {
            let stage = stage::set(&binary, Mode::One, 0).await;
            watchers::measure(&stage, *count, &mut report).await;
        }
        What::Engine(engine) => engine::measure(&binary, engine).await,
        What::Part { .. } => unreachable!("served by main"),
        What::All(load) => {
            start_up::measure(&binary, &mut report).await;
            for mode in [Mode::One, Mode::Separate] {
                let stage = stage::set(&binary, mode, load.products).await;
                pages::measure(&stage, load, &mut report).await;
                purchases::measure(&stage, load, &mut report).await;
            }
            let stage = stage::set(&binary, Mode::One, 0).await;
            watchers::measure(&stage, 10_000, &mut report).await;
        }
    }
    report
}
