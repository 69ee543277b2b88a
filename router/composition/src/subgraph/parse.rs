//! From text to a syntax tree whose names are canonical.

use super::canonical::{self, Spellings};
use super::links::{self, CustomLink};
use super::{defaults, locate, roots};
use crate::SubgraphInput;
use crate::code;
use crate::diagnostics::Diagnostics;
use crate::message::Location;
use crate::specs::{OLDEST_FEDERATION_2, Version};
use apollo_compiler::Name;
use apollo_compiler::ast::Document;
use apollo_compiler::diagnostic::{Diagnostic, ToCliReport};
use apollo_compiler::parser::SourceSpan;
use apollo_compiler::validation::{DiagnosticData, DiagnosticList, WithErrors};
use std::collections::HashMap;
use std::ops::Range;

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
        self.version < OLDEST_FEDERATION_2
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
            report_syntax(&input.name, &with_errors, diagnostics);
            return None;
        }
    };
    let errors_before = diagnostics.error_count();
    let links = links::read(&input.name, &document, diagnostics);
    let spellings = canonical::rewrite(&input.name, &mut document, &links, diagnostics);
    roots::rename(&input.name, &mut document, diagnostics);
    defaults::unquote_enum_values(&mut document);
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

/// Reports what the GraphQL validator found.
pub(super) fn report_invalid(
    subgraph: &str,
    errors: &DiagnosticList,
    diagnostics: &mut Diagnostics,
) {
    for error in errors.iter() {
        report(subgraph, &error, diagnostics);
    }
}

/// Reports what the parser found. After a mistake it tries every token for the start of a definition: what it finds
/// before it has read one to the end is no mistake of its own.
fn report_syntax(
    subgraph: &str,
    with_errors: &WithErrors<Document>,
    diagnostics: &mut Diagnostics,
) {
    let mut mistakes: Vec<usize> = with_errors
        .errors
        .iter()
        .filter_map(|error| error.error.location())
        .map(|span| span.offset())
        .collect();
    mistakes.sort_unstable();
    let mut sound = Vec::new();
    for definition in &with_errors.partial.definitions {
        // A selection set without a keyword may be the fields of a type whose keyword is misspelt.
        if definition.as_operation_definition().is_some() {
            continue;
        }
        if let Some(span) = definition.location()
            && !any_within(&mistakes, span.offset()..span.end_offset())
        {
            sound.push(span.offset());
        }
    }
    sound.sort_unstable();
    let mut last: Option<usize> = None;
    for error in with_errors.errors.iter() {
        let offset = error.error.location().map(|span| span.offset());
        let follows = match (last, offset) {
            (Some(last), Some(offset)) => !any_within(&sound, last..offset),
            _ => false,
        };
        if !follows {
            report(subgraph, &error, diagnostics);
        }
        last = offset.or(last);
    }
}

fn any_within(sorted_offsets: &[usize], range: Range<usize>) -> bool {
    let first = sorted_offsets.partition_point(|offset| *offset < range.start);
    sorted_offsets
        .get(first)
        .is_some_and(|offset| *offset < range.end)
}

fn report(subgraph: &str, error: &Diagnostic<'_, DiagnosticData>, diagnostics: &mut Diagnostics) {
    diagnostics.error(
        code::INVALID_GRAPHQL,
        format!(
            "the schema of subgraph \"{subgraph}\" is not valid: {}",
            error.error
        ),
        locate(subgraph, error.sources, error.error.location()),
    );
}
