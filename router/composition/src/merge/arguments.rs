//! Arguments of fields: those that all resolving subgraphs understand.

use super::common::{others, who_says_what};
use super::directives::Applied;
use super::fields::FieldSource;
use super::input::Input;
use super::{Merger, Subgraph};
use crate::code::{self, HintCode};
use crate::diagnostics::name_subgraphs;
use apollo_compiler::ast::{DirectiveList, DirectiveLocation, InputValueDefinition};
use apollo_compiler::{Name, Node};
use souk_planner::literal::same_value;
use std::collections::BTreeSet;

/// Arguments or input fields: where their directives stand, and the codes for what can differ.
pub(super) struct InputKind {
    pub location: DirectiveLocation,
    pub type_mismatch: &'static str,
    pub compatible_type: HintCode,
    pub default_mismatch: &'static str,
}

const ARGUMENT: InputKind = InputKind {
    location: DirectiveLocation::ArgumentDefinition,
    type_mismatch: code::FIELD_ARGUMENT_TYPE_MISMATCH,
    compatible_type: code::INCONSISTENT_BUT_COMPATIBLE_ARGUMENT_TYPE,
    default_mismatch: code::FIELD_ARGUMENT_DEFAULT_MISMATCH,
};

impl<'a> Merger<'a> {
    pub(super) fn arguments(
        &mut self,
        field_place: &str,
        fields: &[FieldSource<'a>],
    ) -> Vec<Node<InputValueDefinition>> {
        let mut inputs: Vec<Input<'a>> = Vec::new();
        let mut contextual: BTreeSet<&Name> = BTreeSet::new();
        for source in fields {
            for argument in &source.field.arguments {
                Input::collect(&mut inputs, source.subgraph, argument);
            }
            let taken = source.contextual_arguments();
            contextual.extend(taken.iter().map(|argument| &argument.name));
        }
        let mut merged = Vec::new();
        for input in inputs {
            let place = format!("{field_place}({}:)", input.name);
            if contextual.contains(&input.name) {
                self.check_contextual_everywhere(&place, &input);
                continue;
            }
            let having: Vec<&Subgraph> = input.subgraphs().collect();
            let lacking = others(fields.iter().map(|source| source.subgraph), &having);
            if lacking.is_empty() {
                merged.extend(self.argument(&place, &input));
            } else {
                self.report_missing_argument(&place, &input, &lacking);
            }
        }
        merged
    }

    /// An argument that one subgraph takes from a context is no client's to give, so no other
    /// subgraph may insist on it.
    fn check_contextual_everywhere(&mut self, place: &str, input: &Input<'_>) {
        for (subgraph, value) in &input.sources {
            if value.directives.has("fromContext") {
                continue;
            }
            let taking = input
                .sources
                .iter()
                .filter(|(_, value)| value.directives.has("fromContext"))
                .map(|(subgraph, _)| subgraph.name.as_str());
            let taken = format!(
                "\"{place}\" comes from a context in {}",
                name_subgraphs(taking)
            );
            if value.is_required() {
                let message = format!(
                    "{taken}, but subgraph \"{}\" requires it from the client",
                    subgraph.name
                );
                let code = code::CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS;
                self.diagnostics.error(code, message, input.locations());
            } else {
                let message = format!(
                    "{taken}, so it is not part of the supergraph, and subgraph \"{}\" never \
                     gets it",
                    subgraph.name
                );
                let code = code::CONTEXTUAL_ARGUMENT_LEFT_OUT;
                self.diagnostics.hint(code, message, input.locations());
            }
        }
    }

    /// Merges an argument of a field or directive that all subgraphs have.
    pub(super) fn argument(
        &mut self,
        place: &str,
        input: &Input<'_>,
    ) -> Option<Node<InputValueDefinition>> {
        self.input_value(place, input, &ARGUMENT, Vec::new())
    }

    /// An argument that some subgraphs lack is left out, which is possible only while nobody
    /// requires it.
    pub(super) fn report_missing_argument(
        &mut self,
        place: &str,
        input: &Input<'_>,
        lacking: &[&str],
    ) {
        let where_ = format!(
            "in {} but not in {}",
            name_subgraphs(input.subgraphs().map(|subgraph| subgraph.name.as_str())),
            name_subgraphs(lacking.iter().copied())
        );
        if input.is_required() {
            self.diagnostics.error(
                code::REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH,
                format!("\"{place}\" is required, and it is {where_}"),
                input.locations(),
            );
        } else {
            self.diagnostics.hint(
                code::INCONSISTENT_ARGUMENT_PRESENCE,
                format!("\"{place}\" is not part of the supergraph: it is {where_}"),
                input.locations(),
            );
        }
    }

    /// Merges an argument or input field that all subgraphs have.
    pub(super) fn input_value(
        &mut self,
        place: &str,
        input: &Input<'_>,
        kind: &InputKind,
        mut directives: Vec<Node<apollo_compiler::ast::Directive>>,
    ) -> Option<Node<InputValueDefinition>> {
        let types = input.sources.iter().map(|(_, value)| &*value.ty);
        let Some(ty) = self.subtypes.narrowest(types).cloned() else {
            self.diagnostics.error(
                kind.type_mismatch,
                format!(
                    "\"{place}\" has incompatible types: {}",
                    input.who_says(|value| format!("\"{}\"", value.ty))
                ),
                input.locations(),
            );
            return None;
        };
        if input.sources.iter().any(|(_, value)| *value.ty != ty) {
            self.diagnostics.hint(
                kind.compatible_type,
                format!(
                    "\"{place}\" is {}; the supergraph's type is \"{ty}\"",
                    input.who_says(|value| format!("\"{}\"", value.ty))
                ),
                input.locations(),
            );
        }
        let default_value = self.default_value(place, input, kind);
        let applied: Vec<Applied<'_>> = input
            .sources
            .iter()
            .map(|(subgraph, value)| Applied::new(subgraph, &value.directives))
            .collect();
        directives.extend(self.directives(place, kind.location, &applied));
        let descriptions = input
            .sources
            .iter()
            .map(|(subgraph, value)| (*subgraph, value.description.as_ref()));
        Some(Node::new(InputValueDefinition {
            description: self.description(place, descriptions),
            name: input.name.clone(),
            ty: Node::new(ty),
            default_value,
            directives: DirectiveList(directives),
        }))
    }

    /// The common default. Subgraphs that disagree are an error; a default that some do not have is
    /// dropped, so that each applies what it thinks right.
    fn default_value(
        &mut self,
        place: &str,
        input: &Input<'_>,
        kind: &InputKind,
    ) -> Option<Node<apollo_compiler::ast::Value>> {
        let defaults: Vec<_> = input
            .sources
            .iter()
            .filter_map(|(_, value)| value.default_value.as_ref())
            .collect();
        let first = defaults.first()?;
        let describe = || {
            input.who_says(|value| match &value.default_value {
                Some(default) => format!("{}", default.serialize().no_indent()),
                None => "nothing".to_owned(),
            })
        };
        if defaults.iter().any(|default| !same_value(default, first)) {
            self.diagnostics.error(
                kind.default_mismatch,
                format!("\"{place}\" has different defaults: {}", describe()),
                input.locations(),
            );
            return None;
        }
        if defaults.len() < input.sources.len() {
            self.diagnostics.hint(
                code::INCONSISTENT_DEFAULT_VALUE_PRESENCE,
                format!(
                    "\"{place}\" has no default in the supergraph, because it is {}",
                    describe()
                ),
                input.locations(),
            );
            return None;
        }
        Some((*first).clone())
    }

    /// The arguments of an external field must be those of the field it stands for.
    pub(super) fn check_external_arguments(
        &mut self,
        place: &str,
        merged: &[Node<InputValueDefinition>],
        external: &FieldSource<'_>,
        sources: &[FieldSource<'_>],
    ) {
        let subgraph = &external.subgraph.name;
        for argument in merged {
            let place = format!("{place}({}:)", argument.name);
            let Some(found) = external.field.argument_by_name(&argument.name) else {
                self.diagnostics.error(
                    code::EXTERNAL_ARGUMENT_MISSING,
                    format!(
                        "\"{place}\" is missing in subgraph \"{subgraph}\", where the field is \
                         @external"
                    ),
                    super::fields::locations(sources),
                );
                continue;
            };
            // Whatever the resolving subgraphs accept must be acceptable here.
            if !self.subtypes.is_subtype(&argument.ty, &found.ty) {
                self.diagnostics.error(
                    code::EXTERNAL_ARGUMENT_TYPE_MISMATCH,
                    format!(
                        "\"{place}\" is \"{}\" in subgraph \"{subgraph}\", where the field is \
                         @external, but \"{}\" where it is resolved",
                        found.ty, argument.ty
                    ),
                    super::fields::locations(sources),
                );
            }
            let is_same = match (&found.default_value, &argument.default_value) {
                (Some(found), Some(merged)) => same_value(found, merged),
                (found, merged) => found.is_none() && merged.is_none(),
            };
            if !is_same {
                let show = |value: &Option<Node<apollo_compiler::ast::Value>>| {
                    value
                        .as_ref()
                        .map_or_else(|| "none".to_owned(), ToString::to_string)
                };
                self.diagnostics.error(
                    code::EXTERNAL_ARGUMENT_DEFAULT_MISMATCH,
                    format!(
                        "the default of \"{place}\" is {} in subgraph \"{subgraph}\", where the \
                         field is @external, but {} where it is resolved",
                        show(&found.default_value),
                        show(&argument.default_value)
                    ),
                    super::fields::locations(sources),
                );
            }
        }
    }
}

impl Input<'_> {
    fn who_says(&self, say: impl Fn(&InputValueDefinition) -> String) -> String {
        who_says_what(
            self.sources
                .iter()
                .map(|(subgraph, value)| (*subgraph, say(value))),
        )
    }
}
