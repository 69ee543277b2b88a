//! How many SQL statements the main pages take: a fixed number, however long their lists.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use souk_harness::client::text;
use souk_harness::{Client, Launch, wait_for};

use crate::SOUK;

/// The long lists; the short ones have five.
const MANY: usize = 50;
/// In so many shops.
const SHOPS: usize = 10;
/// How often each page is asked for. The first time fills caches, and background work may fall into any.
const ROUNDS: usize = 4;

const PRODUCT_PAGE: &str =
    "query($first: Int!) { list: products(filter: { kind: BOOK }, first: $first) { nodes {
    id name description inStock category { name parent { name } ancestors { name } }
    variants { sku price { amount currency } } shop { name branches { nodes { name } } }
    ... on Book { author } } } }";
const SEARCH_PAGE: &str = "query($first: Int!) { list: searchProducts(text: \"countable\", first: $first) {
    totalCount facets { kinds { kind count } categories { count category { name } } }
    nodes { product { name category { name parent { name } } variants { price { amount currency } } shop { name } } } } }";
const ORDER_HISTORY: &str = "query($first: Int!) { me { name list: orders(first: $first) { nodes {
    id status total { amount } payment { status amount { amount } } statusHistory { status }
    shopOrders { status shop { name } } items { name variant { sku }
    product { name category { name } shop { name } ... on Book { author } } } } } } }";

/// On a platform of its own, because it counts what the whole platform does.
#[tokio::test(flavor = "multi_thread")]
async fn a_longer_list_takes_no_more_statements() {
    let platform = Launch::new(SOUK).serve().await;
    let anyone = Client::new(platform.url());
    let buyer = fill(&anyone).await;
    let pages = [
        (
            "product page",
            &anyone,
            PRODUCT_PAGE,
            json!({ "product": [1, 4], "shop": [1, 2] }),
        ),
        (
            "search page",
            &anyone,
            SEARCH_PAGE,
            json!({ "product": [1, 5], "search": [1, 0], "shop": [1, 1] }),
        ),
        (
            "order history",
            &buyer,
            ORDER_HISTORY,
            json!({ "order": [1, 4], "payment": [1, 1], "product": [1, 3], "shop": [1, 1], "user": [1, 1] }),
        ),
    ];
    let mut wrong = Vec::new();
    for (page, client, query, expected) in pages {
        let few = least(platform.url(), client, query, 5).await;
        let many = least(platform.url(), client, query, MANY).await;
        if few != many {
            wrong.push(format!("{page}: {few:?} for 5 and {many:?} for {MANY}"));
        }
        if json!(many) != expected {
            wrong.push(format!("{page}: {}, not {expected}", json!(many)));
        }
    }
    assert!(
        wrong.is_empty(),
        "[requests, statements] by subgraph:\n{}",
        wrong.join("\n")
    );
}

/// Requests and statements by subgraph.
type Counts = BTreeMap<String, [u64; 2]>;

/// What the page takes at least, of several times.
async fn least(url: &str, client: &Client, query: &str, first: usize) -> Counts {
    let mut least: Option<Counts> = None;
    for _ in 0..ROUNDS {
        let before = counts(url).await;
        let answer = client.ask(query, json!({ "first": first })).await;
        let after = counts(url).await;
        let list = if answer["me"].is_object() {
            &answer["me"]
        } else {
            &answer
        };
        assert_eq!(
            list["list"]["nodes"].as_array().map(Vec::len),
            Some(first),
            "{answer}"
        );
        let zero = [0, 0];
        let mut taken = Counts::new();
        for (subgraph, [requests, statements]) in after {
            let [requests_before, statements_before] = before.get(&subgraph).unwrap_or(&zero);
            let difference = [requests - requests_before, statements - statements_before];
            if difference != zero {
                taken.insert(subgraph, difference);
            }
        }
        least = match least {
            Some(least) if total(&least) <= total(&taken) => Some(least),
            _ => Some(taken),
        };
    }
    least.unwrap()
}

fn total(counts: &Counts) -> u64 {
    counts.values().flatten().sum()
}

/// What the platform has counted since its start.
async fn counts(url: &str) -> Counts {
    let (status, metrics) = Client::page(&format!("{url}/metrics")).await.unwrap();
    assert_eq!(status, 200);
    let mut counts = Counts::new();
    for line in metrics.lines() {
        let (place, labels) = if let Some(labels) =
            line.strip_prefix("souk_subgraph_requests_total{")
        {
            (0, labels)
        } else if let Some(labels) = line.strip_prefix("souk_subgraph_request_statements_total{") {
            (1, labels)
        } else {
            continue;
        };
        let subgraph = labels.split('"').nth(1).expect("a subgraph").to_owned();
        let value: u64 = labels
            .rsplit(' ')
            .next()
            .expect("a value")
            .parse()
            .expect("a number");
        counts.entry(subgraph).or_default()[place] += value;
    }
    counts
}

/// Opens shops, fills them with books, each in a category of its own, and orders two books each time. Gives the buyer.
async fn fill(anyone: &Client) -> Client {
    let seller = anyone
        .register("seller@counts.example", "Cora Counting")
        .await
        .become_seller()
        .await;
    let moderator = anyone.login("moderator@souk.example").await;
    let buyer = anyone
        .register("buyer@counts.example", "Conrad Counting")
        .await;
    let mut shops = Vec::new();
    for number in 0..SHOPS {
        let input = json!({ "name": format!("Counting House {number}"), "branches": [{
            "name": "Main", "address": { "line1": "Street 1", "city": "Berlin", "country": "DE" },
            "position": { "latitude": 52.5, "longitude": 13.4 } }] });
        let shop = create(&seller, "createShop", "CreateShopInput", "shop", input).await;
        moderator
            .ask(
                "mutation($id: ID!) { approveShop(input: { id: $id }) { __typename } }",
                json!({ "id": shop }),
            )
            .await;
        shops.push(shop);
    }
    let root = create(
        &moderator,
        "createCategory",
        "CreateCategoryInput",
        "category",
        json!({ "name": "Counting" }),
    )
    .await;
    for number in 0..MANY {
        let category = json!({ "name": format!("Numbers from {number}"), "parentId": root });
        let category = create(
            &moderator,
            "createCategory",
            "CreateCategoryInput",
            "category",
            category,
        )
        .await;
        let variant = |edition: &str| json!({ "sku": format!("{number}-{edition}"), "stock": 1000, "price": { "amount": "9.50", "currency": "EUR" } });
        let book = json!({ "shopId": shops[number % SHOPS], "categoryId": category, "name": format!("Countable {number}"),
            "author": "C. Ounter", "variants": [variant("hard"), variant("soft")] });
        create(&seller, "createBook", "CreateBookInput", "book", book).await;
    }
    order_all(&buyer).await;
    wait_for(
        "all books to be found",
        Duration::from_secs(30),
        async || {
            let found = anyone
                .ask(
                    "{ searchProducts(text: \"countable\") { totalCount } }",
                    json!({}),
                )
                .await;
            found["searchProducts"]["totalCount"] == MANY
        },
    )
    .await;
    buyer
}

/// Orders each of the books together with the next one.
async fn order_all(buyer: &Client) {
    const BOOKS: &str = "query($first: Int!) { products(filter: { kind: BOOK }, first: $first) { nodes { variants { id } } } }";
    const ADD: &str = "mutation($id: ID!) { addToCart(input: { variantId: $id }) { __typename } }";
    let books = buyer.ask(BOOKS, json!({ "first": MANY })).await;
    let books = books["products"]["nodes"].as_array().expect("books");
    for (number, book) in books.iter().enumerate() {
        for book in [book, &books[(number + 1) % MANY]] {
            buyer
                .ask(ADD, json!({ "id": book["variants"][0]["id"] }))
                .await;
        }
        let address =
            json!({ "recipient": "C. C.", "line1": "Street 2", "city": "Berlin", "country": "DE" });
        let input = json!({ "idempotencyKey": number.to_string(), "shippingAddress": address });
        create(buyer, "placeOrder", "PlaceOrderInput", "order", input).await;
    }
}

/// Does a mutation and gives the id of what it made.
async fn create(
    client: &Client,
    mutation: &str,
    input_type: &str,
    made: &str,
    input: Value,
) -> String {
    let query = format!(
        "mutation($input: {input_type}!) {{ {mutation}(input: $input) {{ {made} {{ id }} }} }}"
    );
    let data = client.ask(&query, json!({ "input": input })).await;
    text(&data, &format!("/{mutation}/{made}/id")).to_owned()
}
