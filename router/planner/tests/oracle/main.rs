//! Random operations, planned and carried out against simulated subgraphs, give what one server with all the data
//! gives. The subgraphs check what they are asked: fields they have, keys and required fields that are right.

// Helpers outside of test functions may panic like the tests themselves.
#![allow(clippy::expect_used, clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;
mod execute;
mod operation;
mod subgraph;
mod world;

use std::sync::Arc;

use apollo_compiler::ExecutableDocument;
use serde_json::{Map, Value, json};
use souk_planner::{Planner, Supergraph};

use execute::Executor;
use operation::{Dice, Generator, Monolith};
use world::World;

/// Keys of all kinds, shared value types, requirements that chain, provided fields, a field taken over.
const SHOP: &str = r#"
    type Query @t(A) @t(B) @t(C) @t(D) {
        users: [User!]! @f(A) user(n: Int): User product: Product @f(B) place: Place
        orders: [Order] @f(C) best: Order @f(C, provides: "buyer { name }")
    }
    type User @t(A, key: "id") @t(B, key: "id") @t(C, key: "id") @t(D, key: "email") @t(A, key: "email") {
        id: ID! @f(A) @f(B) @f(C) email: String! @f(A) @f(D) name: String @f(A) @f(C, external: true)
        place: Place @f(A) @f(B) score(n: Int): Int @f(D) bought: [Product!] @f(B) friend: User @f(A)
        old: Int @f(A, usedOverridden: true) @f(D, override: "a")
    }
    type Place @t(A) @t(B) { lat: Float @f(A) lon: Float @f(B) name: String owner: User @f(B) }
    type Product @t(B, key: "id sku") @t(C, key: "id sku") @t(D, key: "sku") {
        id: ID! @f(B) @f(C) sku: ID! price(n: Int): Int @f(B) @f(C, external: true)
        size: Size @f(B) @f(C, external: true)
        weight: Int @f(C, requires: "size { height width } price(n: 1)") @f(D, external: true)
        shipping: Int @f(D, requires: "weight maker { score }")
        maker: User @f(B) @f(D, external: true) total: Int @f(C, requires: "price(n: 0)")
    }
    type Size @t(B) @t(C) { height: Int width: Int depth: Int @f(B) }
    type Order @t(C, key: "number") @t(D, key: "number") {
        number: ID! buyer: User @f(C) items: [[Product]] @f(C) status: String @f(D) rest: Int @f(D)
    }
    "#;

/// Interfaces with keys, an interface object, unions whose members are in different subgraphs.
const MEDIA: &str = r#"
    type Query @t(A) @t(B) @t(C) {
        media: [Media!] @f(A) rated: [Media] @f(B) book: Book @f(A) search: [Hit] @f(A) hit: Hit node(n: Int): Node @f(C)
    }
    union Hit @t(A) @t(C) @member(A, member: "Book") @member(A, member: "Film") @member(A, member: "Person")
        @member(C, member: "Film") @member(C, member: "Person") = Book | Film | Person
    interface Node @t(C) { id: ID! }
    interface Media @t(A, key: "id") @t(B, key: "id", isInterfaceObject: true) {
        id: ID! title: String @f(A) rating(n: Int): Int @f(B) reviews: [Review!] @f(B) maker: Person @f(A)
    }
    type Book implements Media @impl(A, interface: "Media") @t(A, key: "id") @t(C, key: "id") {
        id: ID! title: String @f(A) pages: Int @f(C) maker: Person @f(A) next: Media @f(A)
        rating(n: Int): Int @join__field reviews: [Review!] @join__field
    }
    type Film implements Media & Node @impl(A, interface: "Media") @impl(C, interface: "Node") @t(A, key: "id") @t(C, key: "id") {
        id: ID! title: String @f(A, type: "String!") @f(C) maker: Person @f(A) minutes: Int @f(C) cast: [Hit!]! @f(C)
        rating(n: Int): Int @join__field reviews: [Review!] @join__field
    }
    type Person implements Node @impl(C, interface: "Node") @t(A, key: "id") @t(C, key: "id") {
        id: ID! @f(A, type: "ID") @f(C) title: String @f(C) works: [Media] @f(A) pages: String @f(C)
    }
    type Review @t(B, key: "id") @t(A, key: "id") { id: ID! text: String @f(B) of: Media @f(B) by: Person @f(A) }
    "#;

/// An interface whose types have little in common: each its own key, some a chain of keys or a requirement on the way, and
/// not all of them known everywhere. What leads on from there leads to few places.
const STRANGERS: &str = r#"
    type Query @t(A) @t(B) @t(C) {
        things: [Thing] @f(A) thing(n: Int): Thing @f(A) late: Thing @f(C) early: [Thing!] @f(B) one: T1 @f(C)
    }
    interface Thing @t(A) @t(B) @t(C) {
        name: String @f(B) other: Thing @f(B) others: [[Thing]] @f(B) next: Thing @f(A) size: Int @f(C)
    }
    type T1 implements Thing @impl(A, interface: "Thing") @impl(B, interface: "Thing") @impl(C, interface: "Thing")
        @t(A, key: "one") @t(B, key: "one") @t(C, key: "one")
    {
        one: ID! name: String @f(B) other: Thing @f(B) others: [[Thing]] @f(B) next: Thing @f(A) size: Int @f(C)
        same: T1 @f(B)
    }
    type T2 implements Thing @impl(A, interface: "Thing") @impl(B, interface: "Thing") @impl(C, interface: "Thing")
        @t(A, key: "two") @t(B, key: "two") @t(C, key: "two")
    {
        two: ID! name: String @f(B) @f(C, external: true) other: Thing @f(B) others: [[Thing]] @f(B) next: Thing @f(A)
        size: Int @f(C, requires: "name")
    }
    type T3 implements Thing @impl(A, interface: "Thing") @impl(B, interface: "Thing") @impl(C, interface: "Thing")
        @t(A, key: "three") @t(C, key: "three") @t(D, key: "three") @t(D, key: "drei") @t(B, key: "drei")
    {
        three: ID! @f(A) @f(C) @f(D) drei: ID! @f(D) @f(B) name: String @f(B) other: Thing @f(B) others: [[Thing]] @f(B)
        next: Thing @f(A) size: Int @f(C) more: Int @f(D)
    }
    type T4 implements Thing @impl(A, interface: "Thing") @impl(B, interface: "Thing") @impl(C, interface: "Thing")
        @t(A, key: "four") @t(B, key: "four") @t(C, key: "four")
    {
        four: ID! weight: Int @f(A) @f(B, external: true) name: String @f(B) other: Thing @f(B, requires: "weight")
        others: [[Thing]] @f(B) next: Thing @f(A) size: Int @f(C)
    }
    type T5 implements Thing @impl(A, interface: "Thing") @impl(C, interface: "Thing")
        @t(A, key: "five") @t(C, key: "five")
    {
        five: ID! name: String @f(C) other: Thing @f(C) others: [[Thing]] @f(A) next: Thing @f(C) size: Int @f(C)
    }
    type T6 implements Thing @impl(B, interface: "Thing") @impl(C, interface: "Thing") @t(B, key: "six") @t(C, key: "six")
    {
        six: ID! name: String @f(B) other: Thing @f(B) others: [[Thing]] @f(C) next: Thing @f(C) size: Int @f(C)
    }
    "#;

/// How many operations are tried per schema. More by hand: `ORACLE_OPERATIONS=10000 cargo test --test oracle`.
const OPERATIONS: u64 = 300;

fn check(sdl: &str, operations: u64) {
    let operations = match std::env::var("ORACLE_OPERATIONS") {
        Ok(number) => number.parse().expect("a number"),
        Err(_) => operations,
    };
    let supergraph = Arc::new(Supergraph::parse(sdl).unwrap_or_else(|error| panic!("{error}")));
    let planner = Planner::new(supergraph.clone());
    let world = World {
        model: supergraph.model(),
    };
    let mut variables = Map::new();
    variables.insert("yes".into(), json!(true));
    variables.insert("no".into(), json!(false));
    let mut planned = 0;
    for seed in 0..operations {
        let text = Generator {
            schema: supergraph.api_schema(),
            dice: Dice(seed),
        }
        .operation();
        // Some clash with each other (one key, two meanings): the specification refuses those.
        let Ok(document) = ExecutableDocument::parse_and_validate(
            supergraph.api_schema(),
            text.as_str(),
            "q.graphql",
        ) else {
            continue;
        };
        planned += 1;
        let plan = match planner.plan(&document, None) {
            Ok(plan) => plan,
            Err(error) => panic!("seed {seed}: {error}\n{document}"),
        };
        let expected = Monolith {
            world: &world,
            document: &document,
            variables: &variables,
        }
        .answer();
        let executor = Executor {
            world: &world,
            variables: variables.clone(),
        };
        let found = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| executor.run(&plan)));
        let found: Value = found.unwrap_or_else(|_| panic!("seed {seed}\n{document}\n{plan}"));
        assert_eq!(found, expected, "seed {seed}\n{document}\n{plan}");
    }
    assert!(
        planned > operations / 5,
        "only {planned} of {operations} operations were valid"
    );
}

#[test]
fn keys_requirements_and_shared_values() {
    check(&common::supergraph(SHOP), OPERATIONS);
}

#[test]
fn abstract_types_and_interface_objects() {
    check(&common::supergraph(MEDIA), OPERATIONS);
}

#[test]
fn types_of_an_interface_that_differ() {
    check(&common::supergraph(STRANGERS), OPERATIONS / 3);
}

#[test]
fn the_benchmark_schema() {
    check(include_str!("../schemas/benchmark.graphql"), OPERATIONS);
}
