//! The payment subgraph: payments of orders, their providers, and the log of everything said to and by them.

mod domain;
mod graphql;
mod http;
mod payments;
mod provider;
mod store;
mod tables;

use std::sync::Arc;
use std::time::Duration;

use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use futures::FutureExt;
use souk_platform::{ApiResult, Job, Services, Subgraph};

use self::payments::Payments;
use self::provider::sandbox::Sandbox;

/// The subgraph's tables.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/payment");

/// How often payments that nobody made in time are looked for.
const EXPIRE_EVERY: Duration = Duration::from_secs(1);
/// How often the sandbox looks for webhooks that it could not deliver at once.
const DELIVER_EVERY: Duration = Duration::from_secs(1);

/// Builds the subgraph.
pub fn subgraph(services: Services) -> ApiResult<Subgraph> {
    let sandbox = Arc::new(Sandbox::new(&services)?);
    let payments = Payments::new(&services, sandbox.clone());
    let routes =
        http::webhook::routes(payments.clone()).merge(http::checkout::routes(sandbox.clone()));

    let expiring = payments.clone();
    let expire = Job {
        name: "payment.expire",
        every: EXPIRE_EVERY,
        run: Box::new(move || {
            let payments = expiring.clone();
            async move { payments.expire_due().await }.boxed()
        }),
    };
    let deliver = Job {
        name: "payment.sandbox_webhooks",
        every: DELIVER_EVERY,
        run: Box::new(move || {
            let sandbox = sandbox.clone();
            async move { sandbox.deliver_webhooks().await }.boxed()
        }),
    };
    Ok(Subgraph {
        name: "payment",
        schema: Arc::new(graphql::schema(&services, payments)),
        database: services.database,
        consumers: Vec::new(),
        jobs: vec![expire, deliver],
        routes,
    })
}
