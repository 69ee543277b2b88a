//! What people do in every journey: a seller offers something, buyers register, order and pay.

use futures::StreamExt;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::{Client, Refusal, text};

const CREATE_SHOP: &str =
    "mutation($input: CreateShopInput!) { createShop(input: $input) { shop { id } } }";
const APPROVE_SHOP: &str =
    "mutation($input: ApproveShopInput!) { approveShop(input: $input) { shop { status } } }";
const CREATE_PRODUCT: &str = "mutation($input: CreateGeneralProductInput!) {
    createGeneralProduct(input: $input) { generalProduct { id variants { id } } } }";
const STOCK: &str =
    "query($id: ID!) { product(id: $id) { variants { available stock { onHand reserved } } } }";
const ADD_TO_CART: &str =
    "mutation($input: AddToCartInput!) { addToCart(input: $input) { cart { itemCount } } }";
const PLACE_ORDER: &str = "mutation($input: PlaceOrderInput!) { placeOrder(input: $input) {
    order { id status payment { status checkoutUrl } } } }";
/// How many register at the same time. Passwords are hashed slowly, by design.
const REGISTERED_AT_ONCE: usize = 8;

/// A product with one variant, and the seller who owns it.
#[derive(Debug, Clone)]
pub struct Offer {
    /// Who sells it.
    pub seller: Client,
    /// The product's id.
    pub product: String,
    /// The variant's id.
    pub variant: String,
}

/// How many pieces there are, as the seller sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pieces {
    /// In the shop, whether put aside or not.
    pub on_hand: i64,
    /// Put aside for orders that are not paid.
    pub reserved: i64,
}

/// An order, as its buyer got it.
#[derive(Debug, Clone)]
pub struct Placed {
    /// Its id.
    pub id: String,
    /// Where it is paid; `None` when the time for that was over before the answer was read.
    pub checkout_url: Option<String>,
}

impl Placed {
    /// Where it is paid.
    pub fn checkout(&self) -> &str {
        let url = self.checkout_url.as_deref();
        url.unwrap_or_else(|| panic!("the time to pay for order {} is over", self.id))
    }
}

impl Offer {
    /// A new seller opens a shop, a moderator approves it, and there are `stock` pieces of something for 9.90 EUR.
    /// Needs the demo accounts.
    pub async fn make(anybody: &Client, stock: u32) -> Offer {
        let seller = anybody
            .register(&fresh_email("seller"), "Sari Seller")
            .await
            .become_seller()
            .await;
        let input = json!({ "input": { "name": format!("Shop {}", Uuid::now_v7()) } });
        let opened = seller.ask(CREATE_SHOP, input).await;
        let shop = text(&opened, "/createShop/shop/id");
        let moderator = anybody.login("moderator@souk.example").await;
        let input = json!({ "input": { "id": shop } });
        moderator.ask(APPROVE_SHOP, input).await;

        let price = json!({ "amount": "9.90", "currency": "EUR" });
        let variant = json!({ "sku": "ONE", "price": price, "stock": stock });
        let input = json!({ "input": { "shopId": shop, "name": "A lamp", "variants": [variant] } });
        let made = seller.ask(CREATE_PRODUCT, input).await;
        let field = |pointer| text(&made["createGeneralProduct"], pointer).to_owned();
        Offer {
            product: field("/generalProduct/id"),
            variant: field("/generalProduct/variants/0/id"),
            seller,
        }
    }

    /// How many pieces there are.
    pub async fn pieces(&self) -> Pieces {
        let data = self.seller.ask(STOCK, json!({ "id": self.product })).await;
        let stock = &data["product"]["variants"][0]["stock"];
        let number = |name: &str| {
            let number = stock[name].as_i64();
            number.unwrap_or_else(|| panic!("no {name} in {data}"))
        };
        Pieces {
            on_hand: number("onHand"),
            reserved: number("reserved"),
        }
    }

    /// Puts pieces into somebody's cart.
    pub async fn add_to_cart(&self, buyer: &Client, quantity: u32) -> Result<(), Refusal> {
        let input = json!({ "input": { "variantId": self.variant, "quantity": quantity } });
        buyer.attempt(ADD_TO_CART, input).await.map(|_| ())
    }
}

/// New buyers, as many as wanted.
pub async fn register_buyers(anybody: &Client, count: usize) -> Vec<Client> {
    futures::stream::iter(0..count)
        .map(async |number| {
            let name = format!("Buyer {number}");
            anybody.register(&fresh_email("buyer"), &name).await
        })
        .buffered(REGISTERED_AT_ONCE)
        .collect()
        .await
}

/// Orders what is in the buyer's cart.
pub async fn place_order(buyer: &Client, idempotency_key: &str) -> Result<Placed, Refusal> {
    let address =
        json!({ "recipient": "B", "line1": "Street 1", "city": "Berlin", "country": "DE" });
    let input = json!({ "idempotencyKey": idempotency_key, "shippingAddress": address });
    let mut placed = buyer
        .attempt(PLACE_ORDER, json!({ "input": input }))
        .await?;
    let order: Value = placed["placeOrder"]["order"].take();
    Ok(Placed {
        id: text(&order, "/id").to_owned(),
        checkout_url: order["payment"]["checkoutUrl"].as_str().map(str::to_owned),
    })
}

/// Presses Pay on the sandbox's checkout page. Gives the status of the answer, 303 when all is well, or what was in the
/// way.
pub async fn pay(checkout_url: &str) -> Result<u16, String> {
    Client::submit(&format!("{checkout_url}/pay")).await
}

/// An e-mail address that nobody has.
pub fn fresh_email(name: &str) -> String {
    format!("{name}-{}@journeys.example", Uuid::now_v7())
}
