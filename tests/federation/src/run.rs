//! Runs cases.

use std::sync::Arc;

use apollo_compiler::ExecutableDocument;
use apollo_compiler::request::coerce_variable_values;
use apollo_compiler::validation::Valid;
use futures::StreamExt;
use serde_json::{Value, json};
use souk_executor::transport::http::{
    HttpClient, HttpClientConfig, HttpTransport, HttpTransportConfig,
};
use souk_executor::{
    ExecutionRequest, Executor, PreparedPlan, RequestContext, Response, Transports,
};
use souk_planner::Planner;
use souk_planner::plan::QueryPlan;

use crate::case::{Case, Expectation, pretty};
use crate::data::Object;
use crate::graph::Graph;
use crate::http::Listening;
use crate::oracle;
use crate::server::Server;
use crate::transport::InProcess;

/// A graph that is ready for operations.
pub struct Runner {
    graph: Graph,
    planner: Planner,
    executor: Executor,
    servers: Vec<Arc<Server>>,
    _listening: Vec<Listening>,
}

/// What came of a case.
pub struct Outcome {
    /// The text for each expectation that the case has.
    pub found: Vec<(Expectation, String)>,
    /// What is wrong with it, whatever the expectations say.
    pub wrong: Vec<String>,
}

impl Runner {
    /// Serves a graph's subgraphs in this process.
    pub fn in_process(graph: Graph) -> Runner {
        let servers: Vec<_> = Server::all_of(&graph).into_iter().map(Arc::new).collect();
        let mut transports = Transports::new();
        for server in &servers {
            let transport = InProcess {
                server: Arc::clone(server),
            };
            transports.insert(server.name.as_str(), Arc::new(transport));
        }
        Runner::new(graph, servers, transports, Vec::new())
    }

    /// Serves them over HTTP.
    pub async fn over_http(graph: Graph) -> Runner {
        let servers: Vec<_> = Server::all_of(&graph).into_iter().map(Arc::new).collect();
        let client = HttpClient::new(&HttpClientConfig::default()).expect("an HTTP client");
        let mut transports = Transports::new();
        let mut listening = Vec::new();
        for server in &servers {
            let subgraph = Listening::start(Arc::clone(server)).await;
            let config = HttpTransportConfig::new(subgraph.url.clone());
            let transport = HttpTransport::new(client.clone(), &config).expect("an address");
            transports.insert(server.name.as_str(), Arc::new(transport));
            listening.push(subgraph);
        }
        Runner::new(graph, servers, transports, listening)
    }

    fn new(
        graph: Graph,
        servers: Vec<Arc<Server>>,
        transports: Transports,
        listening: Vec<Listening>,
    ) -> Runner {
        let supergraph = Arc::clone(&graph.supergraph);
        let api_schema = Arc::new(supergraph.api_schema().clone());
        Runner {
            graph,
            planner: Planner::new(supergraph),
            executor: Executor::new(transports, api_schema),
            servers,
            _listening: listening,
        }
    }

    /// Plans and executes a case, and compares the answer with a plain server's.
    pub async fn run(&self, case: &Case) -> Outcome {
        let api_schema = self.graph.api_schema();
        let parsed =
            ExecutableDocument::parse_and_validate(api_schema, case.operation.as_str(), "case");
        let document = match parsed {
            Ok(document) => document,
            Err(error) => return Outcome::invalid(&error.to_string()),
        };
        let name = case.operation_name.as_deref();
        let plan = match self.planner.plan(&document, name) {
            Ok(plan) => plan,
            Err(error) => return Outcome::failed(format!("no plan: {error}")),
        };
        let mut found = vec![(Expectation::Plan, format!("{plan}\n"))];
        let responses = match self.execute(case, plan, &document).await {
            Ok(responses) => responses,
            Err(error) => return Outcome::failed(error),
        };
        let requests = self
            .servers
            .iter()
            .flat_map(|server| server.take_requests());
        let requests: Vec<Value> = requests.collect();
        if case.shows_requests {
            found.push((Expectation::Requests, pretty(&requests.into())));
        }
        let mut wrong: Vec<String> = Vec::new();
        for server in &self.servers {
            wrong.extend(server.take_violations());
        }
        wrong.extend(self.compare(case, &document, &responses));
        let response = match responses.as_slice() {
            [only] if !is_subscription(case, &document) => pretty(only),
            _ => pretty(&responses.into()),
        };
        found.push((Expectation::Response, response));
        Outcome { found, wrong }
    }

    async fn execute(
        &self,
        case: &Case,
        plan: QueryPlan,
        document: &Valid<ExecutableDocument>,
    ) -> Result<Vec<Value>, String> {
        let name = case.operation_name.as_deref();
        let operation = document.operations.get(name);
        let operation = operation.map_err(|error| error.message().to_string())?;
        let variables = serde_json::from_value(Value::Object(case.variables.clone()));
        let variables = variables.expect("JSON is JSON");
        let variables = match coerce_variable_values(self.graph.api_schema(), operation, &variables)
        {
            Ok(variables) => serde_json::to_value(&*variables).expect("JSON is JSON"),
            Err(error) => return Err(format!("variables: {}", error.message())),
        };
        let request = ExecutionRequest {
            plan: Arc::new(PreparedPlan::new(plan)),
            document: Arc::new(document.clone()),
            operation_name: case.operation_name.clone(),
            variables: Arc::new(variables.as_object().cloned().unwrap_or_default()),
            context: Arc::new(RequestContext::default()),
        };
        if !is_subscription(case, document) {
            return Ok(vec![json_of(&self.executor.execute(request).await)]);
        }
        match self.executor.subscribe(request).await {
            Ok(events) => Ok(events.map(|event| json_of(&event)).collect().await),
            Err(refusal) => Ok(vec![json_of(&refusal)]),
        }
    }

    /// How the responses differ from those of a plain server with all the data.
    fn compare(
        &self,
        case: &Case,
        document: &Valid<ExecutableDocument>,
        responses: &[Value],
    ) -> Vec<String> {
        let expected = oracle::answer(
            self.graph.api_schema(),
            &self.graph.data,
            document,
            case.operation_name.as_deref(),
            &case.variables,
        );
        let expected = match expected {
            Ok(expected) => expected,
            Err(violations) => return violations,
        };
        let expected: Vec<Value> = expected.iter().map(comparable).collect();
        let found: Vec<Value> = responses.iter().map(comparable).collect();
        let same = text(&expected) == text(&found);
        match (&case.unlike, same) {
            (None, true) | (Some(_), false) => Vec::new(),
            (None, false) => vec![format!(
                "a plain server answers\n{}but the graph\n{}",
                pretty(&expected.into()),
                pretty(&found.into())
            )],
            (Some(_), true) => vec!["the answer is a plain server's after all".to_owned()],
        }
    }
}

impl Outcome {
    fn failed(why: String) -> Outcome {
        Outcome {
            found: Vec::new(),
            wrong: vec![why],
        }
    }

    /// The operation is not valid for clients: that is what the response says.
    fn invalid(error: &str) -> Outcome {
        let messages: Vec<&str> = error
            .lines()
            .filter_map(|line| line.strip_prefix("Error: "))
            .collect();
        let response = json!({ "invalid": messages });
        Outcome {
            found: vec![(Expectation::Response, pretty(&response))],
            wrong: Vec::new(),
        }
    }
}

fn is_subscription(case: &Case, document: &Valid<ExecutableDocument>) -> bool {
    let operation = document.operations.get(case.operation_name.as_deref());
    operation.is_ok_and(|operation| operation.is_subscription())
}

fn json_of(response: &Response) -> Value {
    serde_json::from_slice(response.bytes()).expect("a response is JSON")
}

/// What has to be the same: the data to the order of the keys, and where errors are. Messages are the servers' own.
fn comparable(response: &Value) -> Value {
    let mut kept = Object::new();
    kept.insert("data".into(), response["data"].clone());
    let errors = response["errors"].as_array();
    let paths = errors
        .into_iter()
        .flatten()
        .map(|error| error["path"].clone());
    let mut paths: Vec<Value> = paths.collect();
    paths.sort_by_key(Value::to_string);
    if !paths.is_empty() {
        kept.insert("errors".into(), paths.into());
    }
    Value::Object(kept)
}

fn text(responses: &[Value]) -> Vec<String> {
    responses.iter().map(Value::to_string).collect()
}
