//! The stock calls of the order subgraph.

use std::sync::Arc;

use serde_json::{Value, json};
use souk_harness::{data, error_code};
use uuid::Uuid;

use crate::market::{Market, argument};

#[tokio::test]
async fn a_reservation_answers_with_everything_the_order_freezes() {
    let market = Market::open().await;
    let book = market.book("Atlas", 5).await;
    let order = Uuid::now_v7();
    let before = market.events().await.len();
    let answer = data(market.reserve(order, &[(book.variants[0], 2)]).await);
    let line = &answer["reserveStock"]["lines"][0];
    assert_eq!(
        *line,
        json!({ "variantId": book.variants[0], "productId": book.id, "shopId": market.shop, "sellerId": market.seller,
                "sku": line["sku"], "name": "Atlas", "unitPrice": { "amount": "12.50", "currency": "EUR" }, "quantity": 2 })
    );
    assert_eq!(
        market.event_types(before).await,
        ["stock.changed", "stock.reserved"]
    );
    assert_eq!(market.stock(book.variants[0]).await, (5, 2));

    assert_eq!(
        data(market.reserve(order, &[(book.variants[0], 2)]).await),
        answer,
        "repeated, it answers the same"
    );
    assert_eq!(market.stock(book.variants[0]).await, (5, 2));
    assert_eq!(
        market.event_types(before).await.len(),
        2,
        "and tells nothing"
    );
    assert_eq!(
        error_code(&market.reserve(order, &[(book.variants[0], 3)]).await),
        "CONFLICT"
    );
}

#[tokio::test]
async fn all_lines_are_reserved_or_none() {
    let market = Market::open().await;
    let plenty = market.book("Plenty", 5).await.variants[0];
    let scarce = market.book("Scarce", 1).await.variants[0];
    let order = Uuid::now_v7();

    let sold_out = market
        .reserve(order, &[(plenty, 1), (plenty, 1), (scarce, 2)])
        .await;
    assert_eq!(
        (error_code(&sold_out), argument(&sold_out)),
        ("OUT_OF_STOCK", "input.lines.2")
    );
    let unknown = market
        .reserve(order, &[(plenty, 1), (Uuid::now_v7(), 1)])
        .await;
    assert_eq!(
        (error_code(&unknown), argument(&unknown)),
        ("NOT_FOUND", "input.lines.1")
    );
    let twice = market.reserve(order, &[(plenty, 3), (plenty, 3)]).await;
    assert_eq!(
        (error_code(&twice), argument(&twice)),
        ("OUT_OF_STOCK", "input.lines.1")
    );
    let negative = market.reserve(order, &[(plenty, -3)]).await;
    assert_eq!(
        (error_code(&negative), argument(&negative)),
        ("BAD_USER_INPUT", "input.lines.0.quantity")
    );
    assert_eq!(
        error_code(&market.reserve(order, &[]).await),
        "BAD_USER_INPUT"
    );
    assert_eq!(market.stock(plenty).await, (5, 0));

    data(
        market
            .reserve(order, &[(plenty, 3), (scarce, 1), (plenty, 2)])
            .await,
    );
    assert_eq!(
        (market.stock(plenty).await, market.stock(scarce).await),
        ((5, 5), (1, 1))
    );
}

#[tokio::test]
async fn what_is_not_listed_cannot_be_reserved() {
    let market = Market::open().await;
    let book = market.book("Atlas", 5).await;
    let archive = "mutation ($id: ID!) { archiveProduct(input: { id: $id }) { product { id } } }";
    data(market.sell(archive, json!({ "id": book.id })).await);
    let refused = market
        .reserve(Uuid::now_v7(), &[(book.variants[0], 1)])
        .await;
    assert_eq!(
        (error_code(&refused), argument(&refused)),
        ("CONFLICT", "input.lines.0")
    );
}

#[tokio::test]
async fn release_and_commit_happen_once() {
    let market = Market::open().await;
    let variant = market.book("Atlas", 10).await.variants[0];
    let (kept, dropped) = (Uuid::now_v7(), Uuid::now_v7());
    data(market.reserve(kept, &[(variant, 3)]).await);
    data(market.reserve(dropped, &[(variant, 4)]).await);
    let before = market.events().await.len();

    for _ in 0..2 {
        assert_eq!(
            data(market.commit(kept).await)["commitStock"]["committed"],
            true
        );
        assert_eq!(
            data(market.release(dropped).await)["releaseStock"]["released"],
            true
        );
        assert_eq!(market.stock(variant).await, (7, 0));
    }
    assert_eq!(
        market.event_types(before).await,
        [
            "stock.changed",
            "stock.committed",
            "stock.changed",
            "stock.released"
        ]
    );
    assert_eq!(
        data(market.commit(dropped).await)["commitStock"]["committed"],
        false
    );
    assert_eq!(
        error_code(&market.reserve(dropped, &[(variant, 4)]).await),
        "CONFLICT"
    );
    assert_eq!(
        error_code(&market.commit(Uuid::now_v7()).await),
        "NOT_FOUND"
    );

    assert_eq!(
        data(market.release(kept).await)["releaseStock"]["released"],
        true,
        "cancelled after it was paid"
    );
    assert_eq!(market.stock(variant).await, (10, 0));
}

#[tokio::test]
async fn an_order_given_up_first_gets_no_stock_later() {
    let market = Market::open().await;
    let variant = market.book("Atlas", 10).await.variants[0];
    let order = Uuid::now_v7();
    assert_eq!(
        data(market.release(order).await)["releaseStock"]["released"],
        false
    );
    assert_eq!(
        error_code(&market.reserve(order, &[(variant, 1)]).await),
        "CONFLICT"
    );
    assert_eq!(market.stock(variant).await, (10, 0));
}

#[tokio::test]
async fn offers_come_in_the_order_asked_for() {
    let market = Market::open().await;
    let input = json!({ "shopId": market.shop, "name": "Shirt", "material": "wool", "variants": [
        { "sku": "S-L", "stock": 3, "price": { "amount": "30", "currency": "EUR" },
          "attributes": [{ "name": "Colour", "value": "red" }, { "name": "Size", "value": "L" }] }] });
    let create = "mutation ($input: CreateClothingInput!) { createClothing(input: $input) { clothing { id variants { id } } } }";
    let shirt = data(market.sell(create, json!({ "input": input })).await);
    let shirt = crate::market::created_at(&shirt["createClothing"]["clothing"]);
    let book = market.book("Atlas", 0).await;
    let unknown = Uuid::now_v7();
    let query = "query ($ids: [ID!]!) { variantOffers(variantIds: $ids) { \
        variantId productId shopId sellerId name sku price { amount currency } available listed } }";
    let ids = json!([
        shirt.variants[0],
        unknown,
        book.variants[0],
        shirt.variants[0]
    ]);
    let answer = data(market.order(query, json!({ "ids": ids })).await);
    let offers = answer["variantOffers"].as_array().unwrap();
    assert_eq!(
        offers[0],
        json!({ "variantId": shirt.variants[0], "productId": shirt.id, "shopId": market.shop, "sellerId": market.seller,
                "name": "Shirt (red, L)", "sku": "S-L", "price": { "amount": "30.00", "currency": "EUR" },
                "available": 3, "listed": true })
    );
    assert_eq!(offers[1], Value::Null);
    assert_eq!(
        (&offers[2]["name"], &offers[2]["available"]),
        (&json!("Atlas"), &json!(0))
    );
    assert_eq!(offers[3], offers[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_orders_for_ten_pieces_get_exactly_ten() {
    let market = Arc::new(Market::open().await);
    let variant = market.book("Bestseller", 10).await.variants[0];
    let mut orders = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let market = market.clone();
        orders.spawn(async move { market.reserve(Uuid::now_v7(), &[(variant, 1)]).await });
    }
    let (mut reserved, mut sold_out) = (0, 0);
    while let Some(response) = orders.join_next().await {
        let response = response.unwrap();
        if response.get("errors").is_none() {
            reserved += 1;
        } else {
            assert_eq!(error_code(&response), "OUT_OF_STOCK");
            sold_out += 1;
        }
    }
    assert_eq!((reserved, sold_out), (10, 40));
    assert_eq!(market.stock(variant).await, (10, 10));
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_that_name_the_same_variants_in_any_order_do_not_block_each_other() {
    let market = Arc::new(Market::open().await);
    let (first, second) = (
        market.book("One", 100).await.variants[0],
        market.book("Two", 100).await.variants[0],
    );
    let mut orders = tokio::task::JoinSet::new();
    for number in 0..40 {
        let market = market.clone();
        let lines = if number % 2 == 0 {
            [(first, 1), (second, 1)]
        } else {
            [(second, 1), (first, 1)]
        };
        orders.spawn(async move {
            let order = Uuid::now_v7();
            data(market.reserve(order, &lines).await);
            if number % 4 < 2 {
                data(market.commit(order).await)
            } else {
                data(market.release(order).await)
            }
        });
    }
    while let Some(done) = orders.join_next().await {
        done.unwrap();
    }
    assert_eq!(
        (market.stock(first).await, market.stock(second).await),
        ((80, 0), (80, 0))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_order_asking_many_times_at_once_is_reserved_once() {
    let market = Arc::new(Market::open().await);
    let variant = market.book("Atlas", 10).await.variants[0];
    let order = Uuid::now_v7();
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let market = market.clone();
        calls.spawn(async move { data(market.reserve(order, &[(variant, 3)]).await) });
    }
    let mut answers = Vec::new();
    while let Some(answer) = calls.join_next().await {
        answers.push(answer.unwrap());
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(market.stock(variant).await, (10, 3));
}
