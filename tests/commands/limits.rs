//! What `souk router` says of operations that break a limit and are let through.

use souk_composition::{SubgraphInput, compose};

use crate::Folder;
use crate::router::Router;

/// Such an operation is looked at twice: for what it demands of the client, and to be planned.
#[tokio::test(flavor = "multi_thread")]
async fn it_warns_once_of_an_operation_on_a_graph_that_protects_something() {
    souk_platform::tls::install();
    let products = SubgraphInput {
        name: "products".to_owned(),
        url: "http://127.0.0.1:9/".to_owned(),
        sdl: r#"
            extend schema
              @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@authenticated"])
            type Query { product: String @authenticated }
        "#
        .to_owned(),
    };
    let supergraph = compose(&[products]).unwrap().supergraph_sdl;
    let folder = Folder::new(&[
        ("supergraph.graphql", &supergraph),
        ("router.yaml", "limits: { max_aliases: 0, warn_only: true }"),
    ]);
    let router = Router::start(&folder, &[]);
    let log = || router.log.lock().unwrap().clone();
    let client = reqwest::Client::new();
    for query in ["{ a: product }", "{ a: product b: product }"] {
        router.query(&client, query).await.unwrap();
    }
    crate::eventually("the warning of the second operation", || {
        log().contains("number of aliases is 2")
    });
    let said = log().matches("number of aliases is 1").count();
    assert_eq!(said, 1, "{}", log());
}
