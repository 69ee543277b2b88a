//! A subgraph, served from a fixture.

use std::cell::RefCell;
use std::sync::Mutex;

use apollo_compiler::ast::Document;
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};
use serde_json::{Value, json};

use crate::data::{Data, Object};
use crate::directives::Directives;
use crate::executable::executable_schema;
use crate::execute::{events, execute};
use crate::graph::Graph;
use crate::resolve::Site;

/// One subgraph of a graph.
pub(crate) struct Server {
    pub name: String,
    pub data: Data,
    sdl: String,
    schema: Valid<Schema>,
    whole_schema: Valid<Schema>,
    directives: Directives,
    requests: Mutex<Vec<Value>>,
    violations: Mutex<Vec<String>>,
    /// What stands in the next answers instead of the values at these JSON pointers.
    lies: Mutex<Object>,
}

impl Server {
    /// The servers of a graph, in the order of its subgraphs.
    pub fn all_of(graph: &Graph) -> Vec<Server> {
        let mut read = Vec::new();
        for subgraph in &graph.subgraphs {
            let document = Document::parse(subgraph.sdl.as_str(), &subgraph.name)
                .unwrap_or_else(|error| panic!("subgraph {}: {error}", subgraph.name));
            let directives = Directives::read(&document);
            read.push((document, directives));
        }
        let mut servers = Vec::new();
        for (index, subgraph) in graph.subgraphs.iter().enumerate() {
            let (document, directives) = &read[index];
            let mut directives = directives.clone();
            directives.lose(&subgraph.name, read.iter().map(|(_, other)| other));
            let is_entity = |ty: &apollo_compiler::Name| !directives.keys(ty).is_empty();
            let data = match graph.patches.get(&subgraph.name) {
                Some(patch) => graph.data.patched(patch),
                None => graph.data.clone(),
            };
            servers.push(Server {
                name: subgraph.name.clone(),
                data,
                sdl: subgraph.sdl.clone(),
                schema: executable_schema(&subgraph.name, document, is_entity),
                whole_schema: graph.whole_schema().clone(),
                directives,
                requests: Mutex::default(),
                violations: Mutex::default(),
                lies: Mutex::default(),
            });
        }
        servers
    }

    /// Executes a request and notes it.
    pub fn answer(&self, text: &str, variables: &Object) -> Value {
        let mut note = Object::new();
        note.insert("subgraph".into(), self.name.clone().into());
        note.insert("query".into(), text.into());
        if !variables.is_empty() {
            note.insert("variables".into(), Value::Object(variables.clone()));
        }
        self.requests
            .lock()
            .expect("not poisoned")
            .push(Value::Object(note));
        let mut answer = self.event(text, variables, 0);
        let mut lies = self.lies.lock().expect("not poisoned");
        lies.retain(|pointer, lie| match answer.pointer_mut(pointer) {
            Some(value) => {
                *value = lie.clone();
                false
            }
            None => true,
        });
        answer
    }

    /// Makes the server say other values than it knows, each in the first answer that has one there.
    pub fn lie(&self, lies: Object) {
        *self.lies.lock().expect("not poisoned") = lies;
    }

    /// The events of a subscription.
    pub fn subscribe(&self, text: &str, variables: &Object) -> Vec<Value> {
        let Some(document) = self.parse(text) else {
            return vec![self.refusal()];
        };
        (0..events(&self.data, &document, None))
            .map(|event| self.event(text, variables, event))
            .collect()
    }

    /// The requests since the last call.
    pub fn take_requests(&self) -> Vec<Value> {
        std::mem::take(&mut *self.requests.lock().expect("not poisoned"))
    }

    /// What the router did wrong, or the fixture does not say, since the last call.
    pub fn take_violations(&self) -> Vec<String> {
        let mut violations = std::mem::take(&mut *self.violations.lock().expect("not poisoned"));
        let untold = std::mem::take(&mut *self.lies.lock().expect("not poisoned"));
        let untold = untold
            .keys()
            .map(|pointer| format!("{}: no answer has {pointer}", self.name));
        violations.extend(untold);
        violations
    }

    fn parse(&self, text: &str) -> Option<Valid<ExecutableDocument>> {
        let parsed = ExecutableDocument::parse_and_validate(&self.schema, text, "request.graphql");
        match parsed {
            Ok(document) => Some(document),
            Err(error) => {
                let message = format!("{} got an invalid request: {error}", self.name);
                self.violations.lock().expect("not poisoned").push(message);
                None
            }
        }
    }

    fn refusal(&self) -> Value {
        json!({ "errors": [{ "message": "invalid request" }] })
    }

    fn event(&self, text: &str, variables: &Object, event: usize) -> Value {
        let Some(document) = self.parse(text) else {
            return self.refusal();
        };
        let violations = RefCell::new(Vec::new());
        let site = Site {
            schema: &self.schema,
            whole_schema: &self.whole_schema,
            hidden: None,
            data: &self.data,
            directives: Some(&self.directives),
            sdl: &self.sdl,
            event,
            violations: &violations,
        };
        let response = execute(&site, &document, None, variables);
        let named = violations.into_inner();
        let named = named
            .iter()
            .map(|violation| format!("{}: {violation}", self.name));
        self.violations.lock().expect("not poisoned").extend(named);
        response
    }
}
