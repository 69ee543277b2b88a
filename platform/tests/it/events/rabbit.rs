//! The bus on RabbitMQ, with the broker, the network or the database failing.

use std::collections::HashSet;

use futures::StreamExt;
use futures::stream::BoxStream;
use lapin::options::BasicPublishOptions;
use lapin::{BasicProperties, Connection, ConnectionProperties};
use souk_harness::{Proxy, RabbitMq, database_url};
use souk_platform::events::bus::Heard;
use souk_platform::events::{RabbitBus, inbox};

use super::*;

async fn connect(url: &str) -> Arc<dyn Bus> {
    Arc::new(RabbitBus::connect(url).await.unwrap())
}

/// Publishes bytes as somebody would who is none of ours.
async fn publish_raw(url: &str, body: &[u8]) {
    let connection = Connection::connect(url, ConnectionProperties::default())
        .await
        .unwrap();
    let channel = connection.create_channel().await.unwrap();
    let options = BasicPublishOptions::default();
    let properties = BasicProperties::default().with_delivery_mode(2);
    let sent = channel.basic_publish(
        "souk.events".into(),
        "stock.reserved".into(),
        options,
        body,
        properties,
    );
    sent.await.unwrap().await.unwrap();
    connection.close(200, "done".into()).await.unwrap();
}

/// Waits until the listener has the queue that it listens to.
async fn until_listening(listener: &mut BoxStream<'static, Heard>) {
    let first = tokio::time::timeout(SOON, listener.next())
        .await
        .expect("a sign of life");
    assert!(
        matches!(first, Some(Heard::Missed)),
        "what was before is missed: {first:?}"
    );
}

async fn next_event(listener: &mut BoxStream<'static, Heard>) -> Arc<Event> {
    loop {
        let heard = tokio::time::timeout(SOON, listener.next())
            .await
            .expect("an event");
        if let Some(Heard::Event(event)) = heard {
            return event;
        }
    }
}

#[tokio::test]
async fn a_declared_queue_keeps_events_and_every_instance_hears_them() {
    let broker = RabbitMq::shared().await;
    let database = database_with_diary().await;
    let (one, two) = (connect(&broker.url()).await, connect(&broker.url()).await);
    let (mut on_one, mut on_two) = (one.listen(&["stock.*"]), two.listen(&["stock.reserved"]));
    let mut elsewhere = two.listen(&["order.*"]);
    until_listening(&mut on_one).await;
    until_listening(&mut on_two).await;

    one.declare(&queue(&database)).await.unwrap();
    let aggregate = Uuid::now_v7();
    let events: Vec<Event> = (0..30).map(|number| event(aggregate, number)).collect();
    one.publish(&events).await.unwrap();
    for listener in [&mut on_one, &mut on_two] {
        for expected in &events {
            assert_eq!(*next_event(listener).await, *expected);
        }
    }

    // Both instances take part in the queue; the events come once and in order all the same.
    let _worker = Running::worker(&database, Arc::new(Diary(Fine)));
    one.bind(queue(&database)).await.unwrap();
    two.bind(queue(&database)).await.unwrap();
    wait_for_lines(&database, 30).await;
    assert_eq!(notes(&database, aggregate).await, numbers(30));

    let order = Event::new(
        aggregate,
        "other",
        Payload::OrderStatusChanged {
            order_id: aggregate,
            buyer_id: aggregate,
            status: "CONFIRMED".to_owned(),
            parts: Vec::new(),
            revision: 1,
        },
    );
    one.publish(std::slice::from_ref(&order)).await.unwrap();
    assert_eq!(*next_event(&mut elsewhere).await, order);
    assert!(one.ready().await && two.ready().await);
}

#[tokio::test]
async fn a_message_that_is_no_event_becomes_a_dead_letter_and_stops_nothing() {
    let broker = RabbitMq::shared().await;
    let database = database_with_diary().await;
    let bus = connect(&broker.url()).await;
    bus.bind(queue(&database)).await.unwrap();
    let _worker = Running::worker(&database, Arc::new(Diary(Fine)));

    let aggregate = Uuid::now_v7();
    let good = event(aggregate, 0);
    let mut unknown_type = serde_json::to_value(&good).unwrap();
    // The error quotes the type, and no text in the database can hold a zero character.
    unknown_type["type"] = "of\0tomorrow".into();
    let unknown_type = unknown_type.to_string();
    let bad: [&[u8]; 4] = [b"{", b"\xff\xfe\x00", b"null", unknown_type.as_bytes()];
    for body in bad {
        publish_raw(&broker.url(), body).await;
    }
    publish_raw(&broker.url(), bad[0]).await;
    bus.publish(&[good, event(aggregate, 1)]).await.unwrap();

    wait_for_lines(&database, 2).await;
    assert_eq!(notes(&database, aggregate).await, numbers(2));
    let dead = inbox::dead_letters(&mut database.get().await.unwrap())
        .await
        .unwrap();
    let bodies: HashSet<&[u8]> = dead.iter().map(|letter| letter.body.as_slice()).collect();
    assert_eq!(bodies, HashSet::from(bad));
    assert_eq!(dead.len(), 4, "one that came twice is kept once");
    assert!(
        dead.iter()
            .all(|letter| letter.error.as_deref().unwrap().starts_with("not an event"))
    );
}

#[tokio::test]
async fn messages_wait_for_a_database_that_is_away() {
    let broker = RabbitMq::shared().await;
    let url = database_url("platform").await;
    let database = with_diary(Database::new(&url, 4).unwrap()).await;
    let proxy = Proxy::in_front_of(&url).await;
    let behind = Database::new(proxy.url(), 4).unwrap();
    let bus = connect(&broker.url()).await;
    bus.bind(queue(&behind)).await.unwrap();
    let _worker = Running::worker(&behind, Arc::new(Diary(Fine)));
    let aggregate = Uuid::now_v7();
    bus.publish(&[event(aggregate, 0)]).await.unwrap();
    wait_for_lines(&database, 1).await;

    proxy.cut();
    bus.publish(&[event(aggregate, 1), event(aggregate, 2)])
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(notes(&database, aggregate).await, numbers(1));
    proxy.restore();
    wait_for_lines(&database, 3).await;
    assert_eq!(notes(&database, aggregate).await, numbers(3));
}

#[tokio::test]
async fn a_broken_connection_to_the_broker_is_made_again() {
    let broker = RabbitMq::shared().await;
    let database = database_with_diary().await;
    let proxy = Proxy::in_front_of(&broker.url()).await;
    let bus = connect(proxy.url()).await;
    let mut listener = bus.listen(&["#"]);
    until_listening(&mut listener).await;
    bus.bind(queue(&database)).await.unwrap();
    let _worker = Running::worker(&database, Arc::new(Diary(Fine)));
    let _relay = Running::relay(&database, &bus);
    let aggregate = Uuid::now_v7();
    tell(&database, &[event(aggregate, 0)]).await;
    assert_eq!(next_event(&mut listener).await.correlation_id, "0");
    wait_for_lines(&database, 1).await;

    proxy.cut();
    wait_for("the loss to be noticed", SOON, async || !bus.ready().await).await;
    tell(&database, &[event(aggregate, 1), event(aggregate, 2)]).await;
    assert!(bus.publish(&[event(Uuid::now_v7(), "lost")]).await.is_err());
    proxy.restore();
    wait_for("the bus to be ready", SOON, async || bus.ready().await).await;
    wait_for_lines(&database, 3).await;
    assert_eq!(notes(&database, aggregate).await, numbers(3));
    wait_for_missed(&mut listener).await;
}

#[tokio::test]
async fn a_broker_that_is_killed_loses_nothing_that_it_has_confirmed() {
    let mut broker = RabbitMq::private().await;
    let database = database_with_diary().await;
    let bus = connect(&broker.url()).await;
    let mut listener = bus.listen(&["stock.*"]);
    until_listening(&mut listener).await;
    // Confirmed, and not delivered to anybody yet.
    bus.declare(&queue(&database)).await.unwrap();
    // RabbitMQ 3.10 answers before it has the name of a new quorum queue on disk: killed right then, it comes back with
    // a queue that never gets a leader. Queues are declared once and used for years, so let this one be on disk.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let aggregate = Uuid::now_v7();
    let confirmed: Vec<Event> = (0..20).map(|number| event(aggregate, number)).collect();
    bus.publish(&confirmed).await.unwrap();

    broker.stop();
    let _relay = Running::relay(&database, &bus);
    let meanwhile: Vec<Event> = (20..25).map(|number| event(aggregate, number)).collect();
    tell(&database, &meanwhile).await;
    broker.start().await;

    bus.bind(queue(&database)).await.unwrap();
    let _worker = Running::worker(&database, Arc::new(Diary(Fine)));
    wait_for_lines(&database, 25).await;
    assert_eq!(notes(&database, aggregate).await, numbers(25));
    wait_for_missed(&mut listener).await;
    bus.publish(&[event(aggregate, "again")]).await.unwrap();
    while next_event(&mut listener).await.correlation_id != "again" {}
}

#[tokio::test]
async fn a_broker_that_lost_its_disk_gets_its_queues_back_before_anything_is_published() {
    let mut broker = RabbitMq::private().await;
    let database = database_with_diary().await;
    let publisher = connect(&broker.url()).await;
    publisher.declare(&queue(&database)).await.unwrap();

    broker.stop();
    broker.lose_disk();
    let aggregate = Uuid::now_v7();
    let events: Vec<Event> = (0..5).map(|number| event(aggregate, number)).collect();
    tell(&database, &events).await;
    let _relay = Running::relay(&database, &publisher);
    broker.start().await;
    wait_for("the events to be published", SOON, async || {
        count(
            &database,
            "SELECT count(*) FROM outbox WHERE published_at IS NULL",
        )
        .await
            == 0
    })
    .await;

    // The receiver, in another process, comes back only now.
    let receiver = connect(&broker.url()).await;
    receiver.bind(queue(&database)).await.unwrap();
    let _worker = Running::worker(&database, Arc::new(Diary(Fine)));
    wait_for_lines(&database, 5).await;
    assert_eq!(notes(&database, aggregate).await, numbers(5));
}

#[tokio::test]
async fn a_broker_that_takes_no_connection_is_given_up() {
    // The system accepts, and nobody ever says a word.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("amqp://guest:guest@{}/%2f", silent.local_addr().unwrap());
    let connected = tokio::time::timeout(SOON, RabbitBus::connect(&url)).await;
    let Err(error) = connected.expect("an answer in time") else {
        panic!("connected")
    };
    assert!(error.to_string().contains("takes no connection"), "{error}");
}

async fn wait_for_missed(listener: &mut BoxStream<'static, Heard>) {
    loop {
        let heard = tokio::time::timeout(SOON, listener.next()).await;
        if let Some(Heard::Missed) = heard.expect("to be told that something was missed") {
            return;
        }
    }
}
