//! Products and categories: creating, finding, changing, archiving.

use serde_json::{Value, json};
use souk_harness::{data, error_code, identity};
use souk_platform::events::Payload;
use uuid::Uuid;

use crate::market::{Market, argument, created_at, id, shop_event, snapshot};

fn common(market: &Market, own: &Value) -> Value {
    let mut input = json!({
        "shopId": market.shop, "name": "Thing",
        "variants": [{ "sku": Uuid::now_v7().to_string(), "stock": 3, "price": { "amount": "5", "currency": "EUR" } }]
    });
    input
        .as_object_mut()
        .unwrap()
        .extend(own.as_object().unwrap().clone());
    json!({ "input": input })
}

#[tokio::test]
async fn a_seller_creates_all_five_kinds() {
    let market = Market::open().await;
    let cases = [
        (
            "mutation ($input: CreateBookInput!) { createBook(input: $input) { book { author isbn pages language publishedOn } } }",
            json!({ "author": "U. K. Le Guin", "isbn": "0-306-40615-2", "pages": 304, "language": "en", "publishedOn": "1974-05-01" }),
            json!({ "createBook": { "book": { "author": "U. K. Le Guin", "isbn": "9780306406157", "pages": 304, "language": "en", "publishedOn": "1974-05-01" } } }),
        ),
        (
            "mutation ($input: CreateLaptopInput!) { createLaptop(input: $input) { laptop { brand cpu ramGb storageGb screenInches gpu } } }",
            json!({ "brand": "Framework", "cpu": "Ryzen 7", "ramGb": 32, "storageGb": 1000, "screenInches": 13.5 }),
            json!({ "createLaptop": { "laptop": { "brand": "Framework", "cpu": "Ryzen 7", "ramGb": 32, "storageGb": 1000, "screenInches": 13.5, "gpu": null } } }),
        ),
        (
            "mutation ($input: CreateMobileInput!) { createMobile(input: $input) { mobile { brand operatingSystem storageGb batteryMah } } }",
            json!({ "brand": "Fairphone", "operatingSystem": "Android", "storageGb": 256, "batteryMah": 4200 }),
            json!({ "createMobile": { "mobile": { "brand": "Fairphone", "operatingSystem": "Android", "storageGb": 256, "batteryMah": 4200 } } }),
        ),
        (
            "mutation ($input: CreateClothingInput!) { createClothing(input: $input) { clothing { material size audience } } }",
            json!({ "material": "100 % cotton", "size": "L", "audience": "UNISEX" }),
            json!({ "createClothing": { "clothing": { "material": "100 % cotton", "size": "L", "audience": "UNISEX" } } }),
        ),
        (
            "mutation ($input: CreateGeneralProductInput!) { createGeneralProduct(input: $input) { generalProduct { countryOfOrigin properties { name value } } } }",
            json!({ "countryOfOrigin": "de", "properties": [{ "name": "Capacity", "value": "1 l" }] }),
            json!({ "createGeneralProduct": { "generalProduct": { "countryOfOrigin": "DE", "properties": [{ "name": "Capacity", "value": "1 l" }] } } }),
        ),
    ];
    for (mutation, own, expected) in cases {
        assert_eq!(
            data(market.sell(mutation, common(&market, &own)).await),
            expected
        );
    }

    let query = "{ products(first: 10) { nodes { __typename name listed shop { id } ... on Book { author } } } }";
    let list = data(market.ask(identity::anonymous(), query, json!({})).await);
    let kinds: Vec<&str> = list["products"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| node["__typename"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        ["GeneralProduct", "Clothing", "Mobile", "Laptop", "Book"],
        "newest first"
    );
    assert_eq!(list["products"]["nodes"][4]["author"], "U. K. Le Guin");

    let laptops = "{ products(filter: { kind: LAPTOP }) { nodes { __typename } } }";
    let laptops = data(market.ask(identity::anonymous(), laptops, json!({})).await);
    assert_eq!(
        laptops["products"]["nodes"],
        json!([{ "__typename": "Laptop" }])
    );
}

#[tokio::test]
async fn a_new_product_is_told_with_its_shop_categories_and_words() {
    let market = Market::open().await;
    let books = market.category("Books", None).await;
    let novels = market.category("Novels", Some(books)).await;
    let created = market.book_in("The Dispossessed", 7, Some(novels)).await;

    let events = market.events().await;
    let Payload::ProductCreated(told) = &events.last().unwrap().payload else {
        panic!("{events:?}")
    };
    assert_eq!(
        (told.product_id, told.shop_id, told.kind.as_str()),
        (created.id, market.shop, "Book")
    );
    assert_eq!(told.shop_name, "Corner shop");
    assert_eq!(told.positions, [(52.5, 13.4)]);
    assert_eq!(told.category_ids, [books, novels]);
    assert_eq!(told.category_names, ["Books", "Novels"]);
    assert_eq!(told.keywords, ["Ursula K. Le Guin"]);
    assert_eq!(
        (
            told.variants[0].price_minor,
            told.variants[0].available,
            told.revision
        ),
        (1250, 7, 1)
    );
    assert!(told.listed);
}

#[tokio::test]
async fn an_update_changes_what_it_names_and_nothing_else() {
    let market = Market::open().await;
    let category = market.category("Books", None).await;
    let book = market.book_in("Old", 1, Some(category)).await;
    let query = "mutation ($input: UpdateBookInput!) { updateBook(input: $input) { book { name author publisher category { name } } } }";

    let set = json!({ "input": { "id": book.id, "name": " New ", "publisher": "Harper" } });
    let expected = json!({ "name": "New", "author": "Ursula K. Le Guin", "publisher": "Harper", "category": { "name": "Books" } });
    assert_eq!(
        data(market.sell(query, set).await)["updateBook"]["book"],
        expected
    );

    let unset = json!({ "input": { "id": book.id, "publisher": null, "categoryId": null } });
    let expected = json!({ "name": "New", "author": "Ursula K. Le Guin", "publisher": null, "category": null });
    assert_eq!(
        data(market.sell(query, unset).await)["updateBook"]["book"],
        expected
    );

    let events = market.events().await;
    let Payload::ProductUpdated(told) = &events.last().unwrap().payload else {
        panic!("{events:?}")
    };
    assert_eq!((told.name.as_str(), told.revision), ("New", 3));

    let wrong = market
        .sell(
            "mutation ($input: UpdateLaptopInput!) { updateLaptop(input: $input) { laptop { id } } }",
            json!({ "input": { "id": book.id, "cpu": "x" } }),
        )
        .await;
    assert_eq!(
        (error_code(&wrong), argument(&wrong)),
        ("BAD_USER_INPUT", "input.id")
    );
}

#[tokio::test]
async fn archived_products_are_seen_by_their_owner_only() {
    let market = Market::open().await;
    let kept = market.book("Kept", 1).await;
    let gone = market.book("Gone", 1).await;
    let archive = "mutation ($id: ID!) { archiveProduct(input: { id: $id }) { product { \
        listed inStock archivedAt variants { inStock available stock { onHand } } } } }";
    let before = market.events().await.len();
    let archived = data(market.sell(archive, json!({ "id": gone.id })).await);
    assert_eq!(archived["archiveProduct"]["product"]["listed"], false);
    assert_eq!(archived["archiveProduct"]["product"]["inStock"], false);
    assert_eq!(
        archived["archiveProduct"]["product"]["variants"],
        json!([{ "inStock": false, "available": 0, "stock": { "onHand": gone.variants.len() } }]),
        "the pieces are there, and nobody can buy them"
    );
    assert!(archived["archiveProduct"]["product"]["archivedAt"].is_string());
    data(market.sell(archive, json!({ "id": gone.id })).await);
    assert_eq!(
        market.event_types(before).await,
        ["product.archived"],
        "archiving twice tells once"
    );

    let both = json!({ "ids": [kept.id, gone.id] });
    let by_ids = "query ($ids: [ID!]) { products(ids: $ids) { nodes { name } } }";
    let all = "{ products { nodes { name } } archived: products(filter: { archived: true }) { nodes { name } } }";
    let one = json!({ "id": gone.id });
    let product = "query ($id: ID!) { product(id: $id) { name } }";

    let other = identity::seller(Uuid::now_v7());
    assert_eq!(
        data(market.ask(other.clone(), product, one.clone()).await),
        json!({ "product": null })
    );
    assert_eq!(
        data(market.ask(other.clone(), by_ids, both.clone()).await)["products"]["nodes"],
        json!([{ "name": "Kept" }])
    );
    let lists = data(market.ask(other, all, json!({})).await);
    assert_eq!(lists["products"]["nodes"], json!([{ "name": "Kept" }]));
    assert_eq!(lists["archived"]["nodes"], json!([]));

    assert_eq!(
        data(market.sell(product, one).await),
        json!({ "product": { "name": "Gone" } })
    );
    assert_eq!(
        data(market.sell(by_ids, both).await)["products"]["nodes"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert_eq!(
        data(market.sell(all, json!({})).await)["archived"]["nodes"],
        json!([{ "name": "Gone" }])
    );

    let update =
        "mutation ($id: ID!) { updateBook(input: { id: $id, name: \"Back\" }) { book { id } } }";
    assert_eq!(
        error_code(&market.sell(update, json!({ "id": gone.id })).await),
        "CONFLICT"
    );
}

#[tokio::test]
async fn pages_follow_each_other_without_gaps() {
    let market = Market::open().await;
    for number in 0..5 {
        market.book(&format!("Book {number}"), 1).await;
    }
    let query = "query ($after: String, $shop: ID!) { \
        products(first: 2, after: $after, filter: { shopId: $shop }) { nodes { name } pageInfo { endCursor hasNextPage } } }";
    let mut names = Vec::new();
    let mut after = Value::Null;
    loop {
        let page = data(
            market
                .ask(
                    identity::anonymous(),
                    query,
                    json!({ "after": after, "shop": market.shop }),
                )
                .await,
        );
        let page = &page["products"];
        names.extend(
            page["nodes"]
                .as_array()
                .unwrap()
                .iter()
                .map(|node| node["name"].as_str().unwrap().to_owned()),
        );
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    assert_eq!(names, ["Book 4", "Book 3", "Book 2", "Book 1", "Book 0"]);
}

#[tokio::test]
async fn the_category_tree_is_walked_up_and_down() {
    let market = Market::open().await;
    let media = market.category("Media", None).await;
    let books = market.category("Books", Some(media)).await;
    market.category("Films", Some(media)).await;
    let novels = market.category("Novels", Some(books)).await;
    market.category("Garden", None).await;
    market.book_in("In novels", 1, Some(novels)).await;
    market.book_in("In books", 1, Some(books)).await;
    market.book("Nowhere", 1).await;

    let query = "query ($novels: ID!) {
        categories { nodes { name children { name children { name products { nodes { name } } } products(first: 1) { nodes { name } } } } }
        category(id: $novels) { name parent { name } ancestors { name } }
    }";
    let answer = data(
        market
            .ask(identity::anonymous(), query, json!({ "novels": novels }))
            .await,
    );
    assert_eq!(
        answer,
        json!({
            "categories": { "nodes": [
                { "name": "Garden", "children": [] },
                { "name": "Media", "children": [
                    { "name": "Books", "products": { "nodes": [{ "name": "In books" }] },
                      "children": [{ "name": "Novels", "products": { "nodes": [{ "name": "In novels" }] } }] },
                    { "name": "Films", "children": [], "products": { "nodes": [] } }
                ] }
            ] },
            "category": { "name": "Novels", "parent": { "name": "Books" }, "ancestors": [{ "name": "Media" }, { "name": "Books" }] }
        })
    );

    let filtered = "query ($id: ID!) { products(filter: { categoryId: $id }) { nodes { name } } }";
    let below = data(
        market
            .ask(identity::anonymous(), filtered, json!({ "id": media }))
            .await,
    );
    assert_eq!(
        below["products"]["nodes"],
        json!([{ "name": "In books" }, { "name": "In novels" }])
    );
}

#[tokio::test]
async fn the_shop_subgraph_is_asked_before_an_unknown_shop_is_refused() {
    let market = Market::without_shop().await;
    let input = json!({ "input": { "shopId": market.shop, "name": "Early", "author": "A",
        "variants": [{ "sku": "A", "stock": 1, "price": { "amount": "1", "currency": "EUR" } }] } });
    let create = crate::market::CREATE_BOOK;

    let unknown = market.sell(create, input.clone()).await;
    assert_eq!(
        (error_code(&unknown), argument(&unknown)),
        ("NOT_FOUND", "input.shopId")
    );

    let mut told = snapshot(market.shop, market.seller, 1);
    told.approved = false;
    *market.shop_says.lock().unwrap() = Some(told.clone());
    let waiting = market.sell(create, input.clone()).await;
    assert_eq!(
        (error_code(&waiting), argument(&waiting)),
        ("CONFLICT", "input.shopId")
    );

    told.approved = true;
    told.revision = 2;
    *market.shop_says.lock().unwrap() = Some(told.clone());
    let created = data(market.sell(create, input).await);
    assert_eq!(created_at(&created["createBook"]["book"]).variants.len(), 1);

    // The event arrives at last, and changes nothing.
    let before = market.events().await.len();
    market
        .consume(&shop_event(Payload::ShopApproved(told)))
        .await;
    assert_eq!(market.event_types(before).await, Vec::<&str>::new());
    let _ = id(&created["createBook"]["book"]["id"]);
}
