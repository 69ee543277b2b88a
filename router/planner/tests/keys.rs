//! Entities: keys of every shape, and the requests they make.

mod common;

use common::{levels, plan, requests};

#[test]
fn a_field_of_another_subgraph_is_fetched_by_key() {
    let plan = plan(
        r#"
        type Query @t(A) @t(B) { products: [Product!]! @f(A) }
        type Product @t(A, key: "id") @t(B, key: "id") { id: ID! name: String @f(A) price(currency: String): Int @f(B) }
        "#,
        r#"query Shop($c: String = "EUR") { products { name price(currency: $c) } }"#,
    );
    insta::assert_snapshot!(plan, @r#"
    Sequence {
      Fetch a {
        query Shop__a__0 {
          products {
            name
            id
          }
        }
      }
      Fetch b {
        $representations from products[]
          Product { id }
        query Shop__b__1($representations: [_Any!]!, $c: String = "EUR") {
          _entities(representations: $representations) {
            ... on Product {
              price(currency: $c)
            }
          }
        }
      }
    }
    "#);
}

#[test]
fn compound_and_nested_keys_are_sent_whole() {
    let plan = plan(
        r#"
        type Query @t(A) @t(B) { seat: Seat @f(A) }
        type Seat @t(A, key: "row { id } number") @t(B, key: "row { id } number") {
            row: Row! number: Int! price: Int @f(B)
        }
        type Row @t(A) @t(B) { id: ID! name: String @f(A) }
        "#,
        "{ seat { price } }",
    );
    insta::assert_snapshot!(plan, @r"
    Sequence {
      Fetch a {
        {
          seat {
            row {
              id
            }
            number
          }
        }
      }
      Fetch b {
        $representations from seat
          Seat { row { id } number }
        query($representations: [_Any!]!) {
          _entities(representations: $representations) {
            ... on Seat {
              price
            }
          }
        }
      }
    }
    ");
}

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

#[test]
fn keys_are_read_from_an_alias_when_the_client_uses_the_name_for_another_field() {
    let plan = plan(
        r#"
        type Query @t(A) @t(B) { user: User @f(A) }
        type User @t(A, key: "id") @t(B, key: "id") { id: ID! name: String @f(A) score: Int @f(B) }
        "#,
        "{ user { id: name score } }",
    );
    insta::assert_snapshot!(plan, @r"
    Sequence {
      Fetch a {
        {
          user {
            id: name
            id_1: id
          }
        }
      }
      Fetch b {
        $representations from user
          User { id=id_1 }
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
fn entity_calls_of_one_level_travel_together() {
    let plan = plan(
        r#"
        type Query @t(A) @t(B) { first: User @f(A) users: [[User!]!] @f(A) }
        type User @t(A, key: "id") @t(B, key: "id") { id: ID! best: User @f(A) score: Int @f(B) }
        "#,
        "query ($representations_0: Boolean!) { first { best { score } } users { score best @include(if: $representations_0) { score } } }",
    );
    assert_eq!((requests(&plan), common::groups(&plan)), (2, 3));
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

#[test]
fn inaccessible_keys_can_be_used_but_not_asked_for() {
    let types = r#"
        type Query @t(A) @t(B) { user: User @f(A) secret: Int @f(A) @inaccessible }
        type User @t(A, key: "id") @t(B, key: "id") { id: ID! @inaccessible score: Int @f(B) @tag(name: "public") }
        "#;
    insta::assert_snapshot!(plan(types, "{ user { score } }"), @r"
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
              score
            }
          }
        }
      }
    }
    ");
    let supergraph = souk_planner::Supergraph::parse(&common::supergraph(types)).unwrap();
    insta::assert_snapshot!(**supergraph.api_schema(), @r"
    type Query {
      user: User
    }

    type User {
      score: Int
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
