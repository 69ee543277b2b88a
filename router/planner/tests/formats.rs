//! The plan as JSON in Apollo's format, and as pictures.

#![allow(clippy::unwrap_used)]

mod common;

use common::{plan, plan_for};
use insta::{assert_json_snapshot, assert_snapshot};

const BENCHMARK: &str = include_str!("schemas/benchmark.graphql");

const MEDIA: &str = r#"
type Query @t(A) @t(B) {
  media: [Media!]! @f(A)
  top: Media @f(B)
}
interface Media @t(A, key: "id") @t(B, key: "id", isInterfaceObject: true) {
  id: ID!
  title: String! @f(A)
  stars: Int! @f(B)
  headline: String @f(B, requires: "title")
}
type Book implements Media @impl(A, interface: "Media") @t(A, key: "id") @t(C, key: "id") {
  id: ID! @f(A) @f(C) title: String! @f(A) size: Int @f(A, type: "Int!") @f(C, type: "Int") stars: Int! @join__field headline: String @join__field
}
type Film implements Media @impl(A, interface: "Media") @t(A, key: "id") {
  id: ID! @f(A) title: String! @f(A) size: Int @f(A) stars: Int! @join__field headline: String @join__field
}
"#;

#[test]
fn json_of_entities_under_a_condition() {
    let plan = plan_for(
        BENCHMARK,
        "query Top($with: Boolean!, $first: Int) {
           topProducts(first: $first) { name reviews @include(if: $with) { body } }
         }",
    );
    assert_json_snapshot!(plan.to_json());
}

#[test]
fn json_of_entities_that_travel_together() {
    let plan = plan_for(
        BENCHMARK,
        "{ me { reviews { product { name } } } topProducts { reviews { product { name } } } }",
    );
    assert_json_snapshot!(plan.to_json());
}

#[test]
fn json_of_an_interface_object_says_what_is_rewritten() {
    let plan = plan(
        MEDIA,
        "{ media { label: stars id: title ... on Book { size } ... on Film { size } headline } }",
    );
    assert_json_snapshot!(plan.to_json());
}

#[test]
fn json_of_keys_that_swap_places() {
    let plan = plan(MEDIA, "{ media { id: title title: id headline } }").to_json();
    let rewrites = &plan["node"]["nodes"][1]["node"]["inputRewrites"];
    let renames: Vec<String> = rewrites.as_array().unwrap()[..3]
        .iter()
        .map(|rename| format!("{} to {}", rename["path"][1], rename["renameKeyTo"]))
        .collect();
    assert_eq!(
        renames,
        [
            r#""title" to "title__aside""#,
            r#""id" to "title""#,
            r#""title__aside" to "id""#
        ]
    );
}

#[test]
fn json_of_a_subscription_and_of_several_conditions() {
    let types = r#"
      type Query @t(A) { me: User }
      type Subscription @t(A) { userChanged: User @f(A) }
      type User @t(A, key: "id") @t(B, key: "id") @t(C, key: "id") {
        id: ID! name: String @f(A) orders: Int @f(B) rating: Int @f(C)
      }
    "#;
    let operation = "subscription Changed($a: Boolean!, $b: Boolean!) {
      userChanged {
        name
        orders @include(if: $a) @skip(if: $b)
        one: rating @include(if: $a)
        two: rating @skip(if: $b)
      }
    }";
    assert_json_snapshot!(plan(types, operation).to_json());
}

#[test]
fn json_of_nothing_to_fetch() {
    let plan = plan_for(BENCHMARK, "{ __typename }");
    assert_eq!(plan.to_json().to_string(), r#"{"kind":"QueryPlan"}"#);
}

#[test]
fn pictures() {
    let plan = plan_for(
        BENCHMARK,
        "query($with: Boolean!) { me { name reviews @include(if: $with) { product { name } } } topProducts { name inStock } }",
    );
    assert_snapshot!("graphviz", plan.to_graphviz());
    assert_snapshot!("mermaid", plan.to_mermaid());
}
