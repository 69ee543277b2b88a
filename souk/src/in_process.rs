//! Calls a subgraph of the same process for the executor: no socket, no JSON in between.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{
    Name, PathSegment, Request, Response, ServerError, Value as GraphqlValue,
    Variables as GraphqlVariables,
};
use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::BoxStream;
use souk_executor::{
    GraphQLError, InputForm, JsonMap, PathElement, SubgraphRequest, SubgraphResponse,
    SubgraphTransport, TransportError, Value, ValueBuilder,
};
use souk_planner::plan::SubgraphOperation;
use souk_platform::identity::{ClientAddress, CorrelationId};
use souk_platform::serving;
use souk_platform::{GraphqlService, Identity};

/// How many parsed operations are kept per subgraph. Each client operation has about one per subgraph it touches.
const PARSED_OPERATIONS: u64 = 4096;

/// The way to one subgraph in this process.
pub struct InProcess {
    name: &'static str,
    service: Arc<dyn GraphqlService>,
    parsed: moka::sync::Cache<ByAddress, Arc<ExecutableDocument>>,
}

/// An operation by its address: the planner shares one `Arc` among all requests of a plan, and the key keeps it
/// alive, so that the address stays taken.
struct ByAddress(Arc<SubgraphOperation>);

impl PartialEq for ByAddress {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for ByAddress {}

impl Hash for ByAddress {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.0).hash(state);
    }
}

impl InProcess {
    /// A transport to this subgraph.
    pub fn new(name: &'static str, service: Arc<dyn GraphqlService>) -> InProcess {
        InProcess {
            name,
            service,
            parsed: moka::sync::Cache::new(PARSED_OPERATIONS),
        }
    }

    fn request(
        &self,
        mut request: SubgraphRequest,
        parsed: &ExecutableDocument,
    ) -> (Request, Identity, CorrelationId) {
        let mut variables = GraphqlVariables::default();
        let mut names = Names::default();
        for (name, value) in request.variables.client() {
            let value = to_graphql(value.clone(), &mut names);
            variables.insert(Name::new(name.as_str()), value);
        }
        for (name, representations) in request.variables.take_representations() {
            let items = representations
                .into_values()
                .into_iter()
                .map(|value| to_graphql(value, &mut names))
                .collect();
            variables.insert(Name::new(name.as_str()), GraphqlValue::List(items));
        }
        let mut graphql = Request::new(request.operation.text.clone()).variables(variables);
        graphql.set_parsed_query(parsed.clone());
        let extensions = &request.context.extensions;
        if let Some(client) = extensions.get::<ClientAddress>() {
            graphql = graphql.data(client.clone());
        }
        let identity = extensions.get::<Identity>().cloned().unwrap_or_default();
        let correlation = extensions
            .get::<CorrelationId>()
            .cloned()
            .unwrap_or(CorrelationId(String::new()));
        (graphql, identity, correlation)
    }

    fn parse(
        &self,
        operation: &Arc<SubgraphOperation>,
    ) -> Result<Arc<ExecutableDocument>, TransportError> {
        let key = ByAddress(operation.clone());
        if let Some(parsed) = self.parsed.get(&key) {
            return Ok(parsed);
        }
        let document = async_graphql::parser::parse_query(&operation.text).map_err(|error| {
            TransportError::Unsupported(format!("the planned operation does not parse: {error}"))
        })?;
        let parsed = Arc::new(document);
        self.parsed.insert(key, parsed.clone());
        Ok(parsed)
    }
}

#[async_trait]
impl SubgraphTransport for InProcess {
    async fn fetch(&self, request: SubgraphRequest) -> Result<SubgraphResponse, TransportError> {
        let parsed = self.parse(&request.operation)?;
        let (request, identity, correlation) = self.request(request, &parsed);
        let response =
            serving::execute(&*self.service, self.name, identity, &correlation.0, request).await;
        Ok(to_executor(response))
    }

    async fn subscribe(
        &self,
        request: SubgraphRequest,
    ) -> Result<BoxStream<'static, Result<SubgraphResponse, TransportError>>, TransportError> {
        let parsed = self.parse(&request.operation)?;
        let (request, identity, correlation) = self.request(request, &parsed);
        let responses =
            serving::execute_stream(&*self.service, self.name, identity, &correlation.0, request);
        Ok(responses.map(|response| Ok(to_executor(response))).boxed())
    }

    fn input_form(&self) -> InputForm {
        InputForm::Values
    }
}

/// The first keys of a request's objects: representations have the same few, and share them.
#[derive(Default)]
struct Names(Vec<Name>);

impl Names {
    /// More are not looked through.
    const MOST: usize = 16;

    fn name(&mut self, key: &str) -> Name {
        if let Some(name) = self.0.iter().find(|name| name.as_str() == key) {
            return name.clone();
        }
        let name = Name::new(key);
        if self.0.len() < Self::MOST {
            self.0.push(name.clone());
        }
        name
    }
}

fn to_graphql(json: serde_json::Value, names: &mut Names) -> GraphqlValue {
    match json {
        serde_json::Value::Null => GraphqlValue::Null,
        serde_json::Value::Bool(value) => GraphqlValue::Boolean(value),
        serde_json::Value::Number(number) => GraphqlValue::Number(number),
        serde_json::Value::String(text) => GraphqlValue::String(text),
        serde_json::Value::Array(items) => {
            let items = items.into_iter().map(|item| to_graphql(item, names));
            GraphqlValue::List(items.collect())
        }
        serde_json::Value::Object(members) => {
            let members = members.into_iter();
            let members = members.map(|(key, value)| (names.name(&key), to_graphql(value, names)));
            GraphqlValue::Object(members.collect())
        }
    }
}

fn to_executor(response: Response) -> SubgraphResponse {
    let executed = !matches!(response.data, GraphqlValue::Null) || response.errors.is_empty();
    let data = response.data;
    SubgraphResponse::Value {
        data: executed.then(|| Value::new(move |builder| build(builder, &data))),
        errors: response.errors.into_iter().map(to_error).collect(),
    }
}

fn build(builder: &mut ValueBuilder<'_>, value: &GraphqlValue) {
    match value {
        GraphqlValue::Null => builder.null(),
        GraphqlValue::Boolean(value) => builder.bool(*value),
        GraphqlValue::Number(number) => builder.number(number),
        GraphqlValue::String(text) => builder.string(text),
        GraphqlValue::Enum(name) => builder.string(name),
        GraphqlValue::Binary(_) => builder.null(),
        GraphqlValue::List(items) => {
            builder.list_start();
            for item in items {
                build(builder, item);
            }
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

fn to_error(error: ServerError) -> GraphQLError {
    let path = error
        .path
        .into_iter()
        .map(|segment| match segment {
            PathSegment::Field(name) => PathElement::Key(name.into()),
            PathSegment::Index(index) => PathElement::Index(index),
        })
        .collect::<Vec<_>>();
    let extensions = match error.extensions.map(serde_json::to_value) {
        Some(Ok(serde_json::Value::Object(members))) => members,
        _ => JsonMap::new(),
    };
    GraphQLError {
        message: error.message,
        path: (!path.is_empty()).then_some(path),
        extensions,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use souk_executor::Transports;
    use souk_router::{RouterBuilder, RouterConfig};

    use super::*;

    const CREATE: &str = "mutation ($input: CreateCategoryInput!) { createCategory(input: $input) { category { id } } }";

    async fn category(graph: &dyn GraphqlService, name: &str, parent: Option<&Value>) -> Value {
        let variables = json!({ "input": { "name": name, "parentId": parent } });
        let request = Request::new(CREATE).variables(GraphqlVariables::from_json(variables));
        let moderator = souk_harness::identity::moderator(uuid::Uuid::now_v7());
        let created = serving::execute(graph, "product", moderator, "test", request).await;
        let created = serde_json::to_value(created).unwrap();
        created["data"]["createCategory"]["category"]["id"].clone()
    }

    /// `category`, then up and down between it and its parent, then `id`: `depth` fields in all.
    fn up_and_down(id: &Value, depth: u32) -> String {
        let mut query = format!("{{ category(id: {id})");
        for step in 0..depth - 2 {
            let field = if step % 2 == 0 { "parent" } else { "children" };
            query.push_str(" { ");
            query.push_str(field);
        }
        query.push_str(" { id");
        for _ in 0..depth {
            query.push_str(" }");
        }
        query
    }

    #[test]
    fn subgraphs_answer_what_is_as_deep_as_the_router_allows() {
        // On the threads of the program, because the stack is what runs out.
        let runtime = crate::runtime().unwrap();
        runtime
            .block_on(runtime.spawn(the_deepest_is_answered()))
            .unwrap();
    }

    async fn the_deepest_is_answered() {
        let services = souk_harness::services("product", souk_harness::peers::unreachable()).await;
        let product = souk_product::subgraph(services).unwrap();
        let above = category(&*product.schema, "Above", None).await;
        let below = category(&*product.schema, "Below", Some(&above)).await;

        let config = RouterConfig::default();
        let deepest = config.limits.max_depth.unwrap();
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../schema/supergraph.graphql");
        let supergraph = std::fs::read_to_string(path).unwrap();
        let mut transports = Transports::new();
        for member in crate::graph::MEMBERS {
            // The others have to be there, and are not asked.
            let transport = InProcess::new(member.name, product.schema.clone());
            transports.insert(member.name, Arc::new(transport));
        }
        let router = RouterBuilder::new(config, transports)
            .build(&supergraph)
            .unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/graphql", listener.local_addr().unwrap());
        let handle = router.handle();
        tokio::spawn(router.serve(listener));

        souk_platform::tls::install();
        let client = reqwest::Client::new();
        let ask = async |depth: u32| -> Value {
            let body = json!({ "query": up_and_down(&below, depth) });
            let response = client.post(&url).json(&body).send().await.unwrap();
            response.json().await.unwrap()
        };
        let answer = ask(deepest).await;
        assert!(answer["errors"].is_null(), "{}", answer["errors"]);
        let mut innermost = &answer["data"]["category"];
        for step in 0..deepest - 2 {
            innermost = if step % 2 == 0 {
                &innermost["parent"]
            } else {
                &innermost["children"][0]
            };
        }
        let expected = if deepest % 2 == 0 { &below } else { &above };
        assert_eq!(&innermost["id"], expected);
        let refused = ask(deepest + 1).await;
        let code = &refused["errors"][0]["extensions"]["code"];
        assert_eq!(code, "MAX_DEPTH_LIMIT");
        handle.shutdown();
    }
}
