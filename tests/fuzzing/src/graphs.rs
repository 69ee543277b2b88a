//! Graphs that operations are planned on: random ones, rich in everything.

use std::sync::{Arc, OnceLock};

use apollo_compiler::ExecutableDocument;
use apollo_compiler::validation::Valid;
use souk_composition::{SubgraphInput, compose};
use souk_federation_tests::random::{Size, subgraphs};
use souk_planner::plan::QueryPlan;
use souk_planner::{PlanError, Planner, Supergraph};

const GRAPHS: u64 = 8;

/// Planners of some graphs.
pub(crate) fn planners() -> &'static [Planner] {
    static PLANNERS: OnceLock<Vec<Planner>> = OnceLock::new();
    PLANNERS.get_or_init(|| {
        let all = (0..GRAPHS).map(|seed| {
            let subgraphs = subgraphs(seed, Size::SMALL.times(2)).into_iter();
            let subgraphs: Vec<SubgraphInput> = subgraphs
                .map(|(name, sdl)| SubgraphInput {
                    url: format!("http://{name}/graphql"),
                    name,
                    sdl,
                })
                .collect();
            let composed = compose(&subgraphs).expect("the graph composes");
            let supergraph = Supergraph::parse(&composed.supergraph_sdl).expect("a supergraph");
            Planner::new(Arc::new(supergraph))
        });
        all.collect()
    })
}

/// The planner that a byte chooses.
pub(crate) fn planner(choice: u8) -> &'static Planner {
    let planners = planners();
    &planners[usize::from(choice) % planners.len()]
}

/// Plans an operation if it is valid. What composes can be planned: only too much is refused.
pub(crate) fn plan(
    planner: &Planner,
    text: &str,
) -> Option<(QueryPlan, Valid<ExecutableDocument>)> {
    let schema = planner.supergraph().api_schema();
    let document =
        ExecutableDocument::parse_and_validate(schema, text, "operation.graphql").ok()?;
    let name = document
        .operations
        .iter()
        .next()?
        .name
        .as_deref()
        .map(ToOwned::to_owned);
    match planner.plan(&document, name.as_deref()) {
        Ok(plan) => Some((plan, document)),
        Err(error @ PlanError::Unresolvable { .. }) => panic!("{error}\n{text}"),
        Err(_) => None,
    }
}
