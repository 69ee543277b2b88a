//! The cache in process and the one in Redis keep the same promises.

use std::sync::Arc;
use std::time::Duration;

use souk_harness::{Redis, wait_for};
use souk_platform::cache::{Cache, MemoryCache, RedisCache, Revocations};
use uuid::Uuid;

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(300);

#[tokio::test]
async fn in_process() {
    keeps_its_promises(Arc::new(MemoryCache::default())).await;
}

#[tokio::test]
async fn in_redis() {
    let redis = Redis::start().await;
    keeps_its_promises(Arc::new(RedisCache::connect(&redis.url()).await.unwrap())).await;
}

async fn keeps_its_promises(cache: Arc<dyn Cache>) {
    values_last_as_long_as_they_were_given(&cache).await;
    counters_count_everybody_within_their_window(&cache).await;
    revoked_sessions_stay_revoked_while_a_token_lives(&cache).await;
}

async fn values_last_as_long_as_they_were_given(cache: &Arc<dyn Cache>) {
    assert_eq!(cache.get("value").await.unwrap(), None);
    cache.set("value", b"one\0\xff", LONG).await.unwrap();
    assert_eq!(cache.get("value").await.unwrap().unwrap(), b"one\0\xff");
    cache.set("value", b"", LONG).await.unwrap();
    assert_eq!(cache.get("value").await.unwrap().unwrap(), b"");
    cache.delete("value").await.unwrap();
    cache.delete("value").await.unwrap();
    assert_eq!(cache.get("value").await.unwrap(), None);

    cache.set("short", b"1", SHORT).await.unwrap();
    cache.set("longer", b"1", SHORT).await.unwrap();
    cache.set("longer", b"2", LONG).await.unwrap();
    cache.set("shorter", b"1", LONG).await.unwrap();
    cache.set("shorter", b"2", SHORT).await.unwrap();
    assert_eq!(cache.get("short").await.unwrap().unwrap(), b"1");
    tokio::time::sleep(SHORT + Duration::from_millis(100)).await;
    assert_eq!(cache.get("short").await.unwrap(), None);
    assert_eq!(cache.get("longer").await.unwrap().unwrap(), b"2");
    assert_eq!(cache.get("shorter").await.unwrap(), None);
}

async fn counters_count_everybody_within_their_window(cache: &Arc<dyn Cache>) {
    let mut callers = Vec::new();
    for _ in 0..50 {
        let cache = cache.clone();
        callers.push(tokio::spawn(async move {
            cache.increment("count", LONG).await.unwrap()
        }));
    }
    let mut counts = Vec::new();
    for caller in callers {
        counts.push(caller.await.unwrap());
    }
    counts.sort_unstable();
    assert_eq!(counts, (1..=50).collect::<Vec<u64>>());
    assert_eq!(cache.get("count").await.unwrap().unwrap(), b"50");
    cache.delete("count").await.unwrap();
    assert_eq!(cache.increment("count", LONG).await.unwrap(), 1);

    cache.increment("count", LONG).await.unwrap();
    for expected in ["1", "0", "0"] {
        cache.decrement("count").await.unwrap();
        let count = cache.get("count").await.unwrap().unwrap();
        assert_eq!(count, expected.as_bytes());
    }
    assert_eq!(cache.increment("count", LONG).await.unwrap(), 1);
    cache.decrement("unknown").await.unwrap();
    assert_eq!(cache.get("unknown").await.unwrap(), None);

    // The window begins with the first increment; later ones do not prolong it.
    let window = Duration::from_millis(600);
    for expected in 1..=3 {
        assert_eq!(cache.increment("window", window).await.unwrap(), expected);
        cache.decrement("window").await.unwrap();
        cache.increment("window", window).await.unwrap();
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
    tokio::time::sleep(Duration::from_millis(250)).await;
    assert_eq!(cache.increment("window", window).await.unwrap(), 1);

    cache.set("text", b"not a number", LONG).await.unwrap();
    assert!(cache.increment("text", LONG).await.is_err());
    assert!(cache.decrement("text").await.is_err());
}

async fn revoked_sessions_stay_revoked_while_a_token_lives(cache: &Arc<dyn Cache>) {
    let revocations = Revocations::new(cache.clone(), SHORT);
    let (ended, other) = (Uuid::now_v7(), Uuid::now_v7());
    revocations.revoke(ended).await.unwrap();
    assert!(revocations.is_revoked(ended).await.unwrap());
    assert!(!revocations.is_revoked(other).await.unwrap());
    assert!(revocations.clone().is_revoked(ended).await.unwrap());
    tokio::time::sleep(SHORT + Duration::from_millis(100)).await;
    assert!(
        !revocations.is_revoked(ended).await.unwrap(),
        "its tokens have expired"
    );
}

#[tokio::test]
async fn a_revocation_is_kept_when_the_cache_in_process_is_full() {
    let cache: Arc<dyn Cache> = Arc::new(MemoryCache::default());
    let megabyte = vec![0; 1 << 20];
    for number in 0..100 {
        let key = format!("filler:{number}");
        cache.set(&key, &megabyte, LONG).await.unwrap();
        for _ in 0..5 {
            cache.get(&key).await.unwrap();
        }
    }
    let revocations = Revocations::new(cache.clone(), LONG);
    let session = Uuid::now_v7();
    revocations.revoke(session).await.unwrap();
    cache.set("one more", &megabyte, LONG).await.unwrap();
    assert!(revocations.is_revoked(session).await.unwrap());
}

#[tokio::test]
async fn a_redis_that_comes_back_is_used_again() {
    let mut redis = Redis::start().await;
    let cache = RedisCache::connect(&redis.url()).await.unwrap();
    cache.increment("before", LONG).await.unwrap();
    redis.stop();
    let asked = tokio::time::timeout(Duration::from_secs(20), cache.get("before"));
    assert!(asked.await.expect("an answer in time").is_err());
    redis.restart().await;
    wait_for("the connection", Duration::from_secs(20), async || {
        cache.get("before").await.is_ok()
    })
    .await;
    assert_eq!(
        cache.increment("before", LONG).await.unwrap(),
        1,
        "scripts are sent again too"
    );
}
