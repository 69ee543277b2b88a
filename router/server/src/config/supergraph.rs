//! Where the graph, the page, health and metrics are served.

use serde::Deserialize;

use super::{ListenAddress, Period, UrlPath};

/// `supergraph`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Supergraph {
    /// Address, or name of a host, and port to listen on. Default `127.0.0.1:4000`.
    pub listen: ListenAddress,
    /// Path of the GraphQL endpoint. Default `/graphql`.
    pub path: UrlPath,
    /// Whether clients may ask for `__schema` and `__type`. Default true.
    pub introspection: bool,
    /// How long open requests may take to finish at shutdown. Default 30 s.
    pub connection_shutdown_timeout: Period,
    /// How operations are planned.
    pub query_planning: QueryPlanning,
}

impl Default for Supergraph {
    fn default() -> Supergraph {
        Supergraph {
            listen: ListenAddress("127.0.0.1:4000".to_owned()),
            path: UrlPath("/graphql".to_owned()),
            introspection: true,
            connection_shutdown_timeout: Period::seconds(30),
            query_planning: QueryPlanning::default(),
        }
    }
}

/// `supergraph.query_planning`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct QueryPlanning {
    /// Where plans are kept.
    pub cache: PlanCache,
}

/// `supergraph.query_planning.cache`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PlanCache {
    /// The cache in memory.
    pub in_memory: InMemoryCache,
}

/// `supergraph.query_planning.cache.in_memory`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct InMemoryCache {
    /// How many plans are kept. A document of more than 16 KiB counts as several. Default 1,024.
    pub limit: u64,
}

impl Default for InMemoryCache {
    fn default() -> InMemoryCache {
        InMemoryCache { limit: 1024 }
    }
}

/// `homepage`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Homepage {
    /// Whether GraphiQL is served at `/`. Default true.
    pub enabled: bool,
}

impl Default for Homepage {
    fn default() -> Homepage {
        Homepage { enabled: true }
    }
}

/// `sandbox`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sandbox {
    /// Serves GraphiQL at `/` even when `homepage.enabled` is false. Default false.
    pub enabled: bool,
}

/// `health_check`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HealthCheck {
    /// Whether the two paths are served. Default true.
    pub enabled: bool,
    /// Answers 200 as long as the process works. Default `/health`.
    pub path: UrlPath,
    /// Answers 200 when the router can take requests, 503 otherwise. Default `/readiness`.
    pub readiness_path: UrlPath,
}

impl Default for HealthCheck {
    fn default() -> HealthCheck {
        HealthCheck {
            enabled: true,
            path: UrlPath("/health".to_owned()),
            readiness_path: UrlPath("/readiness".to_owned()),
        }
    }
}

/// `telemetry`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Telemetry {
    /// Where telemetry can be had.
    pub exporters: Exporters,
}

/// `telemetry.exporters`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Exporters {
    /// Metrics.
    pub metrics: Metrics,
}

/// `telemetry.exporters.metrics`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Metrics {
    /// Metrics in Prometheus' text format.
    pub prometheus: PrometheusMetrics,
}

/// `telemetry.exporters.metrics.prometheus`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PrometheusMetrics {
    /// Whether metrics are served. Default true.
    pub enabled: bool,
    /// Default `/metrics`.
    pub path: UrlPath,
}

impl Default for PrometheusMetrics {
    fn default() -> PrometheusMetrics {
        PrometheusMetrics {
            enabled: true,
            path: UrlPath("/metrics".to_owned()),
        }
    }
}
