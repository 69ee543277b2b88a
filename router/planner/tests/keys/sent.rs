//! What is sent of a key: all of it, under the names by which the subgraph knows it.

use crate::common::{plan, supergraph};

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
    let supergraph = souk_planner::Supergraph::parse(&supergraph(types)).unwrap();
    insta::assert_snapshot!(**supergraph.api_schema(), @r"
    type Query {
      user: User
    }

    type User {
      score: Int
    }
    ");
}
