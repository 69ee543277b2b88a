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
use souk_planner::plan::QueryPlan;
use souk_planner::{Authorization, Planner};

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
    pub wrong: Vec<Wrong>,
}

/// Something wrong.
#[derive(Debug)]
pub struct Wrong {
    /// What kind of thing.
    pub kind: WrongKind,
    /// The details.
    pub text: String,
}

/// What can be wrong with an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WrongKind {
    /// The operation could not be planned.
    NoPlan,
    /// The variables were refused.
    Variables,
    /// A subgraph was asked what it must not be asked, or the data do not say enough.
    Violation,
    /// The answer is not a plain server's.
    Unequal,
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

    /// The graph.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The labels of its progressive overrides.
    pub(crate) fn labels(&self) -> impl Iterator<Item = &Arc<str>> {
        self.graph.supergraph.override_labels()
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
        let client = Authorization::Enforced(&case.client);
        let plan = self.planner.plan_for(&document, name, &case.labels, client);
        let plan = match plan {
            Ok(plan) => plan,
            Err(error) => return Outcome::failed(WrongKind::NoPlan, format!("no plan: {error}")),
        };
        let mut found = vec![(Expectation::Plan, format!("{plan}\n"))];
        for server in &self.servers {
            server.lie(case.lies.get(&server.name).cloned().unwrap_or_default());
        }
        let responses = match self.execute(case, plan, &document).await {
            Ok(responses) => responses,
            Err(error) => return Outcome::failed(WrongKind::Variables, error),
        };
        let requests = self
            .servers
            .iter()
            .flat_map(|server| server.take_requests());
        let requests: Vec<Value> = requests.collect();
        if case.shows_requests {
            found.push((Expectation::Requests, pretty(&requests.into())));
        }
        let mut wrong: Vec<Wrong> = Vec::new();
        for server in &self.servers {
            wrong.extend(server.take_violations().into_iter().map(Wrong::violation));
        }
        wrong.extend(self.compare(case, &responses));
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
        let plan = Arc::new(PreparedPlan::new(plan));
        let variables = variables.as_object().cloned().unwrap_or_default();
        let request = ExecutionRequest {
            errors: plan.denials(&variables).into(),
            plan,
            document: Arc::new(document.clone()),
            operation_name: case.operation_name.clone(),
            variables: Arc::new(variables),
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
    fn compare(&self, case: &Case, responses: &[Value]) -> Vec<Wrong> {
        let schema = self.graph.whole_schema();
        let document = ExecutableDocument::parse_and_validate(schema, &*case.operation, "case");
        let document = match document {
            Ok(document) => document,
            Err(error) => {
                let text = format!("the operation is not valid on the unsplit schema: {error}");
                return vec![Wrong::unequal(text)];
            }
        };
        let expected = oracle::answer(
            schema,
            &self.graph.data,
            &document,
            case.operation_name.as_deref(),
            &case.variables,
        );
        let expected = match expected {
            Ok(expected) => expected,
            Err(violations) => return violations.into_iter().map(Wrong::violation).collect(),
        };
        let expected: Vec<Value> = expected.iter().map(comparable).collect();
        let found: Vec<Value> = responses.iter().map(comparable).collect();
        let same = text(&expected) == text(&found);
        match (&case.unlike, same) {
            (None, true) | (Some(_), false) => Vec::new(),
            (None, false) => vec![Wrong::unequal(format!(
                "a plain server answers\n{}but the graph\n{}",
                pretty(&expected.into()),
                pretty(&found.into())
            ))],
            (Some(_), true) => {
                let text = "the answer is a plain server's after all".to_owned();
                vec![Wrong::unequal(text)]
            }
        }
    }
}

impl Outcome {
    fn failed(kind: WrongKind, text: String) -> Outcome {
        Outcome {
            found: Vec::new(),
            wrong: vec![Wrong { kind, text }],
        }
    }

    /// The plan as text, if there is one.
    pub fn plan(&self) -> Option<&str> {
        let plan = self
            .found
            .iter()
            .find(|(kind, _)| *kind == Expectation::Plan);
        plan.map(|(_, text)| text.as_str())
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

impl Wrong {
    fn violation(text: String) -> Wrong {
        let kind = WrongKind::Violation;
        Wrong { kind, text }
    }

    fn unequal(text: String) -> Wrong {
        let kind = WrongKind::Unequal;
        Wrong { kind, text }
    }
}

fn is_subscription(case: &Case, document: &Valid<ExecutableDocument>) -> bool {
    let operation = document.operations.get(case.operation_name.as_deref());
    operation.is_ok_and(|operation| operation.is_subscription())
}

fn json_of(response: &Response) -> Value {
    serde_json::from_slice(response.bytes()).expect("a response is JSON")
}

/// What has to be the same: the data to the order of the keys, and where errors left nulls. Messages are the servers'
/// own, and where one null stands for several errors, a server may leave all but one of them out.
fn comparable(response: &Value) -> Value {
    let mut kept = Object::new();
    kept.insert("data".into(), response["data"].clone());
    let errors = response["errors"].as_array();
    let places = errors
        .into_iter()
        .flatten()
        .map(|error| null_of(&response["data"], &error["path"]));
    let mut places: Vec<Value> = places.collect();
    places.sort_by_key(Value::to_string);
    places.dedup();
    if !places.is_empty() {
        kept.insert("errors".into(), places.into());
    }
    Value::Object(kept)
}

/// The part of an error's path that is in the data.
fn null_of(data: &Value, path: &Value) -> Value {
    let Some(path) = path.as_array() else {
        return path.clone();
    };
    let mut found = data;
    let mut kept = Vec::new();
    for part in path {
        let below = match part {
            Value::String(key) => found.get(key),
            index => found.get(index.as_u64().unwrap_or(u64::MAX) as usize),
        };
        let Some(below) = below else { break };
        kept.push(part.clone());
        found = below;
    }
    kept.into()
}

fn text(responses: &[Value]) -> Vec<String> {
    responses.iter().map(Value::to_string).collect()
}
