//! What is sold: products of all kinds, made by the demo's seller through the graph like any other.

use std::time::{Duration, Instant};

use futures::future::join_all;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use souk_harness::Client;

use crate::http::{Connection, text};

/// How many products are made at the same time.
const SELLERS: usize = 8;
/// How long the index may take to catch up.
const FOUND_WITHIN: Duration = Duration::from_secs(120);
/// Pieces of each variant: more than any load buys.
const STOCK: u32 = 100_000_000;

/// Words of names. A search for one of them finds a share of the catalogue.
pub const WORDS: [&str; 24] = [
    "amber", "birch", "cobalt", "delta", "ember", "fjord", "granite", "harbour", "indigo",
    "jasper", "kestrel", "lagoon", "marble", "nimbus", "opal", "prairie", "quartz", "river",
    "saffron", "tundra", "umber", "velvet", "willow", "zephyr",
];

const SHOP: &str = "{ me { shops(first: 1) { nodes { id } } } }";
const CATEGORIES: &str = "{ categories(first: 50) { nodes { id children { id } } } }";
const FOUND: &str = "{ searchProducts(first: 1) { totalCount } }";

const BOOK: &str =
    "mutation($input: CreateBookInput!) { createBook(input: $input) { book { id } } }";
const LAPTOP: &str =
    "mutation($input: CreateLaptopInput!) { createLaptop(input: $input) { laptop { id } } }";
const MOBILE: &str =
    "mutation($input: CreateMobileInput!) { createMobile(input: $input) { mobile { id } } }";
const CLOTHING: &str =
    "mutation($input: CreateClothingInput!) { createClothing(input: $input) { clothing { id } } }";
const GENERAL: &str = "mutation($input: CreateGeneralProductInput!) { createGeneralProduct(input: $input) { generalProduct { id } } }";

/// Adds so many products and waits until they can be found.
pub async fn fill(url: &str, products: usize) {
    if products == 0 {
        return;
    }
    let began = Instant::now();
    let seller = Client::new(url).login("seller@souk.example").await;
    let mut connection = connect(url, seller.token()).await;
    let shop = ask(&mut connection, SHOP, json!({})).await;
    let shop = text(&shop, "/me/shops/nodes/0/id")
        .expect("the demo's shop")
        .to_owned();
    let categories = leaves(&ask(&mut connection, CATEGORIES, json!({})).await);
    let before = found(&mut connection).await;

    let sellers = (0..SELLERS).map(async |seller_number| {
        let mut connection = connect(url, seller.token()).await;
        for number in (seller_number..products).step_by(SELLERS) {
            let (mutation, input) = product(number, &shop, &categories);
            ask(&mut connection, mutation, json!({ "input": input })).await;
        }
    });
    join_all(sellers).await;
    let made = began.elapsed();
    let expected = before + products as u64;
    while found(&mut connection).await < expected {
        assert!(
            began.elapsed() < made + FOUND_WITHIN,
            "not all products can be found"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    eprintln!(
        "{products} products made in {made:.1?}, all found after {:.1?}",
        began.elapsed()
    );
}

/// One of the products, the same in every run: the mutation that makes it and its input.
fn product(number: usize, shop: &str, categories: &[String]) -> (&'static str, Value) {
    let mut random = StdRng::seed_from_u64(number as u64);
    let mut word = || WORDS[random.random_range(0..WORDS.len())];
    let (first, second, third) = (word(), word(), word());
    let brand = word();
    let variants: Vec<Value> = ["small", "medium", "large"]
        .iter()
        .enumerate()
        .map(|(place, size)| {
            let cents = 500 + (number * 37 + place * 250) % 90_000;
            json!({
                "sku": format!("B{number}-{place}"),
                "price": { "amount": format!("{}.{:02}", cents / 100, cents % 100), "currency": "EUR" },
                "stock": STOCK,
                "attributes": [{ "name": "Size", "value": size }],
            })
        })
        .collect();
    let mut input = json!({
        "shopId": shop,
        "categoryId": categories[number % categories.len()],
        "name": format!("{first} {second} {number}"),
        "description": format!("A {first} thing with {second} and {third}, made by {brand}."),
        "variants": variants,
    });
    let (mutation, own) = match number % 5 {
        0 => (
            BOOK,
            json!({ "author": brand, "pages": 320, "language": "en" }),
        ),
        1 => (
            LAPTOP,
            json!({ "brand": brand, "cpu": "8 cores", "ramGb": 16, "storageGb": 512 }),
        ),
        2 => (
            MOBILE,
            json!({ "brand": brand, "operatingSystem": "Android", "storageGb": 128 }),
        ),
        3 => (CLOTHING, json!({ "brand": brand, "material": "wool" })),
        _ => (GENERAL, json!({ "brand": brand })),
    };
    for (name, value) in own.as_object().expect("an object") {
        input[name] = value.clone();
    }
    (mutation, input)
}

/// The categories that have none below them.
fn leaves(data: &Value) -> Vec<String> {
    let roots = data["categories"]["nodes"].as_array().expect("categories");
    let children = roots
        .iter()
        .flat_map(|root| root["children"].as_array().expect("categories"));
    children
        .map(|category| category["id"].as_str().expect("an id").to_owned())
        .collect()
}

async fn found(connection: &mut Connection) -> u64 {
    let data = ask(connection, FOUND, json!({})).await;
    data["searchProducts"]["totalCount"]
        .as_u64()
        .expect("a count")
}

async fn connect(url: &str, token: Option<&str>) -> Connection {
    Connection::open(url, token)
        .await
        .unwrap_or_else(|error| panic!("{error}"))
}

async fn ask(connection: &mut Connection, query: &str, variables: Value) -> Value {
    let answer = connection.ask(query, &variables).await;
    answer.unwrap_or_else(|error| panic!("{query}: {error}"))
}
