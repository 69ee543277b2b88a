//! @requires and @provides.

mod common;

use common::{levels, plan, plan_for, requests, try_plan};
use souk_composition::{SubgraphInput, compose};
use souk_planner::PlanError;

#[test]
fn required_fields_are_fetched_first_and_sent_along() {
    let plan = plan(
        r#"
        type Query @t(A) @t(B) { product: Product @f(B) }
        type Product @t(A, key: "id") @t(B, key: "id") {
            id: ID! weight: Int @f(A) @f(B, external: true) shipping: Int @f(B, requires: "weight") stock: Int @f(B)
        }
        "#,
        "{ product { shipping stock } }",
    );
    insta::assert_snapshot!(plan, @r"
    Sequence {
      Fetch b {
        {
          product {
            stock
            id
          }
        }
      }
      Fetch a {
        $representations from product
          Product { id }
        query($representations: [_Any!]!) {
          _entities(representations: $representations) {
            ... on Product {
              weight
            }
          }
        }
      }
      Fetch b {
        $representations from product
          Product { id weight }
        query($representations: [_Any!]!) {
          _entities(representations: $representations) {
            ... on Product {
              shipping
            }
          }
        }
      }
    }
    ");
}

#[test]
fn nested_requirements_with_arguments() {
    let plan = plan(
        r#"
        type Query @t(A) @t(B) { product: Product @f(A) }
        type Product @t(A, key: "id") @t(B, key: "id") {
            id: ID! size(unit: String): Size @f(A) @f(B, external: true)
            shipping: Int @f(B, requires: "size(unit: \"CM\") { height width }")
        }
        type Size @t(A) @t(B) { height: Int width: Int }
        "#,
        r#"{ product { size(unit: "IN") { height } shipping } }"#,
    );
    insta::assert_snapshot!(plan, @r#"
    Sequence {
      Fetch a {
        {
          product {
            size(unit: "IN") {
              height
            }
            id
            size_1: size(unit: "CM") {
              height
              width
            }
          }
        }
      }
      Fetch b {
        $representations from product
          Product { id size=size_1 { height width } }
        query($representations: [_Any!]!) {
          _entities(representations: $representations) {
            ... on Product {
              shipping
            }
          }
        }
      }
    }
    "#);
}

#[test]
fn a_chain_of_requirements() {
    let plan = plan(
        r#"
        type Query @t(A) @t(B) @t(C) { product: Product @f(A) }
        type Product @t(A, key: "id") @t(B, key: "id") @t(C, key: "id") {
            id: ID! price: Int @f(A) @f(B, external: true)
            tax: Int @f(B, requires: "price") @f(C, external: true)
            total: Int @f(C, requires: "tax")
        }
        "#,
        "{ product { total } }",
    );
    assert_eq!((requests(&plan), levels(&plan)), (3, 3), "{plan}");
    insta::assert_snapshot!(plan, @r"
    Sequence {
      Fetch a {
        {
          product {
            id
            price
          }
        }
      }
      Fetch b {
        $representations from product
          Product { id price }
        query($representations: [_Any!]!) {
          _entities(representations: $representations) {
            ... on Product {
              tax
            }
          }
        }
      }
      Fetch c {
        $representations from product
          Product { id tax }
        query($representations: [_Any!]!) {
          _entities(representations: $representations) {
            ... on Product {
              total
            }
          }
        }
      }
    }
    ");
}

#[test]
fn subgraphs_that_require_of_each_other() {
    let plan = plan(
        r#"
        type Query @t(A) @t(B) { product: Product @f(A) }
        type Product @t(A, key: "id") @t(B, key: "id") {
            id: ID! a1: Int @f(A) @f(B, external: true) b1: Int @f(B, requires: "a1") @f(A, external: true)
            a2: Int @f(A, requires: "b1") @f(B, external: true) b2: Int @f(B, requires: "a2")
        }
        "#,
        "{ product { b2 a2 b1 a1 } }",
    );
    assert_eq!((requests(&plan), levels(&plan)), (4, 4), "{plan}");
    insta::assert_snapshot!(plan, @r"
    Sequence {
      Fetch a {
        {
          product {
            a1
            id
          }
        }
      }
      Fetch b {
        $representations from product
          Product { id a1 }
        query($representations: [_Any!]!) {
          _entities(representations: $representations) {
            ... on Product {
              b1
            }
          }
        }
      }
      Fetch a {
        $representations from product
          Product { id b1 }
        query($representations: [_Any!]!) {
          _entities(representations: $representations) {
            ... on Product {
              a2
            }
          }
        }
      }
      Fetch b {
        $representations from product
          Product { id a2 }
        query($representations: [_Any!]!) {
          _entities(representations: $representations) {
            ... on Product {
              b2
            }
          }
        }
      }
    }
    ");
}

#[test]
fn a_required_object_is_found_in_a_third_subgraph() {
    let plan = plan(
        r#"
        type Query @t(A) @t(B) @t(C) { order: Order @f(A) }
        type Order @t(A, key: "id") @t(B, key: "id") {
            id: ID! buyer: User @f(A) @f(B, external: true) greeting: Greeting @f(B, requires: "buyer { name }")
        }
        type User @t(A, key: "id") @t(B, key: "id") @t(C, key: "id") { id: ID! name: String @f(B, external: true) @f(C) }
        type Greeting @t(B) { text: String }
        "#,
        "{ order { greeting { text } } }",
    );
    insta::assert_snapshot!(plan, @r"
    Sequence {
      Fetch a {
        {
          order {
            buyer {
              id
            }
            id
          }
        }
      }
      Fetch c {
        $representations from order.buyer
          User { id }
        query($representations: [_Any!]!) {
          _entities(representations: $representations) {
            ... on User {
              name
            }
          }
        }
      }
      Fetch b {
        $representations from order
          Order { id buyer { name } }
        query($representations: [_Any!]!) {
          _entities(representations: $representations) {
            ... on Order {
              greeting {
                text
              }
            }
          }
        }
      }
    }
    ");
}

#[test]
fn required_fields_of_abstract_types() {
    let plan = plan(
        r#"
        type Query @t(A) @t(B) { cart: Cart @f(A) }
        type Cart @t(A, key: "id") @t(B, key: "id") {
            id: ID! items: [Item] @f(A) @f(B, external: true)
            total: Int @f(B, requires: "items { ... on Book { pages } ... on Film { minutes } }")
        }
        union Item @t(A) @t(B) @member(A, member: "Book") @member(A, member: "Film") @member(B, member: "Book") @member(B, member: "Film") = Book | Film
        type Book @t(A) @t(B) { pages: Int }
        type Film @t(A) @t(B) { minutes: Int }
        "#,
        "{ cart { total } }",
    );
    insta::assert_snapshot!(plan, @r"
    Sequence {
      Fetch a {
        {
          cart {
            id
            items {
              __typename
              ... on Book {
                pages
              }
              ... on Film {
                minutes
              }
            }
          }
        }
      }
      Fetch b {
        $representations from cart
          Cart { id items { __typename |Book|pages |Film|minutes } }
        query($representations: [_Any!]!) {
          _entities(representations: $representations) {
            ... on Cart {
              total
            }
          }
        }
      }
    }
    ");
}

#[test]
fn provided_fields_need_no_further_request() {
    let types = r#"
        type Query @t(A) @t(B) { reviews: [Review] @f(A) best: Review @f(A, provides: "author { name }") }
        type Review @t(A) { author: User @f(A) top: User @f(A, provides: "name") }
        type User @t(A, key: "id") @t(B, key: "id") { id: ID! name: String @f(A, external: true) @f(B) }
        "#;
    assert_eq!(
        requests(&plan(
            types,
            "{ reviews { top { name } } best { author { name } } }"
        )),
        1
    );
    assert_eq!(requests(&plan(types, "{ reviews { author { name } } }")), 2);
}

#[test]
fn a_required_field_that_can_be_provided() {
    let plan = plan(
        r#"
        type Query @t(A) @t(B) { product: Product @f(A) }
        type Product @t(A, key: "id") @t(B, key: "id") { id: ID! weight: Int @f(A) @f(B, external: true)
            shipping: Int @f(B, requires: "weight") }
        "#,
        "query ($a: Boolean!) { product { weight @skip(if: $a) shipping } }",
    );
    insta::assert_snapshot!(plan, @r"
    Sequence {
      Fetch a {
        {
          product {
            weight
            id
          }
        }
      }
      Fetch b {
        $representations from product
          Product { id weight }
        query($representations: [_Any!]!) {
          _entities(representations: $representations) {
            ... on Product {
              shipping
            }
          }
        }
      }
    }
    ");
}

#[test]
fn one_field_required_with_different_arguments_needs_two_representations() {
    let plan = plan(
        r#"
        type Query @t(A) @t(B) { product: Product @f(A) }
        type Product @t(A, key: "id") @t(B, key: "id") {
            id: ID! price(n: Int): Int @f(A) @f(B, external: true)
            tax: Int @f(B, requires: "price(n: 1)") total: Int @f(B, requires: "price(n: 2)")
        }
        "#,
        "{ product { tax total } }",
    );
    insta::assert_snapshot!(plan, @r"
    Sequence {
      Fetch a {
        {
          product {
            id
            price(n: 1)
            price_1: price(n: 2)
          }
        }
      }
      Fetch b {
        $representations_0 from product
          Product { id price }
        $representations_1 from product
          Product { id price=price_1 }
        query($representations_0: [_Any!]!, $representations_1: [_Any!]!) {
          _entities_0: _entities(representations: $representations_0) {
            ... on Product {
              tax
            }
          }
          _entities_1: _entities(representations: $representations_1) {
            ... on Product {
              total
            }
          }
        }
      }
    }
    ");
}

#[test]
fn requirements_that_may_be_skipped_do_not_hold_back_other_fields() {
    let plan = plan(
        r#"
        type Query @t(A) @t(B) { product: Product @f(A) }
        type Product @t(A, key: "id") @t(B, key: "id") {
            id: ID! weight: Int @f(A) @f(B, external: true) shipping: Int @f(B, requires: "weight") stock: Int @f(B)
        }
        "#,
        "query ($brief: Boolean!) { product { stock shipping @skip(if: $brief) } }",
    );
    insta::assert_snapshot!(plan, @r"
    Sequence {
      Fetch a {
        query($brief: Boolean!) {
          product {
            id
            weight @skip(if: $brief)
          }
        }
      }
      Fetch b {
        $representations_0 from product
          Product { id }
        $representations_1 from product if not $brief
          Product { id weight }
        query($representations_0: [_Any!]!, $representations_1: [_Any!]!) {
          _entities_0: _entities(representations: $representations_0) {
            ... on Product {
              stock
            }
          }
          _entities_1: _entities(representations: $representations_1) {
            ... on Product {
              shipping
            }
          }
        }
      }
    }
    ");
}

/// The subgraphs `a` and `b`, which take turns: each field is made from the one before, which is the other subgraph's.
fn turns(links: usize, first: &str) -> Vec<SubgraphInput> {
    let subgraph = |turn: usize| {
        let fields = (0..=links).map(|number| match number {
            0 if turn == 0 => format!("f0: Int {first} "),
            _ if number % 2 == turn => {
                format!("f{number}: Int @requires(fields: \"f{}\") ", number - 1)
            }
            _ if number < links || first.contains(&format!("f{number}")) => {
                format!("f{number}: Int @external ")
            }
            _ => String::new(),
        });
        SubgraphInput {
            name: ["a", "b"][turn].to_owned(),
            url: String::new(),
            sdl: format!(
                "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.7\", import: [\"@key\", \"@requires\", \"@external\"])
                 type Query {{ thing{turn}: Thing }}
                 type Thing @key(fields: \"id\") {{ id: ID! {} }}",
                fields.collect::<String>()
            ),
        }
    };
    vec![subgraph(0), subgraph(1)]
}

#[test]
fn requirements_go_to_and_fro_between_two_subgraphs() {
    for links in [4, 6, 14, 30] {
        let composed = compose(&turns(links, "")).unwrap_or_else(|errors| panic!("{errors}"));
        let operation = format!("{{ thing0 {{ f{links} }} }}");
        let plan = plan_for(&composed.supergraph_sdl, &operation);
        assert_eq!(levels(&plan), links + 1);
    }
}

#[test]
fn too_long_a_chain_of_requirements_is_called_too_complex_and_not_impossible() {
    let composed = compose(&turns(60, "")).unwrap_or_else(|errors| panic!("{errors}"));
    let refused = try_plan(&composed.supergraph_sdl, "{ thing0 { f60 } }").unwrap_err();
    assert_eq!(refused, PlanError::TooComplex);
}

#[test]
fn requirements_that_go_in_a_circle_are_refused() {
    let refused = compose(&turns(3, "@requires(fields: \"f3\")")).err();
    let refused = refused.map(|errors| errors.to_string());
    assert!(
        refused.as_ref().is_some_and(|errors| errors.contains("f0")),
        "{refused:?}"
    );
}
