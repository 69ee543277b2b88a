//! `souk serve`: the whole platform in one process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router as Routes};
use futures::FutureExt;
use futures::future::BoxFuture;
use jsonwebtoken::jwk::JwkSet;
use souk_composition::{SubgraphInput, compose};
use souk_executor::Transports;
use souk_platform::cache::Revocations;
use souk_platform::config::Config;
use souk_platform::postgres::Cluster;
use souk_platform::serving::{LocalTransport, Readiness, Tasks, cache_check, database_check};
use souk_platform::{Subgraph, telemetry};
use souk_router::{KeySource, KeySourceError, Router, RouterBuilder, RouterConfig};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::backing::{Backing, check_search_directory};
use crate::cli::ServeArgs;
use crate::commands::router_config::read_for_one_process;
use crate::commands::{bind, configure, subgraph::bus_check, told_to_stop};
use crate::demo;
use crate::failure::Failure;
use crate::graph::MEMBERS;
use crate::identity_hook::IdentityHook;
use crate::in_process::InProcess;

/// The port when none is configured.
const USUAL_PORT: u16 = 4000;
/// How many ports beside it are tried when it is taken.
const PORTS_TRIED: u16 = 99;
/// How long background work may take to end.
const FINISH_WITHIN: Duration = Duration::from_secs(15);

/// Runs the command until it is told to stop.
pub async fn run(args: ServeArgs) -> Result<(), Failure> {
    let began = Instant::now();
    let mut config = configure(&args.config, |sources| {
        sources
            .with_flag("--port", "server.port", args.port)
            .with_flag("--host", "server.host", args.host)
            .with_flag(
                "--data",
                "data_dir",
                args.data.map(|path| path.display().to_string()),
            )
            .with_flag(
                "--router-config",
                "server.router_config",
                args.router_config.map(|path| path.display().to_string()),
            )
    })?;
    let router_config = read_for_one_process(config.server.router_config.as_deref())?;
    // Bound first: a taken port is told before anything is started, and port 0 becomes a real one.
    let listener = listen(&config).await?;
    config.server.port = Some(listener.local_addr().map_err(Failure::failed)?.port());

    let config = Arc::new(config);
    check_search_directory(&config)?;
    let backing = Backing::start(config.clone()).await?;
    let shutdown = CancellationToken::new();
    let tasks = Tasks::new(shutdown.clone());
    let start = Start {
        listener,
        router_config,
        with_demo: !args.no_demo,
        began,
    };
    let served = serve(&backing, &tasks, start).await;
    if !tasks.finish(FINISH_WITHIN).await {
        tracing::warn!("some background work did not end in time");
    }
    backing.stop().await;
    served
}

/// Binds the configured port. When none is configured, the usual one or, beside another souk, the next free one.
async fn listen(config: &Config) -> Result<TcpListener, Failure> {
    let host = &config.server.host;
    if let Some(port) = config.server.port {
        return bind(&format!("{host}:{port}")).await;
    }
    let last = USUAL_PORT + PORTS_TRIED;
    for port in USUAL_PORT..last {
        if let Ok(listener) = TcpListener::bind((host.as_str(), port)).await {
            return Ok(listener);
        }
    }
    bind(&format!("{host}:{last}")).await
}

/// How this process was started.
struct Start {
    listener: TcpListener,
    router_config: RouterConfig,
    with_demo: bool,
    began: Instant,
}

async fn serve(backing: &Backing, tasks: &Tasks, start: Start) -> Result<(), Failure> {
    let Start {
        listener,
        router_config,
        with_demo,
        began,
    } = start;
    let pages = Pages::of(&router_config);
    let peers = LocalTransport::default();
    let subgraphs = build_subgraphs(backing, &peers).await?;
    backing.start_workers(&subgraphs, tasks).await?;
    let router = build_router(backing, &subgraphs, router_config).await?;
    let handle = router.handle();
    let mut readiness = readiness(backing, &subgraphs);
    let demo_is_there = Arc::new(AtomicBool::new(false));
    if with_demo {
        readiness = readiness.with("demo", demo_check(demo_is_there.clone()));
    }
    let health = health_routes(readiness, tasks.shutdown().clone());
    let own = subgraphs.iter().map(|subgraph| subgraph.routes.clone());
    let router = own.fold(router.with_routes(health), Router::with_routes);
    let mut server = tokio::spawn(router.serve(listener));

    let url = backing.config.public_url();
    tracing::info!(url, elapsed = ?began.elapsed(), "serving");
    let ready = async {
        // A platform without the whole of its demo is still a platform.
        if with_demo && let Err(failure) = put_in_demo(&peers).await {
            tracing::warn!(%failure, "the demo data is not complete");
        }
        demo_is_there.store(true, Ordering::Release);
        let database = backing.cluster.as_ref();
        announce(&url, &pages, database, with_demo, began.elapsed());
        std::future::pending().await
    };

    let ended = tokio::select! {
        told = told_to_stop() => told,
        failed = ready => failed,
        ended = &mut server => Err(Failure::failed(format!("the server ended: {ended:?}"))),
        () = database_ended(backing) => Err(Failure::failed("PostgreSQL ended; start souk again to recover")),
    };
    tracing::info!("stopping");
    handle.shutdown();
    if !server.is_finished() {
        // It ends in time, see `supergraph.connection_shutdown_timeout`, and has told in the log what did not.
        let _ = server.await;
    }
    ended
}

async fn put_in_demo(peers: &LocalTransport) -> Result<(), Failure> {
    let listed = demo::fill(peers).await?;
    demo::until_found(peers, &listed).await
}

/// Resolves when the private PostgreSQL has ended; never without one.
async fn database_ended(backing: &Backing) {
    match &backing.cluster {
        Some(cluster) => cluster.ended().await,
        None => std::future::pending().await,
    }
}

async fn build_subgraphs(
    backing: &Backing,
    peers: &LocalTransport,
) -> Result<Vec<Arc<Subgraph>>, Failure> {
    let migrations = MEMBERS.map(|member| backing.migrate(member));
    futures::future::try_join_all(migrations).await?;
    let mut subgraphs = Vec::with_capacity(MEMBERS.len());
    for member in MEMBERS {
        let services = backing.services(member, Arc::new(peers.clone()))?;
        let subgraph = (member.build)(services).map_err(|error| Failure::failed(error.message))?;
        peers.mount(subgraph.name, subgraph.schema.clone());
        subgraphs.push(Arc::new(subgraph));
    }
    Ok(subgraphs)
}

async fn build_router(
    backing: &Backing,
    subgraphs: &[Arc<Subgraph>],
    mut router_config: RouterConfig,
) -> Result<Router, Failure> {
    let config = &backing.config;
    let mut inputs = Vec::with_capacity(subgraphs.len());
    let mut transports = Transports::new();
    for subgraph in subgraphs {
        let sdl = subgraph.schema.sdl();
        inputs.push(SubgraphInput {
            name: subgraph.name.to_owned(),
            url: String::new(),
            sdl,
        });
        transports.insert(
            subgraph.name,
            Arc::new(InProcess::new(subgraph.name, subgraph.schema.clone())),
        );
    }
    let composed = compose(&inputs).map_err(Failure::failed)?;
    let hook = identity_hook(backing);
    let metrics = telemetry::metrics().map_err(Failure::setup)?;
    // `souk serve` answers for its databases too, see `health_routes`.
    router_config.health_check.enabled = false;
    let keys = UserKeys {
        set: Arc::new(user_keys(subgraphs).await?),
    };
    tracing::debug!(
        issuer = config.identity.issuer,
        "accepting tokens of the user subgraph"
    );
    RouterBuilder::new(router_config, transports)
        .hook(hook)
        .key_source(Arc::new(keys))
        .metrics(move || metrics.render())
        .build(&composed.supergraph_sdl)
        .map_err(Failure::failed)
}

fn identity_hook(backing: &Backing) -> IdentityHook {
    let Config {
        identity, server, ..
    } = &*backing.config;
    IdentityHook {
        issuer: identity.issuer.clone(),
        audience: identity.audience.clone(),
        revocations: Revocations::new(backing.cache.clone(), identity.access_token_lifetime),
        proxies: server.trusted_proxies.clone(),
        signer: None,
    }
}

async fn user_keys(subgraphs: &[Arc<Subgraph>]) -> Result<JwkSet, Failure> {
    let user = subgraphs.iter().find(|subgraph| subgraph.name == "user");
    let user = user.ok_or_else(|| Failure::failed("the user subgraph is missing"))?;
    souk_user::jwks(&user.database)
        .await
        .map_err(|error| Failure::failed(error.message))
}

/// The user subgraph's keys, which do not change while it runs.
struct UserKeys {
    set: Arc<JwkSet>,
}

#[async_trait]
impl KeySource for UserKeys {
    async fn keys(&self) -> Result<Arc<JwkSet>, KeySourceError> {
        Ok(self.set.clone())
    }
}

fn readiness(backing: &Backing, subgraphs: &[Arc<Subgraph>]) -> Readiness {
    let mut readiness = Readiness::default()
        .with("events", bus_check(backing.bus.clone()))
        .with("cache", cache_check(backing.cache.clone()));
    for subgraph in subgraphs {
        readiness = readiness.with(subgraph.name, database_check(subgraph.database.clone()));
    }
    readiness
}

/// The check of the demo data: who waits for the platform wants to see them.
fn demo_check(
    is_there: Arc<AtomicBool>,
) -> impl Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync + 'static {
    move || {
        let checked = match is_there.load(Ordering::Acquire) {
            true => Ok(()),
            false => Err("the demo data are being put in".to_owned()),
        };
        std::future::ready(checked).boxed()
    }
}

fn health_routes(readiness: Readiness, shutdown: CancellationToken) -> Routes {
    let ready = move || async move {
        if shutdown.is_cancelled() {
            return answer(
                StatusCode::SERVICE_UNAVAILABLE,
                serde_json::json!({ "status": "stopping" }),
            );
        }
        match readiness.ask().await {
            Ok(parts) => answer(StatusCode::OK, parts),
            Err(parts) => answer(StatusCode::SERVICE_UNAVAILABLE, parts),
        }
    };
    Routes::new()
        .route(
            "/health",
            get(|| async { answer(StatusCode::OK, serde_json::json!({ "status": "up" })) }),
        )
        .route("/readiness", get(ready))
}

fn answer(status: StatusCode, body: serde_json::Value) -> Response {
    (status, Json(body)).into_response()
}

/// The pages that can be switched off.
struct Pages {
    graphiql: bool,
    metrics: bool,
}

impl Pages {
    fn of(config: &RouterConfig) -> Pages {
        Pages {
            graphiql: config.homepage.enabled || config.sandbox.enabled,
            metrics: config.telemetry.exporters.metrics.prometheus.enabled,
        }
    }
}

#[allow(clippy::print_stdout)]
fn announce(
    url: &str,
    pages: &Pages,
    database: Option<&Cluster>,
    with_demo: bool,
    elapsed: Duration,
) {
    println!();
    println!("Souk is ready after {:.1} s.", elapsed.as_secs_f64());
    println!();
    println!("  GraphQL    {url}/graphql");
    if pages.graphiql {
        println!("  GraphiQL   {url}/");
    }
    println!("  Health     {url}/health");
    println!("  Readiness  {url}/readiness");
    if pages.metrics {
        println!("  Metrics    {url}/metrics");
    }
    if let Some(cluster) = database {
        println!("  Database   {}", cluster.directory().display());
    }
    if with_demo {
        println!();
        demo::print_accounts();
    }
    println!();
    println!("Ctrl-C stops everything; the data stays.");
}
