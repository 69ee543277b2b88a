//! The GraphQL schema of the order subgraph.

mod cart;
mod entities;
mod loaders;
mod mutation;
mod order;
mod query;
mod subscription;
mod types;

use std::sync::Arc;

use async_graphql::Schema;
use souk_platform::loading::PerRequest;
use souk_platform::page::{self, PageOf};
use souk_platform::{GraphqlService, Services, subgraph};

use self::loaders::Loaders;
use self::mutation::Mutation;
use self::order::{Order, ShopOrder};
use self::query::Query;
use self::subscription::Subscription;
use crate::live::Live;
use crate::saga::Saga;

/// The schema.
pub fn schema(services: &Services, saga: Saga, live: Arc<Live>) -> impl GraphqlService + use<> {
    let database = services.database.clone();
    let builder = Schema::build(Query, Mutation::default(), Subscription)
        .override_output_type_description::<PageOf<Order>>(page::ABOUT)
        .override_output_type_description::<PageOf<ShopOrder>>(page::ABOUT)
        .data(saga)
        .data(live);
    PerRequest::new(subgraph::finish(builder, services), move || {
        Loaders::new(&database)
    })
}
