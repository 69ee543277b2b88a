//! Filling carts.

use serde_json::{Value, json};
use souk_harness::{error_code, identity};
use uuid::Uuid;

use crate::outside::{How, When};
use crate::world::{World, buyer, id};

const ADD: &str =
    "mutation ($input: AddToCartInput!) { addToCart(input: $input) { cart { itemCount } } }";

async fn refused(
    world: &World,
    who: &souk_platform::Identity,
    query: &str,
    input: Value,
) -> (String, Value) {
    let answer = world.ask(who, query, json!({ "input": input })).await;
    (
        error_code(&answer).to_owned(),
        answer["errors"][0]["extensions"]["argument"].clone(),
    )
}

#[tokio::test]
async fn a_guest_fills_a_cart_and_it_follows_into_the_account() {
    let world = World::still().await;
    let book = world.on_sale(Uuid::now_v7(), "Book", "12.50", 10);
    let lamp = world.on_sale(Uuid::now_v7(), "Lamp", "40.00", 10);
    let (guest_id, user_id) = (Uuid::now_v7(), Uuid::now_v7());
    let guest = identity::guest(guest_id);
    world.add(&guest, &book, 2).await;
    let added = world.add(&guest, &lamp, 1).await;
    assert_eq!(
        added["cart"]["subtotals"],
        json!([{ "amount": "65.00", "currency": "EUR" }])
    );

    let user = identity::buyer(user_id);
    world.add(&user, &book, 1).await;
    let merged = world
        .cart(&identity::buyer_who_was(user_id, guest_id))
        .await;
    assert_eq!(merged["itemCount"], 4);
    assert_eq!(merged["items"][0]["variant"]["id"], json!(book.id));
    assert_eq!(merged["items"][0]["quantity"], 3);
    assert_eq!(merged["items"][1]["variant"]["id"], json!(lamp.id));

    // A second time nothing is left to merge, and the guest's cart is empty.
    assert_eq!(
        world
            .cart(&identity::buyer_who_was(user_id, guest_id))
            .await,
        merged
    );
    assert_eq!(world.cart(&guest).await["itemCount"], 0);
    assert_eq!(world.cart(&user).await["itemCount"], 4);
}

#[tokio::test]
async fn a_guest_who_emptied_the_cart_has_nothing_to_bring() {
    let world = World::still().await;
    let (guest_id, user_id) = (Uuid::now_v7(), Uuid::now_v7());
    let clear = "mutation { clearCart { cart { itemCount } } }";
    world
        .get(&identity::guest(guest_id), clear, Value::Null)
        .await;
    let user = identity::buyer_who_was(user_id, guest_id);
    assert_eq!(world.cart(&user).await["itemCount"], 0);
}

#[tokio::test]
async fn a_guests_cart_is_forgotten_when_nobody_touched_it_for_long() {
    let world = World::still().await;
    let book = world.on_sale(Uuid::now_v7(), "Book", "12.50", 10);
    let (gone, back, user) = (
        identity::guest(Uuid::now_v7()),
        identity::guest(Uuid::now_v7()),
        buyer(),
    );
    for who in [&gone, &back, &user] {
        world.add(who, &book, 1).await;
    }
    world.forget_old_carts().await;
    assert_eq!(world.cart(&gone).await["itemCount"], 1, "it is new");

    world
        .sql("UPDATE carts SET updated_at = updated_at - interval '31 days', kept_until = kept_until - interval '31 days'")
        .await;
    world.add(&back, &book, 1).await;
    world.forget_old_carts().await;
    assert_eq!(world.cart(&gone).await["itemCount"], 0);
    assert_eq!(
        world.cart(&back).await["itemCount"],
        2,
        "who came back keeps it"
    );
    assert_eq!(world.cart(&user).await["itemCount"], 1, "users keep theirs");
}

#[tokio::test]
async fn merging_at_once_from_many_requests_adds_up_once() {
    let world = World::still().await;
    let book = world.on_sale(Uuid::now_v7(), "Book", "12.50", 1000);
    let (guest_id, user_id) = (Uuid::now_v7(), Uuid::now_v7());
    world.add(&identity::guest(guest_id), &book, 998).await;
    world.add(&identity::buyer(user_id), &book, 5).await;
    let user = identity::buyer_who_was(user_id, guest_id);
    let carts = futures::future::join_all((0..8).map(|_| world.cart(&user))).await;
    for cart in carts {
        assert_eq!(
            cart["items"][0]["quantity"], 999,
            "a line has at most 999 pieces"
        );
    }
}

#[tokio::test]
async fn lines_are_added_changed_and_removed() {
    let world = World::still().await;
    let who = buyer();
    let book = world.on_sale(Uuid::now_v7(), "Book", "12.50", 10);
    let tea = world.on_sale(Uuid::now_v7(), "Tea", "700", 5);
    world.outside.change(tea.id, |tea| tea.currency = "JPY");

    let line = id(&world.add(&who, &book, 2).await["item"]["id"]);
    assert_eq!(
        id(&world.add(&who, &book, 3).await["item"]["id"]),
        line,
        "one line per variant"
    );
    world.add(&who, &tea, 2).await;

    let cart = world.cart(&who).await;
    assert_eq!(cart["itemCount"], 7);
    assert_eq!(
        cart["subtotals"],
        json!([{ "amount": "62.50", "currency": "EUR" }, { "amount": "1400", "currency": "JPY" }])
    );
    assert_eq!(cart["items"][0]["product"]["id"], json!(book.product));
    assert_eq!(cart["items"][0]["total"]["amount"], "62.50");

    let update = "mutation ($input: UpdateCartItemInput!) { updateCartItem(input: $input) { item { quantity } } }";
    let updated = world
        .get(
            &who,
            update,
            json!({ "input": { "itemId": line, "quantity": 1 } }),
        )
        .await;
    assert_eq!(updated["updateCartItem"]["item"]["quantity"], 1);

    let remove = "mutation ($input: RemoveFromCartInput!) { removeFromCart(input: $input) { cart { itemCount } } }";
    let removed = world
        .get(&who, remove, json!({ "input": { "itemId": line } }))
        .await;
    assert_eq!(removed["removeFromCart"]["cart"]["itemCount"], 2);
    assert_eq!(
        refused(&world, &who, remove, json!({ "itemId": line }))
            .await
            .0,
        "NOT_FOUND"
    );

    let cleared = world
        .get(
            &who,
            "mutation { clearCart { cart { itemCount items { id } } } }",
            json!({}),
        )
        .await;
    assert_eq!(
        cleared["clearCart"]["cart"],
        json!({ "itemCount": 0, "items": [] })
    );
}

#[tokio::test]
async fn what_cannot_be_bought_does_not_get_in() {
    let world = World::still().await;
    let who = buyer();
    let book = world.on_sale(Uuid::now_v7(), "Book", "12.50", 10);
    for quantity in [0, -1, 1000] {
        let (code, argument) = refused(
            &world,
            &who,
            ADD,
            json!({ "variantId": book.id, "quantity": quantity }),
        )
        .await;
        assert_eq!(
            (code.as_str(), argument),
            ("BAD_USER_INPUT", json!("input.quantity")),
            "{quantity}"
        );
    }
    let unknown = refused(&world, &who, ADD, json!({ "variantId": Uuid::now_v7() })).await;
    assert_eq!(unknown, ("NOT_FOUND".to_owned(), json!("input.variantId")));
    let nonsense = world
        .ask(&who, ADD, json!({ "input": { "variantId": "book" } }))
        .await;
    assert_eq!(error_code(&nonsense), "BAD_USER_INPUT");

    world.add(&who, &book, 8).await;
    let (code, argument) = refused(
        &world,
        &who,
        ADD,
        json!({ "variantId": book.id, "quantity": 3 }),
    )
    .await;
    assert_eq!(
        (code.as_str(), argument),
        ("OUT_OF_STOCK", json!("input.quantity"))
    );
    assert_eq!(
        world.cart(&who).await["itemCount"],
        8,
        "a refused change changes nothing"
    );

    world.outside.change(book.id, |book| book.stock = 2000);
    let (code, argument) = refused(
        &world,
        &who,
        ADD,
        json!({ "variantId": book.id, "quantity": 992 }),
    )
    .await;
    assert_eq!(
        (code.as_str(), argument),
        ("BAD_USER_INPUT", json!("input.quantity"))
    );

    world.outside.change(book.id, |book| book.listed = false);
    assert_eq!(
        refused(&world, &who, ADD, json!({ "variantId": book.id }))
            .await
            .0,
        "CONFLICT"
    );
}

#[tokio::test]
async fn a_cart_holds_a_hundred_lines() {
    let world = World::still().await;
    let who = buyer();
    for number in 0..100 {
        let thing = world.on_sale(Uuid::now_v7(), &format!("Thing {number}"), "1.00", 1);
        world.add(&who, &thing, 1).await;
    }
    let one_more = world.on_sale(Uuid::now_v7(), "One more", "1.00", 1);
    assert_eq!(
        refused(&world, &who, ADD, json!({ "variantId": one_more.id }))
            .await
            .0,
        "CONFLICT"
    );
    assert_eq!(world.cart(&who).await["itemCount"], 100);
    assert_eq!(
        world.outside.calls("variantOffers"),
        102,
        "the whole cart is asked for at once"
    );
}

#[tokio::test]
async fn the_cart_tells_what_changed_since() {
    let world = World::still().await;
    let who = buyer();
    let book = world.on_sale(Uuid::now_v7(), "Book", "12.50", 10);
    world.add(&who, &book, 4).await;
    world.outside.change(book.id, |book| {
        book.price = "13.00".to_owned();
        book.stock = 3;
    });
    let line = world.cart(&who).await["items"][0].take();
    assert_eq!(line["unitPrice"]["amount"], "12.50");
    assert_eq!(line["currentPrice"]["amount"], "13.00");
    assert_eq!(line["availability"], "INSUFFICIENT");
    assert_eq!(line["availableQuantity"], 3);

    world.outside.change(book.id, |book| book.listed = false);
    let line = world.cart(&who).await["items"][0].take();
    assert_eq!(
        (&line["currentPrice"], &line["availability"]),
        (&Value::Null, &json!("UNAVAILABLE"))
    );

    // Without product the cart can still be read, but for what only product knows.
    world
        .outside
        .fail("variantOffers", When::Before, How::NoAnswer, 1);
    let answer = world
        .ask(
            &who,
            "{ cart { items { quantity availability } } }",
            json!({}),
        )
        .await;
    let line = &answer["data"]["cart"]["items"][0];
    assert_eq!(
        (&line["quantity"], &line["availability"]),
        (&json!(4), &Value::Null)
    );
    assert_eq!(error_code(&answer), "UNAVAILABLE");
}
