//! What planning costs: `cargo bench -p souk-planner`.
//!
//! `AUDIT_SUPERGRAPH=FILE AUDIT_OPERATION=FILE` adds a plan for a graph and an operation from outside.

#![allow(
    clippy::unwrap_used,
    reason = "what cannot be measured should say so at once"
)]

#[path = "../tests/large/mod.rs"]
mod large;

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use apollo_compiler::ExecutableDocument;
use apollo_compiler::validation::Valid;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use souk_composition::{SubgraphInput, compose};
use souk_planner::{Planner, Supergraph};

const BENCHMARK: &str = include_str!("../tests/schemas/benchmark.graphql");
const BENCHMARK_QUERY: &str = include_str!("../tests/schemas/benchmark.query.graphql");

/// How many subgraphs the large graph has.
const SUBGRAPHS: usize = 300;

fn large_supergraph() -> String {
    let subgraphs: Vec<SubgraphInput> = large::subgraphs(SUBGRAPHS)
        .into_iter()
        .map(|subgraph| SubgraphInput {
            url: format!("http://{}", subgraph.name),
            name: subgraph.name,
            sdl: subgraph.sdl,
        })
        .collect();
    compose(&subgraphs)
        .unwrap_or_else(|errors| panic!("{errors}"))
        .supergraph_sdl
}

fn planner(sdl: &str) -> Planner {
    let supergraph = Supergraph::parse(sdl).unwrap_or_else(|error| panic!("{error}"));
    Planner::new(Arc::new(supergraph))
}

fn document(planner: &Planner, text: &str) -> Valid<ExecutableDocument> {
    let schema = planner.supergraph().api_schema();
    ExecutableDocument::parse_and_validate(schema, text, "operation.graphql")
        .unwrap_or_else(|error| panic!("{error}"))
}

fn small(criterion: &mut Criterion) {
    let planner = planner(BENCHMARK);
    let query = document(&planner, BENCHMARK_QUERY);
    criterion.bench_function("the public benchmark's query", |bencher| {
        bencher.iter(|| planner.plan(black_box(&query), None).unwrap());
    });
}

fn audit(criterion: &mut Criterion) {
    let file = |name| {
        let path = std::env::var(name).ok()?;
        Some(std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}")))
    };
    let (Some(sdl), Some(operation)) = (file("AUDIT_SUPERGRAPH"), file("AUDIT_OPERATION")) else {
        return;
    };
    let planner = planner(&sdl);
    let query = document(&planner, &operation);
    criterion.bench_function("AUDIT_OPERATION", |bencher| {
        bencher.iter(|| planner.plan(black_box(&query), None).unwrap());
    });
}

fn large(criterion: &mut Criterion) {
    let sdl = large_supergraph();
    let mut group = criterion.benchmark_group("300 subgraphs");
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(5));
    group.bench_function("load", |bencher| {
        bencher.iter(|| Supergraph::parse(black_box(&sdl)).unwrap());
    });
    let planner = planner(&sdl);
    for fields in [200, 400, 800, 1600] {
        let query = document(&planner, &large::operations::mixed(SUBGRAPHS, fields));
        group.bench_function(BenchmarkId::new("fields", fields), |bencher| {
            bencher.iter(|| planner.plan(black_box(&query), None).unwrap());
        });
    }
    for depth in [10, 20, 40, 80] {
        let query = document(&planner, &large::operations::deep(SUBGRAPHS, depth));
        group.bench_function(BenchmarkId::new("depth", depth), |bencher| {
            bencher.iter(|| planner.plan(black_box(&query), None).unwrap());
        });
    }
    for breadth in [30, 75, 150, 300] {
        let query = document(&planner, &large::operations::broad(breadth));
        group.bench_function(
            BenchmarkId::new("subgraphs of one entity", breadth),
            |bencher| {
                bencher.iter(|| planner.plan(black_box(&query), None).unwrap());
            },
        );
    }
    group.finish();
}

criterion_group!(benches, small, audit, large);
criterion_main!(benches);
