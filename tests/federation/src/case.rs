//! A case: an operation, how to send it, and the files that say what comes of it.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};
use souk_planner::Credentials;

use crate::data::Object;
use crate::graph::sorted;

/// One operation on a graph.
pub struct Case {
    /// The file with the operation.
    pub path: PathBuf,
    /// The operation's document, with its comments.
    pub operation: String,
    /// `# operation: Name`, when the document has several operations.
    pub operation_name: Option<String>,
    pub(crate) variables: Object,
    /// `# labels: one, another` - the labels of progressive overrides that are on.
    pub(crate) labels: HashSet<Arc<str>>,
    /// `# client: {"authenticated": true, "scopes": ["a"], "policies": ["b"]}` - what the client shows. Without it, nothing.
    pub(crate) client: Credentials,
    /// `# not like one server: why` - the answer differs from a plain server's, for this reason.
    pub unlike: Option<String>,
    /// `# b answers: {"/data/user/age": "old"}` - what stands in a subgraph's answers instead of the values at these
    /// JSON pointers.
    pub(crate) lies: BTreeMap<String, Object>,
    /// `# requests` - what the subgraphs were asked is expected, too.
    pub shows_requests: bool,
}

/// What a case is compared with: the file's extension tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expectation {
    /// `<case>.json`, the response.
    Response,
    /// `<case>.plan`, the plan as text.
    Plan,
    /// `<case>.requests`, what the subgraphs were asked, one subgraph after the other.
    Requests,
}

impl Case {
    /// The cases of a graph's folder.
    pub fn all_of(graph: &Path) -> Vec<Case> {
        let mut cases = Vec::new();
        for path in sorted(&graph.join("cases")) {
            if path
                .extension()
                .is_some_and(|extension| extension == "graphql")
            {
                cases.push(Case::read(path));
            }
        }
        cases
    }

    /// A case that is in no file.
    pub(crate) fn new(operation: String, variables: Object) -> Case {
        Case {
            path: PathBuf::new(),
            operation,
            operation_name: None,
            variables,
            labels: HashSet::new(),
            client: Credentials::default(),
            unlike: None,
            lies: BTreeMap::new(),
            shows_requests: false,
        }
    }

    fn read(path: PathBuf) -> Case {
        let operation = fs::read_to_string(&path).expect("a readable operation");
        let setting = |name: &str| {
            let lines = operation.lines().filter_map(|line| line.strip_prefix("# "));
            let mut found = lines.filter_map(|line| line.strip_prefix(name));
            found
                .next()
                .map(|value| value.trim_start_matches(':').trim())
        };
        let variables = setting("variables:").map_or_else(Object::new, |variables| {
            serde_json::from_str(variables)
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        });
        let mut lies = BTreeMap::new();
        for line in operation.lines() {
            if let Some((subgraph, lie)) = line
                .strip_prefix("# ")
                .and_then(|line| line.split_once(" answers: "))
            {
                let lie = serde_json::from_str(lie)
                    .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                lies.insert(subgraph.to_owned(), lie);
            }
        }
        let client = setting("client:").map_or_else(Credentials::default, |client| {
            let client = serde_json::from_str(client)
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            credentials(&client)
        });
        let labels = setting("labels:").into_iter();
        let labels = labels.flat_map(|labels| labels.split(", "));
        Case {
            labels: labels.map(Arc::from).collect(),
            client,
            operation_name: setting("operation:").map(str::to_owned),
            unlike: setting("not like one server:").map(str::to_owned),
            shows_requests: setting("requests").is_some(),
            lies,
            variables,
            operation,
            path,
        }
    }

    /// The file with an expectation.
    pub fn file(&self, expectation: Expectation) -> PathBuf {
        self.path.with_extension(match expectation {
            Expectation::Response => "json",
            Expectation::Plan => "plan",
            Expectation::Requests => "requests",
        })
    }
}

fn credentials(client: &Value) -> Credentials {
    let names = |key: &str| {
        let names = client[key].as_array().into_iter().flatten();
        names.filter_map(Value::as_str).map(Arc::from).collect()
    };
    Credentials {
        authenticated: client["authenticated"] == true,
        scopes: names("scopes"),
        policies: names("policies"),
    }
}

/// What a case has after `# client:`.
pub(crate) fn client_text(client: &Credentials) -> Value {
    let names =
        |names: &BTreeSet<Arc<str>>| names.iter().map(|name| Value::from(&**name)).collect();
    let (scopes, policies): (Value, Value) = (names(&client.scopes), names(&client.policies));
    json!({ "authenticated": client.authenticated, "scopes": scopes, "policies": policies })
}

/// JSON as the files have it.
pub(crate) fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).expect("JSON is JSON") + "\n"
}
