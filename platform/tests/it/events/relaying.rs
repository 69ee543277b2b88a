//! What a relay guarantees: everything is published, in order per aggregate, by one instance at a time.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use futures::stream::BoxStream;
use souk_harness::database_url;
use souk_platform::events::bus::Heard;
use souk_platform::events::{BusError, LocalBus};

use super::*;

/// Passes events on to a local bus and notes them. Of its publications, every `fails_every`-th fails: in turns before
/// and after the events are delivered.
struct Noting {
    bus: LocalBus,
    noted: Mutex<Vec<Event>>,
    fails_every: u32,
    calls: AtomicU32,
}

impl Noting {
    fn new(fails_every: u32) -> Arc<Noting> {
        Arc::new(Noting {
            bus: LocalBus::default(),
            noted: Mutex::default(),
            fails_every,
            calls: AtomicU32::new(0),
        })
    }

    fn noted(&self) -> usize {
        self.noted.lock().unwrap().len()
    }

    fn has_noted(&self, event: &Event) -> bool {
        let noted = self.noted.lock().unwrap();
        noted.iter().any(|other| other.id == event.id)
    }
}

#[async_trait]
impl Bus for Noting {
    async fn publish(&self, events: &[Event]) -> Result<(), BusError> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        let fails = self.fails_every > 0 && call.is_multiple_of(self.fails_every);
        let error = || Err(BusError::Broker("as the test wants".to_owned()));
        if fails && call.is_multiple_of(2) {
            return error();
        }
        self.bus.publish(events).await?;
        self.noted.lock().unwrap().extend_from_slice(events);
        if fails { error() } else { Ok(()) }
    }

    async fn declare(&self, queue: &Queue) -> Result<(), BusError> {
        self.bus.declare(queue).await
    }

    async fn bind(&self, queue: Queue) -> Result<(), BusError> {
        self.bus.bind(queue).await
    }

    fn listen(&self, patterns: &'static [&'static str]) -> BoxStream<'static, Heard> {
        self.bus.listen(patterns)
    }

    async fn ready(&self) -> bool {
        true
    }
}

#[tokio::test]
async fn a_bus_that_fails_now_and_then_loses_and_reorders_nothing() {
    let database = database_with_diary().await;
    let noting = Noting::new(3);
    let bus: Arc<dyn Bus> = noting.clone();
    bus.bind(queue(&database)).await.unwrap();
    let _relay = Running::relay(&database, &bus);
    let _worker = Running::worker(&database, Arc::new(Diary(Fine)));
    let aggregates = [Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7()];
    let mut events = Vec::new();
    for number in 0..6 {
        events.extend(aggregates.map(|aggregate| event(aggregate, number)));
    }
    tell(&database, &events).await;
    wait_for_lines(&database, 18).await;
    for aggregate in aggregates {
        assert_eq!(notes(&database, aggregate).await, numbers(6));
    }
}

#[tokio::test]
async fn one_relay_publishes_and_another_takes_over_when_it_dies() {
    let url = database_url("platform").await;
    let database = Database::new(&url, 4).unwrap();
    let (first, second) = (Noting::new(0), Noting::new(0));
    let (first_bus, second_bus): (Arc<dyn Bus>, Arc<dyn Bus>) = (first.clone(), second.clone());
    let first_pool = Database::new(&url, 2).unwrap();
    let active = Running::relay(&first_pool, &first_bus);
    tell(&database, &[event(Uuid::now_v7(), 0)]).await;
    wait_for("the first relay", SOON, async || first.noted() == 1).await;

    let _standby = Running::relay(&Database::new(&url, 2).unwrap(), &second_bus);
    let events: Vec<Event> = (0..50)
        .map(|number| event(Uuid::now_v7(), number))
        .collect();
    tell(&database, &events).await;
    wait_for("all of them", SOON, async || first.noted() == 51).await;
    assert_eq!(second.noted(), 0, "one at a time");

    active.kill().await;
    drop(first_pool);
    tell(&database, &[event(Uuid::now_v7(), 0)]).await;
    wait_for("the second relay", SOON, async || second.noted() == 1).await;
    assert_eq!(first.noted(), 51);
}

#[tokio::test]
async fn a_relay_works_beside_requests_that_hold_all_connections() {
    let database = Database::new(&database_url("platform").await, 1).unwrap();
    let noting = Noting::new(0);
    let bus: Arc<dyn Bus> = noting.clone();
    tell(&database, &[event(Uuid::now_v7(), 0)]).await;
    let held = database.get().await.unwrap();
    let _relay = Running::relay(&database, &bus);
    wait_for("the event", SOON, async || noting.noted() == 1).await;
    drop(held);
    // And it does not keep the connection that is needed for the next.
    tell(&database, &[event(Uuid::now_v7(), 1)]).await;
    wait_for("the next event", SOON, async || noting.noted() == 2).await;
}

#[tokio::test]
async fn a_relay_takes_up_its_work_after_the_database_was_away() {
    let proxy = souk_harness::Proxy::in_front_of(&database_url("platform").await).await;
    let database = Database::new(proxy.url(), 4).unwrap();
    let noting = Noting::new(0);
    let bus: Arc<dyn Bus> = noting.clone();
    let _relay = Running::relay(&database, &bus);
    let (first, second) = (event(Uuid::now_v7(), 0), event(Uuid::now_v7(), 1));
    tell(&database, std::slice::from_ref(&first)).await;
    wait_for("the first event", SOON, async || noting.has_noted(&first)).await;
    // The cut may come before the first event is marked as published; then it is published again.
    proxy.cut();
    tokio::time::sleep(Duration::from_millis(300)).await;
    proxy.restore();
    wait_for("the database", SOON, async || database.get().await.is_ok()).await;
    tell(&database, std::slice::from_ref(&second)).await;
    wait_for("the second event", SOON, async || noting.has_noted(&second)).await;
}

#[tokio::test]
async fn a_row_that_cannot_be_read_holds_up_only_what_is_behind_it() {
    let database = database_with_diary().await;
    let noting = Noting::new(0);
    let bus: Arc<dyn Bus> = noting.clone();
    tell(&database, &[event(Uuid::now_v7(), "before")]).await;
    sql(
        &database,
        "INSERT INTO outbox (event_id, aggregate_id, event) VALUES (gen_random_uuid(), gen_random_uuid(), '{\"type\": \"of tomorrow\"}')",
    )
    .await;
    tell(&database, &[event(Uuid::now_v7(), "behind")]).await;

    let _relay = Running::relay(&database, &bus);
    wait_for("what is before it", SOON, async || noting.noted() == 1).await;
    sql(
        &database,
        "DELETE FROM outbox WHERE event ->> 'type' = 'of tomorrow'",
    )
    .await;
    wait_for("what is behind it", SOON, async || noting.noted() == 2).await;
}
