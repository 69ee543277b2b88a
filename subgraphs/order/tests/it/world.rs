//! An order subgraph with everything around it.

use std::sync::Arc;
use std::time::Duration;

use diesel_async::RunQueryDsl;
use futures::StreamExt;
use futures::stream::BoxStream;
use serde_json::{Value, json};
use souk_harness::Background;
use souk_platform::config::{Config, Orders};
use souk_platform::events::bus::Heard;
use souk_platform::events::{Event, Payload};
use souk_platform::money::CurrencyCode;
use souk_platform::{Identity, Services, Subgraph};
use uuid::Uuid;

use crate::outside::{Outside, Variant, transport};

pub struct World {
    pub subgraph: Arc<Subgraph>,
    pub services: Services,
    pub outside: Arc<Outside>,
    background: Option<Background>,
    product: tokio::task::JoinHandle<()>,
}

impl Drop for World {
    fn drop(&mut self) {
        self.product.abort();
    }
}

impl World {
    /// With consumers, relay and jobs running.
    pub async fn new() -> World {
        let mut world = World::still().await;
        world.wake().await;
        world
    }

    /// Without anything running beside the requests.
    pub async fn still() -> World {
        let outside = Arc::new(Outside::default());
        let mut services = souk_harness::services("order", transport(&outside)).await;
        let orders = Orders {
            stalled_after: Duration::from_millis(300),
            reconcile_every: Duration::from_millis(100),
        };
        services.config = Arc::new(Config {
            orders,
            ..(*services.config).clone()
        });
        let subgraph = Arc::new(souk_order::subgraph(services.clone()).unwrap());
        // Product, on the other end of the bus.
        let mut heard = services.bus.listen(&["order.status_changed"]);
        let shelf = outside.clone();
        let product = tokio::spawn(async move {
            while let Some(heard) = heard.next().await {
                if let Heard::Event(event) = heard
                    && let Payload::OrderStatusChanged {
                        order_id, status, ..
                    } = &event.payload
                {
                    shelf.order_became(*order_id, status);
                }
            }
        });
        World {
            subgraph,
            services,
            outside,
            background: None,
            product,
        }
    }

    /// Starts what runs beside the requests.
    pub async fn wake(&mut self) {
        self.background =
            Some(Background::run(std::slice::from_ref(&self.subgraph), &self.services.bus).await);
    }

    /// Stops what runs beside the requests.
    pub async fn sleep(&mut self) {
        self.background.take().unwrap().stop().await;
    }

    /// The whole answer to a request.
    pub async fn ask(&self, identity: &Identity, query: &str, variables: Value) -> Value {
        souk_harness::execute(&self.subgraph, identity.clone(), query, variables).await
    }

    /// The data of an answer that must be without errors.
    pub async fn get(&self, identity: &Identity, query: &str, variables: Value) -> Value {
        souk_harness::data(self.ask(identity, query, variables).await)
    }

    pub fn subscribe(
        &self,
        identity: &Identity,
        query: &str,
        variables: Value,
    ) -> BoxStream<'static, Value> {
        souk_harness::subscribe(&self.subgraph, identity.clone(), query, variables)
    }

    /// A variant on sale in a new shop of this seller.
    pub fn on_sale(&self, seller: Uuid, name: &str, price: &str, stock: i64) -> Variant {
        let variant = Variant {
            id: Uuid::now_v7(),
            product: Uuid::now_v7(),
            shop: Uuid::now_v7(),
            seller,
            name: name.to_owned(),
            price: price.to_owned(),
            currency: "EUR",
            stock,
            listed: true,
        };
        self.outside.sell(variant.clone());
        variant
    }

    pub async fn add(&self, who: &Identity, variant: &Variant, quantity: i32) -> Value {
        let query = "mutation ($input: AddToCartInput!) { addToCart(input: $input) {
            item { id quantity } cart { id itemCount subtotals { amount currency } } } }";
        let input = json!({ "variantId": variant.id, "quantity": quantity });
        self.get(who, query, json!({ "input": input })).await["addToCart"].take()
    }

    pub async fn place(&self, who: &Identity, key: &str) -> Value {
        self.ask(who, PLACE, place_variables(key)).await
    }

    /// Places what is in the cart, which must work, and gives the order's id.
    pub async fn placed(&self, who: &Identity) -> Uuid {
        let answer = souk_harness::data(self.place(who, &Uuid::now_v7().to_string()).await);
        id(&answer["placeOrder"]["order"]["id"])
    }

    /// An order of one piece of the variant.
    pub async fn ordered(&self, who: &Identity, variant: &Variant) -> Uuid {
        self.add(who, variant, 1).await;
        self.placed(who).await
    }

    /// An order of one piece of the variant, paid and confirmed.
    pub async fn bought(&self, who: &Identity, variant: &Variant) -> Uuid {
        let order = self.ordered(who, variant).await;
        self.pay(order).await;
        self.until_status(who, order, "CONFIRMED").await;
        order
    }

    /// The buyer pays; the payment service tells.
    pub async fn pay(&self, order: Uuid) {
        assert!(self.outside.pay(order), "the payment is not open");
        self.tell_paid(order).await;
    }

    /// The payment service tells that the money is there.
    pub async fn tell_paid(&self, order: Uuid) {
        let payload = self.money_is_there(order);
        let payment = self.outside.payment(order).unwrap();
        self.tell(payment.id, payload).await;
    }

    /// The buyer pays, and order learns it without anything running beside the requests.
    pub async fn hear_paid(&self, order: Uuid) {
        assert!(self.outside.pay(order), "the payment is not open");
        let event = Event::new(order, "test", self.money_is_there(order));
        let mut consumers = self.subgraph.consumers.iter();
        let payments = consumers.find(|consumer| consumer.name() == "payments");
        let mut connection = self.services.database.get().await.unwrap();
        payments
            .unwrap()
            .consume(&mut connection, &event)
            .await
            .unwrap();
    }

    fn money_is_there(&self, order: Uuid) -> Payload {
        let payment = self.outside.payment(order).unwrap();
        Payload::PaymentSucceeded {
            payment_id: payment.id,
            order_id: order,
            amount_minor: payment.minor,
            currency: CurrencyCode::parse(&payment.currency).unwrap(),
        }
    }

    pub async fn tell(&self, aggregate: Uuid, payload: Payload) {
        self.services
            .bus
            .publish(&[Event::new(aggregate, "test", payload)])
            .await
            .unwrap();
    }

    pub async fn order(&self, who: &Identity, order: Uuid) -> Value {
        let query = "query ($id: ID!) { order(id: $id) { id status revision paidAt total { amount currency }
            shopOrders { id status subtotal { amount } shipment { carrier trackingNumber deliveredAt } items { name } }
            items { name sku quantity unitPrice { amount } total { amount } product { id } variant { id } }
            shippingAddress { recipient city country }
            statusHistory { status note shopOrder { id } shopOrderStatus } } }";
        self.get(who, query, json!({ "id": order })).await["order"].take()
    }

    pub async fn until_status(&self, who: &Identity, order: Uuid, status: &str) {
        let query = "query ($id: ID!) { order(id: $id) { status } }";
        until(&format!("order {order} is {status}"), async || {
            self.ask(who, query, json!({ "id": order })).await["data"]["order"]["status"] == status
        })
        .await;
    }

    /// The id of the order's part that this seller delivers.
    pub async fn part_of(&self, seller: &Identity, order: Uuid) -> Uuid {
        id(&self.order(seller, order).await["shopOrders"][0]["id"])
    }

    pub async fn ship(&self, seller: &Identity, part: Uuid) -> Value {
        let query =
            "mutation ($input: ShipShopOrderInput!) { shipShopOrder(input: $input) { shopOrder {
            status order { status } shipment { carrier trackingNumber } } } }";
        let input = json!({ "shopOrderId": part, "carrier": "DHL", "trackingNumber": "JD01" });
        self.ask(seller, query, json!({ "input": input })).await
    }

    pub async fn deliver(&self, seller: &Identity, part: Uuid) -> Value {
        let query = "mutation ($input: DeliverShopOrderInput!) { deliverShopOrder(input: $input) { shopOrder {
            status order { status } shipment { deliveredAt } } } }";
        self.ask(seller, query, json!({ "input": { "shopOrderId": part } }))
            .await
    }

    pub async fn cancel(&self, buyer: &Identity, order: Uuid) -> Value {
        let query = "mutation ($input: CancelOrderInput!) { cancelOrder(input: $input) { order { status } } }";
        self.ask(
            buyer,
            query,
            json!({ "input": { "orderId": order, "reason": "changed my mind" } }),
        )
        .await
    }

    /// Runs the job once.
    pub async fn forget_old_carts(&self) {
        let mut jobs = self.subgraph.jobs.iter();
        let job = jobs.find(|job| job.name == "forget-guest-carts").unwrap();
        (job.run)().await.unwrap();
    }

    pub async fn sql(&self, statement: &str) {
        let mut connection = self.services.database.get().await.unwrap();
        diesel::sql_query(statement)
            .execute(&mut connection)
            .await
            .unwrap();
    }

    /// The names and quantities in the cart's lines, by variant.
    pub async fn cart(&self, who: &Identity) -> Value {
        let query = "{ cart { id itemCount subtotals { amount currency }
            items { id quantity unitPrice { amount } total { amount } variant { id } product { id }
                currentPrice { amount } availability availableQuantity } } }";
        self.get(who, query, json!({})).await["cart"].take()
    }
}

pub const PLACE: &str = "mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) {
    order { id status total { amount currency } items { name quantity } } } }";

pub fn place_variables(key: &str) -> Value {
    json!({ "input": { "idempotencyKey": key, "shippingAddress": {
        "recipient": "Ada Lovelace", "line1": "Hauptstr. 1", "city": "Bonn", "country": "DE" } } })
}

pub fn id(value: &Value) -> Uuid {
    value
        .as_str()
        .unwrap_or_else(|| panic!("not an id: {value}"))
        .parse()
        .unwrap()
}

/// Waits until it holds; fails after 15 seconds.
pub async fn until(what: &str, holds: impl AsyncFn() -> bool) {
    for _ in 0..600 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("after 15 s still not: {what}");
}

pub fn buyer() -> Identity {
    souk_harness::identity::buyer(Uuid::now_v7())
}

/// A seller with its id.
pub fn seller() -> (Identity, Uuid) {
    let id = Uuid::now_v7();
    (souk_harness::identity::seller(id), id)
}
