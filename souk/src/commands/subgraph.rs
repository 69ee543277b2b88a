//! `souk subgraph`: one subgraph on its own.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;
use souk_platform::config::Config;
use souk_platform::events::Bus;
use souk_platform::identity::InternalSigner;
use souk_platform::serving::{
    self, HttpTransport, Readiness, Serving, Tasks, cache_check, database_check,
};
use souk_router::serve_routes;
use tokio_util::sync::CancellationToken;

use crate::backing::{Backing, check_search_directory, require_shared_servers};
use crate::cli::SubgraphArgs;
use crate::commands::{bind, configure, told_to_stop};
use crate::failure::Failure;
use crate::graph::{MEMBERS, member};

/// How long a client may take to send the head of a request. Longer than router and subgraphs keep idle connections to each
/// other, so that none is closed at the moment of sending.
const HEAD_WITHIN: Duration = Duration::from_secs(120);
/// How long open requests may take once the server is told to stop.
const DRAIN_WITHIN: Duration = Duration::from_secs(10);
/// How long background work may take to end.
const FINISH_WITHIN: Duration = Duration::from_secs(15);

/// Runs the command until it is told to stop.
pub async fn run(args: SubgraphArgs) -> Result<(), Failure> {
    let config = Arc::new(configure(&args.config, |sources| sources)?);
    let name = args
        .name
        .to_possible_value()
        .map(|value| value.get_name().to_owned())
        .unwrap_or_default();
    let member =
        member(&name).ok_or_else(|| Failure::setup(format!("there is no subgraph {name}")))?;
    let address = listen_address(&config, &name, args.listen)?;
    let signer = config.internal_signer().map_err(Failure::setup)?;
    require_shared_servers(&config)?;
    if name == "search" {
        check_search_directory(&config)?;
    }
    let listener = bind(&address).await?;

    let backing = Backing::start(config.clone()).await?;
    backing.migrate(member).await?;
    let peers = Arc::new(peers(&config, signer.clone())?);
    let subgraph = (member.build)(backing.services(member, peers)?)
        .map_err(|error| Failure::failed(error.message))?;
    let subgraph = Arc::new(subgraph);
    let shutdown = CancellationToken::new();
    let tasks = Tasks::new(shutdown.clone());
    backing
        .start_workers(std::slice::from_ref(&subgraph), &tasks)
        .await?;

    let readiness = Readiness::default()
        .with("database", database_check(subgraph.database.clone()))
        .with("events", bus_check(backing.bus.clone()))
        .with("cache", cache_check(backing.cache.clone()));
    let serving = Serving {
        signer,
        readiness,
        shutdown: shutdown.clone(),
    };
    let routes = serving::router(subgraph, serving).map_err(Failure::failed)?;
    tracing::info!(subgraph = name, address, "serving");

    let stop = shutdown.clone();
    tokio::spawn(async move {
        if let Err(failure) = told_to_stop().await {
            failure.report();
        }
        stop.cancel();
    });
    let stopped = shutdown.cancelled();
    serve_routes(routes, listener, HEAD_WITHIN, stopped, DRAIN_WITHIN).await;
    tasks.finish(FINISH_WITHIN).await;
    backing.stop().await;
    Ok(())
}

fn listen_address(config: &Config, name: &str, flag: Option<String>) -> Result<String, Failure> {
    let configured = config
        .subgraphs
        .get(name)
        .and_then(|subgraph| subgraph.listen.clone());
    flag.or(configured).ok_or_else(|| {
        let variable = format!("SOUK_SUBGRAPHS_{}_LISTEN", name.to_uppercase());
        Failure::setup(format!(
            "the subgraph does not know where to listen: give --listen HOST:PORT or set {variable}"
        ))
    })
}

/// The way to the other subgraphs.
pub fn peers(config: &Config, signer: InternalSigner) -> Result<HttpTransport, Failure> {
    let mut addresses = HashMap::new();
    for member in MEMBERS {
        if let Some(url) = config
            .subgraphs
            .get(member.name)
            .and_then(|subgraph| subgraph.url.clone())
        {
            addresses.insert(member.name.to_owned(), url);
        }
    }
    HttpTransport::new(addresses, signer).map_err(Failure::setup)
}

/// The check of the event bus.
pub fn bus_check(
    bus: Arc<dyn Bus>,
) -> impl Fn() -> futures::future::BoxFuture<'static, Result<(), String>> + Send + Sync + 'static {
    move || {
        let bus = bus.clone();
        Box::pin(async move {
            match bus.ready().await {
                true => Ok(()),
                false => Err("not connected to the message broker".to_owned()),
            }
        })
    }
}
