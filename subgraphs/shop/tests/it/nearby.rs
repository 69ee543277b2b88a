//! Which shops are near a point.

use std::sync::OnceLock;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use souk_harness::{data, error_code};
use souk_platform::Identity;
use souk_platform::geo::Coordinates;
use tokio::runtime::Runtime;

use crate::support::{REJECT, World, argument, branch};

const NEAR: &str = "query($latitude: Float!, $longitude: Float!, $radiusKm: Float!, $first: Int, $after: String) {
    shopsNear(latitude: $latitude, longitude: $longitude, radiusKm: $radiusKm, first: $first, after: $after) {
        edges { node { distanceKm shop { name } branch { name } } } pageInfo { hasNextPage endCursor } } }";

/// All pages of a search: shop, nearest branch, distance.
async fn near(
    world: &World,
    centre: Coordinates,
    radius_km: f64,
    page: i32,
) -> Vec<(String, String, f64)> {
    let (mut found, mut after) = (Vec::new(), json!(null));
    loop {
        let variables = json!({
            "latitude": centre.latitude, "longitude": centre.longitude, "radiusKm": radius_km, "first": page, "after": after
        });
        let answer =
            data(world.ask(&Identity::Anonymous, NEAR, variables).await)["shopsNear"].clone();
        for edge in answer["edges"].as_array().unwrap() {
            let node = &edge["node"];
            let text = |value: &Value| value["name"].as_str().unwrap().to_owned();
            found.push((
                text(&node["shop"]),
                text(&node["branch"]),
                node["distanceKm"].as_f64().unwrap(),
            ));
        }
        if answer["pageInfo"]["hasNextPage"] == false {
            return found;
        }
        after = answer["pageInfo"]["endCursor"].clone();
    }
}

const BERLIN: Coordinates = Coordinates {
    latitude: 52.52,
    longitude: 13.405,
};

#[tokio::test]
async fn shops_come_nearest_first_each_once_with_its_nearest_branch() {
    let world = World::new().await;
    world
        .approved("Potsdam", json!([branch("Sanssouci", 52.4, 13.04)]))
        .await;
    world
        .approved(
            "Chain",
            json!([
                branch("Munich", 48.137, 11.575),
                branch("Mitte", 52.53, 13.4)
            ]),
        )
        .await;
    world.approved("Nowhere", json!([])).await;
    world
        .shop("Pending", json!([branch("Mitte", 52.52, 13.405)]))
        .await;
    let rejected = world
        .approved("Rejected", json!([branch("Mitte", 52.52, 13.405)]))
        .await;
    data(
        world
            .ask(
                &world.moderator,
                REJECT,
                json!({"input": {"id": rejected, "reason": "no"}}),
            )
            .await,
    );

    let found = near(&world, BERLIN, 50.0, 20).await;
    let order: Vec<_> = found
        .iter()
        .map(|(shop, branch, _)| (shop.as_str(), branch.as_str()))
        .collect();
    assert_eq!(order, [("Chain", "Mitte"), ("Potsdam", "Sanssouci")]);
    assert!(
        (found[0].2 - 1.16).abs() < 0.01 && (found[1].2 - 28.1).abs() < 0.2,
        "{found:?}"
    );
    assert_eq!(near(&world, BERLIN, 5.0, 20).await.len(), 1);
}

#[tokio::test]
async fn equally_near_shops_are_neither_lost_nor_repeated_between_pages() {
    let world = World::new().await;
    for number in 0..7 {
        world
            .approved(
                &format!("Shop {number}"),
                json!([branch("Same place", 52.5, 13.4)]),
            )
            .await;
    }
    let mut found: Vec<_> = near(&world, BERLIN, 50.0, 2)
        .await
        .into_iter()
        .map(|(shop, ..)| shop)
        .collect();
    found.sort();
    assert_eq!(
        found,
        (0..7)
            .map(|number| format!("Shop {number}"))
            .collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn what_is_not_on_the_globe_names_the_argument() {
    let world = World::new().await;
    for (latitude, longitude, radius_km, at) in [
        (90.01, 0.0, 1.0, "latitude"),
        (-91.0, 0.0, 1.0, "latitude"),
        (0.0, 180.5, 1.0, "longitude"),
        (0.0, 0.0, 0.0, "radiusKm"),
        (0.0, 0.0, -5.0, "radiusKm"),
        (0.0, 0.0, 1e9, "radiusKm"),
    ] {
        let variables =
            json!({"latitude": latitude, "longitude": longitude, "radiusKm": radius_km});
        let answer = world.ask(&Identity::Anonymous, NEAR, variables).await;
        assert_eq!(
            (error_code(&answer), argument(&answer)),
            ("BAD_USER_INPUT", at)
        );
    }
}

/// Places with what is awkward about a globe: poles, the date line, and points close together.
fn place() -> impl Strategy<Value = Coordinates> {
    let latitude = prop_oneof![-90.0..=90.0, 89.5..=90.0, -90.0..=-89.5, 52.0..53.0];
    let longitude = prop_oneof![-180.0..=180.0, 179.5..=180.0, -180.0..=-179.5, 13.0..14.0];
    (latitude, longitude).prop_map(|(latitude, longitude)| Coordinates {
        latitude,
        longitude,
    })
}

#[test]
fn the_answer_is_that_of_a_brute_force_search() {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| Runtime::new().unwrap());
    let mut runner = TestRunner::new(Config {
        failure_persistence: None,
        ..Config::with_cases(12)
    });
    let shops = prop::collection::vec(prop::collection::vec(place(), 1..4), 1..12);
    let searches = prop::collection::vec((place(), prop_oneof![1.0..200.0, 200.0..20_000.0]), 4);
    runner
        .run(&(shops, searches), |(shops, searches)| {
            runtime.block_on(async {
                let world = World::new().await;
                for (number, branches) in shops.iter().enumerate() {
                    let branches: Vec<_> = branches
                        .iter()
                        .map(|place| branch("B", place.latitude, place.longitude))
                        .collect();
                    world.approved(&number.to_string(), json!(branches)).await;
                }
                for (centre, radius_km) in searches {
                    let mut expected: Vec<(f64, usize)> = Vec::new();
                    for (number, branches) in shops.iter().enumerate() {
                        let distance = branches
                            .iter()
                            .map(|place| centre.distance_km(*place))
                            .fold(f64::MAX, f64::min);
                        if distance <= radius_km {
                            expected.push((distance, number));
                        }
                    }
                    expected.sort_by(|one, other| one.0.total_cmp(&other.0));
                    let found = near(&world, centre, radius_km, 3).await;
                    prop_assert_eq!(
                        found.len(),
                        expected.len(),
                        "{:?} instead of {:?}",
                        &found,
                        &expected
                    );
                    for ((shop, _, distance), (wanted, _)) in found.iter().zip(&expected) {
                        prop_assert!(
                            (distance - wanted).abs() < 1e-6,
                            "{} is {} km away, not {}",
                            shop,
                            distance,
                            wanted
                        );
                        let number: usize = shop.parse().unwrap();
                        prop_assert!(expected.iter().any(|(_, expected)| *expected == number));
                    }
                }
                Ok(())
            })
        })
        .unwrap();
}
