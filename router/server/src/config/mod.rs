//! The router's configuration, `router.yaml`.
//!
//! Where Apollo Router has a key for something, the name and the shape are the same. Every key has a default, and an
//! unknown key or a wrong value is an error that names it.

mod authentication;
mod authorization;
mod coprocessor;
mod cross_site;
mod expand;
mod headers;
mod limits;
mod override_labels;
mod plugins;
mod read;
mod scalar;
mod server;
mod strict;
mod subgraph_errors;
mod subscription;
mod supergraph;
mod tls;
mod traffic;

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use serde::Deserialize;

pub use authentication::{Authentication, Jwks, Jwt, RouterAuthentication, SigningAlgorithm};
pub use authorization::{Authorization, AuthorizationDirectives, DenialErrors, DenialReport};
pub use coprocessor::{
    ContextEntries, ContextEntry, Coprocessor, CoprocessorRequest, CoprocessorStage,
};
pub use cross_site::{Cors, CorsPolicy, Csrf};
pub use expand::expand_text;
pub use headers::{HeaderRule, HeaderRules, Headers, Insert, Propagate, Remove};
pub use limits::Limits;
pub use override_labels::LabelRule;
pub use plugins::Plugins;
pub use scalar::{
    HeaderText, HeaderValueText, HttpUrl, KeySetUrl, ListenAddress, Pattern, Period, UrlPath,
};
pub use server::{Http, Server};
pub use subgraph_errors::{Disclosure, IncludeSubgraphErrors};
pub use subscription::{
    AllPassthrough, Passthrough, PassthroughTarget, Subscription, SubscriptionMode,
    SubscriptionProtocol,
};
pub use supergraph::{
    Exporters, HealthCheck, Homepage, InMemoryCache, Metrics, PlanCache, PrometheusMetrics,
    QueryPlanning, Sandbox, Supergraph, Telemetry,
};
pub use tls::{ClientAuthentication, SubgraphTls, SubgraphTlsTarget, Tls};
pub use traffic::{AllTraffic, Compression, Http2, RouterTraffic, SubgraphTraffic, TrafficShaping};

/// Everything that `router.yaml` can say.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RouterConfig {
    /// Where the graph is served, and how.
    pub supergraph: Supergraph,
    /// Connections of clients.
    pub server: Server,
    /// The GraphiQL page at `/`.
    pub homepage: Homepage,
    /// GraphiQL under the name that Apollo Router has for such a page.
    pub sandbox: Sandbox,
    /// `/health` and `/readiness`.
    pub health_check: HealthCheck,
    /// What a request may cost.
    pub limits: Limits,
    /// Which other sites' pages may read answers.
    pub cors: Cors,
    /// Protection against requests that other sites' pages cause.
    pub csrf: Csrf,
    /// Who asks.
    pub authentication: Authentication,
    /// What they may see.
    pub authorization: Authorization,
    /// Who decides about the policies of `@policy`. Without it nobody does, and all are denied.
    pub coprocessor: Option<Coprocessor>,
    /// Which headers subgraphs get.
    pub headers: Headers,
    /// How subgraphs are asked, and time limits.
    pub traffic_shaping: TrafficShaping,
    /// Whom to believe behind `https`.
    pub tls: Tls,
    /// Subgraph name to URL, instead of the URL in the supergraph.
    pub override_subgraph_url: BTreeMap<String, HttpUrl>,
    /// When labels of progressive overrides are on. A label `percent(x)` needs no entry.
    pub override_labels: BTreeMap<String, LabelRule>,
    /// Whether clients see what went wrong in a subgraph.
    pub include_subgraph_errors: IncludeSubgraphErrors,
    /// Subscriptions over WebSocket and server-sent events.
    pub subscription: Subscription,
    /// Metrics.
    pub telemetry: Telemetry,
    /// What Apollo Router has as plugins.
    pub plugins: Plugins,
}

impl RouterConfig {
    /// Reads a configuration from YAML. All mistakes are in the error.
    pub fn from_yaml(text: &str) -> Result<RouterConfig, ConfigError> {
        read::from_yaml(text)
    }

    /// Reads a configuration from a parsed document, for a program that keeps it as a part of its own.
    pub fn from_value(document: serde_json::Value) -> Result<RouterConfig, ConfigError> {
        read::from_value(document)
    }

    /// Keys that are right each on its own, but not together.
    fn contradictions(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.cors.allow_any_origin && self.cors.allow_credentials {
            problems.push(Problem {
                path: "cors.allow_credentials".to_owned(),
                message: "cannot be true together with cors.allow_any_origin; list the origins under cors.policies".to_owned(),
            });
        }
        let paths = self.served_paths();
        for (index, (name, path)) in paths.iter().enumerate() {
            for (other_name, other_path) in &paths[..index] {
                if path == other_path {
                    let message = format!("is {path}, which is {other_name} already");
                    problems.push(Problem {
                        path: (*name).to_owned(),
                        message,
                    });
                }
            }
        }
        problems
    }

    /// The keys that say something of a subgraph by its name, when there is none of that name among these.
    pub(crate) fn keys_of_unknown_subgraphs(&self, known: &HashSet<&str>) -> Vec<String> {
        let headers = self.headers.subgraphs.keys();
        let traffic = self.traffic_shaping.subgraphs.keys();
        let tls = self.tls.subgraph.subgraphs.keys();
        let errors = self.include_subgraph_errors.subgraphs.keys();
        let passthrough = self.subscription.mode.passthrough.subgraphs.keys();
        let all = [
            ("headers.subgraphs", headers.collect::<Vec<_>>()),
            ("traffic_shaping.subgraphs", traffic.collect()),
            ("tls.subgraph.subgraphs", tls.collect()),
            ("include_subgraph_errors.subgraphs", errors.collect()),
            (
                "subscription.mode.passthrough.subgraphs",
                passthrough.collect(),
            ),
            (
                "override_subgraph_url",
                self.override_subgraph_url.keys().collect(),
            ),
        ];
        let mut keys = Vec::new();
        for (section, names) in all {
            let unknown = names.into_iter().filter(|name| !known.contains(&***name));
            keys.extend(unknown.map(|name| format!("{section}.{name}")));
        }
        keys
    }

    /// The paths at which something is served, by the keys that say so.
    fn served_paths(&self) -> Vec<(&str, &str)> {
        let mut paths = vec![("supergraph.path", self.supergraph.path.0.as_str())];
        // At the endpoint's own path the page is told from a request by its `accept` header.
        if self.serves_page() && self.supergraph.path.0 != "/" {
            paths.push(("the page of homepage.enabled or sandbox.enabled", "/"));
        }
        let health = &self.health_check;
        if health.enabled {
            paths.push(("health_check.path", &health.path.0));
            paths.push(("health_check.readiness_path", &health.readiness_path.0));
        }
        let metrics = &self.telemetry.exporters.metrics.prometheus;
        if metrics.enabled {
            paths.push((
                "telemetry.exporters.metrics.prometheus.path",
                &metrics.path.0,
            ));
        }
        paths
    }

    /// Whether GraphiQL is served.
    pub(crate) fn serves_page(&self) -> bool {
        self.homepage.enabled || self.sandbox.enabled
    }
}

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The text is not YAML.
    #[error("the configuration is not valid YAML: {0}")]
    Syntax(String),
    /// The text is YAML, but no map of keys.
    #[error(
        "the configuration has to be a map of keys, such as `supergraph` and `limits`, and is {0}"
    )]
    NoMap(&'static str),
    /// Keys or values are wrong: all of them.
    #[error("the configuration is invalid: {}", list(.0))]
    Invalid(Vec<Problem>),
}

/// One wrong key or value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where: keys from the root, joined by dots.
    pub path: String,
    /// What is wrong, and what is allowed.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.path, self.message)
    }
}

fn list(problems: &[Problem]) -> String {
    problems
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("; ")
}

#[cfg(test)]
mod tests;
