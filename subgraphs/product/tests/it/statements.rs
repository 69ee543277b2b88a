//! How many SQL statements an operation takes: a fixed number, however long the lists.

use serde_json::{Value, json};
use souk_harness::{data, identity};

use crate::market::Market;

async fn statements(market: &Market, query: &str, variables: Value) -> u64 {
    let before = market.services.database.statements();
    data(market.ask(identity::anonymous(), query, variables).await);
    market.services.database.statements() - before
}

#[tokio::test]
async fn five_products_and_fifty_take_the_same_number_of_statements() {
    let market = Market::open().await;
    let root = market.category("Root", None).await;
    let mut ids = Vec::new();
    for number in 0..50 {
        let category = market
            .category(&format!("Category {number}"), Some(root))
            .await;
        ids.push(
            market
                .book_in(&format!("Book {number}"), 1, Some(category))
                .await
                .id,
        );
    }

    let page = "query ($first: Int!) { products(first: $first) { edges { cursor node { \
        id name priceRange { lowest { amount } } inStock category { name ancestors { name } } \
        variants { sku price { amount currency } attributes { name value } available } shop { id } } } pageInfo { hasNextPage } } }";
    let few = statements(&market, page, json!({ "first": 5 })).await;
    let many = statements(&market, page, json!({ "first": 50 })).await;
    assert_eq!(few, many, "the product page");
    // Products, variants, categories, and the categories above them.
    assert_eq!(many, 4, "the product page");

    let entities = "query ($of: [_Any!]!) { _entities(representations: $of) { ... on Product { name variants { sku } } } }";
    let of = |count: usize| -> Value {
        json!({ "of": ids[..count].iter().map(|id| json!({ "__typename": "Product", "id": id })).collect::<Vec<_>>() })
    };
    assert_eq!(statements(&market, entities, of(5)).await, 2);
    assert_eq!(statements(&market, entities, of(50)).await, 2);

    let tree = "query { categories { nodes { children { name products(first: 3) { nodes { name variants { sku } } } } } } }";
    // Roots, children, a page of products of each child, their variants.
    assert_eq!(statements(&market, tree, json!({})).await, 4);
}
