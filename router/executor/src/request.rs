//! What the executor is asked to do.

use std::collections::HashMap;
use std::sync::Arc;

use apollo_compiler::ExecutableDocument;
use apollo_compiler::validation::Valid;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::errors::GraphQLError;
use crate::prepared::PreparedPlan;

/// A JSON object that keeps the order of its keys.
pub type JsonMap = serde_json::Map<String, serde_json::Value>;

/// One operation of one client.
#[derive(Debug, Clone)]
pub struct ExecutionRequest {
    /// The plan of the operation.
    pub plan: Arc<PreparedPlan>,
    /// The document that the plan was made from. Introspection is answered from it.
    pub document: Arc<Valid<ExecutableDocument>>,
    /// The operation's name, when the document has several.
    pub operation_name: Option<String>,
    /// The variables after coercion (specification, section 6.1.2): defaults filled in, absent ones absent.
    pub variables: Arc<JsonMap>,
    /// What goes along to the subgraphs.
    pub context: Arc<RequestContext>,
    /// Errors that are known before, such as for what the plan leaves out. They come first in each response.
    pub errors: Arc<[GraphQLError]>,
}

/// What goes along with the requests to subgraphs.
#[derive(Debug, Clone, Default)]
pub struct RequestContext {
    headers: HeaderMap,
    subgraph_headers: HashMap<String, HeaderMap>,
    /// What in-process transports get in place of headers: identity and correlation id as typed values, for example.
    pub extensions: http::Extensions,
}

impl RequestContext {
    /// With these headers, among them identity, `traceparent` and correlation id. The subgraphs that are named in
    /// `subgraph_headers` get those in their place.
    pub fn new(headers: HeaderMap, subgraph_headers: HashMap<String, HeaderMap>) -> RequestContext {
        RequestContext {
            headers,
            subgraph_headers,
            extensions: http::Extensions::new(),
        }
    }

    /// Sets a header for all subgraphs.
    pub fn set_header(&mut self, name: &HeaderName, value: &HeaderValue) {
        for headers in self.all_headers() {
            headers.insert(name, value.clone());
        }
    }

    /// Takes a header out for all subgraphs.
    pub fn remove_header(&mut self, name: &HeaderName) {
        for headers in self.all_headers() {
            headers.remove(name);
        }
    }

    /// The headers of requests to the subgraphs that have none of their own.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The headers of requests to a subgraph.
    pub fn headers_for(&self, subgraph: &str) -> &HeaderMap {
        self.subgraph_headers.get(subgraph).unwrap_or(&self.headers)
    }

    fn all_headers(&mut self) -> impl Iterator<Item = &mut HeaderMap> {
        [&mut self.headers]
            .into_iter()
            .chain(self.subgraph_headers.values_mut())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_or_taken_out_is_so_for_every_subgraph() {
        let from_client =
            HeaderMap::from_iter([(http::header::FORWARDED, HeaderValue::from_static("for=me"))]);
        let own = HashMap::from([("order".to_owned(), from_client.clone())]);
        let mut context = RequestContext::new(from_client, own);
        context.set_header(
            &HeaderName::from_static("x-user"),
            &HeaderValue::from_static("1"),
        );
        context.remove_header(&http::header::FORWARDED);
        for subgraph in ["order", "shop"] {
            let headers = context.headers_for(subgraph);
            assert_eq!(headers["x-user"], "1");
            assert!(!headers.contains_key("forwarded"));
        }
    }
}
