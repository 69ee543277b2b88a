//! From text to a syntax tree whose names are canonical.

use super::canonical::{self, Spellings};
use super::links::{self, CustomLink};
use super::{locate, roots};
use crate::SubgraphInput;
use crate::code;
use crate::diagnostics::Diagnostics;
use crate::message::Location;
use crate::specs::Version;
use apollo_compiler::Name;
use apollo_compiler::ast::Document;
use apollo_compiler::diagnostic::ToCliReport;
use apollo_compiler::parser::SourceSpan;
use apollo_compiler::validation::DiagnosticList;
use std::collections::HashMap;

/// A subgraph after parsing, before it is known to be valid.
#[derive(Debug)]
pub(super) struct Parsed {
    pub name: String,
    pub url: String,
    pub graph: Name,
    pub version: Version,
    /// See [`super::Subgraph::spellings`].
    pub spellings: Spellings,
    /// See [`super::Subgraph::links`].
    pub links: Vec<CustomLink>,
    /// See [`super::Subgraph::federation_names`].
    pub federation_names: HashMap<String, &'static str>,
    /// As [`super::Subgraph::schema`] describes it, still with its extensions apart.
    pub document: Document,
}

impl Parsed {
    pub(super) fn is_federation_1(&self) -> bool {
        self.version < Version(2, 0)
    }

    pub(super) fn locate(&self, span: Option<SourceSpan>) -> Vec<Location> {
        locate(&self.name, &self.document.sources, span)
    }
}

/// Parses one subgraph. Nothing comes back when there is no point in looking further.
pub(super) fn parse(
    input: &SubgraphInput,
    graph: Name,
    diagnostics: &mut Diagnostics,
) -> Option<Parsed> {
    let mut document = match Document::parse(input.sdl.as_str(), format!("{}.graphql", input.name))
    {
        Ok(document) => document,
        Err(with_errors) => {
            report_invalid(&input.name, &with_errors.errors, diagnostics);
            return None;
        }
    };
    let errors_before = diagnostics.error_count();
    let links = links::read(&input.name, &document, diagnostics);
    let spellings = canonical::rewrite(&input.name, &mut document, &links, diagnostics);
    roots::rename(&input.name, &mut document, diagnostics);
    if diagnostics.error_count() > errors_before {
        return None;
    }
    Some(Parsed {
        name: input.name.clone(),
        url: input.url.clone(),
        graph,
        version: links.version,
        spellings,
        links: links.custom,
        federation_names: links.directives,
        document,
    })
}

/// Reports what the GraphQL parser or validator found.
pub(super) fn report_invalid(
    subgraph: &str,
    errors: &DiagnosticList,
    diagnostics: &mut Diagnostics,
) {
    for error in errors.iter() {
        diagnostics.error(
            code::INVALID_GRAPHQL,
            format!(
                "the schema of subgraph \"{subgraph}\" is not valid: {}",
                error.error
            ),
            locate(subgraph, error.sources, error.error.location()),
        );
    }
}
