//! What planning costs grows with the operation and no faster, counted in search steps.

#[path = "../common/mod.rs"]
mod common;
mod contexts;
mod interfaces;
#[path = "../large/mod.rs"]
mod large;

use std::ops::Range;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use apollo_compiler::ExecutableDocument;
use interfaces::members;
use large::operations;
use souk_composition::{SubgraphInput, compose};
use souk_planner::{PlanError, Planner, Supergraph};

const SUBGRAPHS: usize = 40;

static PLANNER: LazyLock<Planner> = LazyLock::new(|| {
    let subgraphs: Vec<SubgraphInput> = large::subgraphs(SUBGRAPHS)
        .into_iter()
        .map(|subgraph| SubgraphInput {
            url: String::new(),
            name: subgraph.name,
            sdl: subgraph.sdl,
        })
        .collect();
    let composed = compose(&subgraphs).unwrap_or_else(|errors| panic!("{errors}"));
    let supergraph = Supergraph::parse(&composed.supergraph_sdl);
    let supergraph = supergraph.unwrap_or_else(|error| panic!("{error}"));
    Planner::new(Arc::new(supergraph))
});

/// A planner on a supergraph in short form.
fn planner(types: &str) -> Planner {
    let supergraph = Supergraph::parse(&common::supergraph(types));
    let supergraph = supergraph.unwrap_or_else(|error| panic!("{error}"));
    Planner::new(Arc::new(supergraph))
}

fn effort_on(planner: &Planner, operation: &str) -> Result<u32, PlanError> {
    let schema = planner.supergraph().api_schema();
    let document = ExecutableDocument::parse_and_validate(schema, operation, "operation.graphql")
        .unwrap_or_else(|error| panic!("{error}"));
    planner.effort(&document, None)
}

fn effort(operation: &str) -> u32 {
    effort_on(&PLANNER, operation).unwrap_or_else(|error| panic!("{error}"))
}

/// Generous, for a busy machine: what has no bound takes hours.
fn limit() -> Duration {
    Duration::from_secs(if cfg!(debug_assertions) { 180 } else { 20 })
}

/// Twice the size may cost at most so many times as much.
const DOUBLED: f64 = 2.2;

/// A selection within itself, so often, where it says BELOW.
fn nested(field: &str, depth: usize, innermost: &str) -> String {
    let mut operation = innermost.to_owned();
    for _ in 0..depth {
        operation = format!("{{ {} }}", field.replace("BELOW", &operation));
    }
    operation
}

/// How long the documents of an operation's plan are together.
fn length_on(planner: &Planner, operation: &str) -> usize {
    let schema = planner.supergraph().api_schema();
    let document = ExecutableDocument::parse_and_validate(schema, operation, "operation.graphql")
        .unwrap_or_else(|error| panic!("{error}"));
    let plan = planner.plan(&document, None);
    let plan = plan.unwrap_or_else(|error| panic!("{error}"));
    common::length(&plan)
}

/// What operations of these sizes, each twice the one before, cost on a planner, and how long the documents of their plans
/// are. That may grow by so many tenths from one to the next.
fn assert_linear_on(
    planner: &Planner,
    sizes: &[usize],
    tenths: usize,
    operation: impl Fn(usize) -> String,
) {
    let figures = sizes.iter().map(|size| {
        let operation = operation(*size);
        let effort = effort_on(planner, &operation);
        let effort = effort.unwrap_or_else(|error| panic!("{error} at {size}"));
        (effort, length_on(planner, &operation))
    });
    let figures: Vec<(u32, usize)> = figures.collect();
    for pair in figures.windows(2) {
        let ((effort, length), (more, longer)) = (pair[0], pair[1]);
        assert!(
            f64::from(more) <= DOUBLED * f64::from(effort),
            "{figures:?}"
        );
        assert!(longer * 10 <= length * tenths, "{figures:?}");
    }
}

fn assert_linear(sizes: &[usize], operation: impl Fn(usize) -> String) {
    let efforts: Vec<u32> = sizes.iter().map(|size| effort(&operation(*size))).collect();
    for (pair, sizes) in efforts.windows(2).zip(sizes.windows(2)) {
        let growth = f64::from(pair[1]) / f64::from(pair[0]);
        assert!(
            growth <= DOUBLED,
            "{growth} times from {sizes:?}: {efforts:?}"
        );
    }
}

#[test]
fn with_the_number_of_fields() {
    assert_linear(&[200, 400, 800, 1600], |fields| {
        operations::mixed(SUBGRAPHS, fields)
    });
    assert_linear(&[200, 400, 800, 1600], operations::aliases);
}

#[test]
fn with_the_depth() {
    assert_linear(&[10, 20, 40, 80], |depth| {
        operations::deep(SUBGRAPHS, depth)
    });
}

#[test]
fn with_the_number_of_subgraphs() {
    assert_linear(&[10, 20, 40], operations::broad);
}

/// A selection once for each of these variables being true, and once for its being false.
fn under_each_condition(what: &str, below: &str, variables: Range<usize>) -> String {
    let both = |number| {
        format!("{what} @include(if: $v{number}) {below} {what} @skip(if: $v{number}) {below} ")
    };
    variables.map(both).collect()
}

fn declared(variables: usize) -> String {
    (0..variables)
        .map(|number| format!("$v{number}: Boolean! "))
        .collect()
}

/// A field under every combination of one of `variables`, one of as many others, and one of as many again.
fn combinations(variables: usize) -> String {
    format!(
        "query({}) {{ {} }} fragment F on Query {{ {} }} fragment G on Query {{ {} }}",
        declared(3 * variables),
        under_each_condition("...F", "", 0..variables),
        under_each_condition("...G", "", variables..2 * variables),
        under_each_condition("things", "{ id }", 2 * variables..3 * variables),
    )
}

#[test]
fn conditions_that_multiply_are_refused_in_good_time() {
    let planner = members(2);
    let began = Instant::now();
    effort_on(&planner, &combinations(2)).unwrap_or_else(|error| panic!("{error}"));
    let refused = effort_on(&planner, &combinations(8));
    assert_eq!(refused, Err(PlanError::TooComplex));
    assert!(began.elapsed() < limit(), "{:?}", began.elapsed());
}

#[test]
fn spreads_that_multiply_are_refused_in_good_time_though_no_field_comes_of_them() {
    let chain = (0..40).map(|number| {
        let next = number + 1;
        format!(
            "fragment F{number} on Query {{ ...F{next} @include(if: $v{number}) ...F{next} @skip(if: $v{number}) }} "
        )
    });
    let operation = format!(
        "query({}) {{ ...F0 }} {} fragment F40 on Query {{ things @skip(if: true) {{ id }} }}",
        declared(40),
        chain.collect::<String>()
    );
    let began = Instant::now();
    assert_eq!(
        effort_on(&members(2), &operation),
        Err(PlanError::TooComplex)
    );
    assert!(began.elapsed() < limit(), "{:?}", began.elapsed());
}
