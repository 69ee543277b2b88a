//! Operations on graphs that compose.

use apollo_compiler::ExecutableDocument;
use apollo_compiler::validation::Valid;
use souk_executor::PreparedPlan;
use souk_federation_tests::random::operation;
use souk_planner::plan::QueryPlan;

use crate::graphs::{plan, planner};

/// The first byte chooses the graph, the rest is the text of an operation.
pub(crate) fn plan_text(input: &[u8]) {
    let Some((first, text)) = input.split_first() else {
        return;
    };
    check(plan(planner(*first), &String::from_utf8_lossy(text)));
}

/// The first byte chooses the graph, the others make choices on the way to a valid operation.
pub(crate) fn plan_choices(input: &[u8]) {
    let Some((first, choices)) = input.split_first() else {
        return;
    };
    let planner = planner(*first);
    let (text, _) = operation(planner.supergraph().api_schema(), choices, 150);
    check(plan(planner, &text));
}

fn check(planned: Option<(QueryPlan, Valid<ExecutableDocument>)>) {
    if let Some((plan, _)) = planned {
        let _ = plan.to_string();
        let _ = PreparedPlan::new(plan);
    }
}
