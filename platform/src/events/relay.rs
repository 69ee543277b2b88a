//! Publishes a database's outbox.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use diesel_async::{AsyncPgConnection, RunQueryDsl};
use tokio_util::sync::CancellationToken;

use super::bus::Bus;
use super::regularly::regularly;
use super::{Event, Wake, outbox};
use crate::database::Database;

/// How many events are published at a time.
const BATCH: i64 = 256;
/// How long to wait for a wake-up before looking all the same.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// The longest pause after failures in a row.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// How often the published rows are pruned, and how long they are kept.
const PRUNE_EVERY: Duration = Duration::from_secs(3600);
const KEEP_DAYS: i64 = 7;
/// How often the backlog is measured.
const MEASURE_EVERY: Duration = Duration::from_secs(15);
/// The advisory lock that makes one relay of all instances the active one.
const RELAY_LOCK: i64 = 0x736f_756b_7265_6c61;

/// Publishes the outbox of one database in order. Many instances may run one; one at a time is active, the others
/// take over when its connection ends.
pub struct Relay {
    /// For logs: the subgraph's name.
    pub subgraph: &'static str,
    /// The database with the outbox.
    pub database: Database,
    /// Where to publish.
    pub bus: Arc<dyn Bus>,
}

impl Relay {
    /// Runs until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        // In a rhythm of their own, so that a busy outbox is pruned too.
        tokio::join!(
            self.publish_all(&stop),
            regularly(PRUNE_EVERY, &stop, || self.prune()),
            regularly(MEASURE_EVERY, &stop, || self.measure()),
        );
    }

    async fn publish_all(&self, stop: &CancellationToken) {
        let wake = Wake::listen(self.database.url(), "outbox", stop.clone());
        let mut pause = Duration::from_millis(100);
        while !stop.is_cancelled() {
            let work = self.publish_until_stopped(&wake, stop, &mut pause);
            if let Err(error) = work.await {
                tracing::warn!(subgraph = self.subgraph, error, "the outbox relay pauses");
                metrics::counter!("souk_outbox_failures_total", "subgraph" => self.subgraph)
                    .increment(1);
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = tokio::time::sleep(pause) => {}
                }
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }

    async fn publish_until_stopped(
        &self,
        wake: &Wake,
        stop: &CancellationToken,
        pause: &mut Duration,
    ) -> Result<(), String> {
        // Not one of the pool: it is held as long as the process runs, and the lock with it.
        let mut connection = self
            .database
            .connect()
            .await
            .map_err(|error| error.to_string())?;
        while !try_lock(&mut connection).await? {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
        self.publish_loop(&mut connection, wake, stop, pause).await
    }

    async fn publish_loop(
        &self,
        connection: &mut AsyncPgConnection,
        wake: &Wake,
        stop: &CancellationToken,
        pause: &mut Duration,
    ) -> Result<(), String> {
        while !stop.is_cancelled() {
            // Registered before looking: an event committed while we look wakes us again.
            let armed = wake.armed();
            let waiting = outbox::waiting(connection, BATCH)
                .await
                .map_err(|error| error.to_string())?;
            if waiting.is_empty() {
                tokio::select! {
                    () = stop.cancelled() => {}
                    _ = tokio::time::timeout(LOOK_EVERY, armed) => {}
                }
                continue;
            }
            self.publish(connection, waiting).await?;
            *pause = Duration::from_millis(100);
        }
        Ok(())
    }

    /// Removes old rows. Two instances that do it at once do no harm.
    async fn prune(&self) {
        let Ok(mut connection) = self.database.get().await else {
            return;
        };
        if let Err(error) = outbox::prune(&mut connection, KEEP_DAYS).await {
            tracing::warn!(subgraph = self.subgraph, %error, "the outbox could not be pruned");
        }
    }

    /// Tells how many events wait to be published. A database that does not answer is told elsewhere.
    async fn measure(&self) {
        let Ok(mut connection) = self.database.get().await else {
            return;
        };
        if let Ok(waiting) = outbox::backlog(&mut connection).await {
            metrics::gauge!("souk_outbox_waiting", "subgraph" => self.subgraph).set(waiting as f64);
        }
    }

    /// Publishes in rounds with at most one event per aggregate, so that a round that is confirmed in part never
    /// puts two events of one aggregate out of order.
    async fn publish(
        &self,
        connection: &mut AsyncPgConnection,
        mut waiting: Vec<outbox::Waiting>,
    ) -> Result<(), String> {
        while !waiting.is_empty() {
            let mut seen = HashSet::new();
            let (round, later): (Vec<_>, Vec<_>) = waiting
                .into_iter()
                .partition(|row| seen.insert(row.event.aggregate_id));
            let sequences: Vec<i64> = round.iter().map(|row| row.sequence).collect();
            let events: Vec<Event> = round.into_iter().map(|row| row.event).collect();
            self.bus
                .publish(&events)
                .await
                .map_err(|error| error.to_string())?;
            outbox::published(connection, &sequences)
                .await
                .map_err(|error| error.to_string())?;
            metrics::counter!("souk_events_published_total", "subgraph" => self.subgraph)
                .increment(events.len() as u64);
            waiting = later;
        }
        Ok(())
    }
}

#[derive(diesel::QueryableByName)]
struct Locked {
    #[diesel(sql_type = diesel::sql_types::Bool)]
    locked: bool,
}

async fn try_lock(connection: &mut AsyncPgConnection) -> Result<bool, String> {
    let row: Locked = diesel::sql_query("SELECT pg_try_advisory_lock($1) AS locked")
        .bind::<diesel::sql_types::BigInt, _>(RELAY_LOCK)
        .get_result(connection)
        .await
        .map_err(|error| error.to_string())?;
    Ok(row.locked)
}
