//! Products, inventory, reviews and users.

use std::sync::{Arc, Mutex};

use async_graphql::{
    EmptyMutation, EmptySubscription, ErrorExtensions, ID, Object, Request, Response, Schema,
    SimpleObject, Subscription, Union, Value as GraphqlValue, Variables,
};
use async_trait::async_trait;
use futures::stream::{self, BoxStream, Stream, StreamExt};
use souk_executor::{
    GraphQLError, InputForm, PathElement, SubgraphRequest, SubgraphResponse, SubgraphTransport,
    TransportError, Value, ValueBuilder,
};

use crate::support::{Answer, Received};

pub const NAMES: [&str; 4] = ["inventory", "products", "reviews", "users"];

/// Which subgraphs were asked.
#[derive(Clone, Default)]
pub struct Requests(Arc<Mutex<Vec<&'static str>>>);

impl Requests {
    fn note(&self, name: &'static str) {
        self.0.lock().unwrap().push(name);
    }

    pub fn counts(&self) -> Vec<(&'static str, usize)> {
        let asked = self.0.lock().unwrap();
        NAMES
            .iter()
            .map(|name| (*name, asked.iter().filter(|other| *other == name).count()))
            .collect()
    }
}

/// One of the four schemas.
#[derive(Clone)]
enum Subgraph {
    Inventory(Schema<InventoryQuery, EmptyMutation, EmptySubscription>),
    Products(Schema<ProductsQuery, EmptyMutation, EmptySubscription>),
    Reviews(Schema<ReviewsQuery, ReviewsMutation, ReviewsSubscription>),
    Users(Schema<UsersQuery, EmptyMutation, EmptySubscription>),
}

impl Subgraph {
    fn named(name: &str) -> Subgraph {
        match name {
            "inventory" => Subgraph::Inventory(
                Schema::build(InventoryQuery, EmptyMutation, EmptySubscription)
                    .enable_federation()
                    .finish(),
            ),
            "products" => Subgraph::Products(
                Schema::build(ProductsQuery, EmptyMutation, EmptySubscription)
                    .enable_federation()
                    .finish(),
            ),
            "reviews" => Subgraph::Reviews(
                Schema::build(ReviewsQuery, ReviewsMutation, ReviewsSubscription)
                    .enable_federation()
                    .finish(),
            ),
            _ => Subgraph::Users(
                Schema::build(UsersQuery, EmptyMutation, EmptySubscription)
                    .enable_federation()
                    .finish(),
            ),
        }
    }

    async fn execute(&self, request: Request) -> Response {
        match self {
            Subgraph::Inventory(schema) => schema.execute(request).await,
            Subgraph::Products(schema) => schema.execute(request).await,
            Subgraph::Reviews(schema) => schema.execute(request).await,
            Subgraph::Users(schema) => schema.execute(request).await,
        }
    }
}

/// Serves a subgraph over HTTP.
pub fn handler(
    name: &'static str,
    requests: &Requests,
) -> impl Fn(&Received) -> Answer + Send + Sync + 'static {
    let (subgraph, requests) = (Subgraph::named(name), requests.clone());
    move |received| {
        requests.note(name);
        let request: Request =
            serde_json::from_value(received.body.clone()).expect("a GraphQL request");
        // Nothing in these schemas waits.
        let response = futures::executor::block_on(subgraph.execute(request));
        Answer::Json(serde_json::to_value(response).expect("JSON"))
    }
}

/// A subgraph in the test's process.
pub struct InProcess {
    name: &'static str,
    subgraph: Subgraph,
    requests: Requests,
}

impl InProcess {
    pub fn new(name: &'static str, requests: &Requests) -> InProcess {
        InProcess {
            name,
            subgraph: Subgraph::named(name),
            requests: requests.clone(),
        }
    }
}

#[async_trait]
impl SubgraphTransport for InProcess {
    async fn fetch(&self, request: SubgraphRequest) -> Result<SubgraphResponse, TransportError> {
        self.requests.note(self.name);
        Ok(answer(
            self.subgraph.execute(graphql_request(request)).await,
        ))
    }

    async fn subscribe(
        &self,
        request: SubgraphRequest,
    ) -> Result<BoxStream<'static, Result<SubgraphResponse, TransportError>>, TransportError> {
        let Subgraph::Reviews(schema) = &self.subgraph else {
            return Err(TransportError::Unsupported("no subscriptions".into()));
        };
        Ok(schema
            .execute_stream(graphql_request(request))
            .map(|response| Ok(answer(response)))
            .boxed())
    }

    fn input_form(&self) -> InputForm {
        InputForm::Values
    }
}

fn graphql_request(mut request: SubgraphRequest) -> Request {
    let mut variables = Variables::default();
    for (name, value) in request.variables.client() {
        variables.insert(
            async_graphql::Name::new(name),
            GraphqlValue::from_json(value.clone()).unwrap(),
        );
    }
    for (name, representations) in request.variables.take_representations() {
        let values = representations
            .into_values()
            .into_iter()
            .map(|value| GraphqlValue::from_json(value).unwrap());
        variables.insert(
            async_graphql::Name::new(name),
            GraphqlValue::List(values.collect()),
        );
    }
    Request::new(request.operation.text.clone()).variables(variables)
}

fn answer(response: Response) -> SubgraphResponse {
    let told = response.data;
    let data = Value::new(move |builder| build(builder, &told));
    let error = |error: async_graphql::ServerError| {
        let json = serde_json::to_value(&error).expect("JSON");
        let element = |element: &serde_json::Value| match element.as_u64() {
            Some(index) => PathElement::Index(index as usize),
            None => PathElement::Key(element.as_str().unwrap_or_default().into()),
        };
        let path = json["path"]
            .as_array()
            .map(|path| path.iter().map(element).collect());
        let extensions = json["extensions"].as_object().cloned().unwrap_or_default();
        GraphQLError {
            message: error.message,
            path,
            extensions,
        }
    };
    SubgraphResponse::Value {
        data: Some(data),
        errors: response.errors.into_iter().map(error).collect(),
    }
}

fn build(builder: &mut ValueBuilder<'_>, value: &GraphqlValue) {
    match value {
        GraphqlValue::Null | GraphqlValue::Binary(_) => builder.null(),
        GraphqlValue::Boolean(value) => builder.bool(*value),
        GraphqlValue::Number(number) => builder.number(number),
        GraphqlValue::String(text) => builder.string(text),
        GraphqlValue::Enum(name) => builder.string(name),
        GraphqlValue::List(items) => {
            builder.list_start();
            items.iter().for_each(|item| build(builder, item));
            builder.list_end();
        }
        GraphqlValue::Object(members) => {
            builder.object_start();
            for (key, member) in members {
                builder.key(key);
                build(builder, member);
            }
            builder.object_end();
        }
    }
}

mod products {
    use super::*;

    #[derive(SimpleObject, Clone)]
    pub struct Product {
        pub upc: ID,
        pub name: String,
        pub price: Option<i32>,
        pub weight: Option<i32>,
    }

    pub fn all() -> Vec<Product> {
        let product = |upc: &str, name: &str, price, weight| Product {
            upc: upc.into(),
            name: name.into(),
            price: Some(price),
            weight,
        };
        vec![
            product("p1", "Table", 899, Some(900)),
            product("p2", "Chair", 1299, Some(1000)),
            product("p3", "Lamp", 54, None),
        ]
    }
}

struct ProductsQuery;

#[Object]
impl ProductsQuery {
    async fn top_products(&self, first: Option<i32>) -> Vec<products::Product> {
        products::all()
            .into_iter()
            .take(first.unwrap_or(5) as usize)
            .collect()
    }

    #[graphql(entity)]
    async fn find_product(&self, upc: ID) -> Option<products::Product> {
        products::all()
            .into_iter()
            .find(|product| product.upc == upc)
    }
}

mod inventory {
    use super::*;

    #[derive(SimpleObject)]
    pub struct Product {
        pub upc: ID,
        pub shipping: Option<i32>,
    }
}

struct InventoryQuery;

#[Object]
impl InventoryQuery {
    async fn stock(&self) -> i32 {
        1
    }

    /// Dear things are sent for nothing, others for half of their weight.
    #[graphql(entity)]
    async fn find_product(
        &self,
        #[graphql(key)] upc: ID,
        price: Option<i32>,
        weight: Option<i32>,
    ) -> inventory::Product {
        let is_dear = price.is_some_and(|price| price > 1000);
        let shipping = if is_dear {
            Some(0)
        } else {
            weight.map(|weight| weight / 2)
        };
        inventory::Product { upc, shipping }
    }
}

mod reviews {
    use super::*;

    #[derive(SimpleObject, Clone)]
    pub struct Review {
        pub id: ID,
        pub body: String,
        pub product: Option<Product>,
        pub author: User,
    }

    #[derive(Clone)]
    pub struct Product(pub ID);

    #[Object]
    impl Product {
        async fn upc(&self) -> &ID {
            &self.0
        }

        async fn reviews(&self) -> Vec<Review> {
            let is_of = |review: &Review| {
                review
                    .product
                    .as_ref()
                    .is_some_and(|product| product.0 == self.0)
            };
            all().into_iter().filter(is_of).collect()
        }
    }

    #[derive(Clone)]
    pub struct User(pub ID);

    #[Object]
    impl User {
        async fn id(&self) -> &ID {
            &self.0
        }

        async fn reviews(&self) -> Vec<Review> {
            all()
                .into_iter()
                .filter(|review| review.author.0 == self.0)
                .collect()
        }
    }

    #[derive(Union)]
    pub enum Hit {
        Product(Product),
        User(User),
    }

    pub fn review(id: &str, body: &str, upc: &str, author: &str) -> Review {
        Review {
            id: id.into(),
            body: body.into(),
            product: Some(Product(upc.into())),
            author: User(author.into()),
        }
    }

    pub fn all() -> Vec<Review> {
        vec![
            review("r1", "solid", "p1", "u1"),
            review("r2", "wobbles", "p1", "u2"),
            review("r3", "soft", "p2", "u1"),
        ]
    }
}

struct ReviewsQuery;

#[Object]
impl ReviewsQuery {
    async fn search(&self) -> Vec<reviews::Hit> {
        vec![
            reviews::Hit::User(reviews::User("u2".into())),
            reviews::Hit::Product(reviews::Product("p2".into())),
        ]
    }

    async fn orphan(&self) -> reviews::Review {
        reviews::review("r9", "?", "gone", "u2")
    }

    #[graphql(entity)]
    async fn find_product(&self, upc: ID) -> reviews::Product {
        reviews::Product(upc)
    }

    #[graphql(entity)]
    async fn find_user(&self, id: ID) -> reviews::User {
        reviews::User(id)
    }
}

struct ReviewsMutation;

#[Object]
impl ReviewsMutation {
    async fn add_review(
        &self,
        upc: ID,
        body: String,
    ) -> async_graphql::Result<Option<reviews::Review>> {
        if !products::all().iter().any(|product| product.upc == upc) {
            let error = async_graphql::Error::new("no such product");
            return Err(error.extend_with(|_, extensions| extensions.set("code", "NOT_FOUND")));
        }
        Ok(Some(reviews::review("r4", &body, &upc, "u1")))
    }
}

struct ReviewsSubscription;

#[Subscription]
impl ReviewsSubscription {
    async fn review_added(&self) -> impl Stream<Item = reviews::Review> {
        stream::iter(reviews::all())
    }
}

mod users {
    use super::*;

    #[derive(SimpleObject)]
    pub struct User {
        pub id: ID,
        pub name: String,
    }

    pub fn find(id: &str) -> Option<User> {
        let name = match id {
            "u1" => "Ada",
            "u2" => "Bob",
            _ => return None,
        };
        Some(User {
            id: id.into(),
            name: name.into(),
        })
    }
}

struct UsersQuery;

#[Object]
impl UsersQuery {
    async fn me(&self) -> Option<users::User> {
        users::find("u1")
    }

    #[graphql(entity)]
    async fn find_user(&self, id: ID) -> Option<users::User> {
        users::find(&id)
    }
}
