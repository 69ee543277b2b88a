//! `souk router` without configuration, and its supergraph file changing under load.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use souk_composition::{SubgraphInput, compose};

use crate::router::Router;
use crate::subgraph::{LargerCatalogue, Subgraph};
use crate::{Folder, SOON};

/// A supergraph of the subgraph, with the fields of its root type that these versions have.
pub fn supergraph(subgraph: &Subgraph, fields: &str) -> String {
    let products = SubgraphInput {
        name: "products".to_owned(),
        url: subgraph.url.clone(),
        sdl: format!("type Query {{ {fields} }} type Product {{ name: String! }}"),
    };
    compose(&[products]).unwrap().supergraph_sdl
}

/// Without configuration, nobody can show who he is. What the graph protects is kept from all, and the log says why.
#[tokio::test]
async fn a_protected_graph_without_configuration_says_who_is_missing() {
    souk_platform::tls::install();
    let subgraph = Subgraph::start(LargerCatalogue).await;
    let open = supergraph(&subgraph, "product: Product!");
    let folder = Folder::new(&[("supergraph.graphql", &open)]);
    let router = Router::start(&folder, &[]);
    let log = || router.log.lock().unwrap().clone();
    assert!(!log().contains("nobody sees"), "{}", log());

    let link = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@authenticated", "@policy"])"#;
    let products = SubgraphInput {
        name: "products".to_owned(),
        url: subgraph.url.clone(),
        sdl: format!(
            r#"{link}
            type Query {{ product: Product! newest: Product @policy(policies: [["staff"]]) }}
            type Product {{ name: String @authenticated }}"#
        ),
    };
    let protected = compose(&[products]).unwrap().supergraph_sdl;
    folder.write("supergraph.graphql", &protected);
    crate::eventually("both warnings", || {
        log().contains("authentication.router.jwt") && log().contains("configured as coprocessor")
    });
    let client = reqwest::Client::new();
    let answer = router.query(&client, "{ product { __typename name } newest { name } }");
    let answer = answer.await.unwrap();
    let expected = json!({ "product": { "__typename": "Product", "name": null }, "newest": null });
    assert_eq!(answer["data"], expected, "{answer}");
    assert_eq!(answer["errors"].as_array().unwrap().len(), 2, "{answer}");
}

/// For what no notice tells of, such as a change of a file by another of its names.
#[tokio::test]
async fn a_hangup_has_the_file_read_again() {
    souk_platform::tls::install();
    let subgraph = Subgraph::start(LargerCatalogue).await;
    let open = supergraph(&subgraph, "product: Product!");
    let folder = Folder::new(&[("supergraph.graphql", &open)]);
    let router = Router::start(&folder, &[]);
    let hang_up_until_logged = |line: &str| {
        crate::router::signal(&router.child, "HUP");
        crate::eventually(line, || router.log.lock().unwrap().contains(line));
    };
    hang_up_until_logged("the supergraph has not changed");

    let elsewhere = Folder::new(&[]);
    let other_name = elsewhere.path("supergraph.graphql");
    std::fs::hard_link(folder.path("supergraph.graphql"), &other_name).unwrap();
    let larger = supergraph(&subgraph, "product: Product! newest: Product!");
    std::fs::write(&other_name, larger).unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(router.reloads("loaded").await, 0);
    hang_up_until_logged("supergraph reloaded");
    assert_eq!(router.reloads("loaded").await, 1);
    let client = reqwest::Client::new();
    let answer = router.query(&client, "{ newest { name } }").await.unwrap();
    assert_eq!(answer["data"]["newest"]["name"], "Sofa", "{answer}");
}

const CLIENTS: usize = 8;
const RELOADS: u32 = 20;

#[tokio::test(flavor = "multi_thread")]
async fn reloads_under_load_drop_no_request_and_bad_files_change_nothing() {
    souk_platform::tls::install();
    let subgraph = Subgraph::start(LargerCatalogue).await;
    let smaller = supergraph(&subgraph, "product: Product!");
    let larger = supergraph(&subgraph, "product: Product! newest: Product!");
    let folder = Folder::new(&[("supergraph.graphql", &smaller)]);
    let router = Arc::new(Router::start(&folder, &[]));

    let stop = Arc::new(AtomicBool::new(false));
    let answered = Arc::new(AtomicU32::new(0));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let (router, stop, answered) = (router.clone(), stop.clone(), answered.clone());
            tokio::spawn(async move {
                let client = reqwest::Client::new();
                let mut failures = Vec::new();
                for count in 0_u64.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    // Some operations are planned already, others have to be planned anew.
                    let query = match count % 2 {
                        0 => "{ product { name } }".to_owned(),
                        _ => format!("{{ c{number}_{count}: product {{ name }} }}"),
                    };
                    let answer = router.query(&client, &query).await;
                    let is_right = answer.as_ref().is_ok_and(|answer| {
                        let data = answer["data"].as_object();
                        let product = data.and_then(|data| data.values().next());
                        product == Some(&json!({ "name": "Lamp" }))
                    });
                    if !is_right {
                        failures.push(format!("{answer:?}"));
                    }
                    answered.fetch_add(1, Ordering::Relaxed);
                }
                failures
            })
        })
        .collect();

    let client = reqwest::Client::new();
    for number in 1..=RELOADS {
        // Good and bad by turns; the good ones by turns with and without a field.
        let (outcome, text) = match number % 4 {
            1 => ("loaded", larger.as_str()),
            3 => ("loaded", smaller.as_str()),
            2 => ("refused", "type Query { not: A supergraph }"),
            _ => ("refused", &larger[..larger.len() / 2]),
        };
        let before = router.reloads(outcome).await;
        let answered_before = answered.load(Ordering::Relaxed);
        folder.write("new", text);
        std::fs::rename(folder.path("new"), folder.path("supergraph.graphql")).unwrap();
        let began = Instant::now();
        while router.reloads(outcome).await == before
            || answered.load(Ordering::Relaxed) < answered_before + 20
        {
            assert!(began.elapsed() < SOON, "reload {number} is not {outcome}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let newest = router.query(&client, "{ newest { name } }").await;
        // A field that the schema does not have is refused.
        let has_newest = newest.is_ok_and(|answer| answer["data"]["newest"]["name"] == "Sofa");
        assert_eq!(
            has_newest,
            matches!(number % 4, 1 | 2),
            "after reload {number}"
        );
    }
    stop.store(true, Ordering::Relaxed);
    for client in clients {
        let failures = client.await.unwrap();
        assert!(
            failures.is_empty(),
            "{} failed: {}",
            failures.len(),
            failures[0]
        );
    }
    assert_eq!(router.reloads("loaded").await, RELOADS / 2);
    assert_eq!(router.reloads("refused").await, RELOADS / 2);
    let log = router.log.lock().unwrap();
    let refused = log
        .matches("the supergraph is not usable, the last one stays")
        .count();
    assert_eq!(refused, RELOADS as usize / 2, "{log}");
}
