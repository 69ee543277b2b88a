//! Random graphs answer random operations like one plain server that has all of the data.
//!
//! By hand: `DIFFERENTIAL_CASES=10000`, from another `DIFFERENTIAL_SEED`, with a `DIFFERENTIAL_SIZE` of 2 or more for
//! larger graphs and operations.

#![allow(
    clippy::expect_used,
    reason = "a setting that is no number fails the test"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use souk_federation_tests::random::{
    Failure, FailureKind, Sample, Size, Tally, check, differ, features, shrink,
};
use souk_planner::Credentials;

/// How many operations each random graph is asked.
const OPERATIONS: usize = 4;

fn setting(name: &str, otherwise: u64) -> u64 {
    let found = std::env::var(name).ok();
    found.map_or(otherwise, |text| text.parse().expect("a number"))
}

/// Shrinks what fails and keeps it as a fixture.
fn keep(seed: u64, sample: Sample, failure: &Failure) -> String {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/differential/seed-{seed}"));
    let smallest = shrink(sample, failure);
    smallest.write(
        &folder,
        &format!("Random graph {seed}: {:?}.", failure.kind),
    );
    format!(
        "seed {seed}: {:?}, shrunk to {}\n{}",
        failure.kind,
        folder.display(),
        failure.text
    )
}

#[test]
fn random_graphs_answer_like_one_server() {
    let cases = setting("DIFFERENTIAL_CASES", 400);
    let first = setting("DIFFERENTIAL_SEED", 0);
    let scale = setting("DIFFERENTIAL_SIZE", 1) as usize;
    let size = Size::SMALL.times(scale);
    let last = first + cases.div_ceil(OPERATIONS as u64);
    let next = AtomicU64::new(first);
    let tally = Mutex::new(Tally::default());
    let failed = Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    let enough = failed.lock().expect("not poisoned").len() >= 10;
                    if seed >= last || enough {
                        break;
                    }
                    let mut counted = Tally::default();
                    if let Some((sample, failure)) = differ(seed, size, OPERATIONS, &mut counted) {
                        let kept = keep(seed, sample, &failure);
                        failed.lock().expect("not poisoned").push(kept);
                    }
                    tally.lock().expect("not poisoned").add(counted);
                }
            });
        }
    });
    let failed = failed.into_inner().expect("not poisoned");
    assert!(
        failed.is_empty(),
        "{}\n{} graphs failed",
        failed.join("\n\n"),
        failed.len()
    );
    let tally = tally.into_inner().expect("not poisoned");
    let wanted = tally.graphs * OPERATIONS;
    assert!(
        tally.operations * 10 >= wanted * 9,
        "few of the {wanted} operations are valid: {tally:?}"
    );
    // Lest the generator should make nothing but easy cases.
    assert!(
        tally.federated * 4 > tally.operations,
        "few need two subgraphs: {tally:?}"
    );
    assert!(
        tally.with_errors * 20 > tally.operations,
        "few have errors: {tally:?}"
    );
    assert!(
        tally.partly_denied * 8 > tally.operations,
        "of few are clients denied something: {tally:?}"
    );
}

#[test]
fn random_graphs_have_everything_in_them() {
    const GRAPHS: u64 = 300;
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for seed in 0..GRAPHS {
        for (feature, occurs) in features(seed, Size::SMALL) {
            *counts.entry(feature).or_default() += usize::from(occurs);
        }
    }
    let rare: Vec<_> = counts.iter().filter(|(_, count)| **count < 6).collect();
    assert!(
        rare.is_empty(),
        "of {GRAPHS} graphs, few have {rare:?}\n{counts:#?}"
    );
}

#[test]
fn a_schema_that_composes_to_another_one_shrinks_with_it() {
    let link =
        r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])"#;
    let sample = Sample {
        subgraphs: vec![
            (
                "a".to_owned(),
                format!(
                    "{link} type Query {{ users: [User] shop: Shop }} \
                     type User @key(fields: \"id\") {{ id: ID! name(short: Boolean): String }} \
                     type Shop {{ owner: User }}"
                ),
            ),
            (
                "b".to_owned(),
                format!("{link} type User @key(fields: \"id\") {{ id: ID! score: Int }}"),
            ),
        ],
        unsplit: Some(
            "type Query { users: [User] shop: Shop } type Shop { owner: User } \
             type User { id: ID! name(short: Boolean): String score: Int! }"
                .to_owned(),
        ),
        data: serde_json::json!({ "Query": { "users": [], "shop": null } }),
        operation: "{ users { id } }".to_owned(),
        variables: serde_json::Map::new(),
        labels: Vec::new(),
        client: Credentials::default(),
    };
    let failure = check(&sample).expect("a failure");
    assert_eq!(failure.kind, FailureKind::Schema);
    assert_eq!(
        failure.text,
        "it lacks User.score: Int!\nit has User.score: Int"
    );
    let smallest = shrink(sample, &failure);
    let unsplit = smallest.unsplit.expect("the schema that was split");
    for gone in ["Shop", "name"] {
        assert!(!unsplit.contains(gone), "{unsplit}");
        assert!(
            smallest
                .subgraphs
                .iter()
                .all(|(_, sdl)| !sdl.contains(gone))
        );
    }
    assert!(unsplit.contains("score: Int!"));
}

#[test]
fn what_fails_shrinks_to_what_it_takes_to_fail() {
    let link =
        r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])"#;
    let sample = Sample {
        subgraphs: vec![
            (
                "a".to_owned(),
                format!(
                    "{link} type Query {{ users: [User!] shops(n: Int): [Shop] }} \
                     type User @key(fields: \"id\") {{ id: ID! name: String }} \
                     type Shop {{ owner: User kind: Kind }} enum Kind {{ BIG SMALL }}"
                ),
            ),
            (
                "b".to_owned(),
                format!(
                    "{link} type User @key(fields: \"id\") {{ id: ID! score: Int place: String }}"
                ),
            ),
        ],
        unsplit: None,
        data: serde_json::json!({
            "Query": { "users": ["u1", "u2"], "shops": ["s1"] },
            "objects": {
                "u1": { "__typename": "User", "id": "1", "name": "Ada", "score": 1, "place": "here" },
                // Nobody says what its score is: that is what fails.
                "u2": { "__typename": "User", "id": "2", "name": "Bob", "place": "there" },
                "s1": { "__typename": "Shop", "owner": "u1", "kind": "BIG" }
            }
        }),
        operation: "query ($n: Int) { shops(n: $n) { owner { ...F } kind } users { name ...F } } \
                    fragment F on User { place ... @include(if: true) { sum: score id } }"
            .to_owned(),
        variables: serde_json::Map::from_iter([("n".to_owned(), 1.into())]),
        labels: Vec::new(),
        client: Credentials::default(),
    };
    let failure = check(&sample).expect("a failure");
    let smallest = shrink(sample, &failure);
    assert_eq!(
        smallest
            .operation
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" "),
        "{ users { score } }"
    );
    assert!(
        smallest
            .subgraphs
            .iter()
            .all(|(_, sdl)| !sdl.contains("Shop") && !sdl.contains("name"))
    );
    assert_eq!(
        smallest.data["Query"],
        serde_json::json!({ "users": ["u2"] })
    );
    assert_eq!(
        smallest.data["objects"]
            .as_object()
            .map(serde_json::Map::len),
        Some(1)
    );
    assert!(smallest.variables.is_empty());
}
