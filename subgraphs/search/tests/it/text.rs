//! Which words find what.

use serde_json::json;
use souk_platform::events::ProductSnapshot;
use uuid::Uuid;

use crate::world::{World, product, shop};

#[tokio::test]
async fn words_find_what_contains_all_of_them() {
    let world = World::new().await;
    let mut lamp = product("Reading lamp");
    lamp.description = "Warm light for long evenings".to_owned();
    lamp.keywords = vec!["brass".to_owned()];
    lamp.category_names = vec!["Furniture".to_owned(), "Lighting".to_owned()];
    lamp.shop_name = "Bright Corner".to_owned();
    let coffee = product("Crème brûlée coffee");
    let laptop = product("Gaming laptop");
    world.tell(&[lamp.clone(), coffee, laptop]).await;
    let found = async |text: &str| world.names(text, json!({})).await;

    for text in [
        "reading lamp",
        "LAMP",
        "lamp reading",
        "brass",
        "lighting",
        "bright corner",
        "evenings",
        "lamp brass evenings",
        // Misspelt, one or two letters by length.
        "readign",
        "raeding lamp",
        "furnitre",
        "ligthning",
        "lihgting",
        // Not finished yet.
        "rea",
        "reading la",
        "lam",
        lamp.variants[0].sku.as_str(),
    ] {
        assert_eq!(found(text).await, ["Reading lamp"], "{text}");
    }
    for text in [
        "creme brulee",
        "crème brûlée",
        "CREME",
        "coffe",
        "cofee",
        "cre\u{301}me bru\u{302}le\u{301}e",
    ] {
        assert_eq!(found(text).await, ["Crème brûlée coffee"], "{text}");
    }
    for text in ["lapotp", "laptpo", "lptop", "gaming laptop"] {
        assert_eq!(found(text).await, ["Gaming laptop"], "{text}");
    }
    for text in [
        "reading laptop",
        "lamp unknown",
        "lxxxp",
        "lam coffee",
        "!!!",
        "...",
        "la mp",
    ] {
        assert_eq!(found(text).await, [""; 0], "{text}");
    }
    for text in ["", "   "] {
        assert_eq!(found(text).await.len(), 3, "{text:?} finds everything");
    }
}

#[tokio::test]
async fn the_best_comes_first() {
    let world = World::new().await;
    let in_title = product("Walnut table");
    let mut in_keywords = product("Chair");
    in_keywords.keywords = vec!["walnut".to_owned()];
    let mut in_description = product("Bench");
    in_description.description = "Goes well with walnut".to_owned();
    let resembling = product("Walnet bowl");
    world
        .tell(&[
            resembling.clone(),
            in_description.clone(),
            in_keywords.clone(),
            in_title.clone(),
        ])
        .await;
    let expected =
        [in_title, in_keywords, in_description, resembling].map(|product| product.product_id);
    let found = world.ids("walnut", json!({})).await;
    assert_eq!(found[..2], expected[..2]);
    assert_eq!(found.len(), 4);
}

#[tokio::test]
async fn shops_are_found_by_name_and_description() {
    let world = World::new().await;
    let mut books = shop("Old Books");
    books.description = "Antiquarian treasures".to_owned();
    let query = "query ($text: String, $order: SearchOrder! = BEST, $near: NearInput) {
        searchShops(text: $text, orderBy: $order, near: $near) { totalCount nodes { shop { id } distanceKm } } }";
    let mut waiting = shop("Old Toys");
    waiting.approved = false;
    books.positions = vec![(52.52, 13.405), (48.14, 11.58)];
    world.tell_shop(waiting).await;
    world.tell_shop(books.clone()).await;
    world.tell_shop(shop("Toys")).await;
    for text in ["old", "bokos", "antiquarian"] {
        let found = world.ask(query, json!({ "text": text })).await;
        assert_eq!(found["searchShops"]["totalCount"], 1, "{text}");
        assert_eq!(
            found["searchShops"]["nodes"][0]["shop"]["id"],
            books.shop_id.to_string()
        );
    }
    let near = json!({ "near": { "position": { "latitude": 48.1, "longitude": 11.6 }, "radiusKm": 50.0 }, "order": "NEAREST" });
    let found = world.ask(query, near).await;
    assert_eq!(
        found["searchShops"]["nodes"][0]["shop"]["id"],
        books.shop_id.to_string()
    );
    let distance = found["searchShops"]["nodes"][0]["distanceKm"]
        .as_f64()
        .unwrap();
    assert!((4.0..6.0).contains(&distance), "{distance}");
    let refused = world.answer(query, json!({ "order": "CHEAPEST" })).await;
    assert_eq!(souk_harness::error_code(&refused), "BAD_USER_INPUT");
}

#[tokio::test]
async fn similar_products_share_words() {
    let world = World::new().await;
    let novel = |name: &str| ProductSnapshot {
        kind: "Book".to_owned(),
        category_names: vec!["Novels".to_owned()],
        keywords: vec!["Tolkien".to_owned()],
        ..product(name)
    };
    let (hobbit, rings, other) = (
        novel("The Hobbit"),
        novel("The Lord of the Rings"),
        product("Lamp"),
    );
    let mut third = product("Detective story");
    third.category_names = vec!["Novels".to_owned()];
    world
        .tell(&[hobbit.clone(), rings.clone(), third.clone(), other.clone()])
        .await;
    let query = "query ($representations: [_Any!]!, $first: Int! = 5) { _entities(representations: $representations) {
        ... on Product { similar(first: $first) { id } } } }";
    let of = |id: Uuid| json!([{ "__typename": "Product", "id": id }]);
    let ask = async |id: Uuid| {
        let found = world.ask(query, json!({ "representations": of(id) })).await;
        found["_entities"][0]["similar"].clone()
    };
    assert_eq!(
        ask(hobbit.product_id).await,
        json!([{ "id": rings.product_id }, { "id": third.product_id }])
    );
    assert_eq!(ask(other.product_id).await, json!([]));
    assert_eq!(
        ask(Uuid::now_v7()).await,
        json!([]),
        "nothing is known of it"
    );
    for first in [0, 21, -1] {
        let answer = world
            .answer(
                query,
                json!({ "representations": of(hobbit.product_id), "first": first }),
            )
            .await;
        assert_eq!(souk_harness::error_code(&answer), "BAD_USER_INPUT");
    }
}
