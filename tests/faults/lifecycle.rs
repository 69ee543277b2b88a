//! Starting and ending `souk serve`, in order and not.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::time::Duration;

use futures::future::join_all;
use serde_json::{Value, json};
use souk_harness::market::{Offer, pay, place_order, register_buyers};
use souk_harness::{Client, Launch, Platform, Signal, free_port, shared, wait_for};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::SOUK;
use crate::books::orders_of;

/// The names of all products on sale, and how many there are.
async fn products(anybody: &Client) -> (BTreeSet<String>, usize) {
    let query = "{ products(first: 100) { nodes { name } pageInfo { hasNextPage } } }";
    let data = anybody.ask(query, json!({})).await;
    assert_eq!(data["products"]["pageInfo"]["hasNextPage"], false);
    let nodes = data["products"]["nodes"].as_array().unwrap();
    let names = nodes
        .iter()
        .map(|node| node["name"].as_str().unwrap().to_owned());
    (names.collect(), nodes.len())
}

/// The names of the products of the demo.
fn demo_products() -> BTreeSet<String> {
    let catalogue: Value =
        serde_json::from_str(include_str!("../../souk/src/demo/catalogue.json")).unwrap();
    let shops = catalogue["shops"].as_array().unwrap();
    let products = shops
        .iter()
        .flat_map(|shop| shop["products"].as_array().unwrap());
    products
        .map(|product| product["input"]["name"].as_str().unwrap().to_owned())
        .collect()
}

async fn the_demo_is_whole(platform: &Platform) {
    let anybody = Client::new(platform.url());
    let (names, count) = products(&anybody).await;
    assert_eq!(names, demo_products());
    assert_eq!(count, names.len(), "products that are there twice");
    for name in ["admin", "moderator", "seller", "buyer", "partner"] {
        anybody.login(&format!("{name}@souk.example")).await;
    }
}

/// How many processes work in the directory or below, PostgreSQL's among them.
fn processes_in(directory: &Path) -> usize {
    let works_there = |entry: &fs::DirEntry| {
        let cwd = fs::read_link(entry.path().join("cwd"));
        cwd.is_ok_and(|cwd| cwd.starts_with(directory))
    };
    fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().parse::<u32>().is_ok())
        .filter(works_there)
        .count()
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_it_leaves_nothing_running_and_started_again_it_has_everything() {
    let mut platform = Launch::new(SOUK).serve().await;
    the_demo_is_whole(&platform).await;
    let anybody = Client::new(platform.url());
    let buyer = register_buyers(&anybody, 1).await.remove(0);
    let offer = Offer::make(&anybody, 10).await;
    offer.add_to_cart(&buyer, 3).await.unwrap();
    let order = place_order(&buyer, "key").await.unwrap();
    let (before, _) = products(&anybody).await;

    let data = platform.directory().join("data");
    assert!(processes_in(&data) > 0, "a private PostgreSQL");
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let status = platform.stop("serve", signal).await;
        assert_eq!(status.code(), Some(0), "{signal}");
        assert_eq!(processes_in(&data), 0, "processes left after {signal}");

        platform.start("serve").await;
        // The token is still good, too.
        let orders = orders_of(&buyer).await;
        assert_eq!(orders[&order.id].quantity, 3);
        assert_eq!(offer.pieces().await.reserved, 3);
        let (after, count) = products(&anybody).await;
        assert_eq!(after, before);
        assert_eq!(count, before.len(), "the demo is not put in twice");
    }

    platform.kill("serve");
    wait_for(
        "PostgreSQL to end too",
        Duration::from_secs(10),
        async || processes_in(&data) == 0,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_changed_of_the_demo_stays_as_it_is() {
    let mut platform = Launch::new(SOUK).serve().await;
    let anybody = Client::new(platform.url());
    let seller = anybody.login("seller@souk.example").await;
    let moderator = anybody.login("moderator@souk.example").await;

    let shops = shops_of(&seller).await;
    let rename = "mutation($input: UpdateShopInput!) { updateShop(input: $input) { shop { id } } }";
    for (shop, _, _) in &shops {
        let input = json!({ "id": shop, "name": format!("Renamed {shop}") });
        seller.ask(rename, json!({ "input": input })).await;
    }
    let books = "{ products(first: 2, filter: { kind: BOOK }) { nodes { id } } }";
    let books = seller.ask(books, json!({})).await;
    let id = |book: usize| &books["products"]["nodes"][book]["id"];
    let rename = "mutation($input: UpdateBookInput!) { updateBook(input: $input) { book { id } } }";
    let input = json!({ "id": id(0), "name": "The book that was renamed" });
    seller.ask(rename, json!({ "input": input })).await;
    let archive = "mutation($input: ArchiveProductInput!) { archiveProduct(input: $input) { product { id } } }";
    seller
        .ask(archive, json!({ "input": { "id": id(1) } }))
        .await;
    let reject = "mutation($input: RejectShopInput!) { rejectShop(input: $input) { shop { id } } }";
    let input = json!({ "id": shops[1].0, "reason": "as the test wants" });
    moderator.ask(reject, json!({ "input": input })).await;
    let on_sale = demo_products().len();
    wait_for(
        "the rejected shop to sell nothing",
        Duration::from_secs(30),
        async || products(&anybody).await.1 < on_sale - 1,
    )
    .await;
    let (before, shops) = (products(&anybody).await, shops_of(&seller).await);
    assert!(before.0.contains("The book that was renamed"));

    platform.stop("serve", Signal::SIGTERM).await;
    platform.start("serve").await;
    wait_for(
        "the demo to be looked at",
        Duration::from_secs(30),
        async || platform.log_of("serve").contains("Demo accounts"),
    )
    .await;
    assert_eq!(products(&anybody).await, before);
    assert_eq!(shops_of(&seller).await, shops);
    let log = platform.log_of("serve");
    assert!(!log.contains("demo data is not complete"), "{log}");
}

/// Id, name and status of the shops of whoever asks.
async fn shops_of(seller: &Client) -> Vec<(String, String, String)> {
    let query = "{ me { shops(first: 100) { nodes { id name status } } } }";
    let data = seller.ask(query, json!({})).await;
    let nodes = data["me"]["shops"]["nodes"].as_array().unwrap();
    let text = |node: &Value, field: &str| node[field].as_str().unwrap().to_owned();
    let shops = nodes
        .iter()
        .map(|node| (text(node, "id"), text(node, "name"), text(node, "status")));
    shops.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_are_listed_beside_the_running_platform() {
    let platform = Launch::new(SOUK).without_demo().serve().await;
    let listed = platform.command(&["events", "dead-letters"]).await;
    assert_eq!(listed, "0 dead letters\n");
    let replayed = platform.command(&["events", "replay"]).await;
    assert!(replayed.starts_with("0 events"), "{replayed}");
    assert!(platform.is_running("serve"));
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_again_and_again_during_the_first_start_it_still_gets_there() {
    let mut platform = Launch::new(SOUK).not_started();
    let postgres = platform.directory().join("data/postgres");
    let is_there = |name: &str| postgres.join(name).exists();
    let half_made = || -> BTreeSet<OsString> {
        let entries = fs::read_dir(&postgres).into_iter().flatten().flatten();
        entries
            .map(|entry| entry.file_name())
            .filter(|name| name.to_string_lossy().starts_with("cluster.new"))
            .collect()
    };

    // initdb outlives the souk that started it, and must not get into the way of the next one.
    for pause in [0, 150, 300, 450] {
        let before = half_made();
        let begun = |_: &Platform| !half_made().is_subset(&before);
        kill_when(&mut platform, "a cluster is being made", begun, pause).await;
    }
    let made = |_: &Platform| is_there("cluster/PG_VERSION");
    kill_when(&mut platform, "the cluster is made", made, 0).await;
    let starting = |_: &Platform| is_there("cluster/postmaster.pid");
    kill_when(&mut platform, "PostgreSQL starts", starting, 0).await;
    // From before the first account to the last product.
    for pause in [0, 100, 300, 600] {
        let serving = |platform: &Platform| platform.log_of("serve").contains("serving");
        kill_when(&mut platform, "the demo is put in", serving, pause).await;
    }

    platform.start("serve").await;
    the_demo_is_whole(&platform).await;
}

/// Starts the platform and kills it `pause` milliseconds after that moment.
async fn kill_when(
    platform: &mut Platform,
    what: &str,
    so: impl Fn(&Platform) -> bool,
    pause: u64,
) {
    platform.spawn("serve");
    wait_for(what, Duration::from_secs(60), async || {
        let log = platform.log_of("serve");
        assert!(
            platform.is_running("serve"),
            "it ended before {what}: {log}"
        );
        so(platform)
    })
    .await;
    tokio::time::sleep(Duration::from_millis(pause)).await;
    platform.kill("serve");
}

#[tokio::test(flavor = "multi_thread")]
async fn flags_choose_the_port_the_data_and_no_demo() {
    let mut platform = Launch::new(SOUK).without_demo().not_started();
    let port = free_port();
    platform.set_flag("serve", "--port", &port.to_string());
    platform.start("serve").await;
    assert_eq!(platform.url(), format!("http://127.0.0.1:{port}"));
    assert!(platform.directory().join("data/postgres").is_dir());

    let anybody = Client::new(platform.url());
    assert_eq!(products(&anybody).await.1, 0);
    let login = "mutation { login(input: { email: \"buyer@souk.example\", password: \"souk-demo-2026\" }) { user { id } } }";
    let refused = anybody.fails(login, json!({})).await;
    assert_eq!(refused.code, "UNAUTHENTICATED");
    anybody
        .register("first@example.org", "The first user")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_routers_configuration_counts() {
    let file = shared::data_directory().join("router.yaml");
    let config = "cors:\n  policies:\n    - origins: [\"https://shop.example\"]\n\
        supergraph:\n  introspection: false\nlimits:\n  max_depth: 2\n\
        server:\n  http:\n    header_read_timeout: 2s\n";
    fs::write(&file, config).unwrap();
    let platform = Launch::new(SOUK)
        .without_demo()
        .set("SOUK_SERVER_ROUTER_CONFIG", file.to_str().unwrap())
        .serve()
        .await;
    let anybody = Client::new(platform.url());
    let ask = async |origin: &str| {
        let request = anybody.request("/graphql").header("origin", origin);
        let query = json!({ "query": "{ me { id } }" });
        let answer = request.json(&query).send().await.unwrap();
        answer.headers().get("access-control-allow-origin").cloned()
    };
    assert_eq!(
        ask("https://shop.example").await.unwrap(),
        "https://shop.example"
    );
    assert_eq!(ask("https://other.example").await, None);
    let deep = anybody
        .fails("{ products { nodes { id } } }", json!({}))
        .await;
    assert_eq!(deep.code, "MAX_DEPTH_LIMIT");
    anybody
        .fails("{ __schema { queryType { name } } }", json!({}))
        .await;

    let address = platform.url().strip_prefix("http://").unwrap();
    for unfinished in ["", "POST /graphql HTTP/1.1\r\nhost: sh"] {
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(unfinished.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let closed = client.read_to_end(&mut answer);
        let closed = tokio::time::timeout(Duration::from_secs(30), closed).await;
        closed.expect("the connection is closed").unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_connection_to_each_database_is_enough() {
    let platform = Launch::new(SOUK)
        .set("SOUK_DATABASE_POOL_SIZE", "1")
        .serve()
        .await;
    let anybody = Client::new(platform.url());
    let offer = Offer::make(&anybody, 10).await;
    let buyers = register_buyers(&anybody, 8).await;
    let buying = buyers.iter().map(async |buyer| {
        offer.add_to_cart(buyer, 1).await.unwrap();
        let order = place_order(buyer, "key").await.unwrap();
        assert_eq!(pay(order.checkout()).await, Ok(303));
        wait_for("the order", Duration::from_secs(30), async || {
            orders_of(buyer).await[&order.id].status == "CONFIRMED"
        })
        .await;
    });
    join_all(buying).await;
}
