//! What a client gets that may not see everything.
//!
//! What has to be kept from it, the plain server tells, which knows the type of each object: it answers an error in the
//! place of each value that is hidden. The graph may keep more, as it judges selections before it knows types. But it has
//! to say what, and where no value is of an abstract type there is no reason to.

mod compare;

use apollo_compiler::executable::{Selection, SelectionSet};
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};
use souk_planner::{Authorization, Credentials};

use crate::case::{Case, Expectation, pretty};
use crate::hidden::Hidden;
use crate::run::{Outcome, Runner, Wrong, WrongKind};
use compare::Comparison;

/// Runs a case for a client that may not see everything.
pub(crate) async fn run(runner: &Runner, case: &Case, hidden: &Hidden) -> Result<Outcome, Wrong> {
    let document = document(runner, case)?;
    let asked = runner.asked(case, &document)?;
    let shown = common(&asked, &case.client);
    let plan = |authorization| runner.plan(case, &document, authorization);
    let denied = |text: &str| Wrong::new(WrongKind::Denied, text.to_owned());
    // The router keeps one plan for all who differ in nothing that is asked for.
    let wanted = plan(Authorization::Enforced(&case.client))?;
    let by_key = plan(Authorization::Enforced(&shown))?;
    if format!("{by_key:?}") != format!("{wanted:?}") {
        return Err(denied("the plan depends on what is not asked for"));
    }
    if shown == asked && !wanted.denials.is_empty() {
        return Err(denied("nothing more is asked for than the client has"));
    }
    let dry = plan(Authorization::DryRun(&case.client))?;
    if dry.denials != wanted.denials {
        return Err(denied("a dry run denies something else"));
    }
    let off = plan(Authorization::Off)?;
    if dry.to_string() != off.to_string() {
        return Err(denied("a dry run is not planned as if nothing were denied"));
    }
    let answered = runner.answer(case, &document).await?;
    let comparison = Comparison {
        found: &answered.responses[0],
        all: &runner.plain_answer(case, &Hidden::default())?[0],
        allowed: &runner.plain_answer(case, hidden)?[0],
        has_abstract_types: has_abstract_types(runner.graph().whole_schema(), &document),
    };
    let mut outcome = Outcome {
        found: vec![
            (Expectation::Plan, answered.plan),
            (Expectation::Response, pretty(comparison.found)),
        ],
        wrong: answered.violations,
    };
    if let Some((kind, problem)) = comparison.problem() {
        let text = format!(
            "{problem}\nthe graph answers\n{}but a plain server, as for types and fields alone\n{}",
            pretty(comparison.found),
            pretty(comparison.allowed)
        );
        outcome.wrong.push(Wrong::new(kind, text));
    }
    Ok(outcome)
}

/// Checks that an operation is planned for who may see everything as if nothing were protected.
pub(crate) fn check_plan_of_all(runner: &Runner, case: &Case) -> Result<(), Wrong> {
    let document = document(runner, case)?;
    let off = runner.plan(case, &document, Authorization::Off)?;
    let found = runner.plan(case, &document, Authorization::Enforced(&case.client))?;
    if format!("{off:?}") == format!("{found:?}") {
        return Ok(());
    }
    let text = format!("who may see everything has another plan\n{found}");
    Err(Wrong::new(WrongKind::Denied, text))
}

fn document(runner: &Runner, case: &Case) -> Result<Valid<ExecutableDocument>, Wrong> {
    let document = runner.document(case);
    document.map_err(|error| Wrong::new(WrongKind::NoPlan, format!("no plan: {error}")))
}

/// What a client shows of what is asked for.
fn common(asked: &Credentials, client: &Credentials) -> Credentials {
    Credentials {
        authenticated: asked.authenticated && client.authenticated,
        scopes: asked.scopes.intersection(&client.scopes).cloned().collect(),
        policies: asked
            .policies
            .intersection(&client.policies)
            .cloned()
            .collect(),
    }
}

/// Whether anything of an operation is selected on an interface or a union.
fn has_abstract_types(schema: &Schema, document: &Valid<ExecutableDocument>) -> bool {
    fn is_abstract(schema: &Schema, set: &SelectionSet) -> bool {
        let below = |selection: &Selection| match selection {
            Selection::Field(field) => {
                !field.selection_set.is_empty() && is_abstract(schema, &field.selection_set)
            }
            Selection::InlineFragment(fragment) => is_abstract(schema, &fragment.selection_set),
            // Every fragment of the document is looked at.
            Selection::FragmentSpread(_) => false,
        };
        schema.get_object(&set.ty).is_none() || set.selections.iter().any(below)
    }
    let operations = document.operations.iter();
    let mut sets = operations
        .map(|operation| &operation.selection_set)
        .chain(document.fragments.values().map(|it| &it.selection_set));
    sets.any(|set| is_abstract(schema, set))
}
