//! Subgraph schemas in, supergraph schema out, or every reason why not.
//!
//! [`compose`] takes the schemas of the subgraphs of an Apollo Federation graph and returns the
//! supergraph schema that a router loads. The stages, in the order in which they run:
//!
//! 1. [`subgraph`]: each schema on its own. Parse it, read its `@link`s, give every federation
//!    directive its canonical name, bring Federation 1 schemas up to Federation 2, check what can be
//!    checked without knowing the others.
//! 2. [`merge`]: type by type, the definitions of all subgraphs become one, annotated with where
//!    each part came from.
//! 3. [`supergraph`]: the merged types become SDL with the `link` and `join` specifications' header,
//!    and the API schema that clients see.
//! 4. [`satisfiability`]: every path a client can ask for must lead through the subgraphs.
//!
//! A stage reports all problems it finds; the next stage runs only on input without problems.

pub mod code;
mod diagnostics;
mod hint;
mod merge;
mod message;
mod satisfiability;

mod specs;
mod subgraph;
mod supergraph;

pub use hint::HintLevel;
pub use message::{CompositionErrors, CompositionHint, CompositionMessage, Location};

use diagnostics::Diagnostics;
use supergraph::Reader;

/// One subgraph as its owner describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubgraphInput {
    /// Unique name; it is what `@override(from:)` refers to and what error messages show.
    pub name: String,
    /// Where the router reaches the subgraph. May be empty.
    pub url: String,
    /// The schema, as the subgraph's `_service { sdl }` returns it.
    pub sdl: String,
}

/// What a successful composition yields.
#[derive(Debug, Clone)]
pub struct Composed {
    /// The supergraph schema: join specification v0.3 or newer, the same bytes for the same
    /// subgraphs in whatever order they are given.
    pub supergraph_sdl: String,
    /// The schema that clients see: no `@inaccessible` elements, no federation machinery.
    pub api_sdl: String,
    /// What is allowed but worth a look, with the codes and levels of Apollo's composition hints.
    pub hints: Vec<CompositionHint>,
}

/// Composes subgraphs into a supergraph.
///
/// # Errors
///
/// All problems of the first stage that finds any, each with one of Apollo's documented codes
/// (see [`code`]) and the places in the subgraphs' schemas.
pub fn compose(subgraphs: &[SubgraphInput]) -> Result<Composed, CompositionErrors> {
    let mut diagnostics = Diagnostics::default();

    let subgraphs = subgraph::load(subgraphs, &mut diagnostics);
    diagnostics.stop_on_errors()?;

    let merged = merge::merge(&subgraphs, &mut diagnostics);
    diagnostics.stop_on_errors()?;

    let api_sdl = supergraph::api_schema(&merged, &subgraphs, &mut diagnostics);
    diagnostics.stop_on_errors()?;
    let supergraph_sdl = supergraph::supergraph(&merged, &subgraphs, &mut diagnostics);
    diagnostics.stop_on_errors()?;

    let routes = supergraph::print(&merged, Reader::Satisfiability);
    satisfiability::check(&routes, &subgraphs, &mut diagnostics);
    diagnostics.stop_on_errors()?;

    Ok(Composed {
        supergraph_sdl,
        api_sdl,
        hints: diagnostics.into_hints(),
    })
}

/// Compiles and runs the README's example.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExample;
