//! The story of a purchase, as the people in it would tell it. It knows nothing but the addresses of two routers.

use std::time::Duration;

use serde_json::{Value, json};
use souk_harness::client::text;
use souk_harness::market::fresh_email;
use souk_harness::{Client, Subscription, wait_for};

use crate::{in_one_process, in_separate_processes};

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_in_one_process() {
    let platform = in_one_process().await;
    purchase(platform.url(), platform.other_url()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_over_separate_processes() {
    let platform = in_separate_processes().await;
    purchase(platform.url(), platform.other_url()).await;
}

/// The buyer lives in Leipzig; the shop is in Halle, 32 km away.
const LEIPZIG: (f64, f64) = (51.3397, 12.3731);
const HALLE: (f64, f64) = (51.4828, 11.9697);
const LISBON: (f64, f64) = (38.7223, -9.1393);

const CART: &str =
    "{ cart { itemCount items { quantity product { name } } subtotals { amount currency } } }";
const ADD_TO_CART: &str = "mutation($input: AddToCartInput!) { addToCart(input: $input) {
    cart { itemCount subtotals { amount currency } } } }";
const SEARCH: &str = "query($text: String!, $near: NearInput!) {
    searchProducts(text: $text, near: $near, orderBy: NEAREST) { totalCount nodes { distanceKm
        product { __typename id name shop { name } variants { id price { amount currency } available }
            ... on Laptop { ramGb } } } } }";
const PLACE_ORDER: &str = "mutation($input: PlaceOrderInput!) { placeOrder(input: $input) { order {
    id status total { amount currency } payment { status checkoutUrl }
    shopOrders { id status shop { name } } } } }";
const WATCH: &str = "subscription($id: ID!) { orderStatusChanged(orderId: $id) {
    id status payment { status } items { quantity product { __typename name } } } }";

/// `url` takes the mutations, `other_url` the subscription.
async fn purchase(url: &str, other_url: &str) {
    let anybody = Client::new(url);
    let buyer = a_guest_fills_a_cart_and_registers(&anybody).await;

    let seller = anybody
        .register(&fresh_email("halina"), "Halina from Halle")
        .await
        .become_seller()
        .await;
    let shop = a_seller_opens_a_shop(&seller, &anybody).await;
    let laptop = the_seller_adds_five_kinds_of_product(&seller, &shop).await;

    let variant = the_buyer_finds_it_near_her(&buyer, &laptop).await;
    let added = json!({ "input": { "variantId": variant, "quantity": 1 } });
    let cart = buyer.ask(ADD_TO_CART, added).await;
    assert_eq!(cart["addToCart"]["cart"]["itemCount"], 3);

    let order = place_the_order(&buyer).await;
    let id = text(&order, "/id");
    let mut watched = buyer
        .at(other_url)
        .subscribe(WATCH, json!({ "id": id }))
        .await;
    see(&mut watched, &order, "PENDING", "PENDING").await;
    pay(text(&order, "/payment/checkoutUrl")).await;
    see(&mut watched, &order, "CONFIRMED", "SUCCEEDED").await;

    // Two shops deliver: the order is on its way when both parts are, and delivered when both are.
    let demo_seller = anybody.login("seller@souk.example").await;
    let (own, demo) = parts(&order, &shop);
    ship(&seller, &own).await;
    see(&mut watched, &order, "PROCESSING", "SUCCEEDED").await;
    ship(&demo_seller, &demo).await;
    see(&mut watched, &order, "SHIPPED", "SUCCEEDED").await;
    deliver(&seller, &own).await;
    deliver(&demo_seller, &demo).await;
    see(&mut watched, &order, "DELIVERED", "SUCCEEDED").await;
    watched.completes().await;

    the_history_tells_it_all(&buyer, id).await;
}

async fn a_guest_fills_a_cart_and_registers(anybody: &Client) -> Client {
    // Other journeys sell books at the same time; only the demo seller's can be shipped later on.
    let books = anybody
        .login("seller@souk.example")
        .await
        .ask(
            "{ me { shops { nodes { products { nodes { __typename variants { id } } } } } } }",
            json!({}),
        )
        .await;
    let shops = books["me"]["shops"]["nodes"].as_array().unwrap();
    let mut products = shops
        .iter()
        .flat_map(|shop| shop["products"]["nodes"].as_array().unwrap());
    let book = products.find(|product| product["__typename"] == "Book");
    let book = text(book.expect("a book in the demo"), "/variants/0/id");
    let guest = anybody.guest().await;
    let input = json!({ "input": { "variantId": book, "quantity": 2 } });
    let filled = guest.ask(ADD_TO_CART, input).await;
    assert_eq!(filled["addToCart"]["cart"]["itemCount"], 2);
    let before = guest.ask(CART, json!({})).await;

    let buyer = guest
        .register(&fresh_email("lea"), "Lea from Leipzig")
        .await;
    let after = buyer.ask(CART, json!({})).await;
    assert_eq!(after, before, "the cart follows");
    buyer
}

/// A shop, named so that nobody else has it; approved by a moderator.
async fn a_seller_opens_a_shop(seller: &Client, anybody: &Client) -> Shop {
    let name = format!("Halina's {}", fresh_word());
    let branch = json!({
        "name": "Market square",
        "address": { "line1": "Marktplatz 1", "city": "Halle", "country": "DE" },
        "position": position(HALLE),
    });
    let input = json!({ "input": { "name": name, "branches": [branch] } });
    let opened = seller
        .ask(
            "mutation($input: CreateShopInput!) { createShop(input: $input) { shop { id status } } }",
            input,
        )
        .await;
    assert_eq!(opened["createShop"]["shop"]["status"], "PENDING");
    let id = text(&opened, "/createShop/shop/id").to_owned();

    let moderator = anybody.login("moderator@souk.example").await;
    let pending = moderator
        .ask(
            "{ pendingShops(first: 100) { nodes { id owner { name } } } }",
            json!({}),
        )
        .await;
    let waiting = pending["pendingShops"]["nodes"].as_array().unwrap();
    let mine = waiting.iter().find(|shop| shop["id"] == id.as_str());
    assert_eq!(mine.unwrap()["owner"]["name"], "Halina from Halle");
    let approved = moderator
        .ask(
            "mutation($input: ApproveShopInput!) { approveShop(input: $input) { shop { status } } }",
            json!({ "input": { "id": id } }),
        )
        .await;
    assert_eq!(approved["approveShop"]["shop"]["status"], "APPROVED");
    Shop { id, name }
}

struct Shop {
    id: String,
    name: String,
}

/// The laptop among them: what the buyer looks for.
struct Laptop {
    id: String,
    name: String,
    /// How the buyer types a word of the name.
    misspelt: String,
}

async fn the_seller_adds_five_kinds_of_product(seller: &Client, shop: &Shop) -> Laptop {
    let word = fresh_word();
    let named = |kind: &str| format!("{word} {kind}");
    let kinds = [
        (
            "Book",
            json!({ "name": named("Atlas"), "author": "Ida Pfeiffer" }),
        ),
        (
            "Laptop",
            json!({ "name": named("Notebook"), "brand": "Saale", "cpu": "8 cores", "ramGb": 32, "storageGb": 1000 }),
        ),
        (
            "Mobile",
            json!({ "name": named("Phone"), "brand": "Saale", "operatingSystem": "Linux", "storageGb": 128 }),
        ),
        (
            "Clothing",
            json!({ "name": named("Coat"), "material": "Wool" }),
        ),
        ("GeneralProduct", json!({ "name": named("Kettle") })),
    ];
    let mut laptop = String::new();
    for (kind, mut input) in kinds {
        input["shopId"] = json!(shop.id);
        input["variants"] = json!([{
            "sku": format!("{word}-{kind}"),
            "price": { "amount": "19.90", "currency": "EUR" },
            "stock": 5,
        }]);
        let field = format!("{}{}", kind[..1].to_lowercase(), &kind[1..]);
        let create = format!(
            "mutation($input: Create{kind}Input!) {{ create{kind}(input: $input) {{ {field} {{ __typename id }} }} }}"
        );
        let created = seller.ask(&create, json!({ "input": input })).await;
        let created = &created[format!("create{kind}")][&field];
        assert_eq!(created["__typename"], kind);
        if kind == "Laptop" {
            laptop = text(created, "/id").to_owned();
        }
    }
    let own = seller
        .ask(
            "query($id: ID!) { shop(id: $id) { products { nodes { __typename name } } } }",
            json!({ "id": shop.id }),
        )
        .await;
    let products = own["shop"]["products"]["nodes"].as_array().unwrap();
    assert_eq!(products.len(), 5, "{products:?}");
    Laptop {
        id: laptop,
        name: named("Notebook"),
        misspelt: misspell(&word),
    }
}

async fn the_buyer_finds_it_near_her(buyer: &Client, laptop: &Laptop) -> String {
    let near = |place, km: f64| json!({ "text": format!("{} notebok", laptop.misspelt), "near": { "position": position(place), "radiusKm": km } });
    wait_for(
        "the new laptop in the search",
        Duration::from_secs(15),
        async || {
            let found = buyer.ask(SEARCH, near(LEIPZIG, 50.0)).await;
            found["searchProducts"]["totalCount"] == 1
        },
    )
    .await;
    let found = buyer.ask(SEARCH, near(LEIPZIG, 50.0)).await;
    let hit = &found["searchProducts"]["nodes"][0];
    let distance = hit["distanceKm"].as_f64().unwrap();
    assert!((31.0..34.0).contains(&distance), "{distance} km");
    assert_eq!(hit["product"]["__typename"], "Laptop");
    assert_eq!(hit["product"]["id"], laptop.id.as_str());
    assert_eq!(hit["product"]["name"], laptop.name.as_str());
    assert_eq!(hit["product"]["ramGb"], 32);
    assert_eq!(hit["product"]["variants"][0]["available"], 5);
    for (place, km) in [(LEIPZIG, 20.0), (LISBON, 50.0)] {
        let far = buyer.ask(SEARCH, near(place, km)).await;
        assert_eq!(
            far["searchProducts"]["totalCount"], 0,
            "{km} km around {place:?}"
        );
    }
    text(hit, "/product/variants/0/id").to_owned()
}

async fn place_the_order(buyer: &Client) -> Value {
    let cart = buyer.ask(CART, json!({})).await;
    let address = json!({ "recipient": "Lea", "line1": "Lindenauer Markt 4", "city": "Leipzig", "country": "DE" });
    let input =
        json!({ "input": { "idempotencyKey": "the one order", "shippingAddress": address } });
    let placed = buyer.ask(PLACE_ORDER, input.clone()).await;
    let order = placed["placeOrder"]["order"].clone();
    assert_eq!(order["status"], "PENDING");
    assert_eq!(order["total"], cart["cart"]["subtotals"][0]);

    // The answer got lost, the client asks again.
    let again = buyer.ask(PLACE_ORDER, input).await;
    assert_eq!(again["placeOrder"]["order"]["id"], order["id"]);
    let emptied = buyer.ask(CART, json!({})).await;
    assert_eq!(emptied["cart"]["itemCount"], 0);
    order
}

/// Opens the checkout page and presses Pay.
async fn pay(checkout_url: &str) {
    let (status, page) = Client::page(checkout_url).await.unwrap();
    assert_eq!(status, 200, "{page}");
    let action = page
        .split("action=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .find(|action| action.ends_with("/pay"));
    let action = action.unwrap_or_else(|| panic!("no form to pay with in {page}"));
    let host = checkout_url.find("/sandbox").unwrap();
    let form = format!("{}{action}", &checkout_url[..host]);
    assert_eq!(Client::submit(&form).await, Ok(303));
    let (_, page) = Client::page(checkout_url).await.unwrap();
    assert!(page.contains("Paid."), "{page}");
    assert!(!page.contains("<form"), "it can be paid once only: {page}");
}

/// Waits for the order to get there, and looks at every event on the way.
async fn see(watched: &mut Subscription, order: &Value, status: &str, payment: &str) {
    loop {
        let event = watched.next().await;
        let event = &event["orderStatusChanged"];
        assert_eq!(event["id"], order["id"]);
        let items = event["items"].as_array().unwrap();
        assert_eq!(items.len(), 2, "{event}");
        for item in items {
            assert!(!text(item, "/product/name").is_empty());
        }
        let kinds = items.iter().map(|item| text(item, "/product/__typename"));
        assert!(kinds.eq(["Book", "Laptop"]), "{event}");
        if event["status"] == status {
            assert_eq!(event["payment"]["status"], payment, "{event}");
            return;
        }
    }
}

/// The part of the new shop, and the other one.
fn parts(order: &Value, shop: &Shop) -> (String, String) {
    let parts = order["shopOrders"].as_array().unwrap();
    assert_eq!(parts.len(), 2);
    let of_new_shop = parts
        .iter()
        .position(|part| part["shop"]["name"] == shop.name.as_str());
    let own = of_new_shop.unwrap();
    let id = |index: usize| text(&parts[index], "/id").to_owned();
    (id(own), id(1 - own))
}

async fn ship(seller: &Client, part: &str) {
    let input =
        json!({ "input": { "shopOrderId": part, "trackingNumber": "JD0146", "carrier": "DHL" } });
    let shipped = seller
        .ask(
            "mutation($input: ShipShopOrderInput!) { shipShopOrder(input: $input) { shopOrder { status } } }",
            input,
        )
        .await;
    assert_eq!(shipped["shipShopOrder"]["shopOrder"]["status"], "SHIPPED");
}

async fn deliver(seller: &Client, part: &str) {
    let delivered = seller
        .ask(
            "mutation($input: DeliverShopOrderInput!) { deliverShopOrder(input: $input) { shopOrder { status } } }",
            json!({ "input": { "shopOrderId": part } }),
        )
        .await;
    assert_eq!(
        delivered["deliverShopOrder"]["shopOrder"]["status"],
        "DELIVERED"
    );
}

async fn the_history_tells_it_all(buyer: &Client, id: &str) {
    let me = buyer
        .ask(
            "{ me { name orders { nodes { id statusHistory { status }
                shopOrders { shipment { trackingNumber deliveredAt } items { variant { available } } } } } } }",
            json!({}),
        )
        .await;
    let orders = me["me"]["orders"]["nodes"].as_array().unwrap();
    assert_eq!(orders.len(), 1);
    assert_eq!(orders[0]["id"], id);
    let mut statuses: Vec<&str> = orders[0]["statusHistory"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| text(change, "/status"))
        .collect();
    statuses.dedup();
    assert_eq!(
        statuses,
        ["PENDING", "CONFIRMED", "PROCESSING", "SHIPPED", "DELIVERED"]
    );
    for part in orders[0]["shopOrders"].as_array().unwrap() {
        assert_eq!(part["shipment"]["trackingNumber"], "JD0146");
        assert!(part["shipment"]["deliveredAt"].is_string(), "{part}");
    }
}

fn position((latitude, longitude): (f64, f64)) -> Value {
    json!({ "latitude": latitude, "longitude": longitude })
}

/// A word of letters that no other test uses.
fn fresh_word() -> String {
    let random = uuid::Uuid::new_v4().as_u128();
    let letters = (0..8).map(|index| char::from(b'a' + ((random >> (index * 5)) % 26) as u8));
    format!("Qu{}", letters.collect::<String>())
}

/// Two letters swapped, as happens to people in a hurry.
fn misspell(word: &str) -> String {
    let mut letters: Vec<char> = word.to_lowercase().chars().collect();
    letters.swap(4, 5);
    letters.into_iter().collect()
}
