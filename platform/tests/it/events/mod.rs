//! From outboxes over a bus into inboxes, whatever fails on the way.

mod delivery;
mod rabbit;
mod relaying;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use diesel::sql_types::{BigInt, Text};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use souk_harness::wait_for;
use souk_platform::database::Database;
use souk_platform::events::{
    Bus, ConsumeError, Consumer, Event, Payload, Queue, Relay, Worker, outbox,
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// The name of the queue in these tests.
const QUEUE: &str = "test.diary";
/// How long something may take on a busy machine.
const SOON: Duration = Duration::from_secs(30);

/// An event of the aggregate. The note is what the diary remembers of it.
fn event(aggregate: Uuid, note: impl ToString + Copy) -> Event {
    let payload = Payload::StockReserved {
        order_id: aggregate,
    };
    Event::new(aggregate, &note.to_string(), payload)
}

/// Writes down every event it is told, in its database, and then does what the test wants.
struct Diary<F>(F);

#[async_trait]
impl<F> Consumer for Diary<F>
where
    F: AsyncRun,
{
    fn name(&self) -> &'static str {
        "diary"
    }

    fn patterns(&self) -> &'static [&'static str] {
        &["stock.*"]
    }

    async fn consume(
        &self,
        connection: &mut AsyncPgConnection,
        event: &Event,
    ) -> Result<(), ConsumeError> {
        diesel::sql_query("INSERT INTO diary (event_id, aggregate_id, note) VALUES ($1, $2, $3)")
            .bind::<diesel::sql_types::Uuid, _>(event.id)
            .bind::<diesel::sql_types::Uuid, _>(event.aggregate_id)
            .bind::<Text, _>(&event.correlation_id)
            .execute(connection)
            .await?;
        self.0.run(connection, event).await
    }
}

/// What happens after the effect and before the commit.
#[async_trait]
trait AsyncRun: Send + Sync + 'static {
    async fn run(
        &self,
        connection: &mut AsyncPgConnection,
        event: &Event,
    ) -> Result<(), ConsumeError>;
}

/// Nothing: all goes well.
struct Fine;

#[async_trait]
impl AsyncRun for Fine {
    async fn run(&self, _: &mut AsyncPgConnection, _: &Event) -> Result<(), ConsumeError> {
        Ok(())
    }
}

/// What a function of the event says.
struct Says<F>(F);

#[async_trait]
impl<F> AsyncRun for Says<F>
where
    F: Fn(&Event) -> Result<(), ConsumeError> + Send + Sync + 'static,
{
    async fn run(&self, _: &mut AsyncPgConnection, event: &Event) -> Result<(), ConsumeError> {
        (self.0)(event)
    }
}

/// A platform database with a diary.
async fn database_with_diary() -> Database {
    with_diary(souk_harness::database("platform").await).await
}

async fn with_diary(database: Database) -> Database {
    sql(
        &database,
        "CREATE TABLE diary (position BIGINT GENERATED ALWAYS AS IDENTITY, event_id UUID, aggregate_id UUID, note TEXT)",
    )
    .await;
    database
}

async fn sql(database: &Database, statement: &str) {
    let mut connection = database.get().await.unwrap();
    execute(&mut connection, statement).await.unwrap();
}

async fn execute(
    connection: &mut AsyncPgConnection,
    statement: &str,
) -> Result<usize, diesel::result::Error> {
    diesel::sql_query(statement).execute(connection).await
}

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// The `count` of a query.
async fn count(database: &Database, query: &str) -> i64 {
    let mut connection = database.get().await.unwrap();
    let row: Count = diesel::sql_query(query)
        .get_result(&mut connection)
        .await
        .unwrap();
    row.count
}

#[derive(diesel::QueryableByName)]
struct Line {
    #[diesel(sql_type = diesel::sql_types::Uuid)]
    aggregate_id: Uuid,
    #[diesel(sql_type = Text)]
    note: String,
}

/// What the diary says of the aggregate, in order.
async fn notes(database: &Database, aggregate: Uuid) -> Vec<String> {
    let mut connection = database.get().await.unwrap();
    let lines: Vec<Line> =
        diesel::sql_query("SELECT aggregate_id, note FROM diary ORDER BY position")
            .load(&mut connection)
            .await
            .unwrap();
    let of_aggregate = lines
        .into_iter()
        .filter(|line| line.aggregate_id == aggregate);
    of_aggregate.map(|line| line.note).collect()
}

/// Waits until the diary has so many lines.
async fn wait_for_lines(database: &Database, lines: i64) {
    wait_for("the events to be worked", SOON, async || {
        count(database, "SELECT count(*) FROM diary").await >= lines
    })
    .await;
}

/// The notes 0, 1, 2 and so on.
fn numbers(count: usize) -> Vec<String> {
    (0..count).map(|number| number.to_string()).collect()
}

/// Commits the events, each in a transaction of its own.
async fn tell(database: &Database, events: &[Event]) {
    let mut connection = database.get().await.unwrap();
    for event in events {
        connection
            .transaction(async |transaction| outbox::append(transaction, event).await)
            .await
            .unwrap();
    }
}

/// The diary's queue on this database.
fn queue(database: &Database) -> Queue {
    Queue {
        name: QUEUE.to_owned(),
        patterns: &["stock.*"],
        database: database.clone(),
    }
}

/// Work that ends with the test.
struct Running {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    fn worker(database: &Database, consumer: Arc<dyn Consumer>) -> Running {
        let worker = Worker {
            queue: QUEUE.to_owned(),
            database: database.clone(),
            consumer,
        };
        let stop = CancellationToken::new();
        let task = tokio::spawn(worker.run(stop.clone()));
        Running { stop, task }
    }

    fn relay(database: &Database, bus: &Arc<dyn Bus>) -> Running {
        let relay = Relay {
            subgraph: "test",
            database: database.clone(),
            bus: bus.clone(),
        };
        let stop = CancellationToken::new();
        let task = tokio::spawn(relay.run(stop.clone()));
        Running { stop, task }
    }

    /// Ends it as the death of its process would.
    async fn kill(mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
    }

    /// Lets it end by itself.
    async fn finish(mut self) {
        self.stop.cancel();
        let ended = tokio::time::timeout(Duration::from_secs(10), &mut self.task).await;
        ended.expect("it stops").expect("it does not panic");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.cancel();
        self.task.abort();
    }
}
