//! Keys that have to be fetched themselves.

use crate::common::{levels, plan, requests};

#[test]
fn a_chain_of_keys_leads_over_a_third_subgraph() {
    let plan = plan(
        r#"
        type Query @t(A) @t(B) @t(C) { user: User @f(A) }
        type User @t(A, key: "id") @t(B, key: "id") @t(B, key: "email") @t(C, key: "email") {
            id: ID! @f(A) @f(B) email: String! @f(B) @f(C) score: Int @f(C)
        }
        "#,
        "{ user { score } }",
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
      Fetch b {
        $representations from user
          User { id }
        query($representations: [_Any!]!) {
          _entities(representations: $representations) {
            ... on User {
              email
            }
          }
        }
      }
      Fetch c {
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
fn a_key_put_together_from_two_subgraphs() {
    let plan = plan(
        r#"
        type Query @t(A) @t(B) @t(C) @t(D) { item: Item @f(A) }
        type Item @t(A, key: "id") @t(B, key: "id") @t(C, key: "id") @t(D, key: "x y") {
            id: ID! @f(A) @f(B) @f(C) x: Int @f(B) @f(D) y: Int @f(C) @f(D) value: String @f(D)
        }
        "#,
        "{ item { value } }",
    );
    assert_eq!((requests(&plan), levels(&plan)), (4, 3), "{plan}");
    insta::assert_snapshot!(plan, @r"
    Sequence {
      Fetch a {
        {
          item {
            id
          }
        }
      }
      Parallel {
        Fetch b {
          $representations from item
            Item { id }
          query($representations: [_Any!]!) {
            _entities(representations: $representations) {
              ... on Item {
                x
              }
            }
          }
        }
        Fetch c {
          $representations from item
            Item { id }
          query($representations: [_Any!]!) {
            _entities(representations: $representations) {
              ... on Item {
                y
              }
            }
          }
        }
      }
      Fetch d {
        $representations from item
          Item { x y }
        query($representations: [_Any!]!) {
          _entities(representations: $representations) {
            ... on Item {
              value
            }
          }
        }
      }
    }
    ");
}

/// Every key of a list needs keys of what is in the list, each of which can be had in several ways.
#[test]
fn keys_that_need_many_keys_are_found_in_good_time() {
    let plan = plan(
        r#"
        type Query @t(A) { fleet: Fleet! @f(A) }
        type Fleet @t(A, key: "ships { id }") @t(B, key: "ships { id code }")
            @t(C, key: "ships { id code home { id flag } } leader { id }") {
            ships: [Ship!]! leader: Ship @f(B) @f(C) oldest: Ship @f(B) @f(C)
        }
        type Ship @t(A, key: "id") @t(B, key: "id code") @t(C, key: "id code home { id flag }")
            @t(D, key: "id") @t(D, key: "id code") {
            id: ID! code: String @f(B) @f(C) @f(D) home: Port @f(A) @f(C) load: Load @f(C)
        }
        type Port @t(A, key: "id") @t(C, key: "id flag") {
            id: ID! flag: String biggest: Ship @f(A)
        }
        type Load @t(C) { tons: Int }
        "#,
        "{ fleet { ships { id code load { tons } home { biggest { id code } id flag } } leader { id code } oldest { id code load { tons } } } }",
    );
    insta::assert_snapshot!(plan, @r"
    Sequence {
      Fetch a {
        {
          fleet {
            ships {
              id
              home {
                biggest {
                  id
                }
                id
                flag
              }
            }
          }
        }
      }
      Fetch d {
        $representations_0 from fleet.ships[]
          Ship { id }
        $representations_1 from fleet.ships[].home.biggest
          Ship { id }
        query($representations_0: [_Any!]!, $representations_1: [_Any!]!) {
          _entities_0: _entities(representations: $representations_0) {
            ... on Ship {
              code
            }
          }
          _entities_1: _entities(representations: $representations_1) {
            ... on Ship {
              code
            }
          }
        }
      }
      Fetch b {
        $representations from fleet
          Fleet { ships { id code } }
        query($representations: [_Any!]!) {
          _entities(representations: $representations) {
            ... on Fleet {
              leader {
                id
                code
              }
              oldest {
                id
                code
              }
            }
          }
        }
      }
      Fetch c {
        $representations_0 from fleet.ships[]
          Ship { id code home { id flag } }
        $representations_1 from fleet
          Fleet { ships { id code home { id flag } } leader { id } }
        query($representations_0: [_Any!]!, $representations_1: [_Any!]!) {
          _entities_0: _entities(representations: $representations_0) {
            ... on Ship {
              load {
                tons
              }
            }
          }
          _entities_1: _entities(representations: $representations_1) {
            ... on Fleet {
              oldest {
                load {
                  tons
                }
              }
            }
          }
        }
      }
    }
    ");
}
