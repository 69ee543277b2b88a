//! Fields of an abstract type that several subgraphs share, when they do not agree on what they may return.

mod common;

use common::{plan, supergraph, try_plan};
use souk_planner::PlanError;

/// Both subgraphs resolve a shelf's items; only books are known to both.
const SHELVES: &str = r#"
    type Query @t(A) @t(B) { first: Shelf @f(A) both: Shelf }
    type Shelf @t(A, key: "id") @t(B, key: "id") { id: ID! items: [Item!] record: Record @f(B) }
    type Record @t(B) { items: [Item!] }
    union Item @t(A) @t(B) @member(A, member: "Book") @member(A, member: "Map") @member(B, member: "Book")
        @member(B, member: "Song") = Book | Map | Song
    type Book @t(A) @t(B) { title: String }
    type Map @t(A) { scale: Int }
    type Song @t(B) { seconds: Int }
    "#;

#[test]
fn members_that_not_every_sharing_subgraph_knows_are_not_fetched() {
    let operation = "{ first { items { ... on Book { title } ... on Map { scale } ... on Song { seconds } } } }";
    insta::assert_snapshot!(plan(SHELVES, operation), @r"
    Fetch a {
      {
        first {
          items {
            __typename
            ... on Book {
              title
            }
          }
        }
      }
    }
    ");
}

#[test]
fn members_of_a_field_that_one_subgraph_has_are_all_fetched() {
    let operation = "{ both { record { items { ... on Book { title } ... on Map { scale } ... on Song { seconds } } } } }";
    insta::assert_snapshot!(plan(SHELVES, operation), @r"
    Fetch b {
      {
        both {
          record {
            items {
              __typename
              ... on Book {
                title
              }
              ... on Song {
                seconds
              }
            }
          }
        }
      }
    }
    ");
}

#[test]
fn a_value_is_asked_for_its_type_where_another_subgraph_calls_it_a_union() {
    let types = r#"
        type Query @t(A) { page: Page @f(A) }
        type Page @t(A) @t(B) { hit: Hit @f(A, type: "Book") @f(B) }
        union Hit @t(B) @member(B, member: "Book") @member(B, member: "Song") = Book | Song
        type Book @t(A) @t(B) { title: String }
        type Song @t(B) { seconds: Int }
        "#;
    insta::assert_snapshot!(plan(types, "{ page { hit { ... on Book { title } } } }"), @r"
    Fetch a {
      {
        page {
          hit {
            __typename
            title
          }
        }
      }
    }
    ");
}

/// Each subgraph tells the identifier of one of the two types, and finds the other only by it.
const NODES: &str = r#"
    type Query @t(A) @t(B) { node(id: ID!): Node user(id: ID!): User @f(A) }
    interface Node @t(A) @t(B) { id: ID! }
    type User implements Node @impl(A, interface: "Node") @impl(B, interface: "Node") @t(A, key: "id") @t(B, key: "id") {
        id: ID! @f(A) @f(B, external: true) name: String @f(A) notes: [Note] @f(B)
    }
    type Note implements Node @impl(A, interface: "Node") @impl(B, interface: "Node") @t(A, key: "id") @t(B, key: "id") {
        id: ID! @f(A, external: true) @f(B) text: String @f(B) author: User @f(A)
    }
    "#;

#[test]
fn an_external_key_field_is_not_told_by_the_subgraph_that_marks_it() {
    let operation = r#"{ user: node(id: "u") { ... on User { id name } } note: node(id: "n") { ... on Note { id text } } }"#;
    insta::assert_snapshot!(plan(NODES, operation), @r#"
    Parallel {
      Fetch a {
        {
          user: node(id: "u") {
            __typename
            ... on User {
              id
              name
            }
          }
        }
      }
      Fetch b {
        {
          note: node(id: "n") {
            __typename
            ... on Note {
              id
              text
            }
          }
        }
      }
    }
    "#);
}

#[test]
fn what_every_subgraph_marks_external_for_some_type_is_not_put_together_for_the_interface() {
    let refused = try_plan(&supergraph(NODES), r#"{ node(id: "u") { id } }"#).unwrap_err();
    let path = "node.id".to_owned();
    assert_eq!(refused, PlanError::Unresolvable { path });
    // Asked of the types, each may come from the subgraph that knows it.
    let operation = r#"{ node(id: "u") { ... on User { id } ... on Note { id } } }"#;
    try_plan(&supergraph(NODES), operation).unwrap();
}

#[test]
fn what_is_asked_of_an_interface_may_come_from_another_subgraph_for_each_type() {
    // Only A knows how to find the user elsewhere, and only B the note.
    let types = r#"
        type Query @t(A) @t(B) { node: Node }
        interface Node @t(A) @t(B) @t(C) { name: String @f(C) }
        type User implements Node @impl(A, interface: "Node") @impl(B, interface: "Node") @impl(C, interface: "Node")
            @t(A, key: "id") @t(B) @t(C, key: "id") { id: ID @f(A) @f(C) name: String @f(C) mail: String @f(B) }
        type Note implements Node @impl(A, interface: "Node") @impl(B, interface: "Node") @impl(C, interface: "Node")
            @t(A) @t(B, key: "id") @t(C, key: "id") { id: ID @f(B) @f(C) name: String @f(C) size: Int @f(A) }
        "#;
    insta::assert_snapshot!(plan(types, "{ node { name } }"), @r"
    Sequence {
      Parallel {
        Fetch a {
          {
            node {
              __typename
              ... on User {
                id
              }
            }
          }
        }
        Fetch b {
          {
            node {
              __typename
              ... on Note {
                id
              }
            }
          }
        }
      }
      Fetch c {
        $representations from node
          User { id }
          Note { id }
        query($representations: [_Any!]!) {
          _entities(representations: $representations) {
            ... on User {
              name
            }
            ... on Note {
              name
            }
          }
        }
      }
    }
    ");
}

#[test]
fn an_interface_that_nothing_implements_is_asked_as_the_interface_object() {
    let types = r#"
        type Query @t(A) @t(B) { plain: Thing @f(A) rated: Thing @f(B) }
        interface Thing @t(A, key: "id") @t(B, key: "id", resolvable: false, isInterfaceObject: true) { id: ID! rating: Int @f(B) }
        "#;
    insta::assert_snapshot!(plan(types, "{ rated { id rating } }"), @r"
    Fetch b {
      {
        rated {
          __typename
          id
          rating
        }
      }
    }
    ");
    let refused = try_plan(&supergraph(types), "{ plain { rating } }").unwrap_err();
    let path = "plain.rating".to_owned();
    assert_eq!(refused, PlanError::Unresolvable { path });
}
