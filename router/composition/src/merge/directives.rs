//! Merging the directives that the supergraph keeps.
//!
//! Each is a row of [`MERGED`] that says how the applications of several subgraphs become one; a
//! new one is a new row.

use super::alternatives::MOST_COMBINATIONS;
use super::combine::{Combine, combine};
use super::common::who_says_what;
use super::{KeptNames, Merger, join};
use crate::code;
use crate::diagnostics::name_subgraphs;
use crate::message::Location;
use crate::specs;
use crate::subgraph::Subgraph;
use crate::subgraph::canonical::Spelling;
use apollo_compiler::ast::{Directive, DirectiveList, DirectiveLocation};
use apollo_compiler::{Name, Node, schema};

/// How applications of one directive are merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strategy {
    /// Every different application is kept.
    Union,
    /// One application is kept: the one that most subgraphs agree on.
    One,
    /// One application is made of all.
    ByArgument(&'static [(&'static str, Combine)]),
}

pub(super) const MERGED: &[(&str, Strategy)] = &[
    ("inaccessible", Strategy::One),
    ("tag", Strategy::Union),
    ("specifiedBy", Strategy::One),
    ("oneOf", Strategy::One),
    ("deprecated", Strategy::One),
    ("authenticated", Strategy::One),
    (
        "requiresScopes",
        Strategy::ByArgument(&[("scopes", Combine::Conjunction)]),
    ),
    (
        "policy",
        Strategy::ByArgument(&[("policies", Combine::Conjunction)]),
    ),
    (
        "cost",
        Strategy::ByArgument(&[("weight", Combine::Largest)]),
    ),
    (
        "listSize",
        Strategy::ByArgument(&[
            ("assumedSize", Combine::Largest),
            ("slicingArguments", Combine::Union),
            ("sizedFields", Combine::Union),
            ("requireOneSlicingArgument", Combine::All),
        ]),
    ),
];

/// The directives that one subgraph applies to an element.
pub(super) struct Applied<'a> {
    pub subgraph: &'a Subgraph,
    directives: Vec<&'a Node<Directive>>,
}

impl<'a> Applied<'a> {
    pub(super) fn new(subgraph: &'a Subgraph, directives: &'a DirectiveList) -> Self {
        Self {
            subgraph,
            directives: directives.0.iter().collect(),
        }
    }

    pub(super) fn on_type(subgraph: &'a Subgraph, directives: &'a schema::DirectiveList) -> Self {
        Self {
            subgraph,
            directives: directives.iter().map(|directive| &directive.node).collect(),
        }
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &'a Node<Directive>> {
        self.directives
            .iter()
            .copied()
            .filter(move |directive| directive.name == *name)
    }
}

impl Merger<'_> {
    /// The merged directives of one element, in a fixed order.
    pub(super) fn directives(
        &mut self,
        place: &str,
        at: DirectiveLocation,
        sources: &[Applied<'_>],
    ) -> Vec<Node<Directive>> {
        let mut merged = Vec::new();
        for (name, strategy) in MERGED {
            merged.extend(self.merge_applications(place, at, name, *strategy, sources));
        }
        for (name, strategy) in self.composed.strategies() {
            merged.extend(self.merge_applications(place, at, &name, strategy, sources));
        }
        merged
    }

    /// The applications of one directive on one element.
    fn merge_applications(
        &mut self,
        place: &str,
        at: DirectiveLocation,
        name: &str,
        strategy: Strategy,
        sources: &[Applied<'_>],
    ) -> Vec<Node<Directive>> {
        let applications: Vec<(&Subgraph, &Node<Directive>)> = sources
            .iter()
            .flat_map(|source| {
                source
                    .all(name)
                    .map(|directive| (source.subgraph, directive))
            })
            .collect();
        let mut applying = applications.iter().map(|(subgraph, _)| *subgraph);
        if self.composed.defines(name)
            && !applying.any(|subgraph| self.composed.is_composed_by(subgraph, name))
        {
            return Vec::new();
        }
        let applications = self.fitting(place, at, applications);
        let mut distinct: Vec<(&Node<Directive>, usize)> = Vec::new();
        for (_, directive) in &applications {
            let equal = distinct
                .iter_mut()
                .find(|(known, _)| self.composed.are_equal(known, directive));
            match equal {
                Some((_, count)) => *count += 1,
                None => distinct.push((directive, 1)),
            }
        }
        match strategy {
            Strategy::Union => distinct
                .into_iter()
                .map(|(directive, _)| directive.clone())
                .collect(),
            Strategy::One => {
                let mut best: Option<(&Node<Directive>, usize)> = None;
                for (directive, count) in &distinct {
                    if best.is_none_or(|(_, most)| *count > most) {
                        best = Some((directive, *count));
                    }
                }
                if distinct.len() > 1 {
                    self.hint_different_arguments(place, name, &applications);
                }
                best.map(|(directive, _)| directive.clone())
                    .into_iter()
                    .collect()
            }
            Strategy::ByArgument(rules) => match distinct.as_slice() {
                [] => Vec::new(),
                [(only, _)] => vec![(*only).clone()],
                [(first, _), ..] => {
                    let all: Vec<&Node<Directive>> =
                        distinct.iter().map(|(directive, _)| *directive).collect();
                    let Ok(combined) = combine(&first.name, &all, rules) else {
                        let places = applications.iter().flat_map(|(subgraph, directive)| {
                            subgraph.locate(directive.location())
                        });
                        let places = places.collect();
                        self.report_too_many_alternatives(place, name, places);
                        return Vec::new();
                    };
                    self.hint_combined_arguments(place, &combined, &applications);
                    vec![combined]
                }
            },
        }
    }

    /// What an element demands must stay something that a router can check.
    pub(super) fn report_too_many_alternatives(
        &mut self,
        place: &str,
        name: &str,
        locations: Vec<Location>,
    ) {
        self.diagnostics.error(
            code::DIRECTIVE_COMPOSITION_ERROR,
            format!(
                "what the @{name} of \"{place}\" demand together has more than \
                 {MOST_COMBINATIONS} alternatives; name fewer in each"
            ),
            locations,
        );
    }

    /// Leaves out what does not fit a composed directive: with a hint, unless the subgraph asks for
    /// what it says to be kept.
    fn fitting<'s, 'd>(
        &mut self,
        place: &str,
        at: DirectiveLocation,
        applications: Vec<(&'s Subgraph, &'d Node<Directive>)>,
    ) -> Vec<(&'s Subgraph, &'d Node<Directive>)> {
        let mut fitting = Vec::new();
        for (subgraph, directive) in applications {
            let problem = self
                .composed
                .problem(self.subgraphs, subgraph, directive, at);
            let Some(problem) = problem else {
                fitting.push((subgraph, directive));
                continue;
            };
            let application = format!(
                "{directive} on \"{place}\" in subgraph \"{}\"",
                subgraph.name
            );
            let location = subgraph.locate(directive.location());
            if self.composed.is_composed_by(subgraph, &directive.name) {
                let message = format!("{application} cannot be composed: {problem}");
                self.diagnostics
                    .error(code::INVALID_GRAPHQL, message, location);
            } else {
                let message = format!("{application} is left out: {problem}");
                self.diagnostics
                    .hint(code::DIRECTIVE_COMPOSITION_WARN, message, location);
            }
        }
        fitting
    }

    fn hint_different_arguments(
        &mut self,
        place: &str,
        name: &str,
        applications: &[(&Subgraph, &Node<Directive>)],
    ) {
        let sayings = applications
            .iter()
            .map(|(subgraph, directive)| (*subgraph, directive.to_string()));
        self.diagnostics.hint(
            code::INCONSISTENT_NON_REPEATABLE_DIRECTIVE_ARGUMENTS,
            format!(
                "\"{place}\" has different @{name}: {}",
                who_says_what(sayings)
            ),
            applications
                .iter()
                .flat_map(|(subgraph, directive)| subgraph.locate(directive.location()))
                .collect(),
        );
    }

    fn hint_combined_arguments(
        &mut self,
        place: &str,
        combined: &Directive,
        applications: &[(&Subgraph, &Node<Directive>)],
    ) {
        let sayings = applications
            .iter()
            .map(|(subgraph, directive)| (*subgraph, directive.to_string()));
        self.diagnostics.hint(
            code::MERGED_NON_REPEATABLE_DIRECTIVE_ARGUMENTS,
            format!(
                "\"{place}\" has {}; the supergraph combines them to {combined}",
                who_says_what(sayings)
            ),
            applications
                .iter()
                .flat_map(|(subgraph, directive)| subgraph.locate(directive.location()))
                .collect(),
        );
    }

    /// A directive that the supergraph keeps must have one name in it. Returns those names.
    pub(super) fn kept_names(&mut self) -> KeptNames {
        let mut names = KeptNames::new();
        for kept in specs::KEPT_SPECS.iter().flat_map(|spec| spec.directives) {
            let using: Vec<(&Subgraph, &Spelling)> = self
                .subgraphs
                .iter()
                .filter_map(|subgraph| {
                    let spelled = subgraph.spellings.get(kept.name)?;
                    Some((subgraph, spelled))
                })
                .collect();
            let Some((_, first)) = using.first() else {
                continue;
            };
            if using.iter().all(|(_, spelled)| spelled.name == first.name) {
                if let Some(problem) = taken(&first.name, &names) {
                    let name = (kept.name, first.name.clone());
                    self.name_taken(&name, &using, &problem);
                }
                names.insert(kept.name, first.name.clone());
                continue;
            }
            let sayings = using
                .iter()
                .map(|(subgraph, spelled)| (*subgraph, format!("\"@{}\"", spelled.name)));
            let locations = using
                .iter()
                .flat_map(|(subgraph, spelled)| subgraph.locate(spelled.first))
                .collect();
            self.diagnostics.error(
                code::LINK_IMPORT_NAME_MISMATCH,
                format!(
                    "\"@{}\" must have the same name in all subgraphs, but it is {}",
                    kept.name,
                    who_says_what(sayings)
                ),
                locations,
            );
        }
        names
    }

    fn name_taken(
        &mut self,
        (known, spelled): &(&str, String),
        using: &[(&Subgraph, &Spelling)],
        problem: &str,
    ) {
        let subgraphs = using.iter().map(|(subgraph, _)| subgraph.name.as_str());
        let locations = using
            .iter()
            .flat_map(|(subgraph, spelled)| subgraph.locate(spelled.first))
            .collect();
        self.diagnostics.error(
            code::INVALID_LINK_DIRECTIVE_USAGE,
            format!(
                "federation's \"@{known}\" is \"@{spelled}\" in {}, but in the supergraph that name {problem}: \
                 import it under another name",
                name_subgraphs(subgraphs)
            ),
            locations,
        );
    }
}

/// Why a directive cannot have this name in the supergraph, where others have these names already.
fn taken(spelled: &str, names: &KeptNames) -> Option<String> {
    if specs::is_reserved(spelled) {
        return Some("belongs to the specifications that every supergraph links".to_owned());
    }
    let (other, _) = names.iter().find(|(_, name)| *name == spelled)?;
    Some(format!("is that of \"@{other}\""))
}

/// `@cacheTag` concerns who caches alone, so the supergraph passes it on with the subgraphs that
/// have it.
pub(super) fn passed_on(sources: &[Applied<'_>]) -> Vec<Node<Directive>> {
    let mut tags: Vec<(&Node<Directive>, Vec<Name>)> = Vec::new();
    for source in sources {
        let graph = &source.subgraph.graph;
        for tag in source.all("cacheTag") {
            match tags.iter_mut().find(|(known, _)| *known == tag) {
                Some((_, graphs)) if graphs.contains(graph) => {}
                Some((_, graphs)) => graphs.push(graph.clone()),
                None => tags.push((tag, vec![graph.clone()])),
            }
        }
    }
    tags.into_iter()
        .map(|(tag, graphs)| join::passed_on(graphs, "federation__cacheTag", tag))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::MERGED;
    use crate::specs;

    #[test]
    fn every_built_in_directive_of_the_type_system_is_merged() {
        for name in specs::BUILT_IN_MERGED {
            assert!(MERGED.iter().any(|(known, _)| known == name), "{name}");
        }
    }
}
