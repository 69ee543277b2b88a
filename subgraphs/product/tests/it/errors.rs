//! Wrong input gets a code and the argument at fault, and changes nothing.

use serde_json::{Value, json};
use souk_harness::{data, error_code, identity};
use uuid::Uuid;

use crate::market::{CREATE_BOOK, Market, argument};

fn merge(base: &Value, change: &Value) -> Value {
    let mut merged = base.clone();
    merged
        .as_object_mut()
        .unwrap()
        .extend(change.as_object().unwrap().clone());
    merged
}

fn variant(sku: &str, amount: &str, currency: &str, stock: i64) -> Value {
    json!({ "sku": sku, "stock": stock, "price": { "amount": amount, "currency": currency } })
}

#[tokio::test]
async fn a_wrong_product_names_the_argument() {
    let market = Market::open().await;
    market.sell(CREATE_BOOK, json!({})).await;
    let right = json!({ "shopId": market.shop, "name": "Right", "author": "A", "variants": [variant("A", "1.00", "EUR", 1)] });
    data(market.sell(CREATE_BOOK, json!({ "input": right })).await);
    let before = market.events().await.len();

    let many: Vec<Value> = (0..101)
        .map(|n| variant(&format!("N{n}"), "1", "EUR", 1))
        .collect();
    let cases = [
        (json!({ "name": " " }), "BAD_USER_INPUT", "input.name"),
        (
            json!({ "name": "x".repeat(201) }),
            "BAD_USER_INPUT",
            "input.name",
        ),
        (json!({ "name": "a\nb" }), "BAD_USER_INPUT", "input.name"),
        (
            json!({ "description": "x".repeat(10_001) }),
            "BAD_USER_INPUT",
            "input.description",
        ),
        (json!({ "author": "" }), "BAD_USER_INPUT", "input.author"),
        (
            json!({ "isbn": "978-0-306-40615-8" }),
            "BAD_USER_INPUT",
            "input.isbn",
        ),
        (json!({ "pages": -1 }), "BAD_USER_INPUT", "input.pages"),
        (
            json!({ "categoryId": Uuid::now_v7() }),
            "NOT_FOUND",
            "input.categoryId",
        ),
        (
            json!({ "variants": [] }),
            "BAD_USER_INPUT",
            "input.variants",
        ),
        (
            json!({ "variants": many }),
            "BAD_USER_INPUT",
            "input.variants",
        ),
        (
            json!({ "variants": [variant("", "1", "EUR", 1)] }),
            "BAD_USER_INPUT",
            "input.variants.0.sku",
        ),
        (
            json!({ "variants": [variant("A", "1", "EUR", 1)] }),
            "BAD_USER_INPUT",
            "input.variants.0.sku",
        ),
        (
            json!({ "variants": [variant("B", "1", "EUR", 1), variant("B", "2", "EUR", 1)] }),
            "BAD_USER_INPUT",
            "input.variants.1.sku",
        ),
        (
            json!({ "variants": [variant("B", "-1", "EUR", 1)] }),
            "BAD_USER_INPUT",
            "input.variants.0.price.amount",
        ),
        (
            json!({ "variants": [variant("B", "0", "EUR", 1)] }),
            "BAD_USER_INPUT",
            "input.variants.0.price.amount",
        ),
        (
            json!({ "variants": [variant("B", "1.001", "EUR", 1)] }),
            "BAD_USER_INPUT",
            "input.variants.0.price.amount",
        ),
        (
            json!({ "variants": [variant("B", "1.5", "JPY", 1)] }),
            "BAD_USER_INPUT",
            "input.variants.0.price.amount",
        ),
        (
            json!({ "variants": [variant("B", "1", "EUR", 1), variant("C", "1", "USD", 1)] }),
            "BAD_USER_INPUT",
            "input.variants.1.price.currency",
        ),
        (
            json!({ "variants": [variant("B", "1", "EUR", -1)] }),
            "BAD_USER_INPUT",
            "input.variants.0.stock",
        ),
        (
            json!({ "variants": [variant("B", "1", "EUR", 1_000_000_001)] }),
            "BAD_USER_INPUT",
            "input.variants.0.stock",
        ),
        (
            json!({ "variants": [merge(&variant("B", "1", "EUR", 1), &json!({ "attributes": [
                { "name": "Size", "value": "L" }, { "name": "size", "value": "M" }] }))] }),
            "BAD_USER_INPUT",
            "input.variants.0.attributes.1.name",
        ),
    ];
    for (change, code, place) in cases {
        let base = merge(
            &right,
            &json!({ "variants": [variant("Z", "1", "EUR", 1)] }),
        );
        let response = market
            .sell(CREATE_BOOK, json!({ "input": merge(&base, &change) }))
            .await;
        assert_eq!(
            (error_code(&response), argument(&response)),
            (code, place),
            "{change}"
        );
    }
    assert_eq!(
        market.event_types(before).await,
        Vec::<&str>::new(),
        "what is refused leaves no event"
    );
}

#[tokio::test]
async fn values_of_a_wrong_shape_are_bad_input() {
    let market = Market::open().await;
    let right = json!({ "shopId": market.shop, "name": "Right", "author": "A", "variants": [variant("A", "1.00", "EUR", 1)] });
    for change in [
        json!({ "shopId": "no-uuid" }),
        json!({ "author": null }),
        json!({ "pages": "many" }),
        json!({ "publishedOn": "1974-13-01" }),
        json!({ "variants": [variant("A", "much", "EUR", 1)] }),
        json!({ "variants": [variant("A", "1", "XYZ", 1)] }),
        json!({ "variants": [variant("A", "1", "EUR", 3_000_000_000)] }),
    ] {
        let response = market
            .sell(CREATE_BOOK, json!({ "input": merge(&right, &change) }))
            .await;
        assert_eq!(
            error_code(&response),
            "BAD_USER_INPUT",
            "{change}: {response}"
        );
    }
}

#[tokio::test]
async fn categories_are_checked() {
    let market = Market::open().await;
    let moderator = || identity::moderator(Uuid::now_v7());
    let create = "mutation ($input: CreateCategoryInput!) { createCategory(input: $input) { category { id } } }";
    let root = market.category("Media", None).await;
    let mut deepest = root;
    for level in 2..=8 {
        deepest = market
            .category(&format!("Level {level}"), Some(deepest))
            .await;
    }
    let cases = [
        (json!({ "name": "" }), "BAD_USER_INPUT", "input.name"),
        (
            json!({ "name": "x".repeat(81) }),
            "BAD_USER_INPUT",
            "input.name",
        ),
        (json!({ "name": "MEDIA" }), "BAD_USER_INPUT", "input.name"),
        (
            json!({ "name": "Orphan", "parentId": Uuid::now_v7() }),
            "NOT_FOUND",
            "input.parentId",
        ),
        (
            json!({ "name": "Too deep", "parentId": deepest }),
            "BAD_USER_INPUT",
            "input.parentId",
        ),
    ];
    for (input, code, place) in cases {
        let response = market
            .ask(moderator(), create, json!({ "input": input }))
            .await;
        assert_eq!(
            (error_code(&response), argument(&response)),
            (code, place),
            "{input}"
        );
    }
    market.category("Media", Some(root)).await;
}

#[tokio::test]
async fn lists_refuse_wrong_pages() {
    let market = Market::open().await;
    let ids: Vec<Uuid> = (0..101).map(|_| Uuid::now_v7()).collect();
    let cases = [
        (
            "query { products(first: 0) { nodes { id } } }",
            json!({}),
            "first",
        ),
        (
            "query { products(first: 101) { nodes { id } } }",
            json!({}),
            "first",
        ),
        (
            "query { products(after: \"junk\") { nodes { id } } }",
            json!({}),
            "after",
        ),
        (
            "query { categories(first: -1) { nodes { id } } }",
            json!({}),
            "first",
        ),
        (
            "query ($ids: [ID!]) { products(ids: $ids) { nodes { id } } }",
            json!({ "ids": ids }),
            "ids",
        ),
    ];
    for (query, variables, place) in cases {
        let response = market.ask(identity::anonymous(), query, variables).await;
        assert_eq!(
            (error_code(&response), argument(&response)),
            ("BAD_USER_INPUT", place),
            "{query}"
        );
    }
}
