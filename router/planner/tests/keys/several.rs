//! Which of the keys of a type is used.

use crate::common::plan;

#[test]
fn of_several_keys_the_one_that_is_at_hand_is_used() {
    let plan = plan(
        r#"
        type Query @t(A) @t(B) { user: User @f(A) }
        type User @t(A, key: "email") @t(B, key: "id") @t(B, key: "email") {
            id: ID! @f(B) email: String! score: Int @f(B)
        }
        "#,
        "{ user { score } }",
    );
    insta::assert_snapshot!(plan, @r"
    Sequence {
      Fetch a {
        {
          user {
            email
          }
        }
      }
      Fetch b {
        $representations from user
          User { email }
        query($representations: [_Any!]!) {
          _entities(representations: $representations) {
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
fn a_key_that_is_not_resolvable_is_no_way_in() {
    let plan = plan(
        r#"
        type Query @t(A) @t(B) @t(C) { user: User @f(A) }
        type User @t(A, key: "id") @t(B, key: "id", resolvable: false) @t(C, key: "id") {
            id: ID! name: String @f(B) @f(C)
        }
        "#,
        "{ user { name } }",
    );
    insta::assert_snapshot!(plan, @r"
    Sequence {
      Fetch a {
        {
          user {
            id
          }
        }
      }
      Fetch c {
        $representations from user
          User { id }
        query($representations: [_Any!]!) {
          _entities(representations: $representations) {
            ... on User {
              name
            }
          }
        }
      }
    }
    ");
}
