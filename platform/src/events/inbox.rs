//! The inbox: events waiting to be worked, those that were, and dead letters.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::Event;
use super::tables::inbox;
use crate::database::prepared;

/// Inserts of so many rows stay prepared.
const FEW: usize = 4;

/// A message on its way into an inbox.
pub(super) struct Arrival {
    event_id: Uuid,
    aggregate_id: Uuid,
    body: Vec<u8>,
    unreadable: Option<String>,
}

impl Arrival {
    /// From the bytes that a broker delivered. What does not parse is kept as a dead letter, under an id made
    /// from its content so that a repeated delivery is recognised.
    pub fn from_bytes(body: &[u8]) -> Arrival {
        match serde_json::from_slice::<Event>(body) {
            Ok(event) => Arrival {
                event_id: event.id,
                aggregate_id: event.aggregate_id,
                body: body.to_vec(),
                unreadable: None,
            },
            Err(error) => {
                let digest = Sha256::digest(body);
                let mut id = [0; 16];
                id.copy_from_slice(&digest[..16]);
                let event_id = Uuid::from_bytes(id);
                let unreadable = Some(storable(&format!("not an event: {error}")));
                Arrival {
                    event_id,
                    aggregate_id: event_id,
                    body: body.to_vec(),
                    unreadable,
                }
            }
        }
    }

    /// From an event in process.
    pub fn from_event(event: &Event) -> Result<Arrival, serde_json::Error> {
        let body = serde_json::to_vec(event)?;
        Ok(Arrival {
            event_id: event.id,
            aggregate_id: event.aggregate_id,
            body,
            unreadable: None,
        })
    }
}

/// Stores arrivals in order; those that were stored before are left as they are.
pub(super) async fn store(
    connection: &mut AsyncPgConnection,
    queue: &str,
    arrivals: &[Arrival],
) -> QueryResult<()> {
    let now = Utc::now();
    let rows: Vec<_> = arrivals
        .iter()
        .map(|arrival| {
            (
                inbox::queue.eq(queue),
                inbox::event_id.eq(arrival.event_id),
                inbox::aggregate_id.eq(arrival.aggregate_id),
                inbox::body.eq(&arrival.body),
                inbox::dead_at.eq(arrival.unreadable.is_some().then_some(now)),
                inbox::error.eq(arrival.unreadable.as_deref()),
            )
        })
        .collect();
    let few = rows.len() <= FEW;
    let insert = diesel::insert_into(inbox::table)
        .values(rows)
        .on_conflict_do_nothing();
    match few {
        true => prepared(insert).execute(connection).await?,
        false => insert.execute(connection).await?,
    };
    Ok(())
}

/// An event that is due.
#[derive(Queryable)]
pub(super) struct Due {
    pub event_id: Uuid,
    pub aggregate_id: Uuid,
    pub body: Vec<u8>,
    pub attempts: i32,
}

/// The first due events of a queue. An event is not due while an earlier one of its aggregate waits for its next
/// attempt: order per aggregate survives failures.
pub(super) async fn due(
    connection: &mut AsyncPgConnection,
    queue: &str,
    limit: i64,
) -> QueryResult<Vec<Due>> {
    let earlier = diesel::alias!(inbox as earlier);
    inbox::table
        .filter(inbox::queue.eq(queue))
        .filter(inbox::done_at.is_null())
        .filter(inbox::dead_at.is_null())
        .filter(inbox::next_attempt_at.le(diesel::dsl::now))
        .filter(diesel::dsl::not(diesel::dsl::exists(
            earlier
                .filter(earlier.field(inbox::queue).eq(queue))
                .filter(earlier.field(inbox::done_at).is_null())
                .filter(earlier.field(inbox::dead_at).is_null())
                .filter(earlier.field(inbox::aggregate_id).eq(inbox::aggregate_id))
                .filter(earlier.field(inbox::sequence).lt(inbox::sequence))
                .filter(earlier.field(inbox::next_attempt_at).gt(diesel::dsl::now)),
        )))
        .order(inbox::sequence)
        .limit(limit)
        .select((
            inbox::event_id,
            inbox::aggregate_id,
            inbox::body,
            inbox::attempts,
        ))
        .load(connection)
        .await
}

/// When the next waiting event of the queue becomes due, if one waits.
pub(super) async fn next_due(
    connection: &mut AsyncPgConnection,
    queue: &str,
) -> QueryResult<Option<DateTime<Utc>>> {
    inbox::table
        .filter(inbox::queue.eq(queue))
        .filter(inbox::done_at.is_null())
        .filter(inbox::dead_at.is_null())
        .select(diesel::dsl::min(inbox::next_attempt_at))
        .get_result(connection)
        .await
}

/// True if the row still waits for the attempt that `row` was loaded for. Ask under the queue's lock: another
/// instance may have worked it since.
pub(super) async fn still_due(
    connection: &mut AsyncPgConnection,
    queue: &str,
    row: &Due,
) -> QueryResult<bool> {
    diesel::select(diesel::dsl::exists(
        inbox::table
            .filter(inbox::queue.eq(queue))
            .filter(inbox::event_id.eq(row.event_id))
            .filter(inbox::done_at.is_null())
            .filter(inbox::dead_at.is_null())
            .filter(inbox::attempts.eq(row.attempts)),
    ))
    .get_result(connection)
    .await
}

/// Marks events as worked, in the transaction of their effects.
pub(super) async fn done(
    connection: &mut AsyncPgConnection,
    queue: &str,
    events: &[Uuid],
) -> QueryResult<()> {
    let update = diesel::update(
        inbox::table
            .filter(inbox::queue.eq(queue))
            .filter(inbox::event_id.eq_any(events)),
    )
    .set((
        inbox::done_at.eq(Utc::now()),
        inbox::error.eq(None::<String>),
    ));
    prepared(update).execute(connection).await?;
    Ok(())
}

/// Notes the failure of an attempt: the event is tried again at `next`, or dead when there is no next time. Nothing
/// changes when another instance was faster.
pub(super) async fn failed(
    connection: &mut AsyncPgConnection,
    queue: &str,
    row: &Due,
    error: &str,
    next: Option<DateTime<Utc>>,
) -> QueryResult<()> {
    let dead_at = if next.is_none() {
        Some(Utc::now())
    } else {
        None
    };
    let attempted = inbox::table
        .filter(inbox::queue.eq(queue))
        .filter(inbox::event_id.eq(row.event_id))
        .filter(inbox::done_at.is_null())
        .filter(inbox::dead_at.is_null())
        .filter(inbox::attempts.eq(row.attempts));
    diesel::update(attempted)
        .set((
            inbox::attempts.eq(inbox::attempts + 1),
            inbox::next_attempt_at.eq(next.unwrap_or_else(Utc::now)),
            inbox::dead_at.eq(dead_at),
            inbox::error.eq(storable(error)),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

/// A text as PostgreSQL can store it: errors quote messages, and messages may hold a zero character.
fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// Removes what was worked more than `days` ago. A delivery repeated after that would be worked again, so this
/// must be longer than any broker keeps a message.
pub(super) async fn prune(connection: &mut AsyncPgConnection, days: i64) -> QueryResult<usize> {
    let limit = Utc::now() - chrono::Duration::days(days);
    diesel::delete(inbox::table.filter(inbox::done_at.lt(limit)))
        .execute(connection)
        .await
}

/// An event that could not be worked.
#[derive(Debug, Clone, Queryable)]
pub struct DeadLetter {
    /// Whose it was: `{subgraph}.{consumer}`.
    pub queue: String,
    /// The event's id.
    pub event_id: Uuid,
    /// The message as it came.
    pub body: Vec<u8>,
    /// When it was given up.
    pub dead_at: Option<DateTime<Utc>>,
    /// How often it was tried.
    pub attempts: i32,
    /// Why the last attempt failed.
    pub error: Option<String>,
}

/// The dead letters of this database, oldest first.
pub async fn dead_letters(connection: &mut AsyncPgConnection) -> QueryResult<Vec<DeadLetter>> {
    inbox::table
        .filter(inbox::dead_at.is_not_null())
        .order(inbox::dead_at)
        .select((
            inbox::queue,
            inbox::event_id,
            inbox::body,
            inbox::dead_at,
            inbox::attempts,
            inbox::error,
        ))
        .load(connection)
        .await
}

/// Lets dead letters be tried again: the one with this id, or all. Gives how many there were.
pub async fn replay(connection: &mut AsyncPgConnection, event: Option<Uuid>) -> QueryResult<usize> {
    let fresh = (
        inbox::dead_at.eq(None::<DateTime<Utc>>),
        inbox::attempts.eq(0),
        inbox::next_attempt_at.eq(Utc::now()),
    );
    let dead = inbox::table.filter(inbox::dead_at.is_not_null());
    let replayed = match event {
        Some(event) => {
            diesel::update(dead.filter(inbox::event_id.eq(event)))
                .set(fresh)
                .execute(connection)
                .await?
        }
        None => diesel::update(dead).set(fresh).execute(connection).await?,
    };
    diesel::sql_query("SELECT pg_notify('inbox', '')")
        .execute(connection)
        .await?;
    Ok(replayed)
}

/// How many events of the queue wait, and how many are dead letters.
pub(super) async fn backlog(
    connection: &mut AsyncPgConnection,
    queue: &str,
) -> QueryResult<(i64, i64)> {
    let of_queue = inbox::table.filter(inbox::queue.eq(queue));
    let waiting = of_queue
        .filter(inbox::done_at.is_null())
        .filter(inbox::dead_at.is_null())
        .count()
        .get_result(connection)
        .await?;
    let dead = of_queue
        .filter(inbox::dead_at.is_not_null())
        .count()
        .get_result(connection)
        .await?;
    Ok((waiting, dead))
}

/// How many events wait in this database's inbox, due or not. Zero means that all was worked or is dead.
pub async fn waiting(connection: &mut AsyncPgConnection) -> QueryResult<i64> {
    inbox::table
        .filter(inbox::done_at.is_null())
        .filter(inbox::dead_at.is_null())
        .count()
        .get_result(connection)
        .await
}
