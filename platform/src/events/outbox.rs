//! The outbox: events waiting to be published.

use chrono::Utc;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::Event;
use super::tables::outbox;
use crate::database::prepared;

/// Inserts of so many rows stay prepared: nearly all are.
const FEW: usize = 4;

/// Writes the event in the caller's transaction: it is told if and only if the change is committed.
///
/// Lock or change the aggregate's row before this, so that the order in the outbox is the order of the changes.
pub async fn append(connection: &mut AsyncPgConnection, event: &Event) -> QueryResult<()> {
    append_all(connection, std::slice::from_ref(event)).await
}

/// Writes several events in one statement, see [`append`].
pub async fn append_all(connection: &mut AsyncPgConnection, events: &[Event]) -> QueryResult<()> {
    let mut rows = Vec::with_capacity(events.len());
    for event in events {
        let json = serde_json::to_value(event)
            .map_err(|error| diesel::result::Error::SerializationError(error.into()))?;
        rows.push((
            outbox::event_id.eq(event.id),
            outbox::aggregate_id.eq(event.aggregate_id),
            outbox::event.eq(json),
        ));
    }
    if rows.is_empty() {
        return Ok(());
    }
    let few = rows.len() <= FEW;
    let insert = diesel::insert_into(outbox::table).values(rows);
    match few {
        true => prepared(insert).execute(connection).await?,
        false => insert.execute(connection).await?,
    };
    Ok(())
}

/// An unpublished row.
pub(super) struct Waiting {
    pub sequence: i64,
    pub event: Event,
}

/// The first `limit` unpublished events in order, up to a row that cannot be read (written by a newer version, say).
/// When that row is the first one, it stops the relay with an error that names it, because skipping it would lose it.
pub(super) async fn waiting(
    connection: &mut AsyncPgConnection,
    limit: i64,
) -> QueryResult<Vec<Waiting>> {
    let rows: Vec<(i64, serde_json::Value)> = outbox::table
        .filter(outbox::published_at.is_null())
        .order(outbox::sequence)
        .limit(limit)
        .select((outbox::sequence, outbox::event))
        .load(connection)
        .await?;
    let mut waiting = Vec::with_capacity(rows.len());
    for (sequence, json) in rows {
        match serde_json::from_value(json) {
            Ok(event) => waiting.push(Waiting { sequence, event }),
            Err(_) if !waiting.is_empty() => break,
            Err(error) => {
                return Err(diesel::result::Error::DeserializationError(
                    format!("outbox row {sequence}: {error}").into(),
                ));
            }
        }
    }
    Ok(waiting)
}

/// Marks rows as published.
pub(super) async fn published(
    connection: &mut AsyncPgConnection,
    sequences: &[i64],
) -> QueryResult<()> {
    let rows = outbox::table.filter(outbox::sequence.eq_any(sequences));
    prepared(diesel::update(rows).set(outbox::published_at.eq(Utc::now())))
        .execute(connection)
        .await?;
    Ok(())
}

/// How many events wait to be published.
pub(super) async fn backlog(connection: &mut AsyncPgConnection) -> QueryResult<i64> {
    outbox::table
        .filter(outbox::published_at.is_null())
        .count()
        .get_result(connection)
        .await
}

/// Removes what was published more than `days` ago.
pub(super) async fn prune(connection: &mut AsyncPgConnection, days: i64) -> QueryResult<usize> {
    let limit = Utc::now() - chrono::Duration::days(days);
    diesel::delete(outbox::table.filter(outbox::published_at.lt(limit)))
        .execute(connection)
        .await
}

/// True when the outbox holds the event, published or not. For tests and tools.
pub async fn contains(connection: &mut AsyncPgConnection, event_id: Uuid) -> QueryResult<bool> {
    diesel::select(diesel::dsl::exists(
        outbox::table.filter(outbox::event_id.eq(event_id)),
    ))
    .get_result(connection)
    .await
}

/// All events in the outbox in order. For tests that look at what was told.
pub async fn all(connection: &mut AsyncPgConnection) -> QueryResult<Vec<Event>> {
    let rows: Vec<serde_json::Value> = outbox::table
        .order(outbox::sequence)
        .select(outbox::event)
        .load(connection)
        .await?;
    rows.into_iter()
        .map(|json| {
            serde_json::from_value(json)
                .map_err(|error| diesel::result::Error::DeserializationError(error.into()))
        })
        .collect()
}
