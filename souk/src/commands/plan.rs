//! `souk plan`: the query plan of an operation.

use std::path::Path;
use std::sync::Arc;

use apollo_compiler::ExecutableDocument;
use souk_planner::{Planner, Supergraph};

use crate::cli::{PlanArgs, PlanFormat};
use crate::commands::print;
use crate::failure::Failure;

/// Runs the command: prints the plan.
pub fn run(args: &PlanArgs) -> Result<(), Failure> {
    let sdl = read(&args.supergraph)?;
    let supergraph = Supergraph::parse(&sdl).map_err(|error| {
        Failure::failed(format!(
            "{} is not a supergraph: {error}",
            args.supergraph.display()
        ))
    })?;
    let text = read(&args.operation)?;
    let document =
        ExecutableDocument::parse_and_validate(supergraph.api_schema(), &text, &args.operation)
            .map_err(|invalid| Failure::failed(invalid.errors))?;
    let planner = Planner::new(Arc::new(supergraph));
    let plan = planner
        .plan(&document, args.name.as_deref())
        .map_err(Failure::failed)?;
    let text = match args.format {
        PlanFormat::Text => format!("{plan}\n"),
        PlanFormat::Json => format!("{:#}\n", plan.to_json()),
        PlanFormat::Graphviz => plan.to_graphviz(),
        PlanFormat::Mermaid => plan.to_mermaid(),
    };
    print(&text)
}

fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path)
        .map_err(|error| Failure::setup(format!("cannot read {}: {error}", path.display())))
}
