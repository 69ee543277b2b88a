//! A graph of subgraphs served on loopback, and plans for it.

mod plans;
mod subgraph;

use std::sync::Arc;

use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};
use serde_json::Value;
use souk_executor::transport::http::{
    HttpClient, HttpClientConfig, HttpTransport, HttpTransportConfig,
};
use souk_executor::{
    ErrorPolicy, ExecutionRequest, Executor, JsonMap, PreparedPlan, RequestContext, Response,
    SubgraphTransport, Transports,
};
use souk_planner::plan::{PlanNode, QueryPlan};

pub use plans::*;
pub use subgraph::*;

/// A federated graph under test.
pub struct Graph {
    schema: Arc<Valid<Schema>>,
    client: HttpClient,
    transports: Transports,
    served: Vec<Served>,
}

impl Graph {
    /// A graph with this API schema and no subgraphs.
    pub fn new(api_schema: &str) -> Graph {
        Graph::with_client(api_schema, &HttpClientConfig::default())
    }

    pub fn with_client(api_schema: &str, config: &HttpClientConfig) -> Graph {
        let schema =
            Schema::parse_and_validate(api_schema, "api.graphql").expect("a valid API schema");
        let client = HttpClient::new(config).expect("an HTTP client");
        Graph {
            schema: Arc::new(schema),
            client,
            transports: Transports::new(),
            served: Vec::new(),
        }
    }

    /// Adds a subgraph that answers by `handler`.
    pub async fn subgraph(
        self,
        name: &str,
        handler: impl Fn(&Received) -> Answer + Send + Sync + 'static,
    ) -> Graph {
        self.subgraph_with(name, handler, |_| {}).await
    }

    /// The same, with changes to the transport's configuration.
    pub async fn subgraph_with(
        mut self,
        name: &str,
        handler: impl Fn(&Received) -> Answer + Send + Sync + 'static,
        configure: impl FnOnce(&mut HttpTransportConfig),
    ) -> Graph {
        let served = Served::start(name, handler).await;
        self.connect(name, &served.url, configure);
        self.served.push(served);
        self
    }

    /// Adds a subgraph at an address.
    pub fn connect(
        &mut self,
        name: &str,
        url: &str,
        configure: impl FnOnce(&mut HttpTransportConfig),
    ) {
        let mut config = HttpTransportConfig::new(url);
        configure(&mut config);
        let transport = HttpTransport::new(self.client.clone(), &config).expect("a transport");
        self.transports.insert(name, Arc::new(transport));
    }

    /// Adds a subgraph over a transport of the test's own.
    pub fn transport(mut self, name: &str, transport: impl SubgraphTransport) -> Graph {
        self.transports.insert(name, Arc::new(transport));
        self
    }

    /// Sets what clients see of a subgraph's errors.
    pub fn error_policy(&mut self, name: &str, policy: ErrorPolicy) {
        self.transports.set_error_policy(name, policy);
    }

    pub fn executor(&self) -> Executor {
        Executor::new(self.transports.clone(), self.schema.clone())
    }

    /// A request for an operation whose data comes by `root`.
    pub fn request(
        &self,
        operation: &str,
        root: Option<PlanNode>,
        variables: Value,
    ) -> ExecutionRequest {
        let document =
            ExecutableDocument::parse_and_validate(&self.schema, operation, "operation.graphql")
                .expect("a valid operation");
        let plan = plan(&self.schema, &document, root);
        self.request_for(document, plan, variables)
    }

    pub fn request_for(
        &self,
        document: Valid<ExecutableDocument>,
        plan: QueryPlan,
        variables: Value,
    ) -> ExecutionRequest {
        let variables: JsonMap =
            serde_json::from_value(variables).expect("variables are an object");
        ExecutionRequest {
            plan: Arc::new(PreparedPlan::new(plan)),
            document: Arc::new(document),
            operation_name: None,
            variables: Arc::new(variables),
            context: Arc::new(RequestContext::default()),
            errors: Arc::default(),
        }
    }

    pub async fn run(&self, operation: &str, root: PlanNode) -> Value {
        self.run_with(operation, root, serde_json::json!({})).await
    }

    pub async fn run_with(&self, operation: &str, root: PlanNode, variables: Value) -> Value {
        let response = self
            .executor()
            .execute(self.request(operation, Some(root), variables))
            .await;
        json_of(&response)
    }

    /// What a subgraph has received so far.
    pub fn received(&self, name: &str) -> Vec<Received> {
        let served = self
            .served
            .iter()
            .find(|served| served.name == name)
            .expect("a subgraph of that name");
        served.received()
    }
}

/// The response's JSON, whose error count must be what the response says.
pub fn json_of(response: &Response) -> Value {
    let json: Value = serde_json::from_slice(response.bytes()).expect("the response is JSON");
    let errors = json
        .get("errors")
        .map_or(0, |errors| errors.as_array().expect("a list").len());
    assert_eq!(response.error_count(), errors);
    assert_eq!(response.has_data(), json.get("data").is_some());
    json
}

/// `path` and `code` of each error.
pub fn error_places(response: &Value) -> Vec<(Value, String)> {
    let errors = response["errors"].as_array().cloned().unwrap_or_default();
    let place = |error: &Value| {
        (
            error["path"].clone(),
            error["extensions"]["code"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        )
    };
    errors.iter().map(place).collect()
}

/// The message of the only error.
pub fn only_message(response: &Value) -> String {
    let errors = response["errors"].as_array().expect("errors");
    assert_eq!(errors.len(), 1, "{response:#}");
    errors[0]["message"].as_str().expect("a message").to_owned()
}
