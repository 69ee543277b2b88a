//! `souk plan`: the query plan of an operation.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use apollo_compiler::validation::DiagnosticList;
use apollo_compiler::{ExecutableDocument, Name};
use souk_planner::plan::Denial;
use souk_planner::{Authorization, Credentials, Planner, Supergraph};

use crate::cli::{PlanArgs, PlanClient, PlanFormat};
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
            .map_err(|invalid| Failure::failed(problems(&args.operation, &invalid.errors)))?;
    require_operation(args, &document)?;
    let planner = Planner::new(Arc::new(supergraph));
    let credentials = credentials(&args.client);
    let authorization = credentials
        .as_ref()
        .map_or(Authorization::Off, Authorization::Enforced);
    let plan = planner
        .plan_for(
            &document,
            args.name.as_deref(),
            &HashSet::new(),
            authorization,
        )
        .map_err(Failure::failed)?;
    report(&plan.denials);
    let text = match args.format {
        PlanFormat::Text => format!("{plan}\n"),
        PlanFormat::Json => format!("{:#}\n", plan.to_json()),
        PlanFormat::Graphviz => plan.to_graphviz(),
        PlanFormat::Mermaid => plan.to_mermaid(),
    };
    print(&text)
}

/// What the client shows; `None` when it may see everything.
fn credentials(client: &PlanClient) -> Option<Credentials> {
    let names = |names: &[String]| names.iter().map(|name| name.as_str().into()).collect();
    let is_known = client.authenticated || !client.scope.is_empty();
    (is_known || client.anonymous || !client.policy.is_empty()).then(|| Credentials {
        authenticated: is_known,
        scopes: names(&client.scope),
        policies: names(&client.policy),
    })
}

#[allow(clippy::print_stderr)]
fn report(denials: &[Denial]) {
    for denial in denials {
        eprintln!("denied: {}", denial.path.join("/"));
    }
}

/// Fails unless the command line says which operation is meant.
fn require_operation(args: &PlanArgs, document: &ExecutableDocument) -> Result<(), Failure> {
    let operations = &document.operations;
    let path = args.operation.display();
    let names: Vec<&str> = operations.named.keys().map(Name::as_str).collect();
    let names = names.join(", ");
    match &args.name {
        Some(name) if !operations.named.contains_key(name.as_str()) => {
            Err(Failure::failed(if names.is_empty() {
                format!("{path} has no operation {name}; its only one has no name")
            } else {
                format!("{path} has no operation {name}; it has {names}")
            }))
        }
        None if operations.len() > 1 => Err(Failure::failed(format!(
            "{path} has several operations; --name says which to plan: {names}"
        ))),
        None if operations.is_empty() => Err(Failure::failed(format!("{path} has no operation"))),
        _ => Ok(()),
    }
}

/// A line for each problem, with its place. (The compiler's own report speaks to programmers, and panics over some text
/// that is not ASCII.)
fn problems(path: &Path, found: &DiagnosticList) -> String {
    let lines = found.iter().map(|diagnostic| {
        let problem = diagnostic.to_json();
        match problem.locations.first() {
            Some(at) => {
                let (line, column) = (at.line, at.column);
                format!("{}:{line}:{column}: {}", path.display(), problem.message)
            }
            None => format!("{}: {}", path.display(), problem.message),
        }
    });
    lines.collect::<Vec<String>>().join("\n")
}

fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path)
        .map_err(|error| Failure::setup(format!("cannot read {}: {error}", path.display())))
}
