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
use souk_planner::{Authorization, Credentials, Planner};

use crate::case::{Case, Expectation, pretty};
use crate::data::Object;
use crate::graph::Graph;
use crate::hidden::Hidden;
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
    /// A client sees what it may not see.
    Shown,
    /// Something is kept from a client, and no error says so.
    Unexplained,
    /// A client is denied what it may see.
    Denied,
}

/// What a graph has answered.
pub(crate) struct Answered {
    /// The plan as text.
    pub plan: String,
    /// One per event of a subscription.
    pub responses: Vec<Value>,
    /// What the subgraphs were asked.
    pub requests: Vec<Value>,
    /// What they should not have been.
    pub violations: Vec<Wrong>,
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
        let document = match self.document(case) {
            Ok(document) => document,
            Err(error) => return Outcome::invalid(&error),
        };
        let answered = match self.answer(case, &document).await {
            Ok(answered) => answered,
            Err(wrong) => return Outcome::failed(wrong),
        };
        let mut found = vec![(Expectation::Plan, answered.plan)];
        if case.shows_requests {
            found.push((Expectation::Requests, pretty(&answered.requests.into())));
        }
        let mut wrong = answered.violations;
        wrong.extend(self.compare(case, &answered.responses));
        let response = match answered.responses.as_slice() {
            [only] if !is_subscription(case, &document) => pretty(only),
            _ => pretty(&answered.responses.into()),
        };
        found.push((Expectation::Response, response));
        Outcome { found, wrong }
    }

    /// A case's document.
    ///
    /// # Errors
    ///
    /// Says why it is not valid for clients.
    pub(crate) fn document(&self, case: &Case) -> Result<Valid<ExecutableDocument>, String> {
        let schema = self.graph.api_schema();
        ExecutableDocument::parse_and_validate(schema, case.operation.as_str(), "case")
            .map_err(|error| error.to_string())
    }

    /// Plans a case for somebody.
    pub(crate) fn plan(
        &self,
        case: &Case,
        document: &Valid<ExecutableDocument>,
        authorization: Authorization<'_>,
    ) -> Result<QueryPlan, Wrong> {
        let name = case.operation_name.as_deref();
        let plan = self
            .planner
            .plan_for(document, name, &case.labels, authorization);
        plan.map_err(|error| Wrong::new(WrongKind::NoPlan, format!("no plan: {error}")))
    }

    /// What a case's plan depends on of what its client shows.
    pub(crate) fn asked(
        &self,
        case: &Case,
        document: &Valid<ExecutableDocument>,
    ) -> Result<Credentials, Wrong> {
        let name = case.operation_name.as_deref();
        let asked = self.planner.credentials_asked(document, name);
        asked.map_err(|error| Wrong::new(WrongKind::NoPlan, format!("no plan: {error}")))
    }

    /// Plans and executes a case.
    pub(crate) async fn answer(
        &self,
        case: &Case,
        document: &Valid<ExecutableDocument>,
    ) -> Result<Answered, Wrong> {
        let plan = self.plan(case, document, Authorization::Enforced(&case.client))?;
        let text = format!("{plan}\n");
        for server in &self.servers {
            server.lie(case.lies.get(&server.name).cloned().unwrap_or_default());
        }
        let responses = self.execute(case, plan, document).await;
        let responses = responses.map_err(|error| Wrong::new(WrongKind::Variables, error))?;
        let servers = || self.servers.iter();
        let violations = servers().flat_map(|server| server.take_violations());
        Ok(Answered {
            plan: text,
            responses,
            requests: servers()
                .flat_map(|server| server.take_requests())
                .collect(),
            violations: violations.map(Wrong::violation).collect(),
        })
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

    /// What a plain server with all the data answers, to whom this is hidden.
    pub(crate) fn plain_answer(&self, case: &Case, hidden: &Hidden) -> Result<Vec<Value>, Wrong> {
        let schema = self.graph.whole_schema();
        let document = ExecutableDocument::parse_and_validate(schema, &*case.operation, "case");
        let document = document.map_err(|error| {
            let text = format!("the operation is not valid on the unsplit schema: {error}");
            Wrong::new(WrongKind::Unequal, text)
        })?;
        let answer = oracle::answer(
            schema,
            &self.graph.data,
            hidden,
            &document,
            case.operation_name.as_deref(),
            &case.variables,
        );
        answer.map_err(|violations| Wrong::violation(violations.join("\n")))
    }

    /// How the responses differ from those of a plain server with all the data.
    fn compare(&self, case: &Case, responses: &[Value]) -> Option<Wrong> {
        let expected = match self.plain_answer(case, &Hidden::default()) {
            Ok(expected) => expected,
            Err(wrong) => return Some(wrong),
        };
        let expected: Vec<Value> = expected.iter().map(comparable).collect();
        let found: Vec<Value> = responses.iter().map(comparable).collect();
        let same = text(&expected) == text(&found);
        match (&case.unlike, same) {
            (None, true) | (Some(_), false) => None,
            (None, false) => Some(Wrong::new(
                WrongKind::Unequal,
                format!(
                    "a plain server answers\n{}but the graph\n{}",
                    pretty(&expected.into()),
                    pretty(&found.into())
                ),
            )),
            (Some(_), true) => {
                let text = "the answer is a plain server's after all".to_owned();
                Some(Wrong::new(WrongKind::Unequal, text))
            }
        }
    }
}

impl Outcome {
    fn failed(wrong: Wrong) -> Outcome {
        Outcome {
            found: Vec::new(),
            wrong: vec![wrong],
        }
    }

    /// The plan as text, if there is one.
    pub fn plan(&self) -> Option<&str> {
        self.text(Expectation::Plan)
    }

    /// The response as text, if there is one.
    pub fn response(&self) -> Option<&str> {
        self.text(Expectation::Response)
    }

    fn text(&self, of: Expectation) -> Option<&str> {
        let found = self.found.iter().find(|(kind, _)| *kind == of);
        found.map(|(_, text)| text.as_str())
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
    pub(crate) fn new(kind: WrongKind, text: String) -> Wrong {
        Wrong { kind, text }
    }

    fn violation(text: String) -> Wrong {
        Wrong::new(WrongKind::Violation, text)
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
