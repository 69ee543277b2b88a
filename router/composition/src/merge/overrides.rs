//! `@override`: a field moves from one subgraph to another, at once or progressively.

use super::Merger;
use super::fields::{FieldSource, locations};
use crate::code;
use crate::subgraph::string_argument;

/// Whether another subgraph takes a field over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Overridden {
    No,
    /// Taken over by the subgraph of this name.
    By(String),
    /// Taken over for the part of the requests that the label stands for.
    Progressively {
        by: String,
        label: String,
    },
}

impl<'a> Merger<'a> {
    /// Marks the sources of a field that others override. Returns whether the overrides make sense;
    /// when not, nothing else can be said about the field.
    pub(super) fn apply_overrides(&mut self, place: &str, sources: &mut [FieldSource<'a>]) -> bool {
        let errors_before = self.diagnostics.error_count();
        for index in 0..sources.len() {
            let source = sources[index].clone();
            let Some(directive) = source.field.directives.get("override") else {
                continue;
            };
            let Some(from) = string_argument(directive, "from") else {
                continue;
            };
            let by = source.subgraph.name.clone();
            if from == by {
                // Reported where the subgraph was checked on its own.
                continue;
            }
            let place_of_override = source.subgraph.locate(directive.location());
            if !self.subgraphs.iter().any(|subgraph| subgraph.name == from) {
                self.diagnostics.hint(
                    code::FROM_SUBGRAPH_DOES_NOT_EXIST,
                    format!(
                        "in subgraph \"{by}\", \"{place}\" overrides subgraph \"{from}\", \
                         which does not exist"
                    ),
                    place_of_override,
                );
                continue;
            }
            let Some(position) = sources.iter().position(|s| s.subgraph.name == from) else {
                self.diagnostics.hint(
                    code::OVERRIDE_DIRECTIVE_CAN_BE_REMOVED,
                    format!(
                        "in subgraph \"{by}\", the @override on \"{place}\" can be removed: \
                         subgraph \"{from}\" does not have the field"
                    ),
                    place_of_override,
                );
                continue;
            };
            let overridden = sources[position].clone();
            if !self.check_overridden(place, &source, &overridden) {
                continue;
            }
            let label = string_argument(directive, "label");
            sources[position].overridden = match label {
                Some(label) => Overridden::Progressively {
                    by,
                    label: label.to_owned(),
                },
                None => Overridden::By(by),
            };
            self.hint_overridden(place, &sources[position]);
        }
        self.diagnostics.error_count() == errors_before
    }

    /// Whether the field can be overridden.
    fn check_overridden(
        &mut self,
        place: &str,
        source: &FieldSource<'_>,
        overridden: &FieldSource<'_>,
    ) -> bool {
        let by = &source.subgraph.name;
        let from = &overridden.subgraph.name;
        let both = || locations([source, overridden]);
        let directives = &overridden.field.directives;
        if let Some(other) = directives.get("override") {
            // Two that override each other are one problem.
            if string_argument(other, "from") == Some(by) && by > from {
                return false;
            }
            self.diagnostics.error(
                code::OVERRIDE_SOURCE_HAS_OVERRIDE,
                format!(
                    "\"{place}\" in subgraph \"{by}\" overrides subgraph \"{from}\", whose own \
                     \"{place}\" has an @override"
                ),
                both(),
            );
            return false;
        }
        for collision in ["requires", "provides"] {
            if directives.has(collision) {
                self.diagnostics.error(
                    code::OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE,
                    format!(
                        "\"{place}\" in subgraph \"{by}\" overrides subgraph \"{from}\", whose \
                         own \"{place}\" has @{collision}"
                    ),
                    both(),
                );
                return false;
            }
        }
        if overridden.external {
            self.diagnostics.hint(
                code::OVERRIDE_DIRECTIVE_CAN_BE_REMOVED,
                format!(
                    "in subgraph \"{by}\", the @override on \"{place}\" can be removed: in \
                     subgraph \"{from}\" the field is @external"
                ),
                source.location(),
            );
            return false;
        }
        true
    }

    fn hint_overridden(&mut self, place: &str, source: &FieldSource<'_>) {
        let from = &source.subgraph.name;
        let (code, message) = match &source.overridden {
            Overridden::No => return,
            Overridden::By(by) => (
                code::OVERRIDDEN_FIELD_CAN_BE_REMOVED,
                format!(
                    "\"{place}\" in subgraph \"{from}\" is overridden by subgraph \"{by}\"; \
                     remove it, or mark it @external if a directive or interface needs it"
                ),
            ),
            Overridden::Progressively { by, label } => (
                code::OVERRIDE_MIGRATION_IN_PROGRESS,
                format!(
                    "\"{place}\" moves from subgraph \"{from}\" to subgraph \"{by}\" \
                     by label \"{label}\""
                ),
            ),
        };
        self.diagnostics.hint(code, message, source.location());
    }
}
