//! The order subgraph: carts, placing orders, delivering them shop by shop, and telling clients as it happens.

mod calls;
mod domain;
mod events;
mod graphql;
mod live;
mod overdue;
mod saga;
mod settle;
mod store;
mod tables;
mod text_enum;

use std::sync::Arc;

use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use souk_platform::events::Consumer;
use souk_platform::{ApiResult, Job, Services, Subgraph};

use crate::live::Live;
use crate::saga::Saga;

/// The tables of the order database.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/order");

/// The order subgraph on these services.
pub fn subgraph(services: Services) -> ApiResult<Subgraph> {
    let saga = Saga::new(&services);
    let live = Live::new(services.database.clone(), services.bus.clone());
    let schema = graphql::schema(&services, saga.clone(), live);
    let every = services.config.orders.reconcile_every;
    let database = services.database.clone();

    let reconcile = Job {
        name: "reconcile-placements",
        every,
        run: Box::new(move || {
            let saga = saga.clone();
            Box::pin(async move { saga.reconcile().await })
        }),
    };
    let settling = services.clone();
    let settle = Job {
        name: "settle-payments",
        every,
        run: Box::new(move || {
            let services = settling.clone();
            Box::pin(async move { settle::settle(&services, None).await })
        }),
    };
    let ask = Job {
        name: "ask-for-overdue-payments",
        every,
        run: Box::new(move || {
            let services = services.clone();
            Box::pin(async move { overdue::ask(&services).await })
        }),
    };
    let consumers: Vec<Arc<dyn Consumer>> =
        vec![Arc::new(events::Payments), Arc::new(events::Shops)];
    Ok(Subgraph {
        name: "order",
        schema: Arc::new(schema),
        database,
        consumers,
        jobs: vec![reconcile, settle, ask],
        routes: axum::Router::new(),
    })
}
