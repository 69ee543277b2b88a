//! A shop with something to sell, and words to tell stories about it.

use std::sync::{Arc, Mutex};

use chrono::Utc;
use diesel_async::AsyncConnection;
use serde_json::{Value, json};
use souk_harness::{data, execute, identity, peers, services};
use souk_platform::events::{Event, OrderLine, OrderShopPart, Payload, ShopSnapshot, outbox};
use souk_platform::{Identity, Services, Subgraph};
use uuid::Uuid;

/// The subgraph with one approved shop.
pub struct Market {
    pub subgraph: Subgraph,
    pub services: Services,
    pub seller: Uuid,
    pub shop: Uuid,
    /// What the shop subgraph answers when it is asked for a snapshot.
    pub shop_says: Arc<Mutex<Option<ShopSnapshot>>>,
}

/// A product with its variants, as created.
#[derive(Debug, Clone)]
pub struct Created {
    pub id: Uuid,
    pub variants: Vec<Uuid>,
}

pub fn snapshot(shop: Uuid, owner: Uuid, revision: i64) -> ShopSnapshot {
    ShopSnapshot {
        shop_id: shop,
        owner_id: owner,
        name: "Corner shop".to_owned(),
        description: String::new(),
        approved: true,
        positions: vec![(52.5, 13.4)],
        revision,
    }
}

impl Market {
    pub async fn open() -> Market {
        let market = Market::without_shop().await;
        market
            .consume(&shop_event(Payload::ShopApproved(snapshot(
                market.shop,
                market.seller,
                2,
            ))))
            .await;
        market
    }

    pub async fn without_shop() -> Market {
        let shop_says: Arc<Mutex<Option<ShopSnapshot>>> = Arc::default();
        let says = shop_says.clone();
        let transport = peers::answering(move |request| {
            assert_eq!(request.subgraph, "shop");
            Ok(json!({ "data": { "shopSnapshot": *says.lock().unwrap() } }))
        });
        let services = services("product", transport).await;
        let subgraph =
            souk_product::subgraph(services.clone()).unwrap_or_else(|error| panic!("{error:?}"));
        Market {
            subgraph,
            services,
            seller: Uuid::now_v7(),
            shop: Uuid::now_v7(),
            shop_says,
        }
    }

    pub async fn ask(&self, who: Identity, query: &str, variables: Value) -> Value {
        execute(&self.subgraph, who, query, variables).await
    }

    /// Asks as the shop's owner.
    pub async fn sell(&self, query: &str, variables: Value) -> Value {
        self.ask(identity::seller(self.seller), query, variables)
            .await
    }

    /// Asks as the order subgraph.
    pub async fn order(&self, query: &str, variables: Value) -> Value {
        self.ask(identity::service("order"), query, variables).await
    }

    /// A book of one variant with so many pieces at 12.50 EUR.
    pub async fn book(&self, name: &str, stock: i32) -> Created {
        self.book_in(name, stock, None).await
    }

    pub async fn book_in(&self, name: &str, stock: i32, category: Option<Uuid>) -> Created {
        let input = json!({
            "shopId": self.shop, "name": name, "author": "Ursula K. Le Guin", "categoryId": category,
            "variants": [{ "sku": format!("SKU-{}", Uuid::now_v7()), "stock": stock,
                           "price": { "amount": "12.50", "currency": "EUR" } }]
        });
        let created = data(self.sell(CREATE_BOOK, json!({ "input": input })).await);
        created_at(&created["createBook"]["book"])
    }

    pub async fn category(&self, name: &str, parent: Option<Uuid>) -> Uuid {
        let query = "mutation ($input: CreateCategoryInput!) { createCategory(input: $input) { category { id } } }";
        let input = json!({ "name": name, "parentId": parent });
        let moderator = identity::moderator(Uuid::now_v7());
        let created = data(self.ask(moderator, query, json!({ "input": input })).await);
        id(&created["createCategory"]["category"]["id"])
    }

    pub async fn reserve(&self, order: Uuid, lines: &[(Uuid, i32)]) -> Value {
        let lines: Vec<Value> = lines
            .iter()
            .map(|(variant, quantity)| json!({ "variantId": variant, "quantity": quantity }))
            .collect();
        self.order(
            RESERVE,
            json!({ "input": { "orderId": order, "lines": lines } }),
        )
        .await
    }

    pub async fn release(&self, order: Uuid) -> Value {
        let query =
            "mutation ($order: ID!) { releaseStock(input: { orderId: $order }) { released } }";
        self.order(query, json!({ "order": order })).await
    }

    pub async fn commit(&self, order: Uuid) -> Value {
        let query =
            "mutation ($order: ID!) { commitStock(input: { orderId: $order }) { committed } }";
        self.order(query, json!({ "order": order })).await
    }

    /// Pieces on hand and reserved, as the owner sees them.
    pub async fn stock(&self, variant: Uuid) -> (i64, i64) {
        let query = "query ($of: [_Any!]!) { _entities(representations: $of) { ... on Variant { stock { onHand reserved } } } }";
        let of = json!([{ "__typename": "Variant", "id": variant }]);
        let answer = data(self.sell(query, json!({ "of": of })).await);
        let stock = &answer["_entities"][0]["stock"];
        (
            stock["onHand"].as_i64().unwrap(),
            stock["reserved"].as_i64().unwrap(),
        )
    }

    /// Delivers an event to the consumers that want it, in a transaction each.
    pub async fn consume(&self, event: &Event) {
        let domain = event
            .payload
            .event_type()
            .split('.')
            .next()
            .unwrap_or_default();
        let mut connection = self.services.database.get().await.unwrap();
        for consumer in &self.subgraph.consumers {
            if consumer
                .patterns()
                .iter()
                .any(|pattern| pattern.starts_with(domain))
            {
                connection
                    .transaction(async |connection| consumer.consume(connection, event).await)
                    .await
                    .unwrap_or_else(|error| panic!("{error}"));
            }
        }
    }

    /// All events told so far, oldest first.
    pub async fn events(&self) -> Vec<Event> {
        let mut connection = self.services.database.get().await.unwrap();
        outbox::all(&mut connection).await.unwrap()
    }

    /// The types of the events told behind the first `seen`.
    pub async fn event_types(&self, seen: usize) -> Vec<&'static str> {
        self.events().await[seen..]
            .iter()
            .map(|event| event.payload.event_type())
            .collect()
    }
}

pub const CREATE_BOOK: &str = "mutation ($input: CreateBookInput!) { createBook(input: $input) { book { id variants { id } } } }";

pub const RESERVE: &str = "mutation ($input: ReserveStockInput!) { reserveStock(input: $input) { lines { \
    variantId productId shopId sellerId sku name unitPrice { amount currency } quantity } } }";

pub fn shop_event(payload: Payload) -> Event {
    Event::new(Uuid::now_v7(), "test", payload)
}

/// An `order.status_changed` with one part per shop: the shop and the part's status.
pub fn order_event(order: Uuid, status: &str, parts: &[(Uuid, &str)]) -> Event {
    let parts = parts
        .iter()
        .map(|(shop, status)| OrderShopPart {
            shop_order_id: Uuid::now_v7(),
            shop_id: *shop,
            seller_id: Uuid::now_v7(),
            status: (*status).to_owned(),
            lines: Vec::<OrderLine>::new(),
        })
        .collect();
    let buyer_id = Uuid::now_v7();
    let revision = Utc::now().timestamp_micros();
    let payload = Payload::OrderStatusChanged {
        order_id: order,
        buyer_id,
        status: status.to_owned(),
        parts,
        revision,
    };
    Event::new(order, "test", payload)
}

pub fn id(value: &Value) -> Uuid {
    value
        .as_str()
        .and_then(|text| text.parse().ok())
        .unwrap_or_else(|| panic!("{value} is no id"))
}

pub fn created_at(product: &Value) -> Created {
    let variants = product["variants"].as_array().unwrap();
    Created {
        id: id(&product["id"]),
        variants: variants.iter().map(|variant| id(&variant["id"])).collect(),
    }
}

/// The argument that the first error names.
#[track_caller]
pub fn argument(response: &Value) -> &str {
    let argument = response
        .pointer("/errors/0/extensions/argument")
        .and_then(Value::as_str);
    argument.unwrap_or_else(|| panic!("expected an error that names an argument, got {response:#}"))
}
