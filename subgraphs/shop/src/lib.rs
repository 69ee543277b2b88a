//! The shop subgraph: shops, their approval by moderators, their branches, and which shops are near a point.
//!
//! Every change is told in a `shop.*` event that carries the whole shop, so that others can keep a copy: a shop that
//! is not approved sells nothing. A shop whose owner may not sell any more is rejected.

mod domain;
mod events;
mod graphql;
mod store;
mod tables;

use std::sync::Arc;

use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use souk_platform::{ApiResult, Services, Subgraph};

/// The subgraph's name.
pub const NAME: &str = "shop";

/// The migrations of the shop database.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/shop");

/// The subgraph on these services.
pub fn subgraph(services: Services) -> ApiResult<Subgraph> {
    Ok(Subgraph {
        name: NAME,
        schema: Arc::new(graphql::schema(&services)),
        database: services.database,
        consumers: vec![Arc::new(events::Owners)],
        jobs: Vec::new(),
        routes: axum::Router::new(),
    })
}
