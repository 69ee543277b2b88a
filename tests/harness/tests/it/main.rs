//! The harness keeps its promises: what tests rely on without looking.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot be set up should fail at once"
)]

use std::time::Duration;

use souk_harness::{Proxy, RabbitMq, Redis, database, database_url, wait_for};
use souk_platform::cache::{Cache, RedisCache};
use souk_platform::database::Database;
use souk_platform::events::{Bus, RabbitBus};

#[tokio::test]
async fn databases_are_migrated_and_apart() {
    let (first, second) = tokio::join!(database_url("platform"), database_url("platform"));
    assert_ne!(first, second);
    for url in [first, second] {
        let report = souk_platform::migrations::run(&url, &[]).await.unwrap();
        assert_eq!(report.applied, Vec::<String>::new());
        assert!(report.already_applied > 0);
    }
}

#[tokio::test]
async fn a_pool_works() {
    let database = database("platform").await;
    let mut connection = database.get().await.unwrap();
    diesel_async::SimpleAsyncConnection::batch_execute(&mut connection, "SELECT 1")
        .await
        .unwrap();
}

#[tokio::test]
async fn redis_is_private_and_restarts_empty() {
    let mut redis = Redis::start().await;
    let cache = RedisCache::connect(&redis.url()).await.unwrap();
    cache
        .set("key", b"value", Duration::from_secs(60))
        .await
        .unwrap();
    redis.restart().await;
    wait_for(
        "the connection to come back",
        Duration::from_secs(10),
        async || matches!(cache.get("key").await, Ok(None)),
    )
    .await;
}

#[tokio::test]
async fn rabbitmq_is_shared_by_virtual_host() {
    let (first, second) = tokio::join!(RabbitMq::shared(), RabbitMq::shared());
    assert_ne!(first.url(), second.url());
    let bus = RabbitBus::connect(&first.url()).await.unwrap();
    assert!(bus.ready().await);
}

#[tokio::test]
async fn a_private_rabbitmq_restarts_on_its_port() {
    let mut broker = RabbitMq::private().await;
    let url = broker.url();
    broker.stop();
    assert!(RabbitBus::connect(&url).await.is_err());
    broker.start().await;
    assert_eq!(broker.url(), url);
    RabbitBus::connect(&url).await.unwrap();
}

#[tokio::test]
async fn the_proxy_cuts_and_restores() {
    let proxy = Proxy::in_front_of(&database_url("platform").await).await;
    let database = Database::new(proxy.url(), 2).unwrap();
    drop(database.get().await.unwrap());
    proxy.cut();
    let fresh = Database::new(proxy.url(), 2).unwrap();
    assert!(fresh.get().await.is_err());
    proxy.restore();
    drop(fresh.get().await.unwrap());
}
