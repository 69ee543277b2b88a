//! Any bytes as answers of subgraphs.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};
use souk_executor::{
    ExecutionRequest, Executor, PreparedPlan, RequestContext, SubgraphRequest, SubgraphResponse,
    SubgraphTransport, TransportError, Transports,
};
use souk_federation_tests::random::operation;
use souk_planner::{Authorization, Credentials};

use crate::graphs::{plan, planner};

/// How many bytes choose the graph and the operation.
const CHOICES: usize = 24;
/// What separates answers.
const SEPARATOR: u8 = b'\n';

/// Executes a plan with the answers in the input. The response is JSON whatever they are, and has data or errors.
pub(crate) fn merge(input: &[u8]) {
    let Some((choices, answers)) = input.split_at_checked(CHOICES) else {
        return;
    };
    let planner = planner(choices[0]);
    let schema = planner.supergraph().api_schema();
    let (text, variables) = operation(schema, &choices[1..], 12);
    let nobody = Credentials::default();
    let authorization = match choices[0] < 0x80 {
        true => Authorization::Off,
        false => Authorization::Enforced(&nobody),
    };
    let Some((plan, document)) = plan(planner, &text, authorization) else {
        return;
    };
    let answers: VecDeque<Bytes> = answers
        .split(|byte| *byte == SEPARATOR)
        .map(Bytes::copy_from_slice)
        .collect();
    let scripted = Arc::new(Scripted(Mutex::new(answers)));
    let mut transports = Transports::new();
    for subgraph in planner.supergraph().subgraphs() {
        let transport: Arc<dyn SubgraphTransport> = scripted.clone();
        transports.insert(subgraph.name.clone(), transport);
    }
    let executor = Executor::new(transports, Arc::new(schema.clone()));
    let variables = serde_json::to_value(variables).expect("JSON");
    let variables = variables.as_object().cloned().unwrap_or_default();
    let plan = Arc::new(PreparedPlan::new(plan));
    let request = ExecutionRequest {
        errors: plan.denials(&variables).into(),
        plan,
        document: Arc::new(document),
        operation_name: None,
        variables: Arc::new(variables),
        context: Arc::new(RequestContext::default()),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    let response = runtime
        .expect("a runtime")
        .block_on(executor.execute(request));
    let written: serde_json::Value =
        serde_json::from_slice(response.bytes()).expect("a response is JSON");
    let said = written.get("data").is_some_and(|data| !data.is_null());
    let has_errors = written["errors"]
        .as_array()
        .is_some_and(|errors| !errors.is_empty());
    assert!(said || has_errors, "neither data nor errors: {written}");
}

/// Answers one request after the other.
struct Scripted(Mutex<VecDeque<Bytes>>);

#[async_trait]
impl SubgraphTransport for Scripted {
    async fn fetch(&self, _: SubgraphRequest) -> Result<SubgraphResponse, TransportError> {
        let answer = self.0.lock().expect("not poisoned").pop_front();
        Ok(SubgraphResponse::Json(answer.unwrap_or_default()))
    }

    async fn subscribe(
        &self,
        _: SubgraphRequest,
    ) -> Result<BoxStream<'static, Result<SubgraphResponse, TransportError>>, TransportError> {
        Ok(stream::empty().boxed())
    }
}
