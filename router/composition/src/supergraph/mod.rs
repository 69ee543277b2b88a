//! The merged types as text: the supergraph schema for routers, the API schema for clients.

mod api;
mod header;
mod inaccessible;
mod names;
mod print;
mod validity;

pub(crate) use api::api_schema;

use crate::diagnostics::Diagnostics;
use crate::merge::Merged;
use crate::specs::{AUTHORIZATION, KeptSpec};
use crate::subgraph::Subgraph;
use names::Names;

/// Who reads a supergraph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// A router, which must know every specification that protects data.
    Router,
    /// The check whether every path has a plan, which is the same for whoever may take the path and
    /// knows the subgraphs' contexts.
    Satisfiability,
}

impl Reader {
    fn needs(self, spec: &KeptSpec) -> bool {
        match self {
            Reader::Router => true,
            Reader::Satisfiability => !AUTHORIZATION.contains(&spec.name) && spec.name != "context",
        }
    }
}

/// Prints the supergraph for routers and checks that any GraphQL tool could read it.
pub(crate) fn supergraph(
    merged: &Merged,
    subgraphs: &[Subgraph],
    diagnostics: &mut Diagnostics,
) -> String {
    let text = print(merged, Reader::Router);
    validity::check(&text, "the supergraph", subgraphs, diagnostics);
    text
}

/// The supergraph schema. Definitions are sorted by name, so the text depends on nothing but what
/// the subgraphs say.
pub(crate) fn print(merged: &Merged, reader: Reader) -> String {
    let names = Names::of(merged);
    let mut out = String::new();
    header::header(merged, &names, reader, &mut out);
    for definition in merged.types.values() {
        out.push('\n');
        print::definition(&names.applied_to(definition), &mut out);
    }
    out
}
