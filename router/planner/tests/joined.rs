//! Values at one path that are planned for once, although several fields lead to them.

mod common;

use common::{groups, plan};

/// What U1 and U2 lead to is the same thing to A; B knows that U1 leads to a T1.
const NARROWED: &str = r#"
    type Query @t(A) @t(B) { items: [Item!]! @f(B) }
    interface Item @t(A) @t(B) { id: ID! x: Thing @f(A) }
    type U1 implements Item @impl(A, interface: "Item") @impl(B, interface: "Item") @t(A, key: "id") @t(B, key: "id")
      { id: ID! x: Thing @f(A) @f(B, type: "T1") }
    type U2 implements Item @impl(A, interface: "Item") @impl(B, interface: "Item") @t(A, key: "id") @t(B, key: "id")
      { id: ID! x: Thing @f(A) }
    interface Thing @t(A) @t(B) { other: Thing @f(A) name: String @f(B) }
    type T1 implements Thing @impl(A, interface: "Thing") @impl(B, interface: "Thing") @t(A, key: "id") @t(B, key: "id")
      { id: ID! other: Thing @f(A) @f(B) name: String @f(B) }
    "#;

#[test]
fn what_a_subgraph_knows_more_exactly_is_not_taken_for_what_others_know() {
    insta::assert_snapshot!(plan(NARROWED, "{ items { x { other { name } } } }"), @r"
    Sequence {
      Fetch b {
        {
          items {
            __typename
            ... on U1 {
              x {
                __typename
                other {
                  __typename
                  name
                }
              }
            }
            ... on U2 {
              id
            }
          }
        }
      }
      Fetch a {
        $representations from items[]
          U2 { id }
        query($representations: [_Any!]!) {
          _entities(representations: $representations) {
            ... on U2 {
              x {
                __typename
                other {
                  __typename
                  ... on T1 {
                    id
                  }
                }
              }
            }
          }
        }
      }
      Fetch b {
        $representations from items[]|U2|.x.other
          T1 { id }
        query($representations: [_Any!]!) {
          _entities(representations: $representations) {
            ... on T1 {
              name
            }
          }
        }
      }
    }
    ");
}

/// Only S2 and T2 are known to both subgraphs that share `items` and `x`.
const SHARED: &str = r#"
    type Query @t(A) @t(B) { items: [Item] }
    interface Item @t(A) @t(B) { x: Thing }
    type S1 implements Item @impl(A, interface: "Item") @t(A) { x: Thing }
    type S2 implements Item @impl(A, interface: "Item") @impl(B, interface: "Item") @t(A) @t(B) { x: Thing }
    interface Thing @t(A) @t(B) { n: Int other: V @f(A) }
    type T1 implements Thing @impl(A, interface: "Thing") @t(A) { n: Int other: V }
    type T2 implements Thing @impl(A, interface: "Thing") @impl(B, interface: "Thing") @t(A) @t(B) { n: Int other: V }
    type V @t(A) @t(B) { f: Int @f(B) g: Int @f(A) }
    "#;

#[test]
fn what_cannot_be_there_decides_nothing_for_what_can() {
    insta::assert_snapshot!(plan(SHARED, "{ items { x { other { f } } } }"), @r"
    Fetch b {
      {
        items {
          __typename
          ... on S2 {
            x {
              __typename
              ... on T2 {
                other {
                  f
                }
              }
            }
          }
        }
      }
    }
    ");
}

/// The types of an interface with a key each; the way to what leads on is another one for each.
const STRANGERS: &str = r#"
    type Query @t(A) { things: [Thing!]! @f(A) }
    interface Thing @t(A) @t(B) { name: String @f(B) other: Thing @f(B) next: Thing @f(A) }
    type T1 implements Thing @impl(A, interface: "Thing") @impl(B, interface: "Thing") @t(A, key: "one") @t(B, key: "one")
      { one: ID! name: String @f(B) other: Thing @f(B) next: Thing @f(A) }
    type T2 implements Thing @impl(A, interface: "Thing") @impl(B, interface: "Thing") @t(A, key: "two") @t(B, key: "two")
      { two: ID! name: String @f(B) other: Thing @f(B) next: Thing @f(A) }
    "#;

#[test]
fn there_is_one_group_for_values_that_several_types_lead_to() {
    let operation =
        "query($deep: Boolean!) { things { other { next @include(if: $deep) { name } } } }";
    insta::assert_snapshot!(plan(STRANGERS, operation), @r"
    Sequence {
      Fetch a {
        {
          things {
            __typename
            ... on T1 {
              one
            }
            ... on T2 {
              two
            }
          }
        }
      }
      Fetch b {
        $representations from things[]
          T1 { one }
          T2 { two }
        query($representations: [_Any!]!, $deep: Boolean!) {
          _entities(representations: $representations) {
            ... on T1 {
              other {
                ...f0
              }
            }
            ... on T2 {
              other {
                ...f0
              }
            }
          }
        }

        fragment f0 on Thing {
          __typename
          ... on T1 {
            one @include(if: $deep)
          }
          ... on T2 {
            two @include(if: $deep)
          }
        }
      }
      If $deep {
        Fetch a {
          $representations from things[]|T1|T2|.other
            T1 { one }
            T2 { two }
          query($representations: [_Any!]!, $deep: Boolean!) {
            _entities(representations: $representations) {
              ... on T1 {
                next {
                  ...f0
                }
              }
              ... on T2 {
                next {
                  ...f0
                }
              }
            }
          }

          fragment f0 on Thing {
            __typename
            ... on T1 {
              one @include(if: $deep)
            }
            ... on T2 {
              two @include(if: $deep)
            }
          }
        }
      }
      If $deep {
        Fetch b {
          $representations from things[]|T1|T2|.other|T1|T2|.next
            T1 { one }
            T2 { two }
          query($representations: [_Any!]!) {
            _entities(representations: $representations) {
              ... on T1 {
                name
              }
              ... on T2 {
                name
              }
            }
          }
        }
      }
    }
    ");
}

#[test]
fn that_a_subgraph_provides_something_of_a_type_elsewhere_makes_no_difference() {
    let operation = "{ things { other { next { name } } } }";
    let extra = "extra: Int @f(A) @f(B, external: true) one: ID!";
    let provided = STRANGERS
        .replace(
            "@t(A) { things:",
            "@t(A) @t(B) { best: T1 @f(B, provides: \"extra\") things:",
        )
        .replace("one: ID!", extra);
    assert_eq!(groups(&plan(STRANGERS, operation)), 3);
    assert_eq!(groups(&plan(&provided, operation)), 3);
}
