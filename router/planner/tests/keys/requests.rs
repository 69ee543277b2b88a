//! The requests that entities make.

use crate::common::{groups, plan, requests};

#[test]
fn entity_calls_of_one_level_travel_together() {
    let plan = plan(
        r#"
        type Query @t(A) @t(B) { first: User @f(A) users: [[User!]!] @f(A) }
        type User @t(A, key: "id") @t(B, key: "id") { id: ID! best: User @f(A) score: Int @f(B) }
        "#,
        "query ($representations_0: Boolean!) { first { best { score } } users { score best @include(if: $representations_0) { score } } }",
    );
    assert_eq!((requests(&plan), groups(&plan)), (2, 3));
    insta::assert_snapshot!(plan, @r"
    Sequence {
      Fetch a {
        query($representations_0: Boolean!) {
          first {
            best {
              id
            }
          }
          users {
            best @include(if: $representations_0) {
              id
            }
            id
          }
        }
      }
      Fetch b {
        $_representations_0 from first.best
          User { id }
        $representations_1 from users[][]
          User { id }
        $representations_2 from users[][].best if $representations_0
          User { id }
        query($_representations_0: [_Any!]!, $representations_1: [_Any!]!, $representations_2: [_Any!]!) {
          _entities_0: _entities(representations: $_representations_0) {
            ... on User {
              score
            }
          }
          _entities_1: _entities(representations: $representations_1) {
            ... on User {
              score
            }
          }
          _entities_2: _entities(representations: $representations_2) {
            ... on User {
              score
            }
          }
        }
      }
    }
    ");
}

#[test]
fn an_object_with_nothing_but_typename_is_fetched() {
    let plan = plan(
        r#"
        type Query @t(A) @t(B) { user: User @f(A) }
        type User @t(A, key: "id") { id: ID! }
        "#,
        "{ user { __typename } t: __typename }",
    );
    insta::assert_snapshot!(plan, @r"
    Fetch a {
      {
        user {
          __typename
        }
      }
    }
    ");
}
