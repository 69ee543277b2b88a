//! Buyers: placing an order, and the whole purchase until it is confirmed.

use std::time::{SystemTime, UNIX_EPOCH};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::json;

use crate::Load;
use crate::http::{Connection, text};
use crate::load::{self, Client};
use crate::report::Report;
use crate::socket::Socket;
use crate::stage::Stage;

/// The subscription that a buyer watches an order with.
pub const WATCH: &str = "subscription($id: ID!) { orderStatusChanged(orderId: $id) { id status } }";
const REGISTER: &str =
    "mutation($input: RegisterInput!) { register(input: $input) { tokens { accessToken } } }";
const VARIANTS: &str = "{ products(first: 100) { nodes { variants { id } } } }";
const ADD: &str =
    "mutation($input: AddToCartInput!) { addToCart(input: $input) { cart { itemCount } } }";
const PLACE: &str = "mutation($input: PlaceOrderInput!) {
  placeOrder(input: $input) { order { id status total { amount } payment { checkoutUrl } shopOrders { id } } }
}";

/// Somebody with an account who buys one thing after the other.
pub struct Buyer {
    url: String,
    token: String,
    connection: Connection,
    variants: Vec<String>,
    random: StdRng,
    key: String,
    orders: u64,
}

/// An order that waits for its payment.
pub struct Placed {
    /// The order.
    pub id: String,
    /// Its first shop's part.
    pub part: String,
    /// Where to pay.
    pub checkout: String,
}

impl Buyer {
    /// Makes an account. `number` is different for each buyer of a run.
    pub async fn register(url: &str, number: usize) -> Result<Buyer, String> {
        let mut visitor = Connection::open(url, None).await?;
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_err(|error| error.to_string())?;
        let key = format!("{}-{number}", now.as_nanos());
        let input = json!({ "email": format!("buyer-{key}@souk.example"), "name": "Bea Buyer", "password": "a long password 1" });
        let data = visitor.ask(REGISTER, &json!({ "input": input })).await?;
        let token = text(&data, "/register/tokens/accessToken")?.to_owned();
        let data = visitor.ask(VARIANTS, &json!({})).await?;
        let products = data["products"]["nodes"].as_array().ok_or("no products")?;
        let variants = products
            .iter()
            .flat_map(|product| product["variants"].as_array().into_iter().flatten());
        let variants: Vec<String> = variants
            .filter_map(|variant| Some(variant["id"].as_str()?.to_owned()))
            .collect();
        Ok(Buyer {
            url: url.to_owned(),
            connection: Connection::open(url, Some(&token)).await?,
            token,
            variants,
            random: StdRng::seed_from_u64(number as u64),
            key,
            orders: 0,
        })
    }

    /// The access token.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Puts something into the cart and orders it.
    pub async fn place(&mut self) -> Result<Placed, String> {
        let variant = &self.variants[self.random.random_range(0..self.variants.len())];
        let input = json!({ "variantId": variant, "quantity": 1 });
        self.connection.ask(ADD, &json!({ "input": input })).await?;
        self.orders += 1;
        let input = json!({
            "idempotencyKey": format!("{}-{}", self.key, self.orders),
            "shippingAddress": { "recipient": "Bea Buyer", "line1": "Lampengasse 4", "city": "Berlin", "country": "DE" },
        });
        let data = self
            .connection
            .ask(PLACE, &json!({ "input": input }))
            .await?;
        let at =
            |pointer: &str| text(&data, &format!("/placeOrder/order{pointer}")).map(str::to_owned);
        Ok(Placed {
            id: at("/id")?,
            part: at("/shopOrders/0/id")?,
            checkout: at("/payment/checkoutUrl")?,
        })
    }
}

/// Pays at the sandbox's checkout page, over this connection to its server.
pub async fn pay(connection: &mut Connection, order: &Placed) -> Result<(), String> {
    let path = url::Url::parse(&order.checkout).map_err(|error| error.to_string())?;
    connection.submit(&format!("{}/pay", path.path())).await
}

/// Places orders and leaves them.
struct Placer(Buyer);

impl Client for Placer {
    async fn act(&mut self) -> Result<(), String> {
        self.0.place().await.map(drop)
    }
}

/// Buys: cart, order with address, payment, and waits for the word that it is confirmed.
struct Purchaser {
    buyer: Buyer,
    socket: Socket,
    checkout: Option<Connection>,
}

impl Client for Purchaser {
    async fn act(&mut self) -> Result<(), String> {
        let order = self.buyer.place().await?;
        self.socket
            .subscribe(WATCH, &json!({ "id": order.id }))
            .await?;
        if self.checkout.is_none() {
            self.checkout = Some(Connection::open(&order.checkout, None).await?);
        }
        if let Some(checkout) = &mut self.checkout {
            pay(checkout, &order).await?;
        }
        loop {
            let event = self.socket.next().await?;
            match event["orderStatusChanged"]["status"].as_str() {
                Some("PENDING") => {}
                Some("CONFIRMED") => break,
                _ => return Err(format!("not confirmed: {event}")),
            }
        }
        self.socket.complete().await
    }
}

/// Measures both.
pub async fn measure(stage: &Stage, load: &Load, report: &mut Report) {
    let mut placers = Vec::new();
    for number in 0..load.clients {
        placers.push(Placer(buyer(stage.url(), number).await));
    }
    let outcome = load::measure(stage, &mut placers, load.duration()).await;
    report.rate("order placed", stage.mode.name(), load.clients, &outcome);

    let mut purchasers = Vec::new();
    for number in 0..load.clients {
        let buyer = buyer(stage.url(), load.clients + number).await;
        let socket = Socket::open(&buyer.url, &buyer.token).await;
        purchasers.push(Purchaser {
            socket: socket.unwrap_or_else(|error| panic!("{error}")),
            buyer,
            checkout: None,
        });
    }
    let outcome = load::measure(stage, &mut purchasers, load.duration()).await;
    report.rate("whole purchase", stage.mode.name(), load.clients, &outcome);
}

/// A new buyer.
pub async fn buyer(url: &str, number: usize) -> Buyer {
    let buyer = Buyer::register(url, number).await;
    buyer.unwrap_or_else(|error| panic!("{error}"))
}

/// The data of an answer that a benchmark cannot go on without.
pub fn must<T>(answer: Result<T, String>) -> T {
    answer.unwrap_or_else(|error| panic!("{error}"))
}
