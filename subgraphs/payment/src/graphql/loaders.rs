//! Batched loading.

use async_graphql::Context;
use souk_platform::database::Database;
use souk_platform::loading::{ByKey, by_key, grouped_by};
use uuid::Uuid;

use crate::store::audit::{self, Entry};
use crate::store::payment::{self, Payment};
use crate::store::refund::{self, Refund};

/// The loaders of one request.
pub struct Loaders {
    /// Payments by id.
    pub payments: ByKey<Uuid, Payment>,
    /// Payments by order.
    pub payments_of_orders: ByKey<Uuid, Payment>,
    /// Refunds by payment.
    pub refunds: ByKey<Uuid, Vec<Refund>>,
    /// The log by payment.
    pub log: ByKey<Uuid, Vec<Entry>>,
}

impl Loaders {
    /// Loaders on this database.
    pub fn new(database: &Database) -> Loaders {
        Loaders {
            payments: ByKey::new(database, |mut connection, ids: Vec<Uuid>| async move {
                Ok(by_key(
                    payment::by_ids(&mut connection, &ids).await?,
                    |payment| payment.id,
                ))
            }),
            payments_of_orders: ByKey::new(
                database,
                |mut connection, orders: Vec<Uuid>| async move {
                    Ok(by_key(
                        payment::by_orders(&mut connection, &orders).await?,
                        |payment| payment.order_id,
                    ))
                },
            ),
            refunds: ByKey::new(database, |mut connection, payments: Vec<Uuid>| async move {
                Ok(grouped_by(
                    refund::of_payments(&mut connection, &payments).await?,
                    |refund| refund.payment_id,
                ))
            }),
            log: ByKey::new(database, |mut connection, payments: Vec<Uuid>| async move {
                let entries = audit::of_payments(&mut connection, &payments).await?;
                Ok(grouped_by(entries, |entry| {
                    entry.payment_id.unwrap_or_default()
                }))
            }),
        }
    }

    /// The loaders of the request that resolves.
    pub fn of<'ctx>(ctx: &Context<'ctx>) -> &'ctx Loaders {
        ctx.data_unchecked()
    }
}
