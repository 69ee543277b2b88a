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
use std::time::Duration;

use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use souk_platform::events::Consumer;
use souk_platform::{ApiResult, Job, Services, Subgraph};

use crate::live::Live;
use crate::saga::Saga;
use crate::store::cart;

/// The tables of the order database.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/order");

/// How often guests' carts that nobody touched for long are removed.
const FORGET_EVERY: Duration = Duration::from_secs(60);
/// How many at a time.
const FORGOTTEN_AT_ONCE: i64 = 1_000;

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
    let carts = database.clone();
    let forget = Job {
        name: "forget-guest-carts",
        every: FORGET_EVERY,
        run: Box::new(move || {
            let database = carts.clone();
            Box::pin(async move {
                let mut connection = database.get().await?;
                Ok(cart::forget_old(&mut connection, FORGOTTEN_AT_ONCE).await?)
            })
        }),
    };
    let consumers: Vec<Arc<dyn Consumer>> =
        vec![Arc::new(events::Payments), Arc::new(events::Shops)];
    Ok(Subgraph {
        name: "order",
        schema: Arc::new(schema),
        database,
        consumers,
        jobs: vec![reconcile, settle, ask, forget],
        routes: axum::Router::new(),
    })
}
