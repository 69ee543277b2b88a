//! Reading supergraphs: versions, names, errors.

mod common;

use souk_planner::{Supergraph, SupergraphError};

fn read(sdl: &str) -> Result<Supergraph, SupergraphError> {
    Supergraph::parse(sdl)
}

#[test]
fn subgraphs_have_names_and_addresses() {
    let supergraph = read(include_str!("schemas/benchmark.graphql")).unwrap();
    let found: Vec<String> = supergraph
        .subgraphs()
        .map(|subgraph| format!("{} {}", subgraph.name, subgraph.url))
        .collect();
    insta::assert_debug_snapshot!(found, @r#"
    [
        "accounts http://0.0.0.0:4200/accounts",
        "inventory http://0.0.0.0:4200/inventory",
        "products http://0.0.0.0:4200/products",
        "reviews http://0.0.0.0:4200/reviews",
    ]
    "#);
    assert!(!supergraph.api_schema().to_string().contains("join__"));
}

#[test]
fn join_v0_1_of_federation_1() {
    let plan = common::plan_for(
        r#"
        schema @core(feature: "https://specs.apollo.dev/core/v0.1") @core(feature: "https://specs.apollo.dev/join/v0.1") { query: Query }
        directive @core(feature: String!) repeatable on SCHEMA
        directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet) on FIELD_DEFINITION
        directive @join__graph(name: String!, url: String!) on ENUM_VALUE
        directive @join__owner(graph: join__Graph!) on INTERFACE | OBJECT
        directive @join__type(graph: join__Graph!, key: join__FieldSet) repeatable on INTERFACE | OBJECT
        scalar join__FieldSet
        enum join__Graph { A @join__graph(name: "a", url: "http://a") B @join__graph(name: "b", url: "http://b") }
        type Query { product: Product @join__field(graph: A) }
        type Product @join__owner(graph: A) @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
            id: ID! @join__field(graph: A) size: Size @join__field(graph: A) stock: Int @join__field(graph: B)
        }
        type Size { width: Int }
        "#,
        "{ product { size { width } stock } }",
    );
    insta::assert_snapshot!(plan, @r"
    Sequence {
      Fetch a {
        {
          product {
            size {
              width
            }
            id
          }
        }
      }
      Fetch b {
        $representations from product
          Product { id }
        query($representations: [_Any!]!) {
          _entities(representations: $representations) {
            ... on Product {
              stock
            }
          }
        }
      }
    }
    ");
}

#[test]
fn inaccessible_under_another_name() {
    let supergraph = read(
        r#"
        schema @link(url: "https://specs.apollo.dev/link/v1.0") @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION)
          @link(url: "https://specs.apollo.dev/inaccessible/v0.2", as: "hidden", for: SECURITY) { query: Query }
        directive @join__graph(name: String!, url: String!) on ENUM_VALUE
        directive @join__type(graph: join__Graph!) repeatable on OBJECT | ENUM | INPUT_OBJECT | UNION
        directive @hidden on FIELD_DEFINITION | OBJECT | ENUM_VALUE | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION
        directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA
        scalar link__Import enum link__Purpose { SECURITY EXECUTION }
        enum join__Graph { A @join__graph(name: "a", url: "") }
        type Query @join__type(graph: A) { a(x: Int, y: Int @hidden, in: In): E b: Secret @hidden u: U }
        enum E @join__type(graph: A) { X Y @hidden }
        input In @join__type(graph: A) { p: Int q: Int @hidden }
        type Secret @hidden @join__type(graph: A) { z: Int }
        type Open @join__type(graph: A) { z: Int }
        union U @join__type(graph: A) = Open | Secret
        "#,
    )
    .unwrap();
    insta::assert_snapshot!(**supergraph.api_schema(), @r"
    type Query {
      a(x: Int, in: In): E
      u: U
    }

    enum E {
      X
    }

    input In {
      p: Int
    }

    type Open {
      z: Int
    }

    union U = Open
    ");
}

#[test]
fn what_is_no_supergraph_is_refused() {
    let broken = |from: &str, to: &str| include_str!("schemas/benchmark.graphql").replace(from, to);
    let cases = [
        ("type Query {".to_owned(), "not a valid GraphQL schema"),
        (
            "type Query { a: Int }\n\ntype \u{fc}\u{fc}\u{fc} { b: Int".to_owned(),
            "3:6: ",
        ),
        ("type Query { a: Int }".to_owned(), "no `enum join__Graph`"),
        (broken("join/v0.3", "join/v1.0"), "unknown version"),
        (broken("join/v0.3", "join/v0.6"), "known are v0.1, v0.2"),
        (
            broken(
                "for: EXECUTION",
                "for: EXECUTION) @link(url: \"https://example.com/strange/v1.0\", for: SECURITY",
            ),
            "strange",
        ),
        (
            broken(
                "@join__type(graph: ACCOUNTS, key: \"id\")",
                "@join__type(graph: NOBODY, key: \"id\")",
            ),
            "unknown graph NOBODY",
        ),
        (broken("key: \"id\"", "key: \"id {\""), "not a field set"),
    ];
    for (sdl, expected) in cases {
        let error = read(&sdl).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

/// A router that passed over these would show what is to be protected, or ask subgraphs wrongly.
#[test]
fn a_link_whose_purpose_is_not_served_is_refused() {
    for url in [
        "https://specs.apollo.dev/connect/v0.2",
        "https://example.com/authenticated/v0.1",
    ] {
        let purpose = format!("for: EXECUTION) @link(url: \"{url}\", for: SECURITY");
        let sdl = include_str!("schemas/benchmark.graphql").replace("for: EXECUTION", &purpose);
        let refused = read(&sdl).unwrap_err();
        assert!(
            matches!(&refused, SupergraphError::UnsupportedLink { url: found, .. } if found == url),
            "{refused}"
        );
    }
}
