//! Two subgraphs in the test's process: products, and reviews that extend them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_graphql::http::{WebSocket, WebSocketProtocols, WsMessage};
use async_graphql::{
    Context, EmptyMutation, EmptySubscription, Object, Schema, SimpleObject, Subscription,
};
use async_trait::async_trait;
use axum::Json;
use axum::extract::State;
use axum::extract::ws::{Message, WebSocketUpgrade};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use futures::stream::{self, BoxStream, Stream};
use futures::{SinkExt, StreamExt};
use http::HeaderMap;
use souk_executor::{
    SubgraphRequest, SubgraphResponse, SubgraphTransport, TransportError, Transports,
};

/// What both subgraphs compose to.
pub const SUPERGRAPH: &str = r#"
schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION)
{
  query: Query
  mutation: Mutation
  subscription: Subscription
}

directive @join__enumValue(graph: join__Graph!) repeatable on ENUM_VALUE
directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet, type: String, external: Boolean, override: String, usedOverridden: Boolean) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @join__implements(graph: join__Graph!, interface: String!) repeatable on OBJECT | INTERFACE
directive @join__type(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false, resolvable: Boolean! = true, isInterfaceObject: Boolean! = false) repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR
directive @join__unionMember(graph: join__Graph!, member: String!) repeatable on UNION
directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA

scalar join__FieldSet
scalar link__Import

enum join__Graph {
  PRODUCTS @join__graph(name: "products", url: "")
  REVIEWS @join__graph(name: "reviews", url: "")
}

enum link__Purpose {
  SECURITY
  EXECUTION
}

type Query
  @join__type(graph: PRODUCTS)
  @join__type(graph: REVIEWS)
{
  product(id: ID!): Product @join__field(graph: PRODUCTS)
  products: [Product!]! @join__field(graph: PRODUCTS)
  slow(milliseconds: Int!): Boolean! @join__field(graph: PRODUCTS)
  broken: String @join__field(graph: PRODUCTS)
  whoAmI: String @join__field(graph: PRODUCTS)
}

type Mutation
  @join__type(graph: PRODUCTS)
{
  rename(id: ID!, name: String!): Product @join__field(graph: PRODUCTS)
  slowly(milliseconds: Int!): Boolean! @join__field(graph: PRODUCTS)
  send(parcel: Parcel!): Boolean! @join__field(graph: PRODUCTS)
}

input Parcel
  @join__type(graph: PRODUCTS)
{
  to: String!
  weight: Float
  number: ID
}

type Subscription
  @join__type(graph: PRODUCTS)
{
  countdown(from: Int!): Int! @join__field(graph: PRODUCTS)
  productChanged(id: ID!): Product! @join__field(graph: PRODUCTS)
  products: Product! @join__field(graph: PRODUCTS)
}

type Product
  @join__type(graph: PRODUCTS, key: "id")
  @join__type(graph: REVIEWS, key: "id")
{
  id: ID!
  name: String! @join__field(graph: PRODUCTS)
  similar: Product @join__field(graph: PRODUCTS)
  rating: Int @join__field(graph: REVIEWS)
}
"#;

/// The supergraph after a release: one field more.
pub fn next_supergraph() -> String {
    SUPERGRAPH.replace(
        "  broken: String @join__field(graph: PRODUCTS)",
        "  broken: String @join__field(graph: PRODUCTS)\n  version: Int! @join__field(graph: PRODUCTS)",
    )
}

/// The supergraph with elements that not everybody may see.
pub fn protected_supergraph() -> String {
    let links = r#"
  @link(url: "https://specs.apollo.dev/authenticated/v0.1", for: SECURITY)
  @link(url: "https://specs.apollo.dev/requiresScopes/v0.1", for: SECURITY)
  @link(url: "https://specs.apollo.dev/policy/v0.1", for: SECURITY)
{
  query: Query"#;
    let directives = "
directive @authenticated on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM
directive @requiresScopes(scopes: [[String!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM
directive @policy(policies: [[String!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM
";
    let mut supergraph = SUPERGRAPH.replacen("\n{\n  query: Query", links, 1);
    for (field, directive) in [
        ("rating: Int", "@authenticated"),
        (
            "whoAmI: String",
            r#"@requiresScopes(scopes: [["me", "profile"], ["admin"]])"#,
        ),
        (
            "rename(id: ID!, name: String!): Product",
            r#"@policy(policies: [["staff"]])"#,
        ),
        ("productChanged(id: ID!): Product!", "@authenticated"),
    ] {
        supergraph = supergraph.replacen(field, &format!("{field} {directive}"), 1);
    }
    supergraph + directives
}

#[derive(SimpleObject, Clone)]
#[graphql(complex)]
struct Product {
    id: async_graphql::ID,
    name: String,
}

#[async_graphql::ComplexObject]
impl Product {
    async fn similar(&self) -> Option<Product> {
        Some(self.clone())
    }
}

fn product(id: &str) -> Option<Product> {
    let name = match id {
        "1" => "Lamp",
        "2" => "Table",
        _ => return None,
    };
    Some(Product {
        id: id.into(),
        name: name.to_owned(),
    })
}

/// What a test may look at, and what it may tell the subgraphs.
#[derive(Clone, Default)]
pub struct Shop {
    /// The headers of the last subgraph request.
    pub seen: Arc<Mutex<HeaderMap>>,
    /// What mutations were carried out to the end.
    pub done: Arc<Mutex<Vec<String>>>,
}

struct ProductQuery;

#[Object]
impl ProductQuery {
    async fn product(&self, id: async_graphql::ID) -> Option<Product> {
        product(&id)
    }

    async fn products(&self) -> Vec<Product> {
        ["1", "2"].into_iter().filter_map(product).collect()
    }

    async fn slow(&self, milliseconds: u64) -> bool {
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        true
    }

    async fn broken(&self) -> async_graphql::Result<Option<String>> {
        Err("the secret shelf is broken".into())
    }

    async fn version(&self) -> i32 {
        2
    }

    async fn who_am_i(&self, context: &Context<'_>) -> Option<String> {
        let headers = context.data_opt::<HeaderMap>()?;
        headers
            .get("x-user")
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    }

    #[graphql(entity)]
    async fn product_by_id(&self, id: async_graphql::ID) -> Option<Product> {
        product(&id)
    }
}

/// What `send` sends.
#[derive(async_graphql::InputObject)]
struct Parcel {
    to: String,
    weight: Option<f64>,
    number: Option<async_graphql::ID>,
}

struct ProductMutation {
    shop: Shop,
}

#[Object]
impl ProductMutation {
    async fn rename(&self, id: async_graphql::ID, name: String) -> Option<Product> {
        self.shop
            .done
            .lock()
            .unwrap()
            .push(format!("rename {}", id.as_str()));
        product(&id).map(|product| Product { name, ..product })
    }

    async fn slowly(&self, milliseconds: u64) -> bool {
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        self.shop.done.lock().unwrap().push("slowly".to_owned());
        true
    }

    async fn send(&self, parcel: Parcel) -> bool {
        let Parcel { to, weight, number } = parcel;
        let number = number.as_ref().map(|number| number.as_str());
        let sent = format!("send {number:?} to {to}, weight {weight:?}");
        self.shop.done.lock().unwrap().push(sent);
        true
    }
}

struct ProductSubscription;

#[Subscription]
impl ProductSubscription {
    /// Counts to zero, every 20 ms.
    async fn countdown(&self, from: i32) -> impl Stream<Item = i32> {
        stream::unfold(from, |number| async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            (number >= 0).then_some((number, number - 1))
        })
    }

    /// A product every 20 ms.
    async fn products(&self) -> impl Stream<Item = Product> {
        stream::unfold((), |()| async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            Some((product("1")?, ()))
        })
    }

    /// The product now, and nothing more ever.
    async fn product_changed(&self, id: async_graphql::ID) -> impl Stream<Item = Product> {
        stream::iter(product(&id)).chain(stream::pending())
    }
}

struct ReviewQuery;

struct ReviewedProduct {
    id: async_graphql::ID,
}

#[Object(name = "Product")]
impl ReviewedProduct {
    async fn id(&self) -> &async_graphql::ID {
        &self.id
    }

    async fn rating(&self) -> Option<i32> {
        Some(if self.id.as_str() == "1" { 5 } else { 3 })
    }
}

#[Object]
impl ReviewQuery {
    #[graphql(entity)]
    async fn product_by_id(&self, id: async_graphql::ID) -> ReviewedProduct {
        ReviewedProduct { id }
    }
}

type Products = Schema<ProductQuery, ProductMutation, ProductSubscription>;
type Reviews = Schema<ReviewQuery, EmptyMutation, EmptySubscription>;

impl Shop {
    /// The way to both subgraphs.
    pub fn transports(&self) -> Transports {
        let (products, reviews) = self.subgraphs();
        let mut transports = Transports::new();
        transports.insert(
            "products",
            Arc::new(InProcess {
                schema: products,
                seen: self.seen.clone(),
            }),
        );
        transports.insert(
            "reviews",
            Arc::new(InProcess {
                schema: reviews,
                seen: self.seen.clone(),
            }),
        );
        transports
    }

    fn subgraphs(&self) -> (Products, Reviews) {
        let mutation = ProductMutation { shop: self.clone() };
        // The subgraph's own limit is not what is tested.
        let products = Schema::build(ProductQuery, mutation, ProductSubscription)
            .enable_federation()
            .limit_recursive_depth(1_000)
            .finish();
        let reviews = Schema::build(ReviewQuery, EmptyMutation, EmptySubscription)
            .enable_federation()
            .finish();
        (products, reviews)
    }
}

/// Both subgraphs over HTTP: `/products`, whose subscriptions are by graphql-transport-ws at `/events`, and `/reviews`.
pub fn routes(shop: &Shop) -> axum::Router {
    let (products, reviews) = shop.subgraphs();
    axum::Router::new()
        .route("/events", get(events).with_state(products.clone()))
        .route("/products", endpoint(products, shop.seen.clone()))
        .route("/reviews", endpoint(reviews, shop.seen.clone()))
}

/// Serves subgraphs on a free port; a configuration that makes the router find them there.
pub async fn publish(routes: axum::Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    format!(
        "override_subgraph_url: {{ products: 'http://{address}/products', reviews: 'http://{address}/reviews' }}"
    )
}

async fn events(State(schema): State<Products>, upgrade: WebSocketUpgrade) -> Response {
    let upgrade = upgrade.protocols(["graphql-transport-ws"]);
    upgrade.on_upgrade(|socket| async move {
        let (mut sink, source) = socket.split();
        let texts = source.filter_map(async |message| match message {
            Ok(Message::Text(text)) => Some(text.to_string()),
            _ => None,
        });
        let mut answers = WebSocket::new(schema, texts.boxed(), WebSocketProtocols::GraphQLWS);
        while let Some(WsMessage::Text(answer)) = answers.next().await {
            if sink.send(Message::text(answer)).await.is_err() {
                return;
            }
        }
    })
}

fn endpoint<S: async_graphql::Executor>(schema: S, seen: Arc<Mutex<HeaderMap>>) -> MethodRouter {
    post(
        move |headers: HeaderMap, Json(request): Json<async_graphql::Request>| async move {
            *seen.lock().unwrap() = headers;
            Json(schema.execute(request).await)
        },
    )
}

struct InProcess<S> {
    schema: S,
    seen: Arc<Mutex<HeaderMap>>,
}

impl<S> InProcess<S> {
    fn request(&self, request: &SubgraphRequest) -> async_graphql::Request {
        *self.seen.lock().unwrap() = request.headers().clone();
        let mut variables = Vec::new();
        request.variables.write_json(&mut variables);
        let variables =
            async_graphql::Variables::from_json(serde_json::from_slice(&variables).unwrap());
        async_graphql::Request::new(&request.operation.text)
            .variables(variables)
            .data(request.headers().clone())
    }
}

fn json(response: &async_graphql::Response) -> SubgraphResponse {
    SubgraphResponse::Json(serde_json::to_vec(response).unwrap().into())
}

#[async_trait]
impl<S: async_graphql::Executor> SubgraphTransport for InProcess<S> {
    async fn fetch(&self, request: SubgraphRequest) -> Result<SubgraphResponse, TransportError> {
        Ok(json(&self.schema.execute(self.request(&request)).await))
    }

    async fn subscribe(
        &self,
        request: SubgraphRequest,
    ) -> Result<BoxStream<'static, Result<SubgraphResponse, TransportError>>, TransportError> {
        let events = self.schema.execute_stream(self.request(&request), None);
        Ok(events.map(|event| Ok(json(&event))).boxed())
    }
}
