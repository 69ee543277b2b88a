//! Any text as a supergraph.

use std::collections::HashSet;
use std::sync::Arc;

use apollo_compiler::ExecutableDocument;
use souk_federation_tests::random::operation;
use souk_planner::{Authorization, Credentials, Planner, Supergraph};

/// Reads a supergraph; what can be read can be planned on. Not everything has a plan: nobody composed it.
pub(crate) fn read(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let Ok(supergraph) = Supergraph::parse(&text) else {
        return;
    };
    let planner = Planner::new(Arc::new(supergraph));
    for choices in [&[][..], &input[input.len().saturating_sub(64)..]] {
        let schema = planner.supergraph().api_schema();
        let (text, _) = operation(schema, choices, 12);
        let Ok(document) = ExecutableDocument::parse_and_validate(schema, &*text, "operation")
        else {
            continue;
        };
        if let Ok(plan) = planner.plan(&document, None) {
            let _ = plan.to_string();
        }
        let (labels, nobody) = (HashSet::new(), Credentials::default());
        let _ = planner.credentials_asked(&document, None);
        let _ = planner.plan_for(&document, None, &labels, Authorization::Enforced(&nobody));
    }
}
