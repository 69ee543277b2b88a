//! Operations of every kind: conditions, mutations, subscriptions, introspection.

mod common;

use std::collections::HashSet;
use std::sync::Arc;

use apollo_compiler::ExecutableDocument;
use souk_planner::{Authorization, Planner, Supergraph};

use common::{plan, requests, try_plan};

const SHOP: &str = r#"
    type Query @t(A) @t(B) { user(id: ID!, where: Where): User @f(A) top: Product @f(B) }
    type Mutation @t(A) @t(B) { addUser(name: String): User @f(A) touch: Int @f(A) addProduct: Product @f(B) }
    type Subscription @t(A) @t(B) { userChanged(id: ID!): User @f(A) }
    input Where @t(A) { age: Int tags: [String!] }
    type User @t(A, key: "id") @t(B, key: "id") { id: ID! name: String @f(A) bought: [Product] @f(B) }
    type Product @t(B, key: "upc") @t(A, key: "upc") { upc: ID! price: Int @f(B) fans: Int @f(A) }
    "#;

#[test]
fn a_fetch_emptied_by_a_condition_is_not_sent() {
    let plan = plan(
        SHOP,
        "query ($yes: Boolean!, $no: Boolean!) { user(id: 1) { name bought @include(if: $yes) @skip(if: $no) { price } } top @skip(if: $no) { upc } }",
    );
    insta::assert_snapshot!(plan, @r"
    Sequence {
      Parallel {
        Fetch a {
          query($yes: Boolean!, $no: Boolean!) {
            user(id: 1) {
              name
              id @skip(if: $no) @include(if: $yes)
            }
          }
        }
        If not $no {
          Fetch b {
            {
              top {
                upc
              }
            }
          }
        }
      }
      If not $no and $yes {
        Fetch b {
          $representations from user
            User { id }
          query($representations: [_Any!]!) {
            _entities(representations: $representations) {
              ... on User {
                bought {
                  price
                }
              }
            }
          }
        }
      }
    }
    ");
}

#[test]
fn conditions_of_merged_selections_are_joined() {
    let plan = plan(
        SHOP,
        "query ($a: Boolean!, $b: Boolean!) { top @include(if: $a) { upc } ... @include(if: $b) { top { fans } } }",
    );
    insta::assert_snapshot!(plan, @r"
    Sequence {
      If $a or $b {
        Fetch b {
          {
            top {
              upc
            }
          }
        }
      }
      If $b {
        Fetch a {
          $representations from top
            Product { upc }
          query($representations: [_Any!]!) {
            _entities(representations: $representations) {
              ... on Product {
                fans
              }
            }
          }
        }
      }
    }
    ");
    insta::assert_debug_snapshot!(common::conditions(&plan.response), @r#"
    [
        "top: Some(Any([If(\"a\"), If(\"b\")]))",
        "upc: Some(If(\"a\"))",
        "fans: Some(If(\"b\"))",
    ]
    "#);
}

#[test]
fn literal_conditions_are_folded_away() {
    let plan = plan(
        SHOP,
        "{ top { upc price @skip(if: true) fans @include(if: false) } }",
    );
    insta::assert_snapshot!(plan, @r"
    Fetch b {
      {
        top {
          upc
        }
      }
    }
    ");
}

#[test]
fn variables_pass_through_with_their_defaults() {
    let plan = plan(
        SHOP,
        r#"query ($id: ID! = "1", $age: Int, $unused: Boolean = true) { user(id: $id, where: {age: $age, tags: ["a\n", "b"]}) { name @include(if: $unused) } }"#,
    );
    insta::assert_snapshot!(plan, @r#"
    Fetch a {
      query($id: ID! = "1", $age: Int, $unused: Boolean = true) {
        user(id: $id, where: {age: $age, tags: ["a\n", "b"]}) {
          name @include(if: $unused)
        }
      }
    }
    "#);
}

#[test]
fn mutations_run_in_series() {
    let plan = plan(
        SHOP,
        "mutation M { a: addUser(name: \"x\") { id } touch b: addUser { bought { price } } addProduct { upc fans } c: touch }",
    );
    insta::assert_snapshot!(plan, @r#"
    Sequence {
      Fetch a {
        mutation M__a__0 {
          a: addUser(name: "x") {
            id
          }
          touch
          b: addUser {
            id
          }
        }
      }
      Fetch b {
        $representations from b
          User { id }
        query M__b__1($representations: [_Any!]!) {
          _entities(representations: $representations) {
            ... on User {
              bought {
                price
              }
            }
          }
        }
      }
      Fetch b {
        mutation M__b__2 {
          addProduct {
            upc
          }
        }
      }
      Fetch a {
        $representations from addProduct
          Product { upc }
        query M__a__3($representations: [_Any!]!) {
          _entities(representations: $representations) {
            ... on Product {
              fans
            }
          }
        }
      }
      Fetch a {
        mutation M__a__4 {
          c: touch
        }
      }
    }
    "#);
}

#[test]
fn a_subscription_completes_each_event() {
    let plan = plan(
        SHOP,
        "subscription S($id: ID!) { userChanged(id: $id) { name bought { price fans } } }",
    );
    insta::assert_snapshot!(plan, @r"
    Subscription {
      Primary a {
        subscription S__a__0($id: ID!) {
          userChanged(id: $id) {
            name
            id
          }
        }
      }
      Rest {
        Sequence {
          Fetch b {
            $representations from userChanged
              User { id }
            query S__b__1($representations: [_Any!]!) {
              _entities(representations: $representations) {
                ... on User {
                  bought {
                    price
                    upc
                  }
                }
              }
            }
          }
          Fetch a {
            $representations from userChanged.bought[]
              Product { upc }
            query S__a__2($representations: [_Any!]!) {
              _entities(representations: $representations) {
                ... on Product {
                  fans
                }
              }
            }
          }
        }
      }
    }
    ");
}

#[test]
fn typename_and_introspection_alone_fetch_nothing() {
    let plan = plan(SHOP, "{ __typename __schema { types { name } } }");
    assert!(plan.root.is_none());
    assert!(plan.introspects);
    assert_eq!(plan.to_string(), "Nothing to fetch");
}

#[test]
fn aliases_of_one_field_are_separate() {
    let plan = plan(SHOP, "{ a: top { price } b: top { upc } }");
    insta::assert_snapshot!(plan, @r"
    Fetch b {
      {
        a: top {
          price
        }
        b: top {
          upc
        }
      }
    }
    ");
}

#[test]
fn the_operation_has_to_be_named_when_there_are_several() {
    let error = try_plan(
        &common::supergraph(SHOP),
        "query A { __typename } query B { __typename }",
    )
    .unwrap_err();
    assert!(error.to_string().contains("operationName"), "{error}");
}

#[test]
fn fragments_that_spread_each_other_many_times_are_planned_quickly() {
    let mut operation = String::from("{ top { ...F0 } }");
    for index in 0..40 {
        operation.push_str(&format!(
            "fragment F{index} on Product {{ ...F{0} ...F{0} }}",
            index + 1
        ));
    }
    operation.push_str("fragment F40 on Product { upc fans }");
    assert_eq!(requests(&plan(SHOP, &operation)), 2);
}

/// A mutation's payload leads back to the query type, of which each subgraph has a part.
const PAYLOAD: &str = r#"
    type Query @t(A) @t(B) { users: [User] @f(A) news: [News] @f(B) latest: News @f(B) }
    type Mutation @t(A) @t(B) { addUser: Payload @f(A) publish: News @f(B) touch: Int @f(B) }
    type Payload @t(A) { query: Query user: User }
    type User @t(A, key: "id") @t(B, key: "id") { id: ID! name: String @f(A) read: Int @f(B) }
    type News @t(B) { title: String }
    "#;

#[test]
fn the_query_type_below_a_payload_is_asked_of_every_subgraph() {
    let operation = "mutation { addUser { query { users { name } news { title } latest { title } } user { read } } }";
    insta::assert_snapshot!(plan(PAYLOAD, operation), @r"
    Sequence {
      Fetch a {
        mutation {
          addUser {
            query {
              users {
                name
              }
            }
            user {
              id
            }
          }
        }
      }
      Parallel {
        Fetch b {
          into addUser.query
          {
            news {
              title
            }
            latest {
              title
            }
          }
        }
        Fetch b {
          $representations from addUser.user
            User { id }
          query($representations: [_Any!]!) {
            _entities(representations: $representations) {
              ... on User {
                read
              }
            }
          }
        }
      }
    }
    ");
}

#[test]
fn the_next_mutation_waits_for_the_query_below_the_one_before() {
    let operation = "mutation($q: Boolean!) { touch addUser { query { latest @include(if: $q) { title } } } publish { title } }";
    insta::assert_snapshot!(plan(PAYLOAD, operation), @r"
    Sequence {
      Fetch b {
        mutation {
          touch
        }
      }
      Fetch a {
        mutation {
          addUser {
            query {
              __typename
            }
          }
        }
      }
      If $q {
        Fetch b {
          into addUser.query
          {
            latest {
              title
            }
          }
        }
      }
      Fetch b {
        mutation {
          publish {
            title
          }
        }
      }
    }
    ");
}

#[test]
fn the_label_of_a_progressive_override_decides_who_is_asked() {
    let types = r#"
        type Query @t(A) @t(B) { price: Int @f(A, override: "b", overrideLabel: "percent(5)") @f(B, overrideLabel: "percent(5)") }
        "#;
    let supergraph = Arc::new(Supergraph::parse(&common::supergraph(types)).unwrap());
    let labels: HashSet<Arc<str>> = supergraph.override_labels().cloned().collect();
    assert_eq!(labels, HashSet::from(["percent(5)".into()]));
    let operation = ExecutableDocument::parse_and_validate(
        supergraph.api_schema(),
        "{ price }",
        "operation.graphql",
    )
    .unwrap();
    let planner = Planner::new(supergraph);
    let off = planner.plan(&operation, None).unwrap().to_string();
    assert!(off.starts_with("Fetch b"), "{off}");
    let on = planner
        .plan_for(&operation, None, &labels, Authorization::Off)
        .unwrap()
        .to_string();
    assert!(on.starts_with("Fetch a"), "{on}");
}
