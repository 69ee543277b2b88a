//! A subgraph as a value: what each subgraph crate exports and what `souk` mounts, in process or on its own.

use std::sync::Arc;
use std::time::Duration;

use async_graphql::{
    ObjectType, Request, Response, SDLExportOptions, Schema, SchemaBuilder, SubscriptionType,
    ValidationMode,
};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use futures::stream::BoxStream;

use crate::cache::Cache;
use crate::config::Config;
use crate::database::Database;
use crate::error::ApiResult;
use crate::events::{Bus, Consumer, Queue};
use crate::peers::Peers;

/// What a subgraph gets to work with.
#[derive(Clone)]
pub struct Services {
    /// The whole configuration.
    pub config: Arc<Config>,
    /// The subgraph's own database, migrated.
    pub database: Database,
    /// Cache, counters, revocations.
    pub cache: Arc<dyn Cache>,
    /// For listening to broadcast events. To publish, write to the outbox.
    pub bus: Arc<dyn Bus>,
    /// The other subgraphs.
    pub peers: Peers,
}

/// A subgraph: its schema and everything that runs beside it.
pub struct Subgraph {
    /// Its name in the supergraph, in configuration and in addresses.
    pub name: &'static str,
    /// Answers GraphQL requests.
    pub schema: Arc<dyn GraphqlService>,
    /// Its database; `souk` runs the outbox relay and the consumers on it.
    pub database: Database,
    /// What it does with events.
    pub consumers: Vec<Arc<dyn Consumer>>,
    /// What it does from time to time.
    pub jobs: Vec<Job>,
    /// Further HTTP routes: webhooks, pages, JWKS. Mounted at the root of the subgraph's own server and of
    /// `souk serve`, so paths of different subgraphs must differ.
    pub routes: axum::Router,
}

impl Subgraph {
    /// The queues of its consumers.
    pub fn queues(&self) -> impl Iterator<Item = (Queue, &Arc<dyn Consumer>)> {
        self.consumers.iter().map(|consumer| {
            let queue = Queue {
                name: format!("{}.{}", self.name, consumer.name()),
                patterns: consumer.patterns(),
                database: self.database.clone(),
            };
            (queue, consumer)
        })
    }
}

/// Work that repeats. Several instances run it at once, so it must take its work from the database with locks.
pub struct Job {
    /// For logs and metrics.
    pub name: &'static str,
    /// The pause between two runs.
    pub every: Duration,
    /// One run. An error is logged and the next run comes all the same.
    pub run: Box<dyn Fn() -> BoxFuture<'static, ApiResult<()>> + Send + Sync>,
}

/// An async-graphql schema without its type parameters.
#[async_trait]
pub trait GraphqlService: Send + Sync {
    /// Answers a query or mutation.
    async fn execute(&self, request: Request) -> Response;
    /// Answers a subscription with a stream of responses; a query with a stream of one.
    fn execute_stream(&self, request: Request) -> BoxStream<'static, Response>;
    /// The federation 2 SDL, as composition reads it.
    fn sdl(&self) -> String;
}

#[async_trait]
impl<Query, Mutation, Subscription> GraphqlService for Schema<Query, Mutation, Subscription>
where
    Query: ObjectType + 'static,
    Mutation: ObjectType + 'static,
    Subscription: SubscriptionType + 'static,
{
    async fn execute(&self, request: Request) -> Response {
        Schema::execute(self, request).await
    }

    fn execute_stream(&self, request: Request) -> BoxStream<'static, Response> {
        Box::pin(Schema::execute_stream(self, request))
    }

    fn sdl(&self) -> String {
        let options = SDLExportOptions::new()
            .federation()
            .compose_directive()
            .sorted_fields()
            .sorted_arguments()
            .sorted_enum_items();
        self.sdl_with_options(options)
    }
}

/// What partners read about times; the library's own words are for its users.
const TIME: &str = "A moment as text by RFC 3339, in UTC: `2026-11-20T09:30:00Z`.";

/// Adds what every subgraph's schema has: federation, and limits as a second line behind the router's. Introspection
/// stays on: partners and developers may look at one subgraph alone.
///
/// Documents are not validated in full again: they come from the router, which has validated what it planned them from,
/// or from another subgraph, where they are constants. What does not fit all the same fails when it is executed.
pub fn finish<Query, Mutation, Subscription>(
    builder: SchemaBuilder<Query, Mutation, Subscription>,
    services: &Services,
) -> Schema<Query, Mutation, Subscription>
where
    Query: ObjectType + 'static,
    Mutation: ObjectType + 'static,
    Subscription: SubscriptionType + 'static,
{
    builder
        .enable_federation()
        .enable_subscription_in_federation()
        .override_output_type_description::<DateTime<Utc>>(TIME)
        .validation_mode(ValidationMode::Fast)
        .limit_depth(64)
        .limit_recursive_depth(64)
        .data(services.clone())
        .finish()
}
