//! Where `souk router` listens.

use serde_json::json;
use souk_composition::{SubgraphInput, compose};

use crate::Folder;
use crate::compose::LINK;
use crate::router::Router;

/// A folder with a supergraph whose subgraph nobody asks.
fn folder() -> Folder {
    let subgraph = SubgraphInput {
        name: "a".to_owned(),
        url: "http://127.0.0.1:9/".to_owned(),
        sdl: format!("{LINK} type Query {{ a: Int }}"),
    };
    let composed = compose(&[subgraph]).unwrap();
    Folder::new(&[
        ("supergraph.graphql", &composed.supergraph_sdl),
        (
            "nowhere.yaml",
            "supergraph: { listen: nowhere.invalid:4000 }",
        ),
    ])
}

#[tokio::test(flavor = "multi_thread")]
async fn it_may_listen_where_a_name_says() {
    let folder = folder();
    souk_platform::tls::install();
    let router = Router::start_at("localhost:0", &folder, &[]);
    let client = reqwest::Client::new();
    let response = router.query(&client, "{ __typename }").await.unwrap();
    assert_eq!(response, json!({ "data": { "__typename": "Query" } }));
}

#[test]
fn a_name_without_an_address_is_told() {
    let folder = folder();
    let start = |more: [&str; 2]| {
        let router = ["router", "--supergraph", "supergraph.graphql"];
        folder.souk(&[&router[..], &more[..]].concat())
    };
    for more in [
        ["--listen", "nowhere.invalid:4000"],
        ["--config", "nowhere.yaml"],
    ] {
        let ran = start(more);
        assert_eq!(ran.code(), 2, "{}", ran.err());
        let expected = "cannot listen on nowhere.invalid:4000: the host has no address here: ";
        assert!(ran.err().contains(expected), "{}", ran.err());
    }
    let ran = start(["--listen", "localhost"]);
    assert_eq!(ran.code(), 2, "{}", ran.err());
    let expected = "--listen: \"localhost\" is not an address to listen on";
    assert!(ran.err().contains(expected), "{}", ran.err());
}
