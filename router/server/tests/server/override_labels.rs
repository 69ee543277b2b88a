//! Progressive overrides: which of two subgraphs a request goes to.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use http::request::Parts;
use serde_json::{Map, Value, json};
use souk_executor::{
    RequestContext, SubgraphRequest, SubgraphResponse, SubgraphTransport, TransportError,
    Transports,
};
use souk_router::{GraphQLError, OverrideLabels, RequestHook, RouterBuilder, RouterConfig};

use crate::support::{Served, serve_router};

const SUPERGRAPH: &str = r#"
schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.4", for: EXECUTION)
{ query: Query }
directive @join__field(graph: join__Graph, override: String, usedOverridden: Boolean, overrideLabel: String) repeatable on FIELD_DEFINITION
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @join__type(graph: join__Graph!) repeatable on OBJECT
directive @link(url: String, for: link__Purpose) repeatable on SCHEMA
enum link__Purpose { SECURITY EXECUTION }
enum join__Graph { NEW @join__graph(name: "new", url: "") OLD @join__graph(name: "old", url: "") }
type Query @join__type(graph: NEW) @join__type(graph: OLD) {
  rare: String @join__field(graph: NEW, override: "old", overrideLabel: "percent(25)") @join__field(graph: OLD, overrideLabel: "percent(25)")
  never: String @join__field(graph: NEW, override: "old", overrideLabel: "percent(0)") @join__field(graph: OLD, overrideLabel: "percent(0)")
  always: String @join__field(graph: NEW, override: "old", overrideLabel: "percent(100)") @join__field(graph: OLD, overrideLabel: "percent(100)")
  custom: String @join__field(graph: NEW, override: "old", overrideLabel: "custom") @join__field(graph: OLD, overrideLabel: "custom")
}
"#;

/// A subgraph whose every field is its own name.
struct Named(&'static str);

#[async_trait]
impl SubgraphTransport for Named {
    async fn fetch(&self, request: SubgraphRequest) -> Result<SubgraphResponse, TransportError> {
        let fields = ["rare", "never", "always", "custom"];
        let asked = fields
            .iter()
            .filter(|field| request.operation.text.contains(*field));
        let data: BTreeMap<_, _> = asked.map(|field| (*field, self.0)).collect();
        let body = json!({ "data": data }).to_string();
        Ok(SubgraphResponse::Json(Bytes::from(body)))
    }

    async fn subscribe(
        &self,
        _: SubgraphRequest,
    ) -> Result<BoxStream<'static, Result<SubgraphResponse, TransportError>>, TransportError> {
        Err(TransportError::Unsupported("no subscriptions".into()))
    }
}

async fn serve(config: &str, add: impl FnOnce(RouterBuilder) -> RouterBuilder) -> Served {
    let mut transports = Transports::new();
    for name in ["new", "old"] {
        transports.insert(name, Arc::new(Named(name)));
    }
    let config = RouterConfig::from_yaml(config).unwrap();
    let builder = add(RouterBuilder::new(config, transports));
    serve_router(builder.build(SUPERGRAPH).unwrap()).await
}

#[tokio::test]
async fn a_share_of_the_requests_goes_to_the_new_subgraph() {
    let router = serve("", |builder| builder).await;
    let mut new = 0;
    for _ in 0..400 {
        let response = router.query("{ rare never always }").await;
        let data = &response["data"];
        assert_eq!(
            (&data["never"], &data["always"]),
            (&json!("old"), &json!("new"))
        );
        new += usize::from(data["rare"] == "new");
    }
    // 100 are expected, with a standard deviation of 8.7: these limits are seven of them away.
    assert!((40..=160).contains(&new), "{new} of 400 requests");
}

#[tokio::test]
async fn custom_labels_are_off_unless_the_configuration_says_otherwise() {
    let router = serve("", |builder| builder).await;
    let response = router.query("{ custom }").await;
    assert_eq!(response["data"]["custom"], "old");
    let router = serve("override_labels: { custom: true }", |builder| builder).await;
    let response = router.query("{ custom }").await;
    assert_eq!(response["data"]["custom"], "new");
}

/// Turns the label on for those who ask for it.
struct ByHeader;

#[async_trait]
impl RequestHook for ByHeader {
    async fn prepare(
        &self,
        request: &Parts,
        _: Option<&Map<String, Value>>,
        context: &mut RequestContext,
    ) -> Result<(), GraphQLError> {
        let is_on = request.headers.contains_key("x-new");
        let labels = BTreeMap::from([("custom".to_owned(), is_on)]);
        context.extensions.insert(OverrideLabels(labels));
        Ok(())
    }
}

#[tokio::test]
async fn a_hook_decides_for_each_request() {
    let router = serve("override_labels: { custom: true }", |builder| {
        builder.hook(ByHeader)
    })
    .await;
    for (header, expected) in [("x-new", "new"), ("x-other", "old"), ("x-new", "new")] {
        let request = router.post().header(header, "1");
        let response = request.json(&json!({ "query": "{ custom }" })).send().await;
        let response: Value = response.unwrap().json().await.unwrap();
        assert_eq!(response["data"]["custom"], expected);
    }
}
