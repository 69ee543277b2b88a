//! The category tree as moderators change it.

use serde_json::{Value, json};
use souk_harness::{data, error_code, identity};
use souk_platform::events::Payload;
use uuid::Uuid;

use crate::market::{Market, argument};

const UPDATE: &str = "mutation ($input: UpdateCategoryInput!) { updateCategory(input: $input) { category { \
    name parent { name } ancestors { name } children { name } } } }";
const REMOVE: &str = "mutation ($id: ID!) { removeCategory(input: { id: $id }) { removedId } }";

async fn moderate(market: &Market, query: &str, variables: Value) -> Value {
    let moderator = identity::moderator(Uuid::now_v7());
    market.ask(moderator, query, variables).await
}

async fn update(market: &Market, input: Value) -> Value {
    moderate(market, UPDATE, json!({ "input": input })).await
}

/// What the last event says of its product's categories.
async fn told(market: &Market) -> (Vec<Uuid>, Vec<String>) {
    let events = market.events().await;
    let Payload::ProductUpdated(told) = &events.last().unwrap().payload else {
        panic!("{events:?}")
    };
    (told.category_ids.clone(), told.category_names.clone())
}

#[tokio::test]
async fn a_category_that_moves_takes_everything_below_it_along() {
    let market = Market::open().await;
    let media = market.category("Media", None).await;
    let books = market.category("Books", Some(media)).await;
    let novels = market.category("Novels", Some(books)).await;
    let leisure = market.category("Leisure", None).await;
    market.book_in("In novels", 1, Some(novels)).await;
    market.book_in("Elsewhere", 1, Some(media)).await;
    let archived = market.book_in("Gone", 1, Some(novels)).await;
    let archive = "mutation ($id: ID!) { archiveProduct(input: { id: $id }) { product { id } } }";
    data(market.sell(archive, json!({ "id": archived.id })).await);

    let before = market.events().await.len();
    let renamed = data(update(&market, json!({ "id": books, "name": "Printed" })).await);
    assert_eq!(
        renamed["updateCategory"]["category"],
        json!({ "name": "Printed", "parent": { "name": "Media" }, "ancestors": [{ "name": "Media" }],
                "children": [{ "name": "Novels" }] })
    );
    assert_eq!(
        market.event_types(before).await,
        ["product.updated"],
        "of the one product that is on sale there"
    );
    let names = |names: [&str; 3]| names.map(str::to_owned).to_vec();
    assert_eq!(
        told(&market).await,
        (
            vec![media, books, novels],
            names(["Media", "Printed", "Novels"])
        )
    );

    let moved = data(
        update(
            &market,
            json!({ "id": books, "name": "Books", "parentId": leisure }),
        )
        .await,
    );
    assert_eq!(
        moved["updateCategory"]["category"]["ancestors"],
        json!([{ "name": "Leisure" }])
    );
    assert_eq!(
        told(&market).await,
        (
            vec![leisure, books, novels],
            names(["Leisure", "Books", "Novels"])
        )
    );
    let lists = "query ($old: ID!, $new: ID!) {
        old: category(id: $old) { children { name } products { nodes { name } } }
        new: category(id: $new) { products { nodes { name } } } }";
    let variables = json!({ "old": media, "new": leisure });
    assert_eq!(
        data(market.ask(identity::anonymous(), lists, variables).await),
        json!({ "old": { "children": [], "products": { "nodes": [{ "name": "Elsewhere" }] } },
                "new": { "products": { "nodes": [{ "name": "In novels" }] } } })
    );

    let root = data(update(&market, json!({ "id": books, "parentId": null })).await);
    assert_eq!(root["updateCategory"]["category"]["ancestors"], json!([]));
    let (ids, _) = told(&market).await;
    assert_eq!(ids, [books, novels]);

    let before = market.events().await.len();
    data(
        update(
            &market,
            json!({ "id": books, "name": "Books", "parentId": null }),
        )
        .await,
    );
    data(update(&market, json!({ "id": books })).await);
    assert_eq!(market.events().await.len(), before, "nothing changed");
}

#[tokio::test]
async fn a_category_cannot_go_everywhere() {
    let market = Market::open().await;
    let media = market.category("Media", None).await;
    let books = market.category("Books", Some(media)).await;
    let novels = market.category("Novels", Some(books)).await;
    let films = market.category("Films", None).await;
    market.category("books", Some(films)).await;
    let mut deepest = films;
    for level in 2..=6 {
        deepest = market
            .category(&format!("Level {level}"), Some(deepest))
            .await;
    }
    let unknown = Uuid::now_v7();
    let cases = [
        (
            json!({ "id": media, "parentId": media }),
            "BAD_USER_INPUT",
            "input.parentId",
        ),
        (
            json!({ "id": media, "parentId": novels }),
            "BAD_USER_INPUT",
            "input.parentId",
        ),
        // Six levels and the three of media's branch.
        (
            json!({ "id": media, "parentId": deepest }),
            "BAD_USER_INPUT",
            "input.parentId",
        ),
        (
            json!({ "id": books, "parentId": films }),
            "BAD_USER_INPUT",
            "input.name",
        ),
        (
            json!({ "id": media, "name": "FILMS" }),
            "BAD_USER_INPUT",
            "input.name",
        ),
        (
            json!({ "id": media, "name": " " }),
            "BAD_USER_INPUT",
            "input.name",
        ),
        (
            json!({ "id": books, "parentId": unknown }),
            "NOT_FOUND",
            "input.parentId",
        ),
        (
            json!({ "id": unknown, "name": "X" }),
            "NOT_FOUND",
            "input.id",
        ),
    ];
    for (input, code, place) in cases {
        let refused = update(&market, input.clone()).await;
        assert_eq!(
            (error_code(&refused), argument(&refused)),
            (code, place),
            "{input}"
        );
    }
    // One level less fits, and a name is looked for where the category goes.
    data(update(&market, json!({ "id": books, "parentId": deepest })).await);
    data(
        update(
            &market,
            json!({ "id": novels, "name": "Printed", "parentId": films }),
        )
        .await,
    );
}

#[tokio::test]
async fn moves_that_would_make_a_circle_together_do_not_both_happen() {
    let market = Market::open().await;
    for round in 0..10 {
        let one = market.category(&format!("One {round}"), None).await;
        let other = market.category(&format!("Other {round}"), None).await;
        let (first, second) = tokio::join!(
            update(&market, json!({ "id": one, "parentId": other })),
            update(&market, json!({ "id": other, "parentId": one }))
        );
        let refused = [first, second]
            .into_iter()
            .filter(|answer| !answer["errors"].is_null())
            .collect::<Vec<_>>();
        assert_eq!(refused.len(), 1, "{refused:?}");
        assert_eq!(error_code(&refused[0]), "BAD_USER_INPUT");
    }
}

#[tokio::test]
async fn only_an_empty_category_is_removed() {
    let market = Market::open().await;
    let media = market.category("Media", None).await;
    let books = market.category("Books", Some(media)).await;
    let book = market.book_in("Atlas", 1, Some(books)).await;
    for (category, what) in [(media, "below"), (books, "products")] {
        let refused = moderate(&market, REMOVE, json!({ "id": category })).await;
        assert_eq!(
            (error_code(&refused), argument(&refused)),
            ("CONFLICT", "input.id")
        );
        let message = refused["errors"][0]["message"].as_str().unwrap();
        assert!(message.contains(what), "{message}");
    }

    let archive = "mutation ($id: ID!) { archiveProduct(input: { id: $id }) { product { id } } }";
    data(market.sell(archive, json!({ "id": book.id })).await);
    let removed = data(moderate(&market, REMOVE, json!({ "id": books })).await);
    assert_eq!(removed["removeCategory"]["removedId"], json!(books));
    let query = "query ($book: ID!, $books: ID!) {
        product(id: $book) { category { name } } category(id: $books) { name } }";
    let answer = market
        .sell(query, json!({ "book": book.id, "books": books }))
        .await;
    assert_eq!(
        data(answer),
        json!({ "product": { "category": { "name": "Media" } }, "category": null }),
        "what is archived moves up"
    );
    let again = moderate(&market, REMOVE, json!({ "id": books })).await;
    assert_eq!(error_code(&again), "NOT_FOUND");
}
