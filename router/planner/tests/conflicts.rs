//! Fields of one response key that ask for different things, which validation lets pass: it takes lists of different
//! lengths for the same.

mod common;

use common::{plan, supergraph, try_plan};

const SHOP: &str = r#"
    type Query @t(A) { find(ids: [ID!], matrix: [[Int!]!], where: Where): Int @f(A) things: [Thing] @f(A) }
    input Where @t(A) { tags: [String!] age: Int }
    interface Thing @t(A) { parts(ids: [ID!]): Int }
    type Book implements Thing @t(A) @impl(A, interface: "Thing") { parts(ids: [ID!]): Int }
    type Film implements Thing @t(A) @impl(A, interface: "Thing") { parts(ids: [ID!]): Int }
    "#;

fn refusal(operation: &str) -> String {
    match try_plan(&supergraph(SHOP), operation) {
        Ok(plan) => panic!("{operation}\n{plan}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn lists_of_different_lengths_are_different_arguments() {
    for operation in [
        r#"{ find(ids: []) find(ids: ["a"]) }"#,
        r#"{ find(ids: ["a", "b"]) find(ids: ["a"]) }"#,
        "{ find(matrix: [[1], [2]]) find(matrix: [[1], []]) }",
        r#"{ find(where: { age: 1, tags: [] }) find(where: { tags: ["a"], age: 1 }) }"#,
        r#"query ($id: ID!) { find(ids: [$id]) find(ids: [$id, "b"]) }"#,
        "query ($yes: Boolean!) { find(ids: []) @include(if: $yes) ... { find(ids: [1]) @skip(if: $yes) } }",
        "{ things { parts(ids: []) ...F } } fragment F on Book { parts(ids: [1]) }",
    ] {
        let key = if operation.contains("things") {
            "parts"
        } else {
            "find"
        };
        let expected = format!(
            "operation must not provide conflicting field arguments for the same name `{key}`"
        );
        assert_eq!(refusal(operation), expected, "{operation}");
    }
}

#[test]
fn the_same_arguments_in_another_order_are_no_conflict() {
    let operation = r#"{
        find(ids: [1, 2], where: { tags: ["a"], age: 1 })
        find(where: { age: 1, tags: ["a"] }, ids: [1, 2])
    }"#;
    insta::assert_snapshot!(plan(SHOP, operation), @r#"
    Fetch a {
      {
        find(ids: [1, 2], where: {tags: ["a"], age: 1})
      }
    }
    "#);
}

#[test]
fn different_arguments_on_different_types_are_no_conflict() {
    let operation = "{ things { ... on Book { parts(ids: []) } ... on Film { parts(ids: [1]) } } }";
    insta::assert_snapshot!(plan(SHOP, operation), @r"
    Fetch a {
      {
        things {
          __typename
          ... on Book {
            parts(ids: [])
          }
          ... on Film {
            parts_1: parts(ids: [1])
          }
        }
      }
    }
    ");
}
