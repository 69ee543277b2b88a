//! What happens to an operation, whichever way it came: who asks, what it is, what it may do, its execution.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use apollo_compiler::Schema;
use apollo_compiler::ast::OperationType;
use apollo_compiler::response::JsonMap;
use apollo_compiler::validation::Valid;
use arc_swap::ArcSwap;
use futures::StreamExt;
use futures::future::{BoxFuture, FutureExt};
use futures::stream::{self, BoxStream};
use http::StatusCode;
use http::request::Parts;
use souk_executor::{ExecutionRequest, RequestContext, Response};
use souk_planner::{Credentials, Planner};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::authentication::Verifier;
use crate::authorization::{self, Claims, Denials};
use crate::config::RouterConfig;
use crate::coprocessor::{self, Coprocessor};
use crate::correlation::{self, CORRELATION_ID, CorrelationId};
use crate::deadline::Deadline;
use crate::engine::Engine;
use crate::error::{GraphQLError, Refusal};
use crate::hook::RequestHook;
use crate::http::cors::CorsRules;
use crate::http::request::GraphQLRequest;
use crate::operation::cache::{Failure, OperationKey};
use crate::operation::pool::PlanningPool;
use crate::operation::prepare::{Rules, credentials_asked, prepare};
use crate::operation::variables;
use crate::propagation::propagate;
use crate::router::ReadinessCheck;
use crate::subscriber::{Subscriber, TokenExpiry};
use crate::transports::TransportFactory;

/// Shared by all requests.
pub(crate) struct Service {
    pub config: RouterConfig,
    pub rules: Rules,
    pub cors: CorsRules,
    pub engine: ArcSwap<Engine>,
    pub pool: PlanningPool,
    pub transports: Box<dyn TransportFactory>,
    pub verifier: Option<Verifier>,
    pub coprocessor: Option<Coprocessor>,
    pub hook: Option<Box<dyn RequestHook>>,
    pub metrics: Option<crate::MetricsText>,
    pub readiness: Option<ReadinessCheck>,
    /// Set when the router is to stop.
    pub stopping: CancellationToken,
    /// When that has to be done; set before.
    pub stop_by: OnceLock<tokio::time::Instant>,
    /// What has to end before the router has stopped: sockets, streams, mutations.
    pub tasks: TaskTracker,
    pub open_subscriptions: Arc<AtomicUsize>,
}

/// An operation that is ready to run.
pub(crate) struct Ready {
    engine: Arc<Engine>,
    pub kind: OperationType,
    /// The plan as clients may see it, if they may.
    pub shown_plan: Option<Arc<serde_json::Value>>,
    request: ExecutionRequest,
    denials: Denials,
}

impl Service {
    /// Serves this version of the supergraph from now on.
    pub fn take_up(&self, engine: Engine) {
        self.engine.store(Arc::new(engine));
        self.warn_of_the_unseen();
    }

    /// See [`authorization::warn_of_the_unseen`].
    pub fn warn_of_the_unseen(&self) {
        let engine = self.engine.load();
        if engine.asked.is_some() {
            let asked = engine.planner.supergraph().credentials_asked();
            let knows_clients = self.verifier.is_some() || self.hook.is_some();
            let decides_policies = self.coprocessor.is_some();
            authorization::warn_of_the_unseen(&asked, knows_clients, decides_policies);
        }
    }

    /// Who asks, and what subgraphs are told of the request.
    pub async fn context(&self, parts: &Parts) -> Result<Arc<RequestContext>, Refusal> {
        let claims = match &self.verifier {
            Some(verifier) => verifier.verify(&parts.headers).await?.map(Arc::new),
            None => None,
        };
        let (headers, subgraph_headers) = propagate(&self.config.headers, &parts.headers);
        let mut context = RequestContext::new(headers, subgraph_headers);
        if let Some(id) = parts.extensions.get::<CorrelationId>() {
            context.set_header(&CORRELATION_ID, id.header_value());
            context.extensions.insert(id.clone());
        }
        if let Some(claims) = &claims {
            if let Some(expiry) = TokenExpiry::of(claims) {
                context.extensions.insert(expiry);
            }
            context.extensions.insert(Claims(claims.clone()));
        }
        let trace = parts.headers.get(correlation::TRACEPARENT);
        if let Some(trace) = trace.filter(|value| correlation::trace_id(value).is_some()) {
            context.set_header(&correlation::TRACEPARENT, trace);
        }
        if let Some(hook) = &self.hook {
            hook.prepare(parts, claims.as_deref(), &mut context).await?;
        }
        if self.config.authorization.require_authentication
            && context.extensions.get::<Claims>().is_none()
        {
            return Err(authorization::unknown_client());
        }
        Ok(Arc::new(context))
    }

    /// The operation of a request with its variables.
    pub async fn ready(
        &self,
        request: GraphQLRequest,
        parts: &Parts,
        context: Arc<RequestContext>,
    ) -> Result<Ready, Refusal> {
        let engine = self.engine.load_full();
        let GraphQLRequest {
            query,
            operation_name,
            variables,
        } = request;
        let mut key = OperationKey {
            query,
            operation_name,
            labels: Vec::new(),
            credentials: None,
        };
        key.credentials = self
            .credentials(&engine, &key, &variables, parts, &context)
            .await?;
        key.labels = engine.labels.choose(context.extensions.get());
        let operations = &engine.operations;
        let (prepared, is_known) = operations
            .get_or_prepare(key, |key| self.prepare(engine.clone(), key, prepare))
            .await;
        match is_known {
            true => metrics::counter!("souk_router_plan_cache_hits_total").increment(1),
            false => metrics::counter!("souk_router_plan_cache_misses_total").increment(1),
        }
        let operation = prepared.map_err(Refusal::graphql)?;
        let coerced = variables::coerce(&engine.schema, &operation, &variables);
        let variables = coerced.map_err(|error| Refusal::graphql(vec![error]))?;
        let denials = Denials::report(
            &self.config.authorization.directives,
            operation.name.as_deref(),
            operation.plan.denials(&variables),
        )?;
        Ok(Ready {
            engine,
            kind: operation.kind,
            shown_plan: operation.shown_plan.clone(),
            request: ExecutionRequest {
                plan: operation.plan.clone(),
                document: operation.document.clone(),
                operation_name: operation.name.clone(),
                variables: Arc::new(variables),
                context,
                errors: denials.errors.clone(),
            },
            denials,
        })
    }

    /// What the client shows of the credentials that an operation asks for; `None` where nothing is protected.
    async fn credentials(
        &self,
        engine: &Arc<Engine>,
        key: &OperationKey,
        variables: &JsonMap,
        parts: &Parts,
        context: &RequestContext,
    ) -> Result<Option<Credentials>, Refusal> {
        let Some(asked) = &engine.asked else {
            return Ok(None);
        };
        let (asked, _) = asked
            .get_or_prepare(key.clone(), |key| {
                self.prepare(engine.clone(), key, credentials_asked)
            })
            .await;
        let asked = asked.map_err(Refusal::graphql)?;
        let claims: Option<&Claims> = context.extensions.get();
        let policies = match &self.coprocessor {
            Some(coprocessor) if !asked.policies.is_empty() => {
                let operation = coprocessor::Operation {
                    query: &key.query,
                    operation_name: key.operation_name.as_deref(),
                    variables,
                };
                let decided = coprocessor.decide(&asked.policies, claims, parts, operation);
                decided.await?
            }
            _ => BTreeSet::new(),
        };
        Ok(Some(authorization::shown(&asked, claims, policies)))
    }

    /// Does one of the works of preparing an operation where it keeps nobody waiting.
    async fn prepare<T: Send + Sync + 'static>(
        &self,
        engine: Arc<Engine>,
        key: Arc<OperationKey>,
        work: fn(&Planner, &Valid<Schema>, &Rules, &OperationKey) -> Result<T, Failure>,
    ) -> Result<Arc<T>, Failure> {
        let rules = self.rules.clone();
        let job = move || work(&engine.planner, &engine.schema, &rules, &key).map(Arc::new);
        self.pool.run(job).await.unwrap_or_else(|_| {
            tracing::error!("preparing an operation panicked");
            let error = GraphQLError::new("the operation could not be planned", "INTERNAL");
            Err(vec![error].into())
        })
    }

    /// When a request that begins now has taken too long.
    pub fn deadline(&self) -> Deadline {
        Deadline::after(self.config.traffic_shaping.router.timeout.0)
    }

    /// Runs a query or a mutation.
    pub async fn execute(&self, ready: Ready) -> Result<Response, Refusal> {
        let Ready {
            engine,
            kind,
            request,
            denials,
            ..
        } = ready;
        let execution = async move { denials.extend(engine.executor.execute(request).await) };
        if kind != OperationType::Mutation {
            return Ok(execution.await);
        }
        // A mutation goes on when its client has gone or its time is up: half of one helps nobody.
        let task = self.tasks.spawn(execution.in_current_span());
        task.await.map_err(|error| {
            tracing::error!(%error, "a mutation panicked");
            Refusal::http(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal error",
                "INTERNAL",
            )
        })
    }

    /// Opens a subscription for the client that sent `parts`. The stream ends when the subscription does, when the
    /// router stops, or with a refusal when the client's token expires or its session is ended.
    pub async fn subscribe(
        self: &Arc<Self>,
        ready: Ready,
        parts: Arc<Parts>,
    ) -> Result<Events, Refused> {
        let config = &self.config.subscription;
        if !config.enabled {
            let message =
                "subscriptions are switched off; they are configured as subscription.enabled";
            return Err(Refusal::graphql(vec![GraphQLError::new(
                message,
                "SUBSCRIPTIONS_DISABLED",
            )])
            .into());
        }
        let open = OpenSubscription::count(&self.open_subscriptions);
        let limit = config.max_opened_subscriptions;
        if let Some(limit) = limit.filter(|limit| open.number > *limit) {
            let message = format!(
                "{limit} subscriptions are open, more are not allowed; \
                 the limit is configured as subscription.max_opened_subscriptions"
            );
            return Err(Refusal::http(
                StatusCode::SERVICE_UNAVAILABLE,
                message,
                "MAX_OPENED_SUBSCRIPTIONS_LIMIT",
            )
            .into());
        }
        let subscriber = Subscriber::new(self.clone(), parts, ready.request.context.clone());
        let context = {
            let subscriber = subscriber.clone();
            move || subscriber.context()
        };
        let events = ready
            .engine
            .executor
            .subscribe_renewed(ready.request, context)
            .await
            .map_err(Refused::Executed)?;
        let stopping = self.stopping.clone();
        let denials = ready.denials;
        let counted = events.map(move |event| {
            let _ = &open;
            denials.extend(event)
        });
        let running = counted.take_until(stopping.cancelled_owned()).boxed();
        let refused = async move { subscriber.refused().await }.boxed();
        Ok(until_refused(running, refused))
    }
}

/// The responses of a subscription; a refusal is the last.
pub(crate) type Events = BoxStream<'static, Result<Response, Refusal>>;

fn until_refused(
    running: BoxStream<'static, Response>,
    refused: BoxFuture<'static, Refusal>,
) -> Events {
    let events = stream::unfold(Some((running, refused)), |state| async move {
        let (mut running, mut refused) = state?;
        tokio::select! {
            biased;
            refusal = &mut refused => Some((Err(refusal), None)),
            event = running.next() => event.map(|event| (Ok(event), Some((running, refused)))),
        }
    });
    events.boxed()
}

/// Why there is no stream of events.
pub(crate) enum Refused {
    /// The router refused the subscription.
    Before(Refusal),
    /// A subgraph did.
    Executed(Response),
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Refused {
        Refused::Before(refusal)
    }
}

/// Counts one subscription as long as it lives.
struct OpenSubscription {
    counter: Arc<AtomicUsize>,
    /// How many are open, with this one.
    number: usize,
}

impl OpenSubscription {
    fn count(counter: &Arc<AtomicUsize>) -> OpenSubscription {
        let number = counter.fetch_add(1, Ordering::Relaxed) + 1;
        metrics::gauge!("souk_router_active_subscriptions").increment(1.0);
        OpenSubscription {
            counter: counter.clone(),
            number,
        }
    }
}

impl Drop for OpenSubscription {
    fn drop(&mut self) {
        self.counter.fetch_sub(1, Ordering::Relaxed);
        metrics::gauge!("souk_router_active_subscriptions").decrement(1.0);
    }
}
