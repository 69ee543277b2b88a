//! Runs plans.

use std::sync::{Arc, Mutex, PoisonError};

use apollo_compiler::Schema;
use apollo_compiler::validation::Valid;
use futures::future::{BoxFuture, FutureExt, join_all};
use futures::stream::BoxStream;
use hashbrown::HashMap;

use crate::client_errors::{ClientErrors, ClientPaths};
use crate::contexts;
use crate::entities::{self, Entities};
use crate::errors::GraphQLError;
use crate::fetch::{State, TakenIn, WITH_ERRORS, subgraph_request};
use crate::introspection::{ApiSchema, Introspected};
use crate::link::Link;
use crate::observe::count_error;
use crate::prepared::contexts::Contextual;
use crate::prepared::{FetchStep, Step};
use crate::request::{ExecutionRequest, RequestContext};
use crate::response::Response;
use crate::subscription;
use crate::transport::{SubgraphResponse, SubgraphTransport, TransportError, Transports};
use crate::write::{VALIDATION_FAILED, write_response};

/// Executes plans over the transports of one supergraph. Cheap to clone.
#[derive(Clone)]
pub struct Executor {
    inner: Arc<Inner>,
}

/// What all executions share.
pub(crate) struct Inner {
    links: HashMap<Arc<str>, Link>,
    api_schema: ApiSchema,
}

impl Inner {
    /// The way to a subgraph.
    pub(crate) fn link(&self, subgraph: &str) -> Option<&Link> {
        self.links.get(subgraph)
    }
}

impl Executor {
    /// An executor for one supergraph: a transport for each of its subgraphs, and the schema that clients see,
    /// from which introspection is answered. The metrics recorder has to be installed before.
    #[allow(
        clippy::needless_pass_by_value,
        reason = "an executor is the transports' last user"
    )]
    pub fn new(transports: Transports, api_schema: Arc<Valid<Schema>>) -> Executor {
        let link = |(subgraph, transport): (&Arc<str>, &Arc<dyn SubgraphTransport>)| {
            let policy = transports.error_policy(subgraph).cloned();
            let link = Link::new(subgraph.clone(), transport.clone(), policy);
            (subgraph.clone(), link)
        };
        let links = transports.iter().map(link).collect();
        Executor {
            inner: Arc::new(Inner {
                links,
                api_schema: ApiSchema::new(api_schema),
            }),
        }
    }

    /// Runs a query or a mutation. Dropping the future drops the subgraph requests that are under way.
    pub async fn execute(&self, request: ExecutionRequest) -> Response {
        let introspected = match request.plan.plan().introspects {
            false => None,
            true => match self.inner.api_schema.introspect(&request) {
                Ok(introspected) => Some(introspected),
                Err(error) => return Response::from_errors(&[error]),
            },
        };
        if let Some(Step::Subscription { .. }) = &request.plan.root {
            let message = "a subscription cannot be executed as a query";
            return Response::from_errors(&[GraphQLError::new(message, "BAD_REQUEST")]);
        }
        let execution = Execution::new(&self.inner, &request);
        if let Some(root) = &request.plan.root {
            execution.run(root).await;
        }
        execution.respond(introspected.as_ref())
    }

    /// Runs a subscription: one response per event. A request error, or a primary subgraph that cannot be subscribed to,
    /// is the response in `Err`. Where the subgraph refuses or ends the subscription with errors, the last response has no
    /// `data`. Dropping the stream ends the subgraph's subscription.
    pub async fn subscribe(
        &self,
        request: ExecutionRequest,
    ) -> Result<BoxStream<'static, Response>, Response> {
        let context = request.context.clone();
        self.subscribe_renewed(request, move || context.clone())
            .await
    }

    /// As [`Executor::subscribe`], for subscriptions that outlive their context, such as an identity that is signed
    /// for a minute: `context` gives the one with which the next event is completed.
    pub async fn subscribe_renewed(
        &self,
        request: ExecutionRequest,
        context: impl Fn() -> Arc<RequestContext> + Send + Sync + 'static,
    ) -> Result<BoxStream<'static, Response>, Response> {
        subscription::subscribe(self.inner.clone(), request, Box::new(context)).await
    }
}

/// One run of a plan, or of the part of it that completes an event.
pub(crate) struct Execution<'a> {
    inner: &'a Inner,
    request: &'a ExecutionRequest,
    conditions: Vec<bool>,
    /// Never locked across an await: all fetches of a request belong to one task.
    state: Mutex<State>,
}

impl<'a> Execution<'a> {
    /// A run that has fetched nothing yet.
    pub(crate) fn new(inner: &'a Inner, request: &'a ExecutionRequest) -> Execution<'a> {
        let conditions = request.plan.evaluate_conditions(&request.variables);
        Execution {
            inner,
            request,
            conditions,
            state: Mutex::new(State::new(&request.plan)),
        }
    }

    /// The response by what was fetched.
    pub(crate) fn respond(self, introspected: Option<&Introspected>) -> Response {
        let state = self.state.into_inner();
        let state = state.unwrap_or_else(PoisonError::into_inner);
        let plan = &self.request.plan;
        let paths = ClientPaths::new(&state.tree, plan, &self.conditions);
        let errors = ClientErrors::of(&state.errors, paths, |subgraph, errors| {
            if let Some(link) = self.inner.link(subgraph) {
                link.redact(errors);
            }
        });
        let may_learn = |subgraph: &str| self.inner.link(subgraph).is_none_or(Link::may_be_named);
        let (response, faults) = write_response(
            &state.tree,
            plan,
            &self.conditions,
            introspected,
            &self.request.errors,
            &errors,
            &may_learn,
            plan.expected_size(state.received),
        );
        for fault in faults {
            fault.report(VALIDATION_FAILED);
        }
        plan.note_size(response.bytes().len());
        response
    }

    /// The errors with which a subgraph refuses a subscription, when that is what its first response is.
    pub(crate) fn refusal(
        &self,
        fetch: &FetchStep,
        response: SubgraphResponse,
    ) -> Option<Vec<GraphQLError>> {
        let link = self.inner.link(&fetch.subgraph)?;
        let plan = &self.request.plan;
        let mut errors = self.with_state(|state| {
            let refusal = state.refusal(plan, fetch, response)?;
            let mut paths = ClientPaths::new(&state.tree, plan, &self.conditions);
            Some(paths.errors(&refusal))
        })?;
        link.redact(&mut errors);
        count_error(&fetch.subgraph, WITH_ERRORS);
        Some(errors)
    }

    /// Takes in a response that did not come from [`Execution::run`]: a subscription's event.
    pub(crate) fn take_in_event(&self, fetch: &FetchStep, response: SubgraphResponse) {
        if let Some(link) = self.inner.link(&fetch.subgraph) {
            self.take_in(link, fetch, &[], Ok(response));
        }
    }

    /// Runs a step and all below it.
    pub(crate) fn run<'s>(&'s self, step: &'s Step) -> BoxFuture<'s, ()> {
        match step {
            Step::Fetch(fetch) => self.fetch(fetch).boxed(),
            Step::Sequence(steps) => async move {
                for step in steps {
                    self.run(step).await;
                }
            }
            .boxed(),
            Step::Parallel(steps) => join_all(steps.iter().map(|step| self.run(step)))
                .map(drop)
                .boxed(),
            Step::Condition { condition, then } if self.conditions[*condition as usize] => {
                self.run(then)
            }
            // Subscriptions are opened by `subscription::subscribe`.
            Step::Condition { .. } | Step::Subscription { .. } => std::future::ready(()).boxed(),
        }
    }

    async fn fetch(&self, fetch: &FetchStep) {
        let plan = &self.request.plan;
        let Some(link) = self.inner.link(&fetch.subgraph) else {
            let error = TransportError::Unsupported("no transport is configured for it".into());
            self.with_state(|state| state.fail(plan, None, fetch, &[], &error));
            count_error(&fetch.subgraph, error.code());
            return;
        };
        if let Some(contextual) = &fetch.contextual {
            return self.fetch_in_context(link, fetch, contextual).await;
        }
        let form = link.input_form();
        let collect =
            || self.with_state(|state| state.entities(plan, fetch, &self.conditions, form));
        if let Some(entities) = collect() {
            let again = || collect().unwrap_or_default();
            self.send(link, fetch, self.request, entities, again).await;
        }
    }

    /// Sends a fetch about these entities, which `again` gives once more. Where errors have taken the data of groups that
    /// they are not about, those are asked about again without the others.
    async fn send(
        &self,
        link: &Link,
        fetch: &FetchStep,
        request: &ExecutionRequest,
        mut entities: Vec<Entities>,
        again: impl FnOnce() -> Vec<Entities>,
    ) {
        let sent = link.fetch(subgraph_request(fetch, &mut entities, request));
        let taken = self.take_in(link, fetch, &entities, sent.await);
        if let TakenIn::Lost(groups) = taken {
            // Once: each answer may be about one group only, and there may be many.
            let mut rest = entities::only(again(), &groups, link.input_form());
            let sent = link.fetch(subgraph_request(fetch, &mut rest, request));
            let taken = self.take_in(link, fetch, &rest, sent.await);
            if let TakenIn::Lost(groups) = taken {
                self.with_state(|state| {
                    state.note_refused(fetch, groups.iter().map(|group| &rest[*group]));
                });
            }
        }
    }

    /// A fetch whose entities need values from further up in the tree.
    async fn fetch_in_context(&self, link: &Link, fetch: &FetchStep, contextual: &Contextual) {
        let (plan, variables) = (&self.request.plan, &self.request.variables);
        let form = link.input_form();
        let requests = self.with_state(|state| {
            contexts::requests(
                state,
                plan,
                fetch,
                contextual,
                &self.conditions,
                variables,
                form,
            )
        });
        let sent = requests.into_iter().map(|found| async move {
            let request = ExecutionRequest {
                variables: found.variables,
                ..self.request.clone()
            };
            // Only a request about several groups may have to be repeated.
            let kept = (found.entities.len() > 1).then(|| found.entities.clone());
            let again = || kept.unwrap_or_default();
            self.send(link, &found.step, &request, found.entities, again)
                .await;
        });
        join_all(sent).await;
    }

    fn take_in(
        &self,
        link: &Link,
        fetch: &FetchStep,
        entities: &[Entities],
        response: Result<SubgraphResponse, TransportError>,
    ) -> TakenIn {
        let plan = &self.request.plan;
        let taken = self.with_state(|state| state.take_in(plan, link, fetch, entities, response));
        match taken {
            TakenIn::Whole => {}
            TakenIn::Failed(code) => count_error(&fetch.subgraph, code),
            TakenIn::Lost(_) => count_error(&fetch.subgraph, WITH_ERRORS),
        }
        taken
    }

    fn with_state<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
