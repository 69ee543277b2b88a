//! What the router asks for by key.

use serde_json::json;
use souk_harness::{data, identity};
use uuid::Uuid;

use crate::market::Market;

const ENTITIES: &str = "query ($of: [_Any!]!) { _entities(representations: $of) { __typename \
    ... on Product { name listed } ... on Book { author } \
    ... on Variant { sku product { name } } ... on Category { title: name } \
    ... on Shop { products { nodes { name } } } } }";

#[tokio::test]
async fn a_product_is_resolved_by_the_interface_and_by_its_kind() {
    let market = Market::open().await;
    let category = market.category("Books", None).await;
    let book = market.book_in("Rocannon's World", 1, Some(category)).await;
    let of = json!([
        { "__typename": "Product", "id": book.id },
        { "__typename": "Book", "id": book.id },
        { "__typename": "Laptop", "id": book.id },
        { "__typename": "Product", "id": Uuid::now_v7() },
        { "__typename": "Category", "id": category },
        { "__typename": "Shop", "id": market.shop },
    ]);
    let answer = data(
        market
            .ask(identity::anonymous(), ENTITIES, json!({ "of": of }))
            .await,
    );
    let as_book = json!({ "__typename": "Book", "name": "Rocannon's World", "listed": true, "author": "Ursula K. Le Guin" });
    assert_eq!(
        answer["_entities"],
        json!([
            as_book,
            as_book,
            null,
            null,
            { "__typename": "Category", "title": "Books" },
            { "__typename": "Shop", "products": { "nodes": [{ "name": "Rocannon's World" }] } },
        ])
    );
}

#[tokio::test]
async fn what_a_buyer_bought_is_still_resolved_when_it_is_no_longer_sold() {
    let market = Market::open().await;
    let book = market.book("Bought", 1).await;
    let archive = "mutation ($id: ID!) { archiveProduct(input: { id: $id }) { product { id } } }";
    data(market.sell(archive, json!({ "id": book.id })).await);
    let of = json!([
        { "__typename": "Product", "id": book.id },
        { "__typename": "Variant", "id": book.variants[0] },
        { "__typename": "Shop", "id": market.shop },
    ]);
    let answer = data(
        market
            .ask(
                identity::buyer(Uuid::now_v7()),
                ENTITIES,
                json!({ "of": of }),
            )
            .await,
    );
    assert_eq!(answer["_entities"][0]["name"], "Bought");
    assert_eq!(answer["_entities"][0]["listed"], false);
    assert_eq!(
        answer["_entities"][1]["product"],
        json!({ "name": "Bought" })
    );
    assert_eq!(
        answer["_entities"][2]["products"]["nodes"],
        json!([]),
        "but nobody finds it any more"
    );
}
