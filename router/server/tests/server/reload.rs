//! Another supergraph while requests go on.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use souk_router::SupergraphWatch;

use crate::support::socket::Socket;
use crate::support::{Served, serve, shop};

async fn knows_version(served: &Served) -> bool {
    served.query("{ version }").await == json!({ "data": { "version": 2 } })
}

/// Waits until the router serves the newer supergraph, or until it does not.
async fn until_it_knows_version(served: &Served, knows: bool) {
    for _ in 0..100 {
        if knows_version(served).await == knows {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the changed file was not loaded");
}

/// Watches a file for a router that was built from the older supergraph.
fn watch(served: &Served, path: &Path) -> SupergraphWatch {
    let built_from = shop::SUPERGRAPH.to_owned();
    served.handle.watch(path, built_from).unwrap()
}

#[tokio::test]
async fn a_new_supergraph_is_served_and_subscriptions_go_on() {
    let served = serve("").await;
    let mut socket = Socket::ready(&served, Value::Null).await;
    socket
        .subscribe("1", "subscription { countdown(from: 20) }")
        .await;
    assert_eq!(
        socket.next().await["payload"],
        json!({ "data": { "countdown": 20 } })
    );
    assert_eq!(
        served.error_code("{ version }").await,
        "GRAPHQL_VALIDATION_FAILED"
    );

    served.handle.reload(shop::next_supergraph()).await.unwrap();
    assert!(knows_version(&served).await);
    for number in (0..20).rev() {
        assert_eq!(
            socket.next().await["payload"],
            json!({ "data": { "countdown": number } })
        );
    }
}

#[tokio::test]
async fn a_bad_supergraph_is_refused_and_the_old_one_stays() {
    let served = serve("").await;
    assert!(
        served
            .handle
            .reload("type Query { a: Int }".to_owned())
            .await
            .is_err()
    );
    let unreachable = shop::SUPERGRAPH.replace("name: \"reviews\"", "name: \"elsewhere\"");
    let error = served.handle.reload(unreachable).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the subgraph \"elsewhere\" cannot be reached: it has no transport"
    );
    assert_eq!(
        served.query("{ product(id: 1) { rating } }").await["data"]["product"]["rating"],
        5
    );
}

#[tokio::test]
async fn a_changed_file_is_loaded_and_a_broken_one_is_not() {
    let served = serve("").await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("supergraph.graphql");
    std::fs::write(&path, shop::SUPERGRAPH).unwrap();
    let _watch = watch(&served, &path);

    std::fs::write(&path, "not a supergraph").unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(served.query("{ __typename }").await.get("data").is_some());

    // As careful programs write: a new file, moved over the old one.
    let new = folder.path().join("new");
    std::fs::write(&new, shop::next_supergraph()).unwrap();
    std::fs::rename(&new, &path).unwrap();
    until_it_knows_version(&served, true).await;
}

/// A router takes a while to build; a release may come in between.
#[tokio::test]
async fn a_file_that_changed_before_it_was_watched_is_loaded() {
    let served = serve("").await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("supergraph.graphql");
    std::fs::write(&path, shop::next_supergraph()).unwrap();
    let _watch = watch(&served, &path);
    until_it_knows_version(&served, true).await;
}

/// Kubernetes mounts a ConfigMap as a link to a file behind a link to a folder, and changes the link to the folder.
#[tokio::test]
async fn a_link_that_leads_to_another_file_is_followed() {
    let served = serve("").await;
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for (version, sdl) in [
        ("..1", shop::SUPERGRAPH.to_owned()),
        ("..2", shop::next_supergraph()),
    ] {
        std::fs::create_dir(at(version)).unwrap();
        std::fs::write(at(version).join("supergraph.graphql"), sdl).unwrap();
    }
    symlink("..1", at("..data")).unwrap();
    symlink("..data/supergraph.graphql", at("supergraph.graphql")).unwrap();
    let _watch = watch(&served, &at("supergraph.graphql"));
    // It has looked at the file.
    tokio::time::sleep(Duration::from_millis(300)).await;

    symlink("..2", at("..data_tmp")).unwrap();
    std::fs::rename(at("..data_tmp"), at("..data")).unwrap();
    until_it_knows_version(&served, true).await;
    std::fs::remove_dir_all(at("..1")).unwrap();

    // The file behind the links may be written, too.
    std::fs::write(at("..2").join("supergraph.graphql"), shop::SUPERGRAPH).unwrap();
    until_it_knows_version(&served, false).await;
}

/// Releases stand side by side, and a link to the folder of one of them is switched.
#[tokio::test]
async fn a_folder_on_the_path_that_is_a_link_is_followed() {
    let served = serve("").await;
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for (version, sdl) in [
        ("v1", shop::SUPERGRAPH.to_owned()),
        ("v2", shop::next_supergraph()),
    ] {
        std::fs::create_dir_all(at(version).join("graph")).unwrap();
        std::fs::write(at(version).join("graph/supergraph.graphql"), sdl).unwrap();
    }
    symlink("v1", at("current")).unwrap();
    let _watch = watch(&served, &at("current/graph/supergraph.graphql"));
    // It has looked at the file.
    tokio::time::sleep(Duration::from_millis(300)).await;

    for (version, knows) in [("v2", true), ("v1", false)] {
        symlink(version, at("next")).unwrap();
        std::fs::rename(at("next"), at("current")).unwrap();
        until_it_knows_version(&served, knows).await;
    }

    // The whole folder may be replaced as well.
    std::fs::remove_dir_all(at("v1/graph")).unwrap();
    std::fs::rename(at("v2/graph"), at("v1/graph")).unwrap();
    until_it_knows_version(&served, true).await;
    let file = at("v1/graph/supergraph.graphql");
    std::fs::write(file, shop::SUPERGRAPH).unwrap();
    until_it_knows_version(&served, false).await;
}

/// Docker makes a folder in the place of a file that is to be mounted and is missing.
#[tokio::test]
async fn a_folder_in_the_place_of_the_file_is_waited_out() {
    let served = serve("").await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("supergraph.graphql");
    std::fs::create_dir(&path).unwrap();
    let _watch = watch(&served, &path);
    // It has looked at the folder.
    tokio::time::sleep(Duration::from_millis(300)).await;

    std::fs::remove_dir(&path).unwrap();
    std::fs::write(&path, shop::next_supergraph()).unwrap();
    until_it_knows_version(&served, true).await;
}

/// The log may be in the same folder: what is written there is no reason to look again.
#[tokio::test]
async fn a_missing_file_is_told_once() {
    let served = serve("").await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("supergraph.graphql");
    let log = folder.path().join("router.log");
    let file = std::fs::File::create(&log).unwrap();
    let subscriber = tracing_subscriber::fmt().with_writer(file).finish();
    let _logging = tracing::subscriber::set_default(subscriber);
    std::fs::write(&path, shop::SUPERGRAPH).unwrap();
    let _watch = watch(&served, &path);
    tokio::time::sleep(Duration::from_millis(300)).await;

    std::fs::remove_file(&path).unwrap();
    tokio::time::sleep(Duration::from_millis(600)).await;
    let logged = std::fs::read_to_string(&log).unwrap();
    let told = logged.matches("the supergraph cannot be read").count();
    assert_eq!(told, 1, "{logged}");

    std::fs::write(&path, shop::next_supergraph()).unwrap();
    until_it_knows_version(&served, true).await;
}
