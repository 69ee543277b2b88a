//! Query plans shown to clients, when the configuration allows it.

use http::HeaderMap;
use serde_json::{Value, json};
use souk_executor::Response;
use souk_planner::plan::QueryPlan;

use crate::config::Plugins;

/// The headers that ask for a plan, and the extension that each gets it in.
const HEADERS: [(&str, &str); 2] = [
    ("apollo-expose-query-plan", "apolloQueryPlan"),
    ("hive-expose-query-plan", "queryPlan"),
];

/// How a request asks for its plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exposure {
    extension: &'static str,
    /// Whether the operation is not to be executed.
    pub dry_run: bool,
}

impl Exposure {
    /// `None` when the request does not ask, or may not.
    pub fn asked(plugins: &Plugins, headers: &HeaderMap) -> Option<Exposure> {
        if !plugins.expose_query_plan {
            return None;
        }
        HEADERS.iter().find_map(|(header, extension)| {
            let dry_run = match headers.get(*header)?.as_bytes() {
                b"true" => false,
                b"dry-run" => true,
                _ => return None,
            };
            Some(Exposure { extension, dry_run })
        })
    }

    /// The response with the plan in its extensions.
    pub fn add(self, response: Response, plan: &Value) -> Response {
        let plan = match self.extension {
            "queryPlan" => &plan["object"],
            _ => plan,
        };
        response.with_extension(self.extension, plan)
    }
}

/// A plan as it is shown: as an object in Apollo's format, and as text.
pub(crate) fn shown(plan: &QueryPlan) -> Value {
    json!({ "object": plan.to_json(), "text": plan.to_string() })
}
