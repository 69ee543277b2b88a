//! The pages that a shop's visitors open most: a list of products, and a search.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::Load;
use crate::catalogue::WORDS;
use crate::http::{Connection, body};
use crate::load::{self, Client};
use crate::report::Report;
use crate::stage::Stage;

/// 20 products with variants and categories.
const PRODUCT_PAGE: &str = "query ProductPage($after: String) {
  products(first: 20, after: $after) {
    nodes {
      id
      name
      description
      inStock
      category { id name }
      variants { id sku available price { amount currency } attributes { name value } }
    }
    pageInfo { hasNextPage endCursor }
  }
}";

/// 20 hits with facets. The hits' names and prices come from another subgraph than the hits.
const SEARCH_PAGE: &str = "query SearchPage($text: String!) {
  searchProducts(text: $text, first: 20) {
    totalCount
    facets {
      kinds { kind count }
      categories { category { id name } count }
      inStock
      outOfStock
      prices { min { amount currency } max { amount currency } }
    }
    nodes { product { id name priceRange { lowest { amount currency } highest { amount currency } } } }
  }
}";

/// The same without what belongs to other subgraphs: the search itself.
const SEARCH_ALONE: &str = "query Search($text: String!, $filter: ProductSearchFilter) {
  searchProducts(text: $text, first: 20, filter: $filter) {
    totalCount
    facets {
      kinds { kind count }
      categories { category { id } count }
      inStock
      outOfStock
      prices { min { amount currency } max { amount currency } }
    }
    nodes { product { id } }
  }
}";

/// How many pages of the list are asked for in turn.
const PAGES: usize = 50;
/// How many different searches there are: more than anything remembers.
const DIFFERENT: usize = 20_000;

/// A visitor who opens one page after the other.
struct Visitor<'a> {
    connection: Connection,
    requests: &'a [Bytes],
    next: usize,
}

impl Client for Visitor<'_> {
    async fn act(&mut self) -> Result<(), String> {
        let request = self.requests[self.next % self.requests.len()].clone();
        self.next += 1;
        self.connection.graphql(request).await.map(drop)
    }
}

/// Measures them.
pub async fn measure(stage: &Stage, load: &Load, report: &mut Report) {
    let lists = product_pages(stage.url()).await;
    let texts = WORDS.iter().map(|word| json!({ "text": word }));
    let searches: Vec<Bytes> = texts
        .map(|variables| body(SEARCH_PAGE, &variables))
        .collect();
    check(stage.url(), &searches[0], "/searchProducts/nodes").await;
    for (what, requests) in [
        ("product page", lists),
        ("search page", searches),
        ("search, never the same", different_searches()),
    ] {
        let mut visitors = Vec::new();
        for number in 0..load.clients {
            visitors.push(Visitor {
                connection: open(stage.url()).await,
                requests: &requests,
                // Not all on the same page at once.
                next: number * requests.len() / load.clients,
            });
        }
        let outcome = load::measure(stage, &mut visitors, load.duration()).await;
        report.rate(what, stage.mode.name(), load.clients, &outcome);
    }
}

/// Requests for the first pages of the list.
async fn product_pages(url: &str) -> Vec<Bytes> {
    let mut connection = open(url).await;
    let mut requests = Vec::new();
    let mut after = Value::Null;
    for _ in 0..PAGES {
        let variables = json!({ "after": after });
        let data = connection.ask(PRODUCT_PAGE, &variables).await;
        let data = data.unwrap_or_else(|error| panic!("the product page: {error}"));
        let products = &data["products"];
        if products["nodes"].as_array().map(Vec::len) != Some(20) {
            break;
        }
        requests.push(body(PRODUCT_PAGE, &variables));
        after = products["pageInfo"]["endCursor"].clone();
    }
    assert!(!requests.is_empty(), "there are fewer than 20 products");
    requests
}

/// Searches for two words, the first with a mistake, and above a price: each is different.
fn different_searches() -> Vec<Bytes> {
    let mut requests = Vec::with_capacity(DIFFERENT);
    for number in 0..DIFFERENT {
        let first = WORDS[number % WORDS.len()];
        let second = WORDS[number / WORDS.len() % WORDS.len()];
        let mut letters: Vec<char> = first.chars().collect();
        let place = 1 + number % (letters.len() - 2);
        letters.swap(place, place + 1);
        let text = format!("{} {second}", String::from_iter(letters));
        let least = format!("{}.{:02}", number / 100, number % 100);
        let price = json!({ "min": least, "currency": "EUR" });
        let variables = json!({ "text": text, "filter": { "price": price } });
        requests.push(body(SEARCH_ALONE, &variables));
    }
    requests
}

/// What is measured must be a whole page.
async fn check(url: &str, request: &Bytes, list: &str) {
    let answer = open(url).await.graphql(request.clone()).await;
    let answer = answer.unwrap_or_else(|error| panic!("{error}"));
    let answer: Value = serde_json::from_slice(&answer).expect("JSON");
    let length = answer["data"]
        .pointer(list)
        .and_then(Value::as_array)
        .map(Vec::len);
    assert_eq!(length, Some(20), "{answer}");
}

async fn open(url: &str) -> Connection {
    let opened = Connection::open(url, None).await;
    opened.unwrap_or_else(|error| panic!("{error}"))
}
