//! Any text as a supergraph.

use std::sync::Arc;

use apollo_compiler::ExecutableDocument;
use souk_federation_tests::random::operation;
use souk_planner::{Planner, Supergraph};

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
        if let Ok(document) = ExecutableDocument::parse_and_validate(schema, &*text, "operation")
            && let Ok(plan) = planner.plan(&document, None)
        {
            let _ = plan.to_string();
        }
    }
}
