//! `router.yaml`, for `souk router` and for the router of `souk serve`.

use std::path::Path;

use souk_router::RouterConfig;

use crate::failure::Failure;

/// The configuration in this file; every default without one.
pub fn read(path: Option<&Path>) -> Result<RouterConfig, Failure> {
    let Some(path) = path else {
        return Ok(RouterConfig::default());
    };
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::setup(format!("cannot read {}: {error}", path.display())))?;
    RouterConfig::from_yaml(&text)
        .map_err(|error| Failure::setup(format!("{}: {error}", path.display())))
}

/// As [`read`], for a router whose subgraphs are in the same process. Keys that would have no effect there are refused.
pub fn read_for_one_process(path: Option<&Path>) -> Result<RouterConfig, Failure> {
    let config = read(path)?;
    let file = path.unwrap_or(Path::new("")).display();
    let refusals = without_effect(&config)
        .into_iter()
        .map(|(key, reason)| Failure::setup(format!("{file}: {key} has no effect here: {reason}")))
        .collect();
    Failure::all(refusals).map_or(Ok(config), Err)
}

/// The keys that say something `souk serve` does not do, each with the reason.
fn without_effect(config: &RouterConfig) -> Vec<(&'static str, &'static str)> {
    const ADDRESSES: &str = "the addresses of `souk serve` are fixed";
    const NO_HTTP: &str = "`souk serve` calls its subgraphs without HTTP";
    let usual = RouterConfig::default();
    let jwt = config.authentication.router.jwt.as_ref();
    let prometheus =
        |config: &RouterConfig| config.telemetry.exporters.metrics.prometheus.path.clone();
    let traffic = |config: &RouterConfig| {
        let shaping = &config.traffic_shaping;
        (shaping.all.clone(), shaping.subgraphs.clone())
    };
    let keys = [
        (
            config.supergraph.listen != usual.supergraph.listen,
            "supergraph.listen",
            "say it with --host and --port",
        ),
        (
            config.supergraph.path != usual.supergraph.path,
            "supergraph.path",
            ADDRESSES,
        ),
        (
            prometheus(config) != prometheus(&usual),
            "telemetry.exporters.metrics.prometheus.path",
            ADDRESSES,
        ),
        (
            config.health_check != usual.health_check,
            "health_check",
            "`souk serve` answers for its databases, too, always",
        ),
        (
            jwt.is_some_and(|jwt| !jwt.jwks.is_empty()),
            "authentication.router.jwt.jwks",
            "the keys are those of the user subgraph in the same process",
        ),
        (config.headers != usual.headers, "headers", NO_HTTP),
        (
            traffic(config) != traffic(&usual),
            "traffic_shaping for subgraphs",
            NO_HTTP,
        ),
        (config.tls != usual.tls, "tls", NO_HTTP),
        (
            config.override_subgraph_url != usual.override_subgraph_url,
            "override_subgraph_url",
            NO_HTTP,
        ),
        (
            config.subscription.mode != usual.subscription.mode,
            "subscription.mode",
            NO_HTTP,
        ),
    ];
    keys.into_iter()
        .filter(|(is_set, ..)| *is_set)
        .map(|(_, key, reason)| (key, reason))
        .collect()
}
