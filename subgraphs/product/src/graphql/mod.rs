//! The subgraph's part of the graph.

mod category;
mod entities;
mod input;
mod internal;
mod loaders;
mod mutation;
mod product;
mod query;
mod shop;
mod variant;

use async_graphql::{EmptySubscription, MergedObject, Schema};
use souk_platform::loading::PerRequest;
use souk_platform::{GraphqlService, Services, page, subgraph};

use category::CategoryPage;
use loaders::Loaders;
use product::ProductPage;

/// The queries.
#[derive(MergedObject, Default)]
struct Query(query::Catalogue, internal::Internal, entities::Entities);

/// The subgraph's schema, ready to answer.
pub fn service(services: &Services) -> impl GraphqlService + use<> {
    let builder = Schema::build(
        Query::default(),
        mutation::Mutation::default(),
        EmptySubscription,
    )
    .override_output_type_description::<ProductPage>(page::ABOUT)
    .override_output_type_description::<CategoryPage>(page::ABOUT);
    let database = services.database.clone();
    PerRequest::new(subgraph::finish(builder, services), move || {
        Loaders::new(&database)
    })
}
