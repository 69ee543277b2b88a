//! A search subgraph that is told of products and shops.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};
use souk_harness::{Background, data, error_code, execute, identity, peers, wait_for};
use souk_platform::events::{
    Event, Payload, ProductSnapshot, ShopSnapshot, StockLevel, VariantSnapshot, inbox,
};
use souk_platform::money::CurrencyCode;
use souk_platform::peers::PeerTransport;
use souk_platform::{Services, Subgraph};
use uuid::Uuid;

/// How long something may take on a busy machine.
pub const SOON: Duration = Duration::from_secs(20);

pub struct World {
    pub services: Services,
    pub subgraph: Arc<Subgraph>,
    background: Option<Background>,
}

impl World {
    pub async fn new() -> World {
        World::with_peers(peers::unreachable()).await
    }

    pub async fn with_peers(transport: Arc<dyn PeerTransport>) -> World {
        let services = souk_harness::services("search", transport).await;
        let mut world = World {
            subgraph: Arc::new(souk_search::subgraph(services.clone()).unwrap()),
            services,
            background: None,
        };
        world.background =
            Some(Background::run(std::slice::from_ref(&world.subgraph), &world.services.bus).await);
        world
    }

    /// As after the end of the process and a new start on the same database and directory.
    pub async fn restart(&mut self, meanwhile: impl FnOnce(&World)) {
        self.background.take().unwrap().stop().await;
        // The old index is closed before another is opened on its directory.
        self.subgraph = Arc::new(Subgraph {
            name: "search",
            schema: Arc::new(Gone),
            database: self.services.database.clone(),
            consumers: Vec::new(),
            jobs: Vec::new(),
            routes: axum::Router::new(),
        });
        meanwhile(self);
        self.subgraph = Arc::new(souk_search::subgraph(self.services.clone()).unwrap());
        // A bus of its own: the old one still knows the old queue, which is the same.
        self.background =
            Some(Background::run(std::slice::from_ref(&self.subgraph), &self.services.bus).await);
    }

    /// Tells the subgraph and returns at once.
    pub async fn send(&self, aggregate: Uuid, payload: Payload) {
        let event = Event::new(aggregate, "test", payload);
        self.services.bus.publish(&[event]).await.unwrap();
    }

    pub async fn send_product(&self, product: &ProductSnapshot) {
        self.send(product.product_id, Payload::ProductUpdated(product.clone()))
            .await;
    }

    /// Tells the subgraph of the products and waits until all is in the index.
    pub async fn tell(&self, products: &[ProductSnapshot]) {
        let events: Vec<Event> = products
            .iter()
            .map(|product| {
                Event::new(
                    product.product_id,
                    "test",
                    Payload::ProductCreated(product.clone()),
                )
            })
            .collect();
        self.services.bus.publish(&events).await.unwrap();
        self.settled().await;
    }

    pub async fn tell_shop(&self, shop: ShopSnapshot) {
        self.send(shop.shop_id, Payload::ShopApproved(shop)).await;
        self.settled().await;
    }

    /// Waits until every event has been worked and is in the index.
    pub async fn settled(&self) {
        wait_for("the inbox to be worked", SOON, async || {
            let mut connection = self.services.database.get().await.unwrap();
            inbox::waiting(&mut connection).await.unwrap() == 0
        })
        .await;
        // The index says how far it is in every commit; a product of our own tells it without looking inside.
        let marker = product("zzmarker");
        self.send_product(&marker).await;
        self.until_found(&marker).await;
        self.send_product(&ProductSnapshot {
            listed: false,
            revision: 2,
            ..marker
        })
        .await;
        wait_for("the index", SOON, async || {
            self.names("zzmarker", json!({})).await.is_empty()
        })
        .await;
    }

    async fn until_found(&self, product: &ProductSnapshot) {
        let query = "query ($text: String) { searchProducts(text: $text, first: 100) { nodes { product { id } } } }";
        wait_for("the index", SOON, async || {
            let found = self.ask(query, json!({ "text": product.name })).await;
            let nodes = found["searchProducts"]["nodes"].as_array().unwrap().clone();
            nodes
                .iter()
                .any(|node| node["product"]["id"] == product.product_id.to_string())
        })
        .await;
    }

    pub async fn ask(&self, query: &str, variables: Value) -> Value {
        data(self.answer(query, variables).await)
    }

    pub async fn answer(&self, query: &str, variables: Value) -> Value {
        execute(&self.subgraph, identity::anonymous(), query, variables).await
    }

    /// Searches for products: `variables` beside the text.
    pub async fn search(&self, text: &str, mut variables: Value) -> Value {
        variables["text"] = text.into();
        self.ask(SEARCH, variables).await["searchProducts"].clone()
    }

    /// The code and the argument of a search that is refused.
    pub async fn refused(&self, variables: Value) -> (String, String) {
        let answer = self.answer(SEARCH, variables).await;
        let argument = answer["errors"][0]["extensions"]["argument"]
            .as_str()
            .unwrap_or_default();
        (error_code(&answer).to_owned(), argument.to_owned())
    }

    /// The ids that a search finds, in order.
    pub async fn ids(&self, text: &str, variables: Value) -> Vec<Uuid> {
        ids(&self.search(text, variables).await)
    }

    /// The names that a search finds, in alphabetical order. Names are looked up in the documents, because search
    /// itself gives only ids.
    pub async fn names(&self, text: &str, variables: Value) -> Vec<String> {
        let mut names = Vec::new();
        for id in self.ids(text, variables).await {
            let mut connection = self.services.database.get().await.unwrap();
            let row: Name =
                diesel::sql_query("SELECT body ->> 'name' AS name FROM document WHERE id = $1")
                    .bind::<diesel::sql_types::Uuid, _>(id)
                    .get_result(&mut connection)
                    .await
                    .unwrap();
            names.push(row.name);
        }
        names.sort();
        names
    }

    pub async fn sql(&self, statement: &str) {
        let mut connection = self.services.database.get().await.unwrap();
        diesel::sql_query(statement)
            .execute(&mut connection)
            .await
            .unwrap();
    }
}

#[derive(diesel::QueryableByName)]
struct Name {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
}

/// In the place of a schema that is shut down.
struct Gone;

#[async_trait::async_trait]
impl souk_platform::GraphqlService for Gone {
    async fn execute(&self, _: async_graphql::Request) -> async_graphql::Response {
        unreachable!("nobody asks while it is shut down")
    }

    fn execute_stream(
        &self,
        _: async_graphql::Request,
    ) -> futures::stream::BoxStream<'static, async_graphql::Response> {
        unreachable!("nobody asks while it is shut down")
    }

    fn sdl(&self) -> String {
        unreachable!("nobody asks while it is shut down")
    }
}

pub const SEARCH: &str = "query ($text: String, $filter: ProductSearchFilter, $near: NearInput,
        $orderBy: SearchOrder! = BEST, $first: Int, $after: String) {
    searchProducts(text: $text, filter: $filter, near: $near, orderBy: $orderBy, first: $first, after: $after) {
        totalCount
        facets {
            kinds { kind count } categories { category { id } count } inStock outOfStock
            prices { min { amount currency } max { amount } }
        }
        nodes { product { id } distanceKm }
        pageInfo { hasNextPage hasPreviousPage endCursor }
    } }";

pub fn ids(found: &Value) -> Vec<Uuid> {
    let nodes = found["nodes"].as_array().unwrap();
    nodes
        .iter()
        .map(|node| node["product"]["id"].as_str().unwrap().parse().unwrap())
        .collect()
}

/// A general product of 10.00 EUR, with one piece left, that can be found.
pub fn product(name: &str) -> ProductSnapshot {
    ProductSnapshot {
        product_id: Uuid::now_v7(),
        shop_id: Uuid::now_v7(),
        shop_name: String::new(),
        positions: Vec::new(),
        kind: "GeneralProduct".to_owned(),
        name: name.to_owned(),
        description: String::new(),
        category_ids: Vec::new(),
        category_names: Vec::new(),
        keywords: Vec::new(),
        variants: vec![variant(1000, CurrencyCode::Eur, 1)],
        listed: true,
        created_at: Utc::now(),
        revision: 1,
    }
}

pub fn variant(price_minor: i64, currency: CurrencyCode, available: i64) -> VariantSnapshot {
    let variant_id = Uuid::now_v7();
    let sku = format!("sku{}", variant_id.simple());
    VariantSnapshot {
        variant_id,
        sku,
        price_minor,
        currency,
        available,
    }
}

pub fn level(product: &ProductSnapshot, available: i64, revision: i64) -> StockLevel {
    let (product_id, variant_id) = (product.product_id, product.variants[0].variant_id);
    StockLevel {
        product_id,
        variant_id,
        available,
        revision,
    }
}

pub fn shop(name: &str) -> ShopSnapshot {
    ShopSnapshot {
        shop_id: Uuid::now_v7(),
        owner_id: Uuid::now_v7(),
        name: name.to_owned(),
        description: String::new(),
        approved: true,
        positions: Vec::new(),
        revision: 1,
    }
}

pub fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap()
}

/// A list of facets as a map from what `key` points to to the count.
pub fn counts(facets: &Value, key: &str) -> HashMap<String, i64> {
    let facets = facets.as_array().unwrap();
    let named = |facet: &Value| facet.pointer(key).unwrap().as_str().unwrap().to_owned();
    facets
        .iter()
        .map(|facet| (named(facet), facet["count"].as_i64().unwrap()))
        .collect()
}
