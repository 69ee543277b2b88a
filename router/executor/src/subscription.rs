//! Subscriptions: a stream from the primary subgraph, each event completed by fetches and written like a query.

use std::sync::Arc;

use apollo_compiler::ast::OperationType;
use futures::stream::{self, BoxStream, StreamExt};

use crate::errors::GraphQLError;
use crate::executor::{Execution, Inner};
use crate::fetch::subgraph_request;
use crate::link::{Events, Link, failure};
use crate::observe::count_error;
use crate::prepared::{FetchStep, Step};
use crate::request::{ExecutionRequest, RequestContext};
use crate::response::Response;
use crate::transport::{SubgraphResponse, TransportError};

/// The context for the next event.
pub(crate) type Renew = Box<dyn Fn() -> Arc<RequestContext> + Send + Sync>;

/// Opens a subscription.
pub(crate) async fn subscribe(
    inner: Arc<Inner>,
    request: ExecutionRequest,
    context: Renew,
) -> Result<BoxStream<'static, Response>, Response> {
    let Some(Step::Subscription { primary, .. }) = &request.plan.root else {
        let mut errors = request.plan.denials(&request.variables);
        if errors.is_empty() {
            let message = "the operation is not a subscription";
            errors.push(GraphQLError::new(message, "BAD_REQUEST"));
        }
        return Err(Response::from_errors(&errors));
    };
    let events = open(&inner, primary, &request).await.map_err(|error| {
        let link = inner.link(&primary.subgraph);
        let url = link.and_then(|link| link.address(OperationType::Subscription));
        tracing::warn!(subgraph = &*primary.subgraph, url, %error, "subscription refused");
        count_error(&primary.subgraph, error.code());
        refused(link, primary, &error)
    })?;
    let subscription = Subscription {
        inner,
        request,
        context,
        events: Some(events),
        is_open: false,
    };
    Ok(stream::unfold(subscription, Subscription::next).boxed())
}

async fn open(
    inner: &Inner,
    primary: &FetchStep,
    request: &ExecutionRequest,
) -> Result<Events, TransportError> {
    let Some(link) = inner.link(&primary.subgraph) else {
        return Err(TransportError::Unsupported(
            "no transport is configured for it".into(),
        ));
    };
    link.subscribe(subgraph_request(primary, &mut [], request))
        .await
}

/// The response when the primary subgraph gives no events, or no more.
fn refused(link: Option<&Link>, primary: &FetchStep, error: &TransportError) -> Response {
    let mut errors = [failure(&primary.subgraph, link, error)];
    if let Some(link) = link {
        link.redact(&mut errors);
    }
    Response::from_errors(&errors)
}

struct Subscription {
    inner: Arc<Inner>,
    request: ExecutionRequest,
    context: Renew,
    /// `None` after the last event.
    events: Option<Events>,
    /// Whether there has been an event.
    is_open: bool,
}

impl Subscription {
    async fn next(mut self) -> Option<(Response, Subscription)> {
        let event = self.events.as_mut()?.next().await?;
        self.request.context = (self.context)();
        let Some(Step::Subscription { primary, rest }) = &self.request.plan.root else {
            return None;
        };
        match event {
            Ok(event) => {
                // Where the source stream cannot be made, nothing was executed (specification, section 6.2.3.1).
                if !std::mem::replace(&mut self.is_open, true)
                    && let Some(errors) =
                        Execution::new(&self.inner, &self.request).refusal(primary, event.clone())
                {
                    self.events = None;
                    return Some((Response::from_errors(&errors), self));
                }
                let response =
                    complete(&self.inner, &self.request, event, primary, rest.as_deref()).await;
                Some((response, self))
            }
            Err(error) => {
                let link = self.inner.link(&primary.subgraph);
                let url = link.and_then(|link| link.address(OperationType::Subscription));
                tracing::warn!(subgraph = &*primary.subgraph, url, %error, "subscription ended");
                count_error(&primary.subgraph, error.code());
                let response = refused(link, primary, &error);
                self.events = None;
                Some((response, self))
            }
        }
    }
}

/// One event -> one response. Events are completed one after the other, so they stay in order.
async fn complete(
    inner: &Inner,
    request: &ExecutionRequest,
    event: SubgraphResponse,
    primary: &FetchStep,
    rest: Option<&Step>,
) -> Response {
    let execution = Execution::new(inner, request);
    execution.take_in_event(primary, event);
    if let Some(rest) = rest {
        execution.run(rest).await;
    }
    execution.respond(None)
}
