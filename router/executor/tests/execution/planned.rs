//! Plans of the planner, run against four subgraphs made with a GraphQL server library.

mod subgraphs;

use std::sync::Arc;

use apollo_compiler::ExecutableDocument;
use futures::StreamExt;
use serde_json::{Value, json};
use souk_executor::transport::http::{
    HttpClient, HttpClientConfig, HttpTransport, HttpTransportConfig,
};
use souk_executor::{
    ExecutionRequest, Executor, PreparedPlan, RequestContext, SubgraphTransport, Transports,
};
use souk_planner::{Planner, Supergraph};

use crate::support::{Served, json_of};
use subgraphs::{InProcess, Requests, handler};

struct Shop {
    planner: Planner,
    executor: Executor,
    /// How many requests each subgraph got.
    requests: Requests,
    _served: Vec<Served>,
}

impl Shop {
    async fn over_http() -> Shop {
        let requests = Requests::default();
        let client = HttpClient::new(&HttpClientConfig::default()).unwrap();
        let mut transports = Transports::new();
        let mut served = Vec::new();
        for name in subgraphs::NAMES {
            let subgraph = Served::start(name, handler(name, &requests)).await;
            let config = HttpTransportConfig::new(subgraph.url.clone());
            transports.insert(
                name,
                Arc::new(HttpTransport::new(client.clone(), &config).unwrap()),
            );
            served.push(subgraph);
        }
        Shop::new(transports, requests, served)
    }

    fn in_process() -> Shop {
        let requests = Requests::default();
        let mut transports = Transports::new();
        for name in subgraphs::NAMES {
            let transport: Arc<dyn SubgraphTransport> = Arc::new(InProcess::new(name, &requests));
            transports.insert(name, transport);
        }
        Shop::new(transports, requests, Vec::new())
    }

    fn new(transports: Transports, requests: Requests, served: Vec<Served>) -> Shop {
        let supergraph =
            Supergraph::parse(include_str!("planned/supergraph.graphql")).expect("a supergraph");
        let api_schema = Arc::new(supergraph.api_schema().clone());
        let planner = Planner::new(Arc::new(supergraph));
        Shop {
            planner,
            executor: Executor::new(transports, api_schema),
            requests,
            _served: served,
        }
    }

    fn request(&self, operation: &str, variables: Value) -> ExecutionRequest {
        let schema = self.planner.supergraph().api_schema();
        let document =
            ExecutableDocument::parse_and_validate(schema, operation, "operation.graphql")
                .expect("valid");
        let plan = self.planner.plan(&document, None).expect("a plan");
        ExecutionRequest {
            plan: Arc::new(PreparedPlan::new(plan)),
            document: Arc::new(document),
            operation_name: None,
            variables: Arc::new(serde_json::from_value(variables).unwrap()),
            context: Arc::new(RequestContext::default()),
            errors: Arc::default(),
        }
    }

    async fn run(&self, operation: &str, variables: Value) -> Value {
        json_of(
            &self
                .executor
                .execute(self.request(operation, variables))
                .await,
        )
    }
}

/// The same answer over HTTP and in process, which is returned with the requests it took.
async fn both_ways(operation: &str, variables: Value) -> (Value, Vec<(&'static str, usize)>) {
    let http = Shop::over_http().await;
    let over_http = http.run(operation, variables.clone()).await;
    let in_process = Shop::in_process().run(operation, variables).await;
    assert_eq!(over_http.to_string(), in_process.to_string());
    (over_http, http.requests.counts())
}

#[tokio::test]
async fn entities_across_four_subgraphs() {
    let operation = "query($first: Int!) {
        topProducts(first: $first) { name shipping reviews { body author { name username: name } } }
        me { id name reviews { product { upc name } } }
    }";
    let (response, requests) = both_ways(operation, json!({ "first": 2 })).await;
    let ada = json!({ "name": "Ada", "username": "Ada" });
    let bob = json!({ "name": "Bob", "username": "Bob" });
    let expected = json!({ "data": {
        "topProducts": [
            {
                "name": "Table", "shipping": 450,
                "reviews": [{ "body": "solid", "author": ada }, { "body": "wobbles", "author": bob }],
            },
            { "name": "Chair", "shipping": 0, "reviews": [{ "body": "soft", "author": ada }] },
        ],
        "me": {
            "id": "u1", "name": "Ada",
            "reviews": [
                { "product": { "upc": "p1", "name": "Table" } },
                { "product": { "upc": "p2", "name": "Chair" } },
            ],
        },
    } });
    assert_eq!(response.to_string(), expected.to_string());
    let total: usize = requests.iter().map(|(_, count)| count).sum();
    assert!(total <= 8, "{requests:?}");
}

#[tokio::test]
async fn interfaces_unions_and_conditions() {
    let operation = "query($deep: Boolean!) {
        search { __typename ... on Product { upc reviews @include(if: $deep) { body } } ...Person }
    }
    fragment Person on User { name reviews @skip(if: $deep) { id } }";
    let (deep, _) = both_ways(operation, json!({ "deep": true })).await;
    let expected = json!({ "data": { "search": [
        { "__typename": "User", "name": "Bob" },
        { "__typename": "Product", "upc": "p2", "reviews": [{ "body": "soft" }] },
    ] } });
    assert_eq!(deep, expected);
    let (shallow, _) = both_ways(operation, json!({ "deep": false })).await;
    let expected = json!({ "data": { "search": [
        { "__typename": "User", "name": "Bob", "reviews": [{ "id": "r2" }] },
        { "__typename": "Product", "upc": "p2" },
    ] } });
    assert_eq!(shallow, expected);
}

#[tokio::test]
async fn mutations_then_entities() {
    let operation = "mutation {
        first: addReview(upc: \"p1\", body: \"new\") { body product { name } }
        second: addReview(upc: \"nothing\", body: \"new\") { body product { name } }
    }";
    let (response, _) = both_ways(operation, json!({})).await;
    assert_eq!(
        response["data"]["first"],
        json!({ "body": "new", "product": { "name": "Table" } })
    );
    assert_eq!(response["data"]["second"], Value::Null);
    let error = &response["errors"][0];
    assert_eq!(error["path"], json!(["second"]));
    assert_eq!(error["extensions"]["code"], "NOT_FOUND");
    assert_eq!(error["extensions"]["service"], "reviews");
}

#[tokio::test]
async fn an_entity_that_is_gone_is_null_where_it_may_be() {
    let operation = "{ orphan { id product { upc name } author { name } } }";
    let (response, _) = both_ways(operation, json!({})).await;
    // `name` is non-null, the product is nullable; the author exists.
    let expected = json!({ "id": "r9", "product": null, "author": { "name": "Bob" } });
    assert_eq!(response["data"]["orphan"], expected);
    assert_eq!(
        response["errors"][0]["path"],
        json!(["orphan", "product", "name"])
    );
}

#[tokio::test]
async fn subscription_events_are_completed() {
    let shop = Shop::in_process();
    let request = shop.request(
        "subscription { reviewAdded { body product { name } author { name } } }",
        json!({}),
    );
    let events = shop.executor.subscribe(request).await.expect("accepted");
    let events: Vec<Value> = events.map(|response| json_of(&response)).collect().await;
    let event = |body: &str, product: &str, author: &str| {
        let review =
            json!({ "body": body, "product": { "name": product }, "author": { "name": author } });
        json!({ "data": { "reviewAdded": review } })
    };
    assert_eq!(
        events,
        [
            event("solid", "Table", "Ada"),
            event("wobbles", "Table", "Bob"),
            event("soft", "Chair", "Ada")
        ]
    );
}

#[tokio::test]
async fn introspection_beside_data() {
    let (response, _) = both_ways(
        "{ me { name } __type(name: \"Hit\") { possibleTypes { name } } }",
        json!({}),
    )
    .await;
    let types = json!([{ "name": "Product" }, { "name": "User" }]);
    assert_eq!(
        response,
        json!({ "data": { "me": { "name": "Ada" }, "__type": { "possibleTypes": types } } })
    );
}
