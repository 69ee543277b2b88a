//! Order history, and how many SQL statements it takes.

use serde_json::{Value, json};
use souk_harness::{error_code, identity};
use souk_platform::Identity;
use souk_platform::events::{Payload, ShopSnapshot};
use uuid::Uuid;

use crate::world::{World, buyer, id, seller, until};

const HISTORY: &str = "query ($r: [_Any!]!, $first: Int, $after: String) { _entities(representations: $r) { ... on User {
    orders(first: $first, after: $after) { pageInfo { hasNextPage endCursor } edges { node {
        id status total { amount } items { name product { id } variant { id } }
        shopOrders { status subtotal { amount } shipment { carrier } items { name } order { id } }
        statusHistory { status shopOrder { id } }
        buyer { orders(first: 1) { edges { node { id } } } cart { itemCount } } } } } } } }";

fn subject(identity: &Identity) -> Uuid {
    let Identity::Subject(subject) = identity else {
        panic!("nobody")
    };
    subject.id
}

fn of_user(who: &Identity, first: i32, after: &Value) -> Value {
    json!({ "r": [{ "__typename": "User", "id": subject(who) }], "first": first, "after": after })
}

#[tokio::test]
async fn history_takes_the_same_statements_however_long() {
    let world = World::still().await;
    let who = buyer();
    let (_, seller_id) = seller();
    let book = world.on_sale(seller_id, "Book", "12.50", 1000);
    let lamp = world.on_sale(seller_id, "Lamp", "40.00", 1000);
    let mut counted = Vec::new();
    for orders in [5, 50] {
        let history = world
            .get(&who, HISTORY, of_user(&who, 100, &Value::Null))
            .await;
        let already = history["_entities"][0]["orders"]["edges"]
            .as_array()
            .unwrap()
            .len();
        for _ in already..orders {
            world.add(&who, &book, 1).await;
            world.ordered(&who, &lamp).await;
        }
        let before = world.services.database.statements();
        let history = world
            .get(&who, HISTORY, of_user(&who, 100, &Value::Null))
            .await;
        counted.push(world.services.database.statements() - before);
        let edges = history["_entities"][0]["orders"]["edges"]
            .as_array()
            .unwrap();
        assert_eq!(edges.len(), orders);
        assert!(
            edges
                .iter()
                .all(|edge| edge["node"]["items"].as_array().unwrap().len() == 2)
        );
    }
    assert_eq!(counted[0], counted[1], "statements for 5 and for 50 orders");
    assert_eq!(
        counted[0], 6,
        "orders, parts, lines, history; the newest order and the cart of the buyer, who is one"
    );
}

#[tokio::test]
async fn history_is_paged_newest_first() {
    let world = World::still().await;
    let who = buyer();
    let book = world.on_sale(Uuid::now_v7(), "Book", "12.50", 1000);
    let mut orders = Vec::new();
    for _ in 0..5 {
        orders.push(world.ordered(&who, &book).await);
    }
    orders.reverse();
    let (mut seen, mut after) = (Vec::new(), Value::Null);
    loop {
        let page =
            world.get(&who, HISTORY, of_user(&who, 2, &after)).await["_entities"][0]["orders"]
                .take();
        seen.extend(
            page["edges"]
                .as_array()
                .unwrap()
                .iter()
                .map(|edge| id(&edge["node"]["id"])),
        );
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        // An order placed while the client pages does not shift the rest.
        world.ordered(&who, &book).await;
        after = page["pageInfo"]["endCursor"].clone();
    }
    assert_eq!(seen, orders);

    let wrong = world
        .ask(&who, HISTORY, of_user(&who, 101, &Value::Null))
        .await;
    assert_eq!(error_code(&wrong), "BAD_USER_INPUT");
    let wrong = world
        .ask(&who, HISTORY, of_user(&who, 2, &json!("page 2")))
        .await;
    assert_eq!(wrong["errors"][0]["extensions"]["argument"], "after");
}

#[tokio::test]
async fn nobody_reads_the_history_or_cart_of_another() {
    let world = World::still().await;
    let (who, other) = (buyer(), buyer());
    let answer = world
        .ask(&other, HISTORY, of_user(&who, 2, &Value::Null))
        .await;
    assert_eq!(error_code(&answer), "FORBIDDEN");
    let cart = "query ($r: [_Any!]!) { _entities(representations: $r) { ... on User { id cart { id } } } }";
    let answer = world
        .ask(
            &other,
            cart,
            json!({ "r": [{ "__typename": "User", "id": subject(&who) }] }),
        )
        .await;
    assert_eq!(error_code(&answer), "FORBIDDEN");
    assert_eq!(answer["data"]["_entities"][0]["cart"], Value::Null);
    let own = world
        .get(
            &who,
            cart,
            json!({ "r": [{ "__typename": "User", "id": subject(&who) }] }),
        )
        .await;
    assert_eq!(own["_entities"][0]["cart"]["id"], json!(subject(&who)));
}

#[tokio::test]
async fn a_seller_pages_through_what_is_to_be_delivered() {
    let world = World::new().await;
    let who = buyer();
    let ((books, books_id), (stranger, _)) = (seller(), seller());
    let book = world.on_sale(books_id, "Book", "12.50", 10);
    let mut snapshot = ShopSnapshot {
        shop_id: book.shop,
        owner_id: books_id,
        name: "Books".to_owned(),
        description: String::new(),
        approved: true,
        positions: Vec::new(),
        revision: 2,
    };
    world
        .tell(book.shop, Payload::ShopApproved(snapshot.clone()))
        .await;
    snapshot.revision = 1;
    snapshot.owner_id = Uuid::now_v7();
    world.tell(book.shop, Payload::ShopCreated(snapshot)).await;
    let waiting = world.ordered(&who, &book).await;
    let paid = world.bought(&who, &book).await;

    let query = "query ($r: [_Any!]!, $status: ShopOrderStatus) { _entities(representations: $r) { ... on Shop {
        orders(status: $status) { edges { node { id status order { id buyer { id } } items { name } } } } } } }";
    let shop = json!([{ "__typename": "Shop", "id": book.shop }]);
    let all = world.get(&books, query, json!({ "r": shop })).await;
    let edges = all["_entities"][0]["orders"]["edges"].as_array().unwrap();
    let orders: Vec<Uuid> = edges
        .iter()
        .map(|edge| id(&edge["node"]["order"]["id"]))
        .collect();
    assert_eq!(orders, [paid, waiting]);
    assert_eq!(
        edges[0]["node"]["order"]["buyer"]["id"],
        json!(subject(&who))
    );

    let confirmed = world
        .get(&books, query, json!({ "r": shop, "status": "CONFIRMED" }))
        .await;
    assert_eq!(
        confirmed["_entities"][0]["orders"]["edges"]
            .as_array()
            .unwrap()
            .len(),
        1
    );

    until("the shop's owner is known", async || {
        let answer = world.ask(&stranger, query, json!({ "r": shop })).await;
        !answer["errors"].is_null() && error_code(&answer) == "FORBIDDEN"
    })
    .await;
    // The older snapshot, told later, did not replace the newer one.
    assert!(world.ask(&books, query, json!({ "r": shop })).await["errors"].is_null());
    let answer = world.ask(&who, query, json!({ "r": shop })).await;
    assert_eq!(error_code(&answer), "FORBIDDEN");
}

#[tokio::test]
async fn the_lists_of_many_shops_take_the_statements_of_one() {
    let world = World::still().await;
    let (seller, seller_id) = seller();
    let who = buyer();
    let mut shops = Vec::new();
    let mut placed = Vec::new();
    for name in ["Book", "Lamp", "Mug"] {
        let variant = world.on_sale(seller_id, name, "12.50", 10);
        world.ordered(&who, &variant).await;
        placed.push(world.ordered(&who, &variant).await);
        shops.push(json!({ "__typename": "Shop", "id": variant.shop }));
    }
    let query = "query ($r: [_Any!]!) { _entities(representations: $r) { ... on Shop {
        orders(first: 1) { pageInfo { hasNextPage } edges { node { order { id } } } } } } }";
    let mut counted = Vec::new();
    for asked in [&shops[..1], &shops[..]] {
        let before = world.services.database.statements();
        let answer = world.get(&seller, query, json!({ "r": asked })).await;
        counted.push(world.services.database.statements() - before);
        for (shop, order) in answer["_entities"].as_array().unwrap().iter().zip(&placed) {
            assert_eq!(shop["orders"]["pageInfo"]["hasNextPage"], true);
            let newest = &shop["orders"]["edges"][0]["node"]["order"]["id"];
            assert_eq!(id(newest), *order);
        }
    }
    assert_eq!(counted[0], counted[1], "statements for 1 and for 3 shops");
}

#[tokio::test]
async fn entities_are_null_for_those_who_may_not_see_them() {
    let world = World::new().await;
    let who = buyer();
    let ((books, books_id), (stranger, _)) = (seller(), seller());
    let book = world.on_sale(books_id, "Book", "12.50", 10);
    let order = world.ordered(&who, &book).await;
    let part = world.part_of(&books, order).await;
    let line = world.get(
        &who,
        "query ($id: ID!) { order(id: $id) { items { id shopOrder { id } } } }",
        json!({ "id": order }),
    );
    let line = line.await["order"]["items"][0].take();
    assert_eq!(id(&line["shopOrder"]["id"]), part);

    let query = "query ($r: [_Any!]!) { _entities(representations: $r) { __typename
        ... on Order { status } ... on ShopOrder { status } ... on OrderItem { name } } }";
    let representations = json!({ "r": [
        { "__typename": "Order", "id": order },
        { "__typename": "ShopOrder", "id": part },
        { "__typename": "OrderItem", "id": line["id"] },
        { "__typename": "Order", "id": Uuid::now_v7() },
    ] });
    let visible = json!([
        { "__typename": "Order", "status": "PENDING" },
        { "__typename": "ShopOrder", "status": "PENDING" },
        { "__typename": "OrderItem", "name": "Book" },
        null
    ]);
    for allowed in [&who, &books] {
        assert_eq!(
            world.get(allowed, query, representations.clone()).await["_entities"],
            visible
        );
    }
    let nothing = json!([null, null, null, null]);
    for other in [
        &stranger,
        &buyer(),
        &identity::guest(Uuid::now_v7()),
        &identity::anonymous(),
    ] {
        assert_eq!(
            world.get(other, query, representations.clone()).await["_entities"],
            nothing
        );
    }
}
