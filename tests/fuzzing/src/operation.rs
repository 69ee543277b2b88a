//! Operations on graphs that compose.

use souk_executor::PreparedPlan;
use souk_federation_tests::random::operation;
use souk_planner::{Authorization, Credentials, Planner};

use crate::graphs::{plan, planner};

/// The first byte chooses the graph, the rest is the text of an operation.
pub(crate) fn plan_text(input: &[u8]) {
    let Some((first, text)) = input.split_first() else {
        return;
    };
    check(planner(*first), &String::from_utf8_lossy(text));
}

/// The first byte chooses the graph, the others make choices on the way to a valid operation.
pub(crate) fn plan_choices(input: &[u8]) {
    let Some((first, choices)) = input.split_first() else {
        return;
    };
    let planner = planner(*first);
    let (text, _) = operation(planner.supergraph().api_schema(), choices, 150);
    check(planner, &text);
}

/// Plans an operation for those who see everything, and for those who see only what everybody may.
fn check(planner: &Planner, text: &str) {
    let nobody = Credentials::default();
    for authorization in [Authorization::Off, Authorization::Enforced(&nobody)] {
        let Some((plan, _)) = plan(planner, text, authorization) else {
            continue;
        };
        let _ = plan.to_string();
        let _ = PreparedPlan::new(plan);
    }
}
