//! Works a queue's inbox.

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use futures::FutureExt;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span};

use super::inbox::{self, Due};
use super::regularly::regularly;
use super::{ConsumeError, Consumer, Event, Wake};
use crate::database::{Database, prepared};

/// How many events are worked in one transaction when all goes well.
const BATCH: i64 = 64;
/// How often an event is tried before it is a dead letter.
const ATTEMPTS: i32 = 8;
/// The pause after the first failure; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// How long to wait for a wake-up before looking all the same.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How often worked rows are pruned, and how long they are kept.
const PRUNE_EVERY: Duration = Duration::from_secs(3600);
const KEEP_DAYS: i64 = 30;
/// How often the backlog is measured.
const MEASURE_EVERY: Duration = Duration::from_secs(15);

/// Applies the events of one consumer, in order per aggregate. Every instance runs one; a lock per queue lets one
/// at a time work, so order holds across instances.
pub struct Worker {
    /// `{subgraph}.{consumer}`.
    pub queue: String,
    /// The database with the inbox and the consumer's tables.
    pub database: Database,
    /// What to do.
    pub consumer: Arc<dyn Consumer>,
}

/// What one look at the inbox brought.
enum Looked {
    /// Some events were worked; there may be more.
    Worked,
    /// Nothing is due.
    Idle,
}

/// Why a transaction over events was given up.
enum Failed {
    Database(diesel::result::Error),
    Event(ConsumeError),
}

impl From<diesel::result::Error> for Failed {
    fn from(error: diesel::result::Error) -> Self {
        Failed::Database(error)
    }
}

impl Worker {
    /// Runs until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        // In a rhythm of their own, so that a busy queue is pruned too.
        tokio::join!(
            self.work(&stop),
            regularly(PRUNE_EVERY, &stop, || self.prune()),
            regularly(MEASURE_EVERY, &stop, || self.measure()),
        );
    }

    async fn work(&self, stop: &CancellationToken) {
        let wake = Wake::listen(self.database.url(), "inbox", stop.clone());
        while !stop.is_cancelled() {
            // Registered before looking: an event stored while we look wakes us again.
            let armed = wake.armed();
            let pause = match self.look().await {
                Ok(Looked::Worked) => continue,
                Ok(Looked::Idle) => self.until_next().await,
                Err(error) => {
                    tracing::warn!(queue = self.queue, error, "the inbox cannot be worked");
                    FIRST_PAUSE
                }
            };
            tokio::select! {
                () = stop.cancelled() => {}
                _ = tokio::time::timeout(pause, armed) => {}
            }
        }
    }

    async fn look(&self) -> Result<Looked, String> {
        let mut connection = self
            .database
            .get()
            .await
            .map_err(|error| error.to_string())?;
        let worked = self.work_together(&mut connection).await;
        match worked {
            Ok(looked) => Ok(looked),
            // Together they failed; one by one shows which, and lets the others through.
            Err(Failed::Event(_)) => self
                .work_one_by_one(&mut connection)
                .await
                .map_err(|error| error.to_string()),
            Err(Failed::Database(error)) => Err(error.to_string()),
        }
    }

    /// All due events in one transaction: cheap when nothing fails, which is nearly always.
    async fn work_together(&self, connection: &mut AsyncPgConnection) -> Result<Looked, Failed> {
        connection
            .transaction(async |transaction| {
                if !lock_queue(transaction, &self.queue).await? {
                    return Ok(Looked::Idle);
                }
                let due = inbox::due(transaction, &self.queue, BATCH).await?;
                if due.is_empty() {
                    return Ok(Looked::Idle);
                }
                for row in &due {
                    self.apply(transaction, row).await.map_err(Failed::Event)?;
                }
                let ids: Vec<_> = due.iter().map(|row| row.event_id).collect();
                inbox::done(transaction, &self.queue, &ids).await?;
                metrics::counter!("souk_events_consumed_total", "queue" => self.queue.clone())
                    .increment(ids.len() as u64);
                Ok(Looked::Worked)
            })
            .await
    }

    /// Every due event in a transaction of its own; once an aggregate's event failed, its later ones wait. Between two
    /// transactions another instance may take the queue, so each looks again whether its event is still due.
    async fn work_one_by_one(
        &self,
        connection: &mut AsyncPgConnection,
    ) -> diesel::QueryResult<Looked> {
        let due = inbox::due(connection, &self.queue, BATCH).await?;
        let mut passed_over = HashSet::new();
        for row in &due {
            if passed_over.contains(&row.aggregate_id) {
                continue;
            }
            let result = connection
                .transaction(async |transaction| {
                    let due = lock_queue(transaction, &self.queue).await?
                        && inbox::still_due(transaction, &self.queue, row).await?;
                    if due {
                        self.apply(transaction, row).await.map_err(Failed::Event)?;
                        inbox::done(transaction, &self.queue, &[row.event_id]).await?;
                    }
                    Ok(due)
                })
                .await;
            match result {
                Ok(true) => {}
                Ok(false) => {
                    passed_over.insert(row.aggregate_id);
                }
                Err(Failed::Database(error)) => return Err(error),
                Err(Failed::Event(error)) => {
                    passed_over.insert(row.aggregate_id);
                    self.note_failure(connection, row, &error).await?;
                }
            }
        }
        Ok(Looked::Worked)
    }

    async fn apply(
        &self,
        connection: &mut AsyncPgConnection,
        row: &Due,
    ) -> Result<(), ConsumeError> {
        let event: Event = serde_json::from_slice(&row.body)
            .map_err(|error| ConsumeError::Reject(format!("not an event: {error}")))?;
        let applied = async {
            self.consumer.consume(connection, &event).await?;
            tracing::debug!("event applied");
            Ok(())
        };
        // A panic must not end the worker: it counts as a failure of this event.
        let consumed = AssertUnwindSafe(applied.instrument(self.span(&event))).catch_unwind();
        consumed
            .await
            .unwrap_or_else(|_| Err(ConsumeError::Retry("the consumer panicked".to_owned())))
    }

    /// What is logged inside carries the event's correlation id. It is of the highest level, because a line has no id
    /// when the level of its span is switched off.
    fn span(&self, event: &Event) -> Span {
        tracing::error_span!(
            "consume",
            queue = self.queue,
            event_type = event.payload.event_type(),
            correlation_id = event.correlation_id
        )
    }

    async fn note_failure(
        &self,
        connection: &mut AsyncPgConnection,
        row: &Due,
        error: &ConsumeError,
    ) -> diesel::QueryResult<()> {
        let attempt = row.attempts + 1;
        let again = matches!(error, ConsumeError::Retry(_)) && attempt < ATTEMPTS;
        let next = again.then(|| {
            Utc::now()
                + FIRST_PAUSE * 2_u32.pow(u32::try_from(row.attempts.clamp(0, 16)).unwrap_or(0))
        });
        // What cannot be read has no correlation id to be followed by.
        let span = match serde_json::from_slice(&row.body) {
            Ok(event) => self.span(&event),
            Err(_) => Span::none(),
        };
        span.in_scope(|| {
            if again {
                tracing::warn!(queue = self.queue, event = %row.event_id, attempt, %error, "an event failed and is tried again");
            } else {
                tracing::error!(queue = self.queue, event = %row.event_id, attempt, %error, "an event is a dead letter");
            }
        });
        if !again {
            metrics::counter!("souk_events_dead_total", "queue" => self.queue.clone()).increment(1);
        }
        inbox::failed(connection, &self.queue, row, &error.to_string(), next).await
    }

    /// How long until the next attempt of a failed event is due, at most [`LOOK_EVERY`].
    async fn until_next(&self) -> Duration {
        let Ok(mut connection) = self.database.get().await else {
            return LOOK_EVERY;
        };
        match inbox::next_due(&mut connection, &self.queue).await {
            Ok(Some(next)) => (next - Utc::now())
                .to_std()
                .unwrap_or(FIRST_PAUSE)
                .clamp(Duration::from_millis(20), LOOK_EVERY),
            Ok(None) | Err(_) => LOOK_EVERY,
        }
    }

    /// Tells how many events of the queue wait and how many are dead letters. A database that does not answer is told
    /// elsewhere.
    async fn measure(&self) {
        let Ok(mut connection) = self.database.get().await else {
            return;
        };
        let gauge = |name: &'static str| metrics::gauge!(name, "queue" => self.queue.clone());
        if let Ok((waiting, dead)) = inbox::backlog(&mut connection, &self.queue).await {
            gauge("souk_inbox_waiting").set(waiting as f64);
            gauge("souk_inbox_dead").set(dead as f64);
        }
    }

    async fn prune(&self) {
        let Ok(mut connection) = self.database.get().await else {
            return;
        };
        if let Err(error) = inbox::prune(&mut connection, KEEP_DAYS).await {
            tracing::warn!(queue = self.queue, %error, "the inbox could not be pruned");
        }
    }
}

#[derive(diesel::QueryableByName)]
struct Locked {
    #[diesel(sql_type = diesel::sql_types::Bool)]
    locked: bool,
}

/// True if this transaction may work the queue now; false while another instance does.
async fn lock_queue(connection: &mut AsyncPgConnection, queue: &str) -> diesel::QueryResult<bool> {
    let lock =
        diesel::sql_query("SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS locked")
            .bind::<diesel::sql_types::Text, _>(queue);
    let row: Locked = prepared(lock).get_result(connection).await?;
    Ok(row.locked)
}
