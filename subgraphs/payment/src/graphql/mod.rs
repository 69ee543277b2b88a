//! The GraphQL schema of the payment subgraph.

mod entities;
mod loaders;
mod mutation;
mod query;
mod types;

use async_graphql::{EmptySubscription, Schema};
use souk_platform::loading::PerRequest;
use souk_platform::subgraph::finish;
use souk_platform::{GraphqlService, Services};

use self::loaders::Loaders;
use self::mutation::Mutation;
use self::query::Query;
use crate::payments::Payments;

/// The schema over these payments.
pub fn schema(services: &Services, payments: Payments) -> impl GraphqlService + use<> {
    let database = services.database.clone();
    let builder = Schema::build(Query, Mutation, EmptySubscription).data(payments);
    PerRequest::new(finish(builder, services), move || Loaders::new(&database))
}
