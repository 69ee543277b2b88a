//! The books: orders, payments and stock must agree, and with what the buyers were told.

use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use souk_harness::client::text;
use souk_harness::market::Offer;
use souk_harness::{Client, wait_for};

use crate::shoppers::Shopper;

/// How long after a fault every order must be paid and confirmed, or cancelled with its stock back. Payments that
/// nobody makes expire within it.
const SETTLED_WITHIN: Duration = Duration::from_secs(30);
/// `SOUK_PAYMENTS_EXPIRE_AFTER` in these tests.
pub const EXPIRE_AFTER: &str = "8s";

/// The moment by which everything is settled that a fault has left open.
#[derive(Clone, Copy)]
pub struct Deadline(Instant);

impl Deadline {
    /// Of a fault that ends now.
    pub fn from_now() -> Deadline {
        Deadline(Instant::now() + SETTLED_WITHIN)
    }

    /// Waits until it is so, however much of the time others have used up.
    pub async fn wait_for(self, what: &str, is_so: impl AsyncFnMut() -> bool) {
        let left = self.0.saturating_duration_since(Instant::now());
        wait_for(what, left, is_so).await;
    }
}

const ORDERS: &str = "query($after: String) { me { orders(first: 100, after: $after) {
    nodes { id status items { quantity } payment { status } } pageInfo { hasNextPage endCursor } } } }";

/// An order as its buyer sees it.
pub struct Order {
    /// `PENDING`, `CONFIRMED`, `CANCELLED`.
    pub status: String,
    /// `PENDING`, `SUCCEEDED`, `FAILED`, `EXPIRED`, `CANCELLED`, `REFUNDED`.
    pub payment: String,
    /// How many pieces.
    pub quantity: i64,
}

/// All orders of a buyer, by id.
pub async fn orders_of(buyer: &Client) -> BTreeMap<String, Order> {
    let mut orders = BTreeMap::new();
    let mut after = Value::Null;
    loop {
        let data = buyer.ask(ORDERS, json!({ "after": after })).await;
        let list = &data["me"]["orders"];
        for node in list["nodes"].as_array().expect("a list of orders") {
            let items = node["items"].as_array().expect("a list of items");
            let order = Order {
                status: text(node, "/status").to_owned(),
                payment: text(node, "/payment/status").to_owned(),
                quantity: items
                    .iter()
                    .map(|item| item["quantity"].as_i64().expect("a quantity"))
                    .sum(),
            };
            orders.insert(text(node, "/id").to_owned(), order);
        }
        if list["pageInfo"]["hasNextPage"] != true {
            return orders;
        }
        after = list["pageInfo"]["endCursor"].clone();
    }
}

/// Waits until nothing is open any more, then compares orders, payments and stock, of which there were `initial`
/// pieces, with each other and with what the buyers were told.
pub async fn balance(offer: &Offer, initial: i64, shoppers: &[Shopper]) {
    let settled = Deadline::from_now().wait_for("everything to be settled", async || {
        offer.pieces().await.reserved == 0 && nothing_is_open(shoppers).await
    });
    settled.await;

    let (mut sold, mut cancelled, mut setbacks) = (0, 0, 0);
    for shopper in shoppers {
        let orders = orders_of(&shopper.client).await;
        for (id, order) in &orders {
            match (order.status.as_str(), order.payment.as_str()) {
                ("CONFIRMED", "SUCCEEDED") => sold += order.quantity,
                ("CANCELLED", "FAILED" | "EXPIRED" | "CANCELLED" | "REFUNDED") => cancelled += 1,
                (status, payment) => panic!("order {id} is {status} with a payment {payment}"),
            }
        }
        let told: HashSet<&str> = shopper
            .purchases
            .iter()
            .map(|purchase| purchase.order.id.as_str())
            .collect();
        assert_eq!(told.len(), shopper.purchases.len(), "a key, an order");
        assert_eq!(orders.len(), told.len(), "orders that nobody was told of");
        for purchase in &shopper.purchases {
            let id = &purchase.order.id;
            let order = orders.get(id).expect("an order that the buyer was told of");
            if purchase.paid {
                let kept = ["SUCCEEDED", "REFUNDED"].contains(&order.payment.as_str());
                assert!(
                    kept,
                    "order {id} was paid and its payment is {}",
                    order.payment
                );
            } else {
                assert_eq!(order.status, "CANCELLED", "order {id} was not paid");
            }
        }
        setbacks += shopper.setbacks;
    }
    let left = offer.pieces().await.on_hand;
    assert_eq!(left, initial - sold, "{sold} pieces were sold");
    assert!(
        sold > 0 && cancelled > 0,
        "{sold} sold, {cancelled} cancelled"
    );
    assert!(setbacks > 0, "no buyer noticed that anything was wrong");
}

async fn nothing_is_open(shoppers: &[Shopper]) -> bool {
    for shopper in shoppers {
        let orders = orders_of(&shopper.client).await;
        // Money that came for a cancelled order goes back.
        let open = |order: &Order| match order.status.as_str() {
            "PENDING" => true,
            "CANCELLED" => ["PENDING", "SUCCEEDED"].contains(&order.payment.as_str()),
            _ => order.payment == "PENDING",
        };
        if orders.values().any(open) {
            return false;
        }
    }
    true
}
