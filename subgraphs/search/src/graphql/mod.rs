//! The GraphQL schema of the search subgraph.

mod entities;
mod input;
mod query;
mod results;

use std::sync::Arc;

use async_graphql::{EmptyMutation, EmptySubscription, Schema};
use souk_platform::subgraph::finish;
use souk_platform::{Services, page};

use self::query::Query;
use self::results::{ProductHits, ShopHits};
use crate::index::SearchIndex;

/// The schema over this index.
pub fn schema(
    services: &Services,
    index: Arc<SearchIndex>,
) -> Schema<Query, EmptyMutation, EmptySubscription> {
    let builder = Schema::build(Query, EmptyMutation, EmptySubscription)
        .override_output_type_description::<ProductHits>(page::ABOUT)
        .override_output_type_description::<ShopHits>(page::ABOUT)
        .data(index);
    finish(builder, services)
}
