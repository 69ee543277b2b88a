//! Pages of orders, and of what shops have to deliver.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use souk_platform::loading::grouped_by;
use souk_platform::page::Page;
use uuid::Uuid;

use super::order::{OrderRow, PartRow};
use crate::domain::saga::SagaStep;
use crate::domain::status::{OrderStatus, PartStatus};
use crate::tables::orders;

/// Which part of a list to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Window<Status> {
    /// Only what has this status.
    pub status: Option<Status>,
    /// What is older than this.
    pub after: Option<Uuid>,
    /// At most so many.
    pub limit: i64,
}

impl<Status> Window<Status> {
    /// What the page needs: one row more than it shows.
    pub fn of(page: &Page<Uuid>, status: Option<Status>) -> Window<Status> {
        Window {
            status,
            after: page.after,
            limit: page.limit(),
        }
    }
}

/// The buyer's orders, newest first.
pub async fn of_buyer(
    connection: &mut AsyncPgConnection,
    buyer: Uuid,
    window: Window<OrderStatus>,
) -> QueryResult<Vec<OrderRow>> {
    let mut query = orders::table
        .filter(
            orders::buyer_id
                .eq(buyer)
                .and(orders::saga.eq(SagaStep::Placed)),
        )
        .order(orders::id.desc())
        .limit(window.limit)
        .select(OrderRow::as_select())
        .into_boxed();
    if let Some(status) = window.status {
        query = query.filter(orders::status.eq(status));
    }
    if let Some(after) = window.after {
        query = query.filter(orders::id.lt(after));
    }
    query.load(connection).await
}

/// What the seller has to deliver from each of these shops, newest first, the same window of each.
pub async fn of_shops(
    connection: &mut AsyncPgConnection,
    seller: Uuid,
    shops: &[Uuid],
    window: Window<PartStatus>,
) -> QueryResult<HashMap<Uuid, Vec<PartRow>>> {
    let query = diesel::sql_query(
        "SELECT part.* FROM unnest($1) AS shop (id) \
         CROSS JOIN LATERAL ( \
             SELECT shop_orders.* FROM shop_orders JOIN orders ON orders.id = shop_orders.order_id \
             WHERE shop_orders.shop_id = shop.id AND shop_orders.seller_id = $2 AND orders.saga = 'PLACED' \
                 AND ($3 IS NULL OR shop_orders.status = $3) AND ($4 IS NULL OR shop_orders.id < $4) \
             ORDER BY shop_orders.id DESC LIMIT $5 \
         ) AS part \
         ORDER BY part.shop_id, part.id DESC",
    );
    let rows: Vec<PartRow> = query
        .bind::<Array<SqlUuid>, _>(shops)
        .bind::<SqlUuid, _>(seller)
        .bind::<Nullable<Text>, _>(window.status)
        .bind::<Nullable<SqlUuid>, _>(window.after)
        .bind::<BigInt, _>(window.limit)
        .load(connection)
        .await?;
    Ok(grouped_by(rows, |row| row.shop_id))
}
