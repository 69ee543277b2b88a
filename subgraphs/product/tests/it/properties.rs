//! Random sequences of stock calls against the real database keep its books in order.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;
use souk_harness::error_code;
use uuid::Uuid;

use crate::market::Market;

/// A call for one of a few orders.
#[derive(Debug, Clone)]
enum Call {
    Reserve {
        order: usize,
        lines: Vec<(usize, i32)>,
    },
    Release {
        order: usize,
    },
    Commit {
        order: usize,
    },
}

fn call() -> impl Strategy<Value = Call> {
    let order = 0..5_usize;
    prop_oneof![
        3 => (order.clone(), prop::collection::vec((0..2_usize, 1..4_i32), 1..3))
            .prop_map(|(order, lines)| Call::Reserve { order, lines }),
        1 => order.clone().prop_map(|order| Call::Release { order }),
        1 => order.prop_map(|order| Call::Commit { order }),
    ]
}

/// What an order should hold.
#[derive(Debug, Clone, PartialEq)]
enum Expected {
    Reserved(Vec<(usize, i32)>),
    Committed(Vec<(usize, i32)>),
    Released,
}

const PIECES: [i32; 2] = [6, 4];

#[test]
fn no_sequence_of_calls_breaks_the_books() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let market = runtime.block_on(Market::open());
    let mut runner = TestRunner::new(Config {
        cases: 24,
        ..Config::default()
    });
    runner
        .run(&prop::collection::vec(call(), 1..24), |calls| {
            runtime.block_on(play(&market, &calls));
            Ok(())
        })
        .unwrap();
}

async fn play(market: &Market, calls: &[Call]) {
    let variants = [
        market.book("One", PIECES[0]).await.variants[0],
        market.book("Two", PIECES[1]).await.variants[0],
    ];
    let orders: Vec<Uuid> = (0..5).map(|_| Uuid::now_v7()).collect();
    let mut expected: BTreeMap<usize, Expected> = BTreeMap::new();
    for call in calls {
        match call {
            Call::Reserve { order, lines } => {
                let wanted: Vec<(Uuid, i32)> = lines
                    .iter()
                    .map(|(variant, pieces)| (variants[*variant], *pieces))
                    .collect();
                let response = market.reserve(orders[*order], &wanted).await;
                let outcome = outcome(&response);
                match expected.get(order) {
                    Some(Expected::Released) => assert_eq!(outcome, "CONFLICT"),
                    Some(Expected::Reserved(held) | Expected::Committed(held)) => {
                        assert_eq!(outcome, if same(held, lines) { "ok" } else { "CONFLICT" });
                    }
                    None => {
                        let fits = (0..2)
                            .all(|variant| pieces(lines, variant) <= available(&expected, variant));
                        assert_eq!(outcome, if fits { "ok" } else { "OUT_OF_STOCK" });
                        if fits {
                            expected.insert(*order, Expected::Reserved(lines.clone()));
                        }
                    }
                }
            }
            Call::Release { order } => {
                market.release(orders[*order]).await;
                expected.insert(*order, Expected::Released);
            }
            Call::Commit { order } => {
                market.commit(orders[*order]).await;
                if let Some(Expected::Reserved(lines)) = expected.get(order) {
                    let lines = lines.clone();
                    expected.insert(*order, Expected::Committed(lines));
                }
            }
        }
        for (variant, id) in variants.iter().enumerate() {
            let (on_hand, reserved) = market.stock(*id).await;
            assert!(
                on_hand >= reserved && reserved >= 0,
                "after {call:?} of {calls:?}"
            );
            assert_eq!(
                on_hand - reserved,
                i64::from(available(&expected, variant)),
                "after {call:?} of {calls:?}"
            );
        }
    }
}

fn outcome(response: &Value) -> &str {
    if response.get("errors").is_none() {
        "ok"
    } else {
        error_code(response)
    }
}

fn same(one: &[(usize, i32)], other: &[(usize, i32)]) -> bool {
    let (mut one, mut other) = (one.to_vec(), other.to_vec());
    one.sort_unstable();
    other.sort_unstable();
    one == other
}

fn pieces(lines: &[(usize, i32)], variant: usize) -> i32 {
    lines
        .iter()
        .filter(|line| line.0 == variant)
        .map(|line| line.1)
        .sum()
}

fn available(expected: &BTreeMap<usize, Expected>, variant: usize) -> i32 {
    let held = expected.values().map(|order| match order {
        Expected::Reserved(lines) | Expected::Committed(lines) => pieces(lines, variant),
        Expected::Released => 0,
    });
    PIECES[variant] - held.sum::<i32>()
}
