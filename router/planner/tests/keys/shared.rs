//! Fields that more than one subgraph could resolve, and which of them is asked.

use crate::common::{plan, requests};

#[test]
fn a_value_type_without_key_is_put_together_through_its_parents() {
    let plan = plan(
        r#"
        type Query @t(A) @t(B) { user: User @f(A) }
        type User @t(A, key: "id") @t(B, key: "id") { id: ID! place: Place }
        type Place @t(A) @t(B) { lat: Float @f(A) lon: Float @f(B) name: String }
        "#,
        "{ user { place { lat lon name } } }",
    );
    insta::assert_snapshot!(plan, @r"
    Sequence {
      Fetch a {
        {
          user {
            place {
              lat
              name
            }
            id
          }
        }
      }
      Fetch b {
        $representations from user
          User { id }
        query($representations: [_Any!]!) {
          _entities(representations: $representations) {
            ... on User {
              place {
                lon
              }
            }
          }
        }
      }
    }
    ");
}

#[test]
fn a_shared_root_field_is_asked_of_each_subgraph_that_has_a_part() {
    let plan = plan(
        r#"
        type Query @t(A) @t(B) { place: Place }
        type Place @t(A) @t(B) { lat: Float @f(A) lon: Float @f(B) name: String }
        "#,
        "{ place { name lat lon } }",
    );
    insta::assert_snapshot!(plan, @r"
    Parallel {
      Fetch a {
        {
          place {
            name
            lat
          }
        }
      }
      Fetch b {
        {
          place {
            lon
          }
        }
      }
    }
    ");
}

#[test]
fn one_subgraph_is_chosen_for_fields_that_several_share() {
    let plan = plan(
        r#"
        type Query @t(A) @t(B) { user: User }
        type User @t(A, key: "id") @t(B, key: "id") { id: ID! name: String score: Int @f(B) }
        "#,
        "{ user { name score } }",
    );
    assert_eq!(requests(&plan), 1, "{plan}");
    insta::assert_snapshot!(plan, @r"
    Fetch b {
      {
        user {
          name
          score
        }
      }
    }
    ");
}

#[test]
fn overridden_fields_come_from_the_new_subgraph() {
    let plan = plan(
        r#"
        type Query @t(A) @t(B) { bill: Bill @f(A) }
        type Bill @t(A, key: "id") @t(B, key: "id") {
            id: ID! @f(A, usedOverridden: true) @f(B, override: "a") amount: Int @f(B, override: "a") payer: String @f(A)
        }
        "#,
        "{ bill { id amount payer } }",
    );
    insta::assert_snapshot!(plan, @r"
    Sequence {
      Fetch a {
        {
          bill {
            id
            payer
          }
        }
      }
      Fetch b {
        $representations from bill
          Bill { id }
        query($representations: [_Any!]!) {
          _entities(representations: $representations) {
            ... on Bill {
              id
              amount
            }
          }
        }
      }
    }
    ");
}
