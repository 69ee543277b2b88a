//! Variants and the stock that sellers count.

use serde_json::json;
use souk_harness::{data, error_code, identity};
use souk_platform::events::Payload;
use uuid::Uuid;

use crate::market::{Market, argument, id};

const ADD: &str = "mutation ($input: AddVariantInput!) { addVariant(input: $input) { variant { \
    id sku available inStock attributes { name value } price { amount currency } product { name } } } }";
const UPDATE: &str = "mutation ($input: UpdateVariantInput!) { updateVariant(input: $input) { variant { \
    sku attributes { value } price { amount } } } }";
const REMOVE: &str = "mutation ($id: ID!) { removeVariant(input: { variantId: $id }) { product { variants { id } } } }";
const SET: &str = "mutation ($input: SetStockInput!) { setStock(input: $input) { variant { available stock { onHand reserved revision } } } }";
const ADJUST: &str = "mutation ($id: ID!, $delta: Int!) { adjustStock(input: { variantId: $id, delta: $delta }) { variant { available } } }";

#[tokio::test]
async fn a_seller_adds_changes_and_removes_variants() {
    let market = Market::open().await;
    let book = market.book("Atlas", 2).await;
    let input = json!({ "productId": book.id, "sku": "BIG", "stock": 4, "price": { "amount": "20", "currency": "EUR" },
                        "attributes": [{ "name": "Size", "value": "large" }] });
    let added = data(market.sell(ADD, json!({ "input": input })).await);
    let variant = &added["addVariant"]["variant"];
    assert_eq!(
        *variant,
        json!({ "id": variant["id"], "sku": "BIG", "available": 4, "inStock": true,
                "attributes": [{ "name": "Size", "value": "large" }],
                "price": { "amount": "20.00", "currency": "EUR" }, "product": { "name": "Atlas" } })
    );
    let big = id(&variant["id"]);

    let range = "query ($id: ID!) { product(id: $id) { priceRange { lowest { amount } highest { amount } } inStock } }";
    let range = data(
        market
            .ask(identity::anonymous(), range, json!({ "id": book.id }))
            .await,
    );
    let expected = json!({ "lowest": { "amount": "12.50" }, "highest": { "amount": "20.00" } });
    assert_eq!(range["product"]["priceRange"], expected);

    let change = json!({ "variantId": big, "sku": "HUGE", "price": { "amount": "21.99", "currency": "EUR" },
                         "attributes": [{ "name": "Size", "value": "huge" }] });
    let changed = data(market.sell(UPDATE, json!({ "input": change })).await);
    let expected = json!({ "sku": "HUGE", "attributes": [{ "value": "huge" }], "price": { "amount": "21.99" } });
    assert_eq!(changed["updateVariant"]["variant"], expected);
    let events = market.events().await;
    let Payload::ProductUpdated(told) = &events.last().unwrap().payload else {
        panic!("{events:?}")
    };
    assert!(
        told.variants
            .iter()
            .any(|variant| variant.sku == "HUGE" && variant.price_minor == 2199)
    );
    assert!(told.keywords.contains(&"huge".to_owned()));

    let left = data(market.sell(REMOVE, json!({ "id": book.variants[0] })).await);
    assert_eq!(
        left["removeVariant"]["product"]["variants"],
        json!([{ "id": big }])
    );
    assert_eq!(
        error_code(&market.sell(REMOVE, json!({ "id": big })).await),
        "CONFLICT",
        "the last one stays"
    );
    assert_eq!(
        error_code(&market.sell(REMOVE, json!({ "id": book.variants[0] })).await),
        "NOT_FOUND"
    );

    let again = json!({ "productId": book.id, "sku": "HUGE", "stock": 0, "price": { "amount": "1", "currency": "EUR" } });
    let twice = market.sell(ADD, json!({ "input": again })).await;
    assert_eq!(
        (error_code(&twice), argument(&twice)),
        ("BAD_USER_INPUT", "input.sku")
    );
    let foreign = json!({ "productId": book.id, "sku": "USD", "stock": 0, "price": { "amount": "1", "currency": "USD" } });
    let foreign = market.sell(ADD, json!({ "input": foreign })).await;
    assert_eq!(
        (error_code(&foreign), argument(&foreign)),
        ("BAD_USER_INPUT", "input.price.currency")
    );
}

#[tokio::test]
async fn a_count_is_refused_when_the_stock_moved_meanwhile() {
    let market = Market::open().await;
    let variant = market.book("Atlas", 5).await.variants[0];
    data(market.reserve(Uuid::now_v7(), &[(variant, 2)]).await);

    let stale = market
        .sell(
            SET,
            json!({ "input": { "variantId": variant, "onHand": 9, "expectedRevision": 1 } }),
        )
        .await;
    assert_eq!(
        (error_code(&stale), argument(&stale)),
        ("CONFLICT", "input.expectedRevision")
    );
    let set = market
        .sell(
            SET,
            json!({ "input": { "variantId": variant, "onHand": 9, "expectedRevision": 2 } }),
        )
        .await;
    let expected =
        json!({ "available": 7, "stock": { "onHand": 9, "reserved": 2, "revision": 3 } });
    assert_eq!(data(set)["setStock"]["variant"], expected);
    let few = market
        .sell(
            SET,
            json!({ "input": { "variantId": variant, "onHand": 1, "expectedRevision": 3 } }),
        )
        .await;
    assert_eq!(
        (error_code(&few), argument(&few)),
        ("CONFLICT", "input.onHand")
    );

    let before = market.events().await.len();
    let adjusted = data(
        market
            .sell(ADJUST, json!({ "id": variant, "delta": -7 }))
            .await,
    );
    assert_eq!(adjusted["adjustStock"]["variant"]["available"], 0);
    let events = market.events().await;
    let Payload::StockChanged { levels } = &events[before].payload else {
        panic!("{events:?}")
    };
    assert_eq!(
        (levels[0].available, levels[0].revision, events.len()),
        (0, 4, before + 1)
    );

    let below = market
        .sell(ADJUST, json!({ "id": variant, "delta": -1 }))
        .await;
    assert_eq!(
        (error_code(&below), argument(&below)),
        ("CONFLICT", "input.delta")
    );
    let nothing = market
        .sell(ADJUST, json!({ "id": variant, "delta": 0 }))
        .await;
    assert_eq!(
        (error_code(&nothing), argument(&nothing)),
        ("BAD_USER_INPUT", "input.delta")
    );
    assert_eq!(market.stock(variant).await, (2, 2));
}
