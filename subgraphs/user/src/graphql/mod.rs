//! The GraphQL schema of the user subgraph.

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

use self::entities::User;
use self::loaders::Loaders;
use self::mutation::Mutation;
use self::query::Query;
use self::types::Address;
use crate::state::State;

/// The schema on this state.
pub fn schema(services: &Services, state: State) -> impl GraphqlService + use<> {
    let database = state.database.clone();
    let builder = Schema::build(Query, Mutation::default(), EmptySubscription)
        .override_output_type_description::<PageOf<Address>>(page::ABOUT)
        .override_output_type_description::<PageOf<User>>(page::ABOUT)
        .data(state);
    PerRequest::new(finish(builder, services), move || Loaders::new(&database))
}
