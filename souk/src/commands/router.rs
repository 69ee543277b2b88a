//! `souk router`: a router over any supergraph.

use std::num::NonZeroUsize;
use std::sync::Arc;

use souk_platform::cache::{Cache, Revocations};
use souk_platform::config::{Config, Sources};
use souk_platform::serving::cache_check;
use souk_platform::telemetry;
use souk_router::config::ListenAddress;
use souk_router::{HttpTransports, RouterBuilder, SupergraphWatch};
use tokio::signal::unix::{SignalKind, signal};

use crate::backing::{connect_cache, require_shared_cache};
use crate::cli::RouterArgs;
use crate::commands::{bind, router_config, told_to_stop};
use crate::failure::Failure;
use crate::identity_hook::IdentityHook;

/// Runs the command until it is told to stop.
pub async fn run(args: RouterArgs) -> Result<(), Failure> {
    let platform = Config::read(Sources::of_process()).map_err(Failure::setup)?;
    telemetry::init(&platform.log).map_err(Failure::setup)?;
    let mut config = router_config::read(args.config.as_deref())?;
    if let Some(listen) = &args.listen {
        let address = listen.parse::<ListenAddress>();
        config.supergraph.listen =
            address.map_err(|wrong| Failure::setup(format!("--listen: {wrong}")))?;
    }
    let address = config.supergraph.listen.0.clone();
    let path = config.supergraph.path.0.clone();
    let supergraph = std::fs::read_to_string(&args.supergraph).map_err(|error| {
        Failure::setup(format!(
            "cannot read {}: {error}",
            args.supergraph.display()
        ))
    })?;
    let listener = bind(&address).await?;

    let metrics = telemetry::metrics().map_err(Failure::setup)?;
    let mut builder =
        RouterBuilder::new(config, HttpTransports::new()).metrics(move || metrics.render());
    // Without the shared secret the subgraphs are not ours, and the router adds nothing to their requests.
    if platform.identity.internal_secret.is_some() {
        require_shared_cache(&platform)?;
        let cache = connect_cache(&platform).await?;
        builder = builder
            .readiness(cache_check(cache.clone()))
            .hook(identity_hook(&platform, cache)?);
    }
    let router = builder.build(&supergraph).map_err(|error| {
        Failure::setup(format!(
            "{} cannot be served: {error}",
            args.supergraph.display()
        ))
    })?;
    let handle = router.handle();
    let watch = handle
        .watch(&args.supergraph, supergraph)
        .map_err(Failure::setup)?;
    look_again_when_told(watch)?;
    let bound = listener.local_addr().map_err(Failure::failed)?;
    tracing::info!(url = format!("http://{bound}{path}"), "serving");
    tokio::spawn(async move {
        if let Err(failure) = told_to_stop().await {
            failure.report();
        }
        tracing::info!("stopping");
        handle.shutdown();
    });
    let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let served = router.serve_on_threads(listener, threads).await;
    served.map_err(Failure::failed)
}

/// `SIGHUP` has the supergraph's file read again.
fn look_again_when_told(watch: SupergraphWatch) -> Result<(), Failure> {
    let mut hangups = signal(SignalKind::hangup()).map_err(Failure::failed)?;
    tokio::spawn(async move {
        while hangups.recv().await.is_some() {
            tracing::info!("reading the supergraph again");
            watch.look_again();
        }
    });
    Ok(())
}

/// Passes identities on to our own subgraphs.
fn identity_hook(config: &Config, cache: Arc<dyn Cache>) -> Result<IdentityHook, Failure> {
    Ok(IdentityHook {
        issuer: config.identity.issuer.clone(),
        audience: config.identity.audience.clone(),
        revocations: Revocations::new(cache, config.identity.access_token_lifetime),
        proxies: config.server.trusted_proxies.clone(),
        signer: Some(config.internal_signer().map_err(Failure::setup)?),
    })
}
