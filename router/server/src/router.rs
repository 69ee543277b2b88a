//! Puts a router together, and runs it.

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use axum::routing::{any, get};
use futures::future::BoxFuture;
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};

use crate::authentication::{KeySource, KeySourceError, Verifier};
use crate::config::RouterConfig;
use crate::connections::{Connections, accept};
use crate::coprocessor::{Coprocessor, CoprocessorSetupError};
use crate::engine::{Engine, SupergraphLoadError};
use crate::hook::RequestHook;
use crate::http::cors::CorsRules;
use crate::operation::pool::PlanningPool;
use crate::operation::prepare::Rules;
use crate::service::Service;
use crate::transports::TransportFactory;
use crate::{graphql, health, observe, page};

/// Renders the program's metrics in Prometheus' text format.
pub type MetricsText = Arc<dyn Fn() -> String + Send + Sync>;

/// Whether what the router needs works; `Err` with a reason for the log.
pub(crate) type ReadinessCheck =
    Box<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// Responses shorter than this, in bytes, are not worth compressing.
const COMPRESS_FROM: u16 = 1024;

/// A router that is ready to serve.
pub struct Router {
    routes: axum::Router,
    handle: RouterHandle,
}

/// Why there is no router.
#[derive(Debug, thiserror::Error)]
pub enum RouterError {
    /// The supergraph cannot be served.
    #[error(transparent)]
    Supergraph(#[from] SupergraphLoadError),
    /// The client for key sets cannot be made.
    #[error(transparent)]
    Keys(#[from] KeySourceError),
    /// The client for the coprocessor cannot be made.
    #[error(transparent)]
    Coprocessor(#[from] CoprocessorSetupError),
    /// The threads for planning cannot be started.
    #[error("cannot start the planning threads: {0}")]
    Threads(#[from] std::io::Error),
}

/// What a router is made of.
pub struct RouterBuilder {
    config: RouterConfig,
    transports: Box<dyn TransportFactory>,
    hook: Option<Box<dyn RequestHook>>,
    keys: Option<Arc<dyn KeySource>>,
    metrics: Option<MetricsText>,
    readiness: Option<ReadinessCheck>,
}

impl RouterBuilder {
    /// A router with this configuration that reaches subgraphs through these transports.
    pub fn new(config: RouterConfig, transports: impl TransportFactory) -> RouterBuilder {
        RouterBuilder {
            config,
            transports: Box::new(transports),
            hook: None,
            keys: None,
            metrics: None,
            readiness: None,
        }
    }

    /// Calls the hook for every operation.
    pub fn hook(mut self, hook: impl RequestHook) -> RouterBuilder {
        self.hook = Some(Box::new(hook));
        self
    }

    /// Accepts tokens signed with the keys of this source, beside those that the configuration names.
    pub fn key_source(mut self, source: Arc<dyn KeySource>) -> RouterBuilder {
        self.keys = Some(source);
        self
    }

    /// Serves the program's metrics. Without it there is no `/metrics`.
    pub fn metrics(mut self, render: impl Fn() -> String + Send + Sync + 'static) -> RouterBuilder {
        self.metrics = Some(Arc::new(render));
        self
    }

    /// Lets `/readiness` fail as long as the check does, or does not answer within two seconds. It is for what the
    /// program's hook or key source needs: that a subgraph does not answer is no reason to take a router out of service.
    pub fn readiness<F>(mut self, check: F) -> RouterBuilder
    where
        F: Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync + 'static,
    {
        self.readiness = Some(Box::new(check));
        self
    }

    /// Loads the supergraph and puts the router together. Takes its time on a large supergraph.
    pub fn build(self, supergraph_sdl: &str) -> Result<Router, RouterError> {
        observe::describe_metrics();
        let engine = Engine::load(supergraph_sdl, self.transports.as_ref(), &self.config)?;
        let jwt = self.config.authentication.router.jwt.clone();
        let verifier = if jwt.is_some() || self.keys.is_some() {
            Some(Verifier::new(jwt.unwrap_or_default(), self.keys)?)
        } else {
            None
        };
        let coprocessor = self.config.coprocessor.as_ref();
        let coprocessor = coprocessor.map(Coprocessor::new).transpose()?;
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let service = Arc::new(Service {
            rules: Rules {
                limits: self.config.limits.clone(),
                introspection: self.config.supergraph.introspection,
                expose_plans: self.config.plugins.expose_query_plan,
                authorization: self.config.authorization.directives.clone(),
            },
            cors: CorsRules::new(&self.config.cors),
            engine: ArcSwap::from_pointee(engine),
            pool: PlanningPool::start(threads)?,
            transports: self.transports,
            verifier,
            coprocessor,
            hook: self.hook,
            metrics: self.metrics,
            readiness: self.readiness,
            stopping: CancellationToken::new(),
            stop_by: OnceLock::new(),
            tasks: TaskTracker::new(),
            open_subscriptions: Arc::new(AtomicUsize::new(0)),
            config: self.config,
        });
        service.warn_of_the_unseen();
        let routes = routes(&service);
        Ok(Router {
            routes,
            handle: RouterHandle { service },
        })
    }
}

fn routes(service: &Arc<Service>) -> axum::Router {
    let config = &service.config;
    let observed = axum::middleware::from_fn_with_state(service.clone(), observe::observe);
    // A stream's responses would be held back until there is enough to compress.
    let worth_it = SizeAbove::new(COMPRESS_FROM)
        .and(NotForContentType::SSE)
        .and(NotForContentType::const_new("multipart/mixed"));
    let endpoint = any(graphql::endpoint)
        .layer(CompressionLayer::new().compress_when(worth_it))
        .layer(observed);
    let mut routes = axum::Router::new().route(&config.supergraph.path.0, endpoint);
    if config.serves_page() {
        routes = routes.route(page::ASSETS_ROUTE, get(page::asset));
        // Elsewhere the endpoint serves it.
        if config.supergraph.path.0 != "/" {
            routes = routes.route("/", get(page::home).fallback(graphql::elsewhere));
        }
    }
    if config.health_check.enabled {
        routes = routes
            .route(&config.health_check.path.0, get(health::health))
            .route(
                &config.health_check.readiness_path.0,
                get(health::readiness),
            );
    }
    let prometheus = &config.telemetry.exporters.metrics.prometheus;
    if prometheus.enabled && service.metrics.is_some() {
        routes = routes.route(&prometheus.path.0, get(health::metrics));
    }
    routes
        .fallback(graphql::elsewhere)
        .with_state(service.clone())
}

impl Router {
    /// Steers the router while it runs.
    pub fn handle(&self) -> RouterHandle {
        self.handle.clone()
    }

    /// The same router with further routes beside its own.
    ///
    /// # Panics
    ///
    /// When they have a path of this router's, or a fallback: what is sent elsewhere is answered by this router.
    pub fn with_routes(mut self, routes: axum::Router) -> Router {
        self.routes = self.routes.merge(routes);
        self
    }

    /// Serves until [`RouterHandle::shutdown`] is called. Requests that are under way then get their answers,
    /// subscriptions are completed, for as long as `supergraph.connection_shutdown_timeout` allows.
    pub async fn serve(self, listener: TcpListener) -> std::io::Result<()> {
        let connections = self.connections();
        tokio::select! {
            () = accept(listener, |stream, peer| connections.serve(stream, peer, ())) => {}
            () = self.handle.stopping() => {}
        }
        self.handle.finish(connections).await;
        Ok(())
    }

    /// What serves the connections of one runtime.
    pub(crate) fn connections(&self) -> Connections {
        let http = &self.handle.service.config.server.http;
        Connections::new(self.routes.clone(), http.header_read_timeout.0)
    }
}

/// Steers a router while it runs. Cheap to clone.
#[derive(Clone)]
pub struct RouterHandle {
    service: Arc<Service>,
}

impl RouterHandle {
    /// Serves another version of the supergraph from now on. What is under way goes on with the version it began
    /// with. An error leaves everything as it was.
    pub async fn reload(&self, supergraph_sdl: String) -> Result<(), SupergraphLoadError> {
        let service = self.service.clone();
        let load = move || {
            Engine::load(
                &supergraph_sdl,
                service.transports.as_ref(),
                &service.config,
            )
        };
        let loaded = match tokio::task::spawn_blocking(load).await {
            Ok(loaded) => loaded,
            Err(error) => Err(SupergraphLoadError::Panicked(error.to_string())),
        };
        let outcome = if loaded.is_ok() { "loaded" } else { "refused" };
        metrics::counter!("souk_router_supergraph_reloads_total", "outcome" => outcome)
            .increment(1);
        self.service.take_up(loaded?);
        Ok(())
    }

    /// Begins to stop: readiness fails, and subscriptions end.
    pub fn shutdown(&self) {
        let limit = self.service.config.supergraph.connection_shutdown_timeout.0;
        self.service.stop_by.get_or_init(|| Instant::now() + limit);
        self.service.stopping.cancel();
        self.service.tasks.close();
    }

    /// Resolves when [`RouterHandle::shutdown`] has been called.
    pub(crate) async fn stopping(&self) {
        self.service.stopping.cancelled().await;
    }

    /// Lets requests, sockets, streams and mutations end after [`RouterHandle::shutdown`].
    pub(crate) async fn finish(&self, connections: Connections) {
        if self.in_time(connections.finish()).await.is_none() {
            tracing::warn!("some requests did not finish in time");
        }
        self.stopped().await;
    }

    /// Resolves when sockets, streams and mutations have ended after [`RouterHandle::shutdown`], or when
    /// `supergraph.connection_shutdown_timeout` is over, which counts from the call of that.
    async fn stopped(&self) {
        if self.in_time(self.service.tasks.wait()).await.is_none() {
            tracing::warn!(
                open = self.service.tasks.len(),
                "some subscriptions or mutations did not end in time"
            );
        }
    }

    /// What comes of something that ends after [`RouterHandle::shutdown`]; `None` when that takes too long.
    async fn in_time<T>(&self, ending: impl Future<Output = T>) -> Option<T> {
        let time_is_up = async {
            self.service.stopping.cancelled().await;
            if let Some(stop_by) = self.service.stop_by.get() {
                tokio::time::sleep_until(*stop_by).await;
            }
        };
        tokio::select! {
            biased;
            outcome = ending => Some(outcome),
            () = time_is_up => None,
        }
    }
}
