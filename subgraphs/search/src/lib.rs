//! The search subgraph: full text over products and shops, fed by events only.
//!
//! Events go into the subgraph's database as documents, each change with the next number of one sequence. Every
//! instance follows that sequence into an index of its own on disk, so instances need nothing of each other and an
//! index that was lost is read again from the database.

mod domain;
mod events;
mod graphql;
mod index;
mod rebuild;
mod store;
mod tables;

use std::sync::Arc;
use std::time::Duration;

use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use futures::FutureExt;
use souk_platform::{ApiResult, Job, Services, Subgraph};

pub use self::rebuild::{Rebuilt, rebuild};
use crate::index::{Follower, SearchIndex};

/// The subgraph's tables.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/search");

/// The pause between two runs of the follower, each of which waits for news by itself.
const FOLLOW_EVERY: Duration = Duration::from_millis(10);

/// Builds the subgraph. The index is opened when it is first used.
pub fn subgraph(services: Services) -> ApiResult<Subgraph> {
    let index = Arc::new(SearchIndex::new(services.config.search_dir()));
    let follower = Arc::new(Follower::new(services.database.clone(), index.clone()));
    let follow = Job {
        name: "search.follow",
        every: FOLLOW_EVERY,
        run: Box::new(move || {
            let follower = follower.clone();
            async move { follower.run().await }.boxed()
        }),
    };
    Ok(Subgraph {
        name: "search",
        schema: Arc::new(graphql::schema(&services, index)),
        database: services.database,
        consumers: vec![Arc::new(events::Documents)],
        jobs: vec![follow],
        routes: axum::Router::new(),
    })
}
