//! The index on disk is only a copy: whatever happens to it, the database makes it again.

use std::fs;
use std::path::PathBuf;

use serde_json::json;
use souk_harness::wait_for;
use souk_platform::events::ProductSnapshot;

use crate::world::{SOON, World, product};

fn directory(world: &World) -> PathBuf {
    world.services.config.search_dir()
}

fn files(world: &World) -> Vec<PathBuf> {
    let version = fs::read_dir(directory(world))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    fs::read_dir(version)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect()
}

fn things(count: usize) -> Vec<ProductSnapshot> {
    (0..count)
        .map(|number| product(&format!("thing number{number}")))
        .collect()
}

async fn until_all_are_found(world: &World, count: usize) {
    wait_for("the index to be complete", SOON, async || {
        let answer = world
            .answer(
                "{ searchProducts(text: \"thing\") { totalCount } }",
                json!({}),
            )
            .await;
        answer["data"]["searchProducts"]["totalCount"] == count
    })
    .await;
}

#[tokio::test]
async fn it_survives_a_restart_and_catches_up() {
    let mut world = World::new().await;
    world.tell(&things(20)).await;
    world.restart(|_| {}).await;
    until_all_are_found(&world, 20).await;
    world.tell(&things(5)).await;
    until_all_are_found(&world, 25).await;
}

#[tokio::test]
async fn it_is_made_again_when_it_is_lost_or_damaged() {
    let mut world = World::new().await;
    world.tell(&things(20)).await;
    let lost = |world: &World| fs::remove_dir_all(directory(world)).unwrap();
    world.restart(lost).await;
    until_all_are_found(&world, 20).await;

    let without_meta = |world: &World| {
        let meta = files(world)
            .into_iter()
            .find(|path| path.ends_with("meta.json"))
            .unwrap();
        fs::write(meta, "{ not json").unwrap();
    };
    world.restart(without_meta).await;
    until_all_are_found(&world, 20).await;

    let with_garbage = |world: &World| {
        for path in files(world) {
            if path
                .extension()
                .is_some_and(|extension| extension == "idx" || extension == "term")
            {
                let mut bytes = fs::read(&path).unwrap();
                for byte in bytes.iter_mut().take(16) {
                    *byte ^= 0x55;
                }
                fs::write(&path, bytes).unwrap();
            }
        }
    };
    world.restart(with_garbage).await;
    until_all_are_found(&world, 20).await;

    let cut_short = |world: &World| {
        for path in files(world) {
            if path
                .extension()
                .is_some_and(|extension| extension == "store")
            {
                fs::write(&path, b"").unwrap();
            }
        }
    };
    world.restart(cut_short).await;
    until_all_are_found(&world, 20).await;
}

#[tokio::test]
async fn it_is_made_again_when_it_is_lost_while_it_is_used() {
    let world = World::new().await;
    world.tell(&things(20)).await;
    fs::remove_dir_all(directory(&world)).unwrap();
    world.tell(&things(5)).await;
    until_all_are_found(&world, 25).await;
}

#[tokio::test]
async fn an_index_of_another_database_is_not_taken_for_this_ones() {
    let mut world = World::new().await;
    world.tell(&things(3)).await;

    world.restart(|_| {}).await;
    world.sql("DELETE FROM document").await;
    world
        .sql("UPDATE feed SET generation = generation + 12345")
        .await;
    until_all_are_found(&world, 0).await;
    world.tell(&things(2)).await;
    until_all_are_found(&world, 2).await;
}

#[tokio::test]
async fn searches_see_all_of_it_while_it_is_made_again() {
    let world = World::new().await;
    // More than two batches of the follower.
    let body = serde_json::to_value(product("thing")).unwrap();
    world
        .sql(&format!(
            "INSERT INTO document (id, entity, body, revision, sequence)
             SELECT id, 'PRODUCT', jsonb_set('{body}', '{{product_id}}', to_jsonb(id)), 1, number
             FROM (SELECT gen_random_uuid() AS id, number FROM generate_series(1, 2500) AS number) AS rows"
        ))
        .await;
    world.sql("UPDATE feed SET sequence = 2500").await;
    until_all_are_found(&world, 2500).await;

    world
        .sql("UPDATE feed SET generation = generation + 1, sequence = sequence + 1")
        .await;
    world
        .sql("DELETE FROM document WHERE sequence <= 100")
        .await;
    // The deleted ones show when the new index is there; until then nothing is missing.
    let query = "{ searchProducts(text: \"thing\") { totalCount } }";
    wait_for("the new index", SOON, async || {
        let found = world.ask(query, json!({})).await["searchProducts"]["totalCount"].clone();
        assert!(
            found == 2500 || found == 2400,
            "a half-made index was seen: {found}"
        );
        found == 2400
    })
    .await;
}
