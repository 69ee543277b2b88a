//! The product subgraph: products of five kinds, the category tree, variants, prices and stock.

mod domain;
mod events;
mod graphql;
mod shops;
mod store;
mod tables;

use std::sync::Arc;

use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use souk_platform::{ApiResult, Services, Subgraph};

/// The subgraph's own tables; the platform's are migrated before them.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/product");

/// The subgraph on these services.
pub fn subgraph(services: Services) -> ApiResult<Subgraph> {
    Ok(Subgraph {
        name: "product",
        schema: Arc::new(graphql::service(&services)),
        database: services.database,
        consumers: vec![Arc::new(events::Shops), Arc::new(events::Orders)],
        jobs: Vec::new(),
        routes: axum::Router::new(),
    })
}
