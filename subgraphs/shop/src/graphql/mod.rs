//! The GraphQL schema of the shop subgraph.

mod entities;
mod loaders;
mod mutation;
mod query;
mod types;

use async_graphql::{EmptySubscription, Schema};
use souk_platform::loading::PerRequest;
use souk_platform::page::{self, PageOf};
use souk_platform::subgraph::finish;
use souk_platform::{GraphqlService, Services};

use self::entities::Shop;
use self::loaders::Loaders;
use self::mutation::Mutation;
use self::query::Query;
use self::types::{Branch, NearbyShop};

/// The schema on these services.
pub fn schema(services: &Services) -> impl GraphqlService + use<> {
    let database = services.database.clone();
    let builder = Schema::build(Query, Mutation::default(), EmptySubscription)
        .override_output_type_description::<PageOf<Shop>>(page::ABOUT)
        .override_output_type_description::<PageOf<Branch>>(page::ABOUT)
        .override_output_type_description::<PageOf<NearbyShop>>(page::ABOUT);
    let schema = finish(builder.data(database.clone()), services);
    PerRequest::new(schema, move || Loaders::new(&database))
}
