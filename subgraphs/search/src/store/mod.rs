//! Every statement of the search subgraph.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;
use diesel::upsert::excluded;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use souk_platform::database::prepared;
use souk_platform::events::StockLevel;
use uuid::Uuid;

use crate::domain::Entity;
use crate::tables::{document, feed, stock_level};

/// A document that changed.
#[derive(Debug, Queryable)]
pub struct Changed {
    /// The product or shop.
    pub id: Uuid,
    /// `PRODUCT` or `SHOP`.
    pub entity: String,
    /// Its snapshot.
    pub body: Value,
    /// The number of its last change.
    pub sequence: i64,
}

/// How far the changes have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable)]
pub struct Feed {
    /// The number of the last change.
    pub sequence: i64,
    /// An index of another generation must be made again.
    pub generation: i64,
}

/// Where the changes are now.
pub async fn feed(connection: &mut AsyncPgConnection) -> QueryResult<Feed> {
    feed::table
        .select((feed::sequence, feed::generation))
        .first(connection)
        .await
}

/// The next number. Locks the feed until the end of the transaction.
async fn next(connection: &mut AsyncPgConnection) -> QueryResult<i64> {
    diesel::update(feed::table)
        .set(feed::sequence.eq(feed::sequence + 1))
        .returning(feed::sequence)
        .get_result(connection)
        .await
}

/// Lets every index be made again from the beginning.
pub async fn next_generation(connection: &mut AsyncPgConnection) -> QueryResult<()> {
    diesel::update(feed::table)
        .set((
            feed::sequence.eq(feed::sequence + 1),
            feed::generation.eq(feed::generation + 1),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

/// Stores a snapshot unless a newer one is there.
pub async fn put(
    connection: &mut AsyncPgConnection,
    id: Uuid,
    entity: Entity,
    body: &Value,
    revision: i64,
) -> QueryResult<()> {
    put_over(connection, id, entity, body, revision, 0).await
}

/// Stores a snapshot unless a newer one is there that came after the change `known`. What is older than that change is
/// replaced whatever its revision: its owner has the last word.
pub async fn put_over(
    connection: &mut AsyncPgConnection,
    id: Uuid,
    entity: Entity,
    body: &Value,
    revision: i64,
    known: i64,
) -> QueryResult<()> {
    let sequence = next(connection).await?;
    let row = (
        document::id.eq(id),
        document::entity.eq(entity.as_str()),
        document::body.eq(body),
        document::revision.eq(revision),
        document::sequence.eq(sequence),
    );
    let upsert = diesel::insert_into(document::table)
        .values(row)
        .on_conflict(document::id)
        .do_update()
        .set((
            document::body.eq(excluded(document::body)),
            document::revision.eq(excluded(document::revision)),
            document::sequence.eq(excluded(document::sequence)),
        ));
    let upsert = diesel::query_dsl::methods::FilterDsl::filter(
        upsert,
        document::revision
            .le(excluded(document::revision))
            .or(document::sequence.le(known)),
    );
    prepared(upsert).execute(connection).await?;
    Ok(())
}

/// Stores stock levels unless newer ones are there, and lets products be indexed again of which a variant was sold out or
/// came back: the index knows no more of the stock.
pub async fn put_stock(
    connection: &mut AsyncPgConnection,
    levels: &[StockLevel],
) -> QueryResult<()> {
    // A statement can change a row once: of several levels of a variant the newest counts.
    let mut newest: BTreeMap<Uuid, &StockLevel> = BTreeMap::new();
    for level in levels {
        let known = newest.entry(level.variant_id).or_insert(level);
        if known.revision < level.revision {
            *known = level;
        }
    }
    let variants: Vec<Uuid> = newest.keys().copied().collect();
    let known: HashMap<Uuid, i64> = stock_level::table
        .filter(stock_level::variant_id.eq_any(variants))
        .select((stock_level::variant_id, stock_level::available))
        .load(connection)
        .await?
        .into_iter()
        .collect();
    let turned: Vec<Uuid> = newest
        .values()
        .filter(|level| {
            let before = known.get(&level.variant_id).map(|available| *available > 0);
            before != Some(level.available > 0)
        })
        .map(|level| level.product_id)
        .collect();
    let rows: Vec<_> = newest
        .into_values()
        .map(|level| {
            (
                stock_level::variant_id.eq(level.variant_id),
                stock_level::product_id.eq(level.product_id),
                stock_level::available.eq(level.available),
                stock_level::revision.eq(level.revision),
            )
        })
        .collect();
    let upsert = diesel::insert_into(stock_level::table)
        .values(rows)
        .on_conflict(stock_level::variant_id)
        .do_update()
        .set((
            stock_level::available.eq(excluded(stock_level::available)),
            stock_level::revision.eq(excluded(stock_level::revision)),
            stock_level::told_at.eq(diesel::dsl::now),
        ));
    let upsert = diesel::query_dsl::methods::FilterDsl::filter(
        upsert,
        stock_level::revision.lt(excluded(stock_level::revision)),
    );
    // A product has at most a hundred variants, so these texts are few.
    prepared(upsert).execute(connection).await?;
    if turned.is_empty() {
        return Ok(());
    }
    let sequence = next(connection).await?;
    let documents = document::table.filter(document::id.eq_any(turned));
    prepared(diesel::update(documents).set(document::sequence.eq(sequence)))
        .execute(connection)
        .await?;
    Ok(())
}

/// The levels of several products' variants.
pub async fn stock(
    connection: &mut AsyncPgConnection,
    products: &[Uuid],
) -> QueryResult<HashMap<Uuid, Vec<StockLevel>>> {
    let rows: Vec<(Uuid, Uuid, i64, i64)> = stock_level::table
        .filter(stock_level::product_id.eq_any(products))
        .select((
            stock_level::product_id,
            stock_level::variant_id,
            stock_level::available,
            stock_level::revision,
        ))
        .load(connection)
        .await?;
    let mut levels: HashMap<Uuid, Vec<StockLevel>> = HashMap::new();
    for (product_id, variant_id, available, revision) in rows {
        levels.entry(product_id).or_default().push(StockLevel {
            product_id,
            variant_id,
            available,
            revision,
        });
    }
    Ok(levels)
}

/// Documents changed after `sequence`, in order, about `limit` of them. All changes with one number come together,
/// because the reader goes on behind the last number it saw.
pub async fn changed_after(
    connection: &mut AsyncPgConnection,
    sequence: i64,
    limit: i64,
) -> QueryResult<Vec<Changed>> {
    let columns = (
        document::id,
        document::entity,
        document::body,
        document::sequence,
    );
    let after = document::table.filter(document::sequence.gt(sequence));
    let last: Option<i64> = after
        .order(document::sequence)
        .offset(limit - 1)
        .limit(1)
        .select(document::sequence)
        .first(connection)
        .await
        .optional()?;
    after
        .filter(document::sequence.le(last.unwrap_or(i64::MAX)))
        .order(document::sequence)
        .select(columns)
        .load(connection)
        .await
}

/// Forgets documents that nothing has changed since `sequence`. Gives how many there were.
pub async fn forget_until(connection: &mut AsyncPgConnection, sequence: i64) -> QueryResult<usize> {
    diesel::delete(document::table.filter(document::sequence.le(sequence)))
        .execute(connection)
        .await
}

/// The database's time.
pub async fn time(connection: &mut AsyncPgConnection) -> QueryResult<DateTime<Utc>> {
    diesel::select(diesel::dsl::now.into_sql::<Timestamptz>())
        .get_result(connection)
        .await
}

/// Forgets the stock levels that were told before `begun`: snapshots that were read after it say as much.
pub async fn forget_stock_until(
    connection: &mut AsyncPgConnection,
    begun: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::delete(stock_level::table.filter(stock_level::told_at.lt(begun)))
        .execute(connection)
        .await?;
    Ok(())
}
