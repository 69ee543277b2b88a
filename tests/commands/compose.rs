//! `souk compose` with rover's file in every form.

use std::io::Write;
use std::process::Stdio;

use crate::subgraph::{Catalogue, Subgraph};
use crate::{Folder, Ran, souk};

pub const LINK: &str =
    r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key"])"#;

fn users(more: &str) -> String {
    format!("{LINK} type Query {{ me: User }} type User @key(fields: \"id\") {{ id: ID! {more} }}")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_form_of_a_subgraph() {
    let products = Subgraph::start_for(Catalogue, Some("Bearer secret")).await;
    let config = format!(
        r#"
federation_version: =2.9.0
subgraphs:
  users:
    routing_url: https://users.example/${{env.STAGE:-live}}
    schema:
      file: schemas/users.graphql
  products:
    schema:
      subgraph_url: {}
      introspection_headers:
        Authorization: Bearer ${{env.PRODUCTS_TOKEN}}
  reviews:
    routing_url: http://reviews
    schema:
      sdl: |
        {LINK}
        type User @key(fields: "id") {{ id: ID! reviews: Int }}
"#,
        products.url
    );
    // Schemas are found from where supergraph.yaml is, not from where the command runs.
    let folder = Folder::new(&[
        ("graph/supergraph.yaml", &config),
        ("graph/schemas/users.graphql", &users("name: String")),
    ]);
    let ran = tokio::task::spawn_blocking(move || {
        let arguments = ["compose", "--config", "graph/supergraph.yaml"];
        let mut command = souk(folder.0.path(), &arguments);
        Ran(command.env("PRODUCTS_TOKEN", "secret").output().unwrap())
    })
    .await
    .unwrap();
    let supergraph = ran.succeeded();
    for part in [
        r#"@join__graph(name: "users", url: "https://users.example/live")"#,
        &format!(r#"@join__graph(name: "products", url: "{}")"#, products.url),
        r#"@join__graph(name: "reviews", url: "http://reviews")"#,
        "reviews: Int",
        "product: Product!",
    ] {
        assert!(supergraph.contains(part), "{part} is not in\n{supergraph}");
    }
}

#[test]
fn the_list_may_come_from_standard_input() {
    let folder = Folder::new(&[("users.graphql", &users(""))]);
    let mut command = souk(folder.0.path(), &["compose", "--config", "-"]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let list = "federation_version: 2\nsubgraphs:\n  users:\n    routing_url: http://users\n    schema: { file: users.graphql }\n";
    let mut input = child.stdin.take().unwrap();
    input.write_all(list.as_bytes()).unwrap();
    drop(input);
    let supergraph = Ran(child.wait_with_output().unwrap()).succeeded();
    assert!(supergraph.contains("me: User"));
}

#[test]
fn the_api_schema_is_written_and_hints_and_warnings_are_told() {
    let folder = Folder::new(&[
        (
            "supergraph.yaml",
            "subgraphs:\n  users:\n    schema: { file: users.graphql }\n  ranks:\n    routing_url: http://ranks\n    schema: { file: ranks.graphql }\n",
        ),
        (
            "users.graphql",
            &format!("{} enum Rank {{ TIN }}", users("rank: Rank")),
        ),
        (
            "ranks.graphql",
            &format!("{LINK}\ntype Query {{ ranks: [Rank] }}\nenum Rank {{ GOLD }}"),
        ),
        ("kept/out.graphql", "as it was"),
    ]);
    let link = folder.path("out.graphql");
    std::os::unix::fs::symlink("kept/out.graphql", &link).unwrap();
    let arguments = [
        "compose",
        "--config",
        "supergraph.yaml",
        "--output",
        "out.graphql",
        "--api-schema",
        "api.graphql",
    ];
    let ran = folder.souk(&arguments);
    assert_eq!(ran.code(), 0, "{}", ran.err());
    let api_schema = folder.read("api.graphql");
    assert!(api_schema.contains("ranks: [Rank]"), "{api_schema}");
    assert!(!api_schema.contains("join__"), "{api_schema}");
    assert!(folder.read("kept/out.graphql").contains("join__Graph"));
    assert!(link.is_symlink(), "a link is no file to be replaced");
    for part in [
        "warning: subgraphs.users has no routing_url",
        "hint: DEBUG INCONSISTENT_ENUM_VALUE_FOR_OUTPUT_ENUM: \"Rank.GOLD\"",
        "--> ranks.graphql:3:13",
    ] {
        assert!(ran.err().contains(part), "{part} is not in\n{}", ran.err());
    }
    assert!(!ran.err().contains("subgraphs.ranks"), "{}", ran.err());

    let ran = folder.souk(&[&arguments[..3], &arguments[5..]].concat());
    assert!(ran.succeeded().contains("join__Graph"));
}

#[test]
fn every_mistake_in_the_list_is_named_at_once() {
    let folder = Folder::new(&[(
        "supergraph.yaml",
        "
federation_version: 3
subgraphs:
  a: { schema: {} }
  b: { schema: { file: b.graphql, sdl: 'type Query { b: Int }' } }
  c: { schema: { subgraph_url: 'no url' } }
  d: { schema: { graphref: 'graph@current', subgraph: d } }
  e: { routing_url: '${env.SOUK_IS_NOT_SET}', schema: { file: e.graphql } }
  f: { schema: { subgraph_url: 'http://f', introspection_headers: { 'no header': x } } }
  g: { schema: { file: g.graphql, introspection_headers: { a: x } } }
",
    )]);
    let ran = folder.souk(&["compose", "--config", "supergraph.yaml"]);
    assert_eq!(ran.code(), 2, "{}", ran.err());
    for part in [
        "federation_version: 3 is no version of federation",
        "subgraphs.a.schema: needs exactly one of file, subgraph_url and sdl",
        "subgraphs.b.schema: needs exactly one of file, subgraph_url and sdl",
        "subgraphs.c.schema.subgraph_url: no url is no URL",
        "subgraphs.d.schema.graphref: only rover can read schemas from Apollo's registry",
        "subgraphs.e.routing_url: the environment variable SOUK_IS_NOT_SET is not set",
        "subgraphs.f.schema.introspection_headers.no header: is no name of a header",
        "subgraphs.g.schema.introspection_headers: needs a schema.subgraph_url",
    ] {
        assert!(ran.err().contains(part), "{part} is not in\n{}", ran.err());
    }
}

#[test]
fn bad_usage_is_2_and_says_what_to_do() {
    let folder = Folder::new(&[
        (
            "unknown.yaml",
            "subgraphs:\n  a:\n    schema: { path: a.graphql }\n",
        ),
        (
            "missing.yaml",
            "subgraphs:\n  a:\n    schema: { file: a.graphql }\n  b:\n    schema: { file: b.graphql }\n",
        ),
    ]);
    for (arguments, parts) in [
        (&["compose"][..], &["--config <FILE>"][..]),
        (
            &["compose", "--config", "none.yaml"],
            &["cannot read none.yaml"],
        ),
        (
            &["compose", "--config", "unknown.yaml"],
            &["path", "expected"],
        ),
        (
            &["compose", "--config", "missing.yaml"],
            &["a.graphql, the schema of a", "b.graphql, the schema of b"],
        ),
        (
            &["compose", "--config", "missing.yaml", "--watch"],
            &["--output <FILE>"],
        ),
        (
            &["compose", "--config", "-", "--watch", "--output", "o"],
            &["standard input cannot be watched"],
        ),
    ] {
        let ran = folder.souk(arguments);
        assert_eq!(ran.code(), 2, "{arguments:?}: {}", ran.err());
        for part in parts {
            assert!(ran.err().contains(part), "{part} is not in\n{}", ran.err());
        }
    }
}

#[test]
fn what_does_not_fit_together_is_1_with_every_error_and_leaves_the_output() {
    let folder = Folder::new(&[
        (
            "supergraph.yaml",
            "subgraphs:\n  a:\n    schema: { file: a.graphql }\n  b:\n    schema: { file: b.graphql }\n",
        ),
        (
            "a.graphql",
            &format!("{LINK}\ntype Query {{ a: T b: Int }}\ntype T {{ x: Int }}"),
        ),
        (
            "b.graphql",
            &format!("{LINK}\ntype Query {{ b: Int }}\ntype T {{ x: String }}"),
        ),
        ("out.graphql", "as it was"),
    ]);
    let ran = folder.souk(&[
        "compose",
        "--config",
        "supergraph.yaml",
        "--output",
        "out.graphql",
    ]);
    assert_eq!(ran.code(), 1);
    for part in [
        "INVALID_FIELD_SHARING",
        "FIELD_TYPE_MISMATCH",
        "Query.b",
        "T.x",
    ] {
        assert!(ran.err().contains(part), "{part} is not in\n{}", ran.err());
    }
    assert_eq!(folder.read("out.graphql"), "as it was");
}

#[tokio::test(flavor = "multi_thread")]
async fn places_are_told_by_the_files_and_urls_that_schemas_are_read_from() {
    let products = Subgraph::start(Catalogue).await;
    let clash = |field: &str| format!("type Query {{ {field}: Product }} enum Product {{ LAMP }}");
    let list = format!(
        "subgraphs:\n  products:\n    schema: {{ subgraph_url: '{}' }}\n  one:\n    schema: {{ file: schemas/one.graphql }}\n  two:\n    schema:\n      sdl: |\n        {LINK}\n        {}\n",
        products.url,
        clash("two")
    );
    let folder = Folder::new(&[
        ("graph/supergraph.yaml", &list),
        (
            "graph/schemas/one.graphql",
            &format!("{LINK}\n\n  {}", clash("one")),
        ),
    ]);
    let run = move || folder.souk(&["compose", "--config", "graph/supergraph.yaml"]);
    let ran = tokio::task::spawn_blocking(run).await.unwrap();
    assert_eq!(ran.code(), 1);
    let place_in_products = format!("--> {}:", products.url);
    for part in [
        "--> graph/schemas/one.graphql:3:",
        &place_in_products,
        // Inside supergraph.yaml it is the subgraph that is looked for.
        "--> two:2:",
    ] {
        assert!(ran.err().contains(part), "{part} is not in\n{}", ran.err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_subgraph_that_does_not_tell_its_schema_is_named() {
    let strict = Subgraph::start_for(Catalogue, Some("Bearer secret")).await;
    let list = format!(
        "subgraphs:\n  strict:\n    schema: {{ subgraph_url: '{}' }}\n  gone:\n    schema: {{ subgraph_url: 'http://127.0.0.1:9/' }}\n",
        strict.url
    );
    let folder = Folder::new(&[("supergraph.yaml", &list)]);
    let run = move || folder.souk(&["compose", "--config", "supergraph.yaml"]);
    let ran = tokio::task::spawn_blocking(run).await.unwrap();
    assert_eq!(ran.code(), 1);
    let gone = "gone at http://127.0.0.1:9/ does not tell its schema:";
    assert!(ran.err().contains(gone), "{}", ran.err());
    assert!(ran.err().contains("refused"), "{}", ran.err());
    assert!(
        ran.err().contains("does not tell its schema: who are you?"),
        "{}",
        ran.err()
    );
}
