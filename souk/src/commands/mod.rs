//! What each command does.

mod compose;
mod events;
mod health;
mod migrate;
mod plan;
mod reached;
mod router;
mod router_config;
mod schema;
mod search;
mod seed;
mod serve;
mod settings;
mod subgraph;
mod user;

use std::io::{ErrorKind, Write};
use std::net::SocketAddr;

use souk_platform::config::{Config, Sources};
use souk_platform::telemetry;
use tokio::net::TcpListener;

use crate::cli::{Command, ConfigArgs, EventsCommand, SchemaCommand, SearchCommand, UserCommand};
use crate::failure::Failure;

/// Runs the command.
pub async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Serve(args) => serve::run(args).await,
        Command::Subgraph(args) => subgraph::run(args).await,
        Command::Router(args) => router::run(args).await,
        Command::Compose(args) => compose::run(args).await,
        Command::Plan(args) => plan::run(&args),
        Command::Migrate(args) => migrate::run(args).await,
        Command::Seed(args) => seed::run(args).await,
        Command::User {
            command: UserCommand::Provision(args),
        } => user::provision(args).await,
        Command::Schema {
            command: SchemaCommand::Export { output },
        } => schema::export(&output),
        Command::Search {
            command: SearchCommand::Rebuild(args),
        } => search::rebuild(args).await,
        Command::Events {
            command: EventsCommand::DeadLetters { config },
        } => events::list(config).await,
        Command::Events {
            command: EventsCommand::Replay { config, event },
        } => events::replay(config, event).await,
        Command::Health { url } => health::run(&url).await,
        Command::Settings => {
            settings::print();
            Ok(())
        }
    }
}

/// Reads the configuration and starts the log.
fn configure(args: &ConfigArgs, more: impl FnOnce(Sources) -> Sources) -> Result<Config, Failure> {
    let mut sources = Sources::of_process();
    sources.file = args.config.clone();
    let config = Config::read(more(sources)).map_err(Failure::setup)?;
    telemetry::init(&config.log).map_err(Failure::setup)?;
    Ok(config)
}

/// Resolves at Ctrl-C or SIGTERM.
async fn told_to_stop() -> Result<(), Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).map_err(Failure::failed)?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted.map_err(Failure::failed),
        _ = terminate.recv() => Ok(()),
    }
}

/// Binds the address, which may have the name of a host, or says why not.
async fn bind(address: &str) -> Result<TcpListener, Failure> {
    let cannot = |why: String| Failure::setup(format!("cannot listen on {address}: {why}"));
    let resolved = tokio::net::lookup_host(address).await;
    let addresses: Vec<SocketAddr> = resolved
        .map_err(|error| match error.kind() {
            // No host and port at all.
            ErrorKind::InvalidInput => cannot(error.to_string()),
            _ => cannot(format!("the host has no address here: {error}")),
        })?
        .collect();
    TcpListener::bind(&*addresses)
        .await
        .map_err(|error| match error.kind() {
            ErrorKind::AddrInUse => Failure::setup(format!(
                "{address} is taken by another program; choose another port"
            )),
            _ => cannot(error.to_string()),
        })
}

/// Prints the text to standard output. A reader that has seen enough and goes, such as `head`, is no failure.
fn print(text: &str) -> Result<(), Failure> {
    let mut output = std::io::stdout().lock();
    match output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush())
    {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(Failure::failed),
    }
}
