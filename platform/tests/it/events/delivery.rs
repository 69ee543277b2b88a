//! What a worker guarantees: every event once, in order, or a dead letter.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use diesel_async::{AsyncConnection, AsyncPgConnection};
use futures::StreamExt;
use souk_harness::{database_url, wait_for};
use souk_platform::database::Database;
use souk_platform::events::bus::Heard;
use souk_platform::events::{
    Bus, ConsumeError, Event, LocalBus, Payload, Relay, Worker, inbox, outbox,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    AsyncRun, Diary, Fine, QUEUE, Running, SOON, Says, count, database_with_diary, event, execute,
    notes, numbers, queue, sql, tell, wait_for_lines, with_diary,
};

/// A local bus with the diary's queue on it.
async fn bus(database: &Database) -> Arc<dyn Bus> {
    let bus: Arc<dyn Bus> = Arc::new(LocalBus::default());
    bus.bind(queue(database)).await.unwrap();
    bus
}

#[tokio::test]
async fn an_event_is_told_if_and_only_if_its_transaction_commits() {
    let database = database_with_diary().await;
    let bus = bus(&database).await;
    let _relay = Running::relay(&database, &bus);
    let _worker = Running::worker(&database, Arc::new(Diary(Fine)));
    let aggregate = Uuid::now_v7();

    let mut connection = database.get().await.unwrap();
    let given_up: Result<(), diesel::result::Error> = connection
        .transaction(async |transaction| {
            outbox::append(transaction, &event(aggregate, "given up")).await?;
            Err(diesel::result::Error::RollbackTransaction)
        })
        .await;
    assert!(given_up.is_err());
    tell(&database, &[event(aggregate, "committed")]).await;

    wait_for_lines(&database, 1).await;
    assert_eq!(notes(&database, aggregate).await, ["committed"]);
    wait_for("the outbox to be empty", SOON, async || {
        count(
            &database,
            "SELECT count(*) FROM outbox WHERE published_at IS NULL",
        )
        .await
            == 0
    })
    .await;
}

#[tokio::test]
async fn events_wait_in_the_outbox_and_in_the_inbox_for_those_who_come_later() {
    let database = database_with_diary().await;
    let aggregate = Uuid::now_v7();
    let events: Vec<Event> = (0..3).map(|number| event(aggregate, number)).collect();
    tell(&database, &events).await;

    // A first process publishes and dies before anything is worked.
    let first = bus(&database).await;
    let relay = Running::relay(&database, &first);
    wait_for("the events to be published", SOON, async || {
        count(&database, "SELECT count(*) FROM inbox").await == 3
    })
    .await;
    relay.kill().await;
    drop(first);

    // A second one finds them.
    let _worker = Running::worker(&database, Arc::new(Diary(Fine)));
    wait_for_lines(&database, 3).await;
    assert_eq!(notes(&database, aggregate).await, numbers(3));
}

#[tokio::test]
async fn order_per_aggregate_survives_failures() {
    let database = database_with_diary().await;
    let aggregates: Vec<Uuid> = (0..4).map(|_| Uuid::now_v7()).collect();
    let mut events = Vec::new();
    for number in 0..15 {
        for aggregate in &aggregates {
            events.push(event(*aggregate, number));
        }
    }
    // Each aggregate fails twice at another event.
    let mut failures: HashMap<Uuid, u32> = HashMap::new();
    for (position, aggregate) in aggregates.iter().enumerate() {
        let nth = events
            .iter()
            .filter(|event| event.aggregate_id == *aggregate)
            .nth(position * 3);
        failures.insert(nth.unwrap().id, 2);
    }
    let failures = Mutex::new(failures);
    let failing = Says(
        move |event: &Event| match failures.lock().unwrap().get_mut(&event.id) {
            Some(left) if *left > 0 => {
                *left -= 1;
                Err(ConsumeError::Retry("not now".to_owned()))
            }
            _ => Ok(()),
        },
    );
    let bus = bus(&database).await;
    let _worker = Running::worker(&database, Arc::new(Diary(failing)));
    let _relay = Running::relay(&database, &bus);
    tell(&database, &events).await;

    wait_for_lines(&database, 60).await;
    for aggregate in aggregates {
        assert_eq!(notes(&database, aggregate).await, numbers(15));
    }
}

#[tokio::test]
async fn an_event_delivered_twice_has_its_effect_once() {
    let database = database_with_diary().await;
    let bus = bus(&database).await;
    let aggregate = Uuid::now_v7();
    let events: Vec<Event> = (0..5).map(|number| event(aggregate, number)).collect();
    bus.publish(&events).await.unwrap();
    let worker = Running::worker(&database, Arc::new(Diary(Fine)));
    bus.publish(&events).await.unwrap();
    wait_for_lines(&database, 5).await;
    bus.publish(&events).await.unwrap();
    bus.publish(&[event(aggregate, 5)]).await.unwrap();
    wait_for_lines(&database, 6).await;
    worker.finish().await;
    assert_eq!(notes(&database, aggregate).await, numbers(6));
}

/// Breaks the worker's own connection after the first effect.
struct BreaksOnce(AtomicBool);

#[async_trait]
impl AsyncRun for BreaksOnce {
    async fn run(&self, connection: &mut AsyncPgConnection, _: &Event) -> Result<(), ConsumeError> {
        if self.0.swap(false, Ordering::Relaxed) {
            execute(connection, "SELECT pg_terminate_backend(pg_backend_pid())").await?;
        }
        Ok(())
    }
}

#[tokio::test]
async fn a_connection_that_breaks_between_effect_and_commit_undoes_both() {
    let database = database_with_diary().await;
    let bus = bus(&database).await;
    let aggregate = Uuid::now_v7();
    let _worker = Running::worker(
        &database,
        Arc::new(Diary(BreaksOnce(AtomicBool::new(true)))),
    );
    bus.publish(&[event(aggregate, 0), event(aggregate, 1)])
        .await
        .unwrap();
    wait_for_lines(&database, 2).await;
    assert_eq!(notes(&database, aggregate).await, numbers(2));
    // It was not the events' fault.
    assert_eq!(
        count(&database, "SELECT sum(attempts) AS count FROM inbox").await,
        0
    );
}

/// Never comes back from the first event.
struct HangsOnce(AtomicBool);

#[async_trait]
impl AsyncRun for HangsOnce {
    async fn run(&self, _: &mut AsyncPgConnection, _: &Event) -> Result<(), ConsumeError> {
        if self.0.swap(false, Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        Ok(())
    }
}

#[tokio::test]
async fn a_worker_that_dies_between_effect_and_commit_leaves_the_event_to_the_next() {
    let url = database_url("platform").await;
    let database = with_diary(Database::new(&url, 4).unwrap()).await;
    let aggregate = Uuid::now_v7();
    bus(&database)
        .await
        .publish(&[event(aggregate, 0), event(aggregate, 1)])
        .await
        .unwrap();

    // Another process, with connections of its own.
    let other = Database::new(&url, 2).unwrap();
    let hangs = Arc::new(Diary(HangsOnce(AtomicBool::new(true))));
    let dying = Running::worker(&other, hangs.clone());
    wait_for("the effect", SOON, async || {
        !hangs.0.0.load(Ordering::Relaxed)
    })
    .await;
    let _survivor = Running::worker(&database, Arc::new(Diary(Fine)));
    dying.kill().await;
    drop(other);

    wait_for_lines(&database, 2).await;
    assert_eq!(notes(&database, aggregate).await, numbers(2));
}

#[tokio::test]
async fn two_workers_of_a_queue_never_do_the_same_event_twice() {
    let url = database_url("platform").await;
    let database = with_diary(Database::new(&url, 4).unwrap()).await;
    let events: Vec<Event> = (0..60).map(|_| event(Uuid::now_v7(), "once")).collect();
    // Every tenth fails, so that both instances work the others one by one, at the same time.
    let bad: HashSet<Uuid> = events.iter().step_by(10).map(|event| event.id).collect();
    let good = 60 - bad.len();
    bus(&database).await.publish(&events).await.unwrap();

    let mut workers = Vec::new();
    for _ in 0..2 {
        let bad = bad.clone();
        let picky = Says(move |event: &Event| match bad.contains(&event.id) {
            true => Err(ConsumeError::Retry("not now".to_owned())),
            false => Ok(()),
        });
        workers.push(Running::worker(
            &Database::new(&url, 4).unwrap(),
            Arc::new(Diary(picky)),
        ));
    }
    let done = "SELECT count(*) FROM inbox WHERE done_at IS NOT NULL";
    wait_for("the good ones", SOON, async || {
        count(&database, done).await == i64::try_from(good).unwrap()
    })
    .await;
    for worker in workers {
        worker.finish().await;
    }
    let twice =
        "SELECT count(*) FROM (SELECT 1 FROM diary GROUP BY event_id HAVING count(*) > 1) AS twice";
    assert_eq!(count(&database, twice).await, 0);
}

#[tokio::test]
async fn what_never_works_is_tried_with_growing_pauses_and_becomes_a_dead_letter() {
    let database = database_with_diary().await;
    let bus = bus(&database).await;
    let (broken, aggregate) = (Arc::new(AtomicBool::new(true)), Uuid::now_v7());
    let switch = broken.clone();
    let failing = Says(move |event: &Event| {
        if event.correlation_id == "hard" && switch.load(Ordering::Relaxed) {
            // An error may quote what no text in the database can hold.
            return Err(ConsumeError::Retry("the shelf is \0 broken".to_owned()));
        }
        Ok(())
    });
    let _worker = Running::worker(&database, Arc::new(Diary(failing)));
    let hard = event(aggregate, "hard");
    bus.publish(&[hard.clone(), event(aggregate, "easy")])
        .await
        .unwrap();

    for attempt in 1..8 {
        let tried = format!("SELECT count(*) FROM inbox WHERE attempts = {attempt}");
        wait_for("the next attempt", SOON, async || {
            count(&database, &tried).await == 1
        })
        .await;
        assert_eq!(
            notes(&database, aggregate).await,
            [""; 0],
            "the later event waits"
        );
        let pause = 200 * 2_i64.pow(attempt - 1);
        let milliseconds = "SELECT (extract(epoch FROM next_attempt_at - now()) * 1000)::bigint AS count \
             FROM inbox WHERE attempts > 0";
        let left = count(&database, milliseconds).await;
        assert!(
            left <= pause && left > pause - 5_000,
            "{left} of {pause} ms before the next attempt"
        );
        // Nobody wants to wait for so long.
        sql(
            &database,
            "UPDATE inbox SET next_attempt_at = now() WHERE attempts > 0",
        )
        .await;
        sql(&database, "NOTIFY inbox").await;
    }
    wait_for_lines(&database, 1).await;
    assert_eq!(notes(&database, aggregate).await, ["easy"]);
    let dead = inbox::dead_letters(&mut database.get().await.unwrap())
        .await
        .unwrap();
    assert_eq!(dead.len(), 1);
    assert_eq!(
        (dead[0].queue.as_str(), dead[0].event_id, dead[0].attempts),
        (QUEUE, hard.id, 8)
    );
    assert_eq!(
        dead[0].error.as_deref(),
        Some("the shelf is \u{fffd} broken")
    );
    assert_eq!(
        serde_json::from_slice::<Event>(&dead[0].body).unwrap(),
        hard
    );

    // Mended and replayed.
    broken.store(false, Ordering::Relaxed);
    let replayed = inbox::replay(&mut database.get().await.unwrap(), Some(Uuid::now_v7())).await;
    assert_eq!(replayed, Ok(0), "no such dead letter");
    let replayed = inbox::replay(&mut database.get().await.unwrap(), Some(hard.id)).await;
    assert_eq!(replayed, Ok(1));
    wait_for_lines(&database, 2).await;
    assert_eq!(notes(&database, aggregate).await, ["easy", "hard"]);
    assert_eq!(
        inbox::waiting(&mut database.get().await.unwrap()).await,
        Ok(0)
    );
}

#[tokio::test]
async fn a_refused_event_and_a_panic_stop_nothing_else() {
    let database = database_with_diary().await;
    let bus = bus(&database).await;
    let panicked = AtomicBool::new(false);
    let moody = Says(move |event: &Event| match event.correlation_id.as_str() {
        "refused" => Err(ConsumeError::Reject("never".to_owned())),
        "panics" if !panicked.swap(true, Ordering::Relaxed) => panic!("a bug of the consumer"),
        _ => Ok(()),
    });
    let _worker = Running::worker(&database, Arc::new(Diary(moody)));
    let aggregates = [Uuid::now_v7(), Uuid::now_v7()];
    let events = [
        event(aggregates[0], "refused"),
        event(aggregates[0], "after it"),
        event(aggregates[1], "panics"),
        event(aggregates[1], "after that"),
    ];
    bus.publish(&events).await.unwrap();
    wait_for_lines(&database, 3).await;
    assert_eq!(notes(&database, aggregates[0]).await, ["after it"]);
    assert_eq!(
        notes(&database, aggregates[1]).await,
        ["panics", "after that"]
    );

    let mut connection = database.get().await.unwrap();
    let dead = inbox::dead_letters(&mut connection).await.unwrap();
    assert_eq!(dead.len(), 1);
    assert_eq!((dead[0].event_id, dead[0].attempts), (events[0].id, 1));
    assert_eq!(dead[0].error.as_deref(), Some("never"));
    assert_eq!(inbox::replay(&mut connection, None).await, Ok(1));
}

#[tokio::test]
async fn a_listener_hears_the_types_it_wants_and_whether_it_missed_some() {
    let bus = LocalBus::default();
    let mut stock = bus.listen(&["stock.*"]);
    let mut exact = bus.listen(&["order.placed", "stock.released"]);
    let mut lazy = bus.listen(&["#"]);
    let order = Uuid::now_v7();
    let released = Event::new(order, "2", Payload::StockReleased { order_id: order });
    bus.publish(&[event(order, "1"), released]).await.unwrap();

    for expected in ["1", "2"] {
        let heard = stock.next().await;
        assert!(matches!(heard, Some(Heard::Event(event)) if event.correlation_id == expected));
    }
    assert!(matches!(exact.next().await, Some(Heard::Event(event)) if event.correlation_id == "2"));
    for _ in 0..50 {
        let many: Vec<Event> = (0..100).map(|number| event(order, number)).collect();
        bus.publish(&many).await.unwrap();
    }
    assert!(
        matches!(lazy.next().await, Some(Heard::Missed)),
        "too many to keep for it"
    );
    assert!(matches!(lazy.next().await, Some(Heard::Event(_))));
}

#[tokio::test]
async fn old_rows_go_at_the_start_and_what_waits_is_measured() {
    let database = database_with_diary().await;
    sql(
        &database,
        "INSERT INTO inbox (queue, event_id, aggregate_id, body, done_at, dead_at) SELECT 'test.measured',
         gen_random_uuid(), gen_random_uuid(), '', done_at, dead_at FROM (VALUES
         (now() - interval '31 days', NULL), (now() - interval '1 day', NULL), (NULL, now())) AS row (done_at, dead_at)",
    )
    .await;
    sql(
        &database,
        "INSERT INTO outbox (event_id, aggregate_id, event, published_at) SELECT gen_random_uuid(),
         gen_random_uuid(), '{}', published_at FROM (VALUES
         (now() - interval '8 days'), (now() - interval '1 day'), (NULL)) AS row (published_at)",
    )
    .await;
    let metrics = souk_platform::telemetry::metrics().unwrap();
    let worker = Worker {
        queue: "test.measured".to_owned(),
        database: database.clone(),
        consumer: Arc::new(Diary(Fine)),
    };
    let relay = Relay {
        subgraph: "measured",
        database: database.clone(),
        bus: Arc::new(LocalBus::default()),
    };
    let stop = CancellationToken::new();
    let work = tokio::spawn(worker.run(stop.clone()));
    let publishing = tokio::spawn(relay.run(stop.clone()));

    wait_for("the old rows to go", SOON, async || {
        count(&database, "SELECT count(*) FROM inbox").await == 2
            && count(&database, "SELECT count(*) FROM outbox").await == 2
    })
    .await;
    let measured = [
        "souk_inbox_waiting{queue=\"test.measured\"} 0",
        "souk_inbox_dead{queue=\"test.measured\"} 1",
        "souk_outbox_waiting{subgraph=\"measured\"} 1",
    ];
    wait_for("the measures", SOON, async || {
        let told = metrics.render();
        measured.iter().all(|line| told.contains(line))
    })
    .await;
    stop.cancel();
    work.await.unwrap();
    publishing.await.unwrap();
}
