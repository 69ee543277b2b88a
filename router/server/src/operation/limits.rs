//! How much an operation asks for, against how much it may.

use std::collections::HashMap;

use apollo_compiler::Name;
use apollo_compiler::ast::{Definition, Document, OperationDefinition, Selection};

use crate::config::Limits;
use crate::error::GraphQLError;

/// What an operation asks for, with every fragment counted wherever it is spread.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Cost {
    /// Nesting of fields; a leaf at the root has 1.
    pub depth: u32,
    /// Fields.
    pub height: u32,
    /// Fields at the root.
    pub root_fields: u32,
    /// Aliases.
    pub aliases: u32,
}

impl Cost {
    /// One after the other. Counts stop at the largest number: fragments can multiply them without end.
    fn add(&mut self, other: Cost) {
        self.depth = self.depth.max(other.depth);
        self.height = self.height.saturating_add(other.height);
        self.root_fields = self.root_fields.saturating_add(other.root_fields);
        self.aliases = self.aliases.saturating_add(other.aliases);
    }
}

/// Fragments may spread each other this deep; validation refuses longer chains, too.
const DEEPEST_SPREAD: usize = 200;

/// Measures one operation. The document need not be valid: an unknown fragment counts nothing, and a fragment that
/// spreads itself counts once.
pub(crate) fn measure(document: &Document, operation: &OperationDefinition) -> Cost {
    let mut fragments = HashMap::new();
    for definition in &document.definitions {
        if let Definition::FragmentDefinition(fragment) = definition {
            fragments
                .entry(&fragment.name)
                .or_insert(fragment.selection_set.as_slice());
        }
    }
    let mut meter = Meter {
        fragments,
        measured: HashMap::new(),
        spreads: 0,
    };
    meter.selections(&operation.selection_set)
}

struct Meter<'a> {
    fragments: HashMap<&'a Name, &'a [Selection]>,
    /// `None` while the fragment is being measured.
    measured: HashMap<&'a Name, Option<Cost>>,
    spreads: usize,
}

impl<'a> Meter<'a> {
    fn selections(&mut self, selections: &'a [Selection]) -> Cost {
        let mut total = Cost::default();
        for selection in selections {
            total.add(match selection {
                Selection::Field(field) => {
                    let below = self.selections(&field.selection_set);
                    Cost {
                        depth: below.depth.saturating_add(1),
                        height: below.height.saturating_add(1),
                        root_fields: 1,
                        aliases: below
                            .aliases
                            .saturating_add(u32::from(field.alias.is_some())),
                    }
                }
                Selection::InlineFragment(fragment) => self.selections(&fragment.selection_set),
                Selection::FragmentSpread(spread) => self.fragment(&spread.fragment_name),
            });
        }
        total
    }

    fn fragment(&mut self, name: &Name) -> Cost {
        let Some((name, selections)) = self
            .fragments
            .get_key_value(name)
            .map(|(name, set)| (*name, *set))
        else {
            return Cost::default();
        };
        match self.measured.get(name) {
            Some(Some(cost)) => return *cost,
            Some(None) => return Cost::default(),
            None => {}
        }
        if self.spreads == DEEPEST_SPREAD {
            return Cost {
                depth: u32::MAX,
                ..Cost::default()
            };
        }
        self.measured.insert(name, None);
        self.spreads += 1;
        let cost = self.selections(selections);
        self.spreads -= 1;
        self.measured.insert(name, Some(cost));
        cost
    }
}

/// One error for each limit that the operation breaks.
pub(crate) fn check(cost: Cost, limits: &Limits) -> Vec<GraphQLError> {
    let checks = [
        (
            "depth",
            "max_depth",
            "MAX_DEPTH_LIMIT",
            cost.depth,
            limits.max_depth,
        ),
        (
            "height",
            "max_height",
            "MAX_HEIGHT_LIMIT",
            cost.height,
            limits.max_height,
        ),
        (
            "number of root fields",
            "max_root_fields",
            "MAX_ROOT_FIELDS_LIMIT",
            cost.root_fields,
            limits.max_root_fields,
        ),
        (
            "number of aliases",
            "max_aliases",
            "MAX_ALIASES_LIMIT",
            cost.aliases,
            limits.max_aliases,
        ),
    ];
    let mut errors = Vec::new();
    for (what, key, code, found, limit) in checks {
        let Some(limit) = limit else { continue };
        if found > limit {
            errors.push(broken(
                what,
                Some(found as usize),
                limit as usize,
                key,
                code,
            ));
        }
    }
    errors
}

/// The error for a broken limit: which, its value, and where it is configured.
pub(crate) fn broken(
    what: &str,
    found: Option<usize>,
    limit: usize,
    key: &str,
    code: &str,
) -> GraphQLError {
    let found = match found {
        Some(found) if found < u32::MAX as usize => format!("{found}, "),
        _ => String::new(),
    };
    let message = format!(
        "the operation's {what} is {found}more than the {limit} allowed; the limit is configured as limits.{key}"
    );
    GraphQLError::new(message, code)
        .with_extension("limit", limit)
        .with_extension("configuredBy", format!("limits.{key}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(text: &str) -> Cost {
        let document = apollo_compiler::parser::Parser::new()
            .parse_ast(text, "test")
            .unwrap();
        let operation = document
            .definitions
            .iter()
            .find_map(|definition| definition.as_operation_definition());
        measure(&document, operation.unwrap())
    }

    #[test]
    fn fragments_count_where_they_are_spread() {
        let text = "{ x: a { ...F } b { ...F ... on T { c } } } fragment F on T { y: d { e } }";
        assert_eq!(
            cost(text),
            Cost {
                depth: 3,
                height: 7,
                root_fields: 2,
                aliases: 3
            }
        );
        assert_eq!(
            cost("{ ...F } fragment F on Q { a b c }"),
            Cost {
                depth: 1,
                height: 3,
                root_fields: 3,
                aliases: 0
            }
        );
    }

    #[test]
    fn fragments_that_double_each_other_do_not_take_forever() {
        let mut text = "{ ...F0 }".to_owned();
        for index in 0..100 {
            text += &format!(
                " fragment F{index} on Q {{ ...F{next} ...F{next} }}",
                next = index + 1
            );
        }
        text += " fragment F100 on Q { x: a }";
        assert_eq!(cost(&text).aliases, u32::MAX);
    }

    #[test]
    fn cycles_and_long_chains_end() {
        assert_eq!(
            cost("{ ...A } fragment A on Q { a ...B } fragment B on Q { b ...A }").depth,
            1
        );
        let mut text = "{ ...F0 }".to_owned();
        for index in 0..5000 {
            text += &format!(" fragment F{index} on Q {{ ...F{} }}", index + 1);
        }
        assert_eq!(cost(&text).depth, u32::MAX);
    }

    #[test]
    fn the_error_says_which_limit() {
        let limits = Limits {
            max_depth: Some(2),
            max_aliases: Some(1),
            ..Limits::default()
        };
        let errors = check(
            Cost {
                depth: 3,
                height: 3,
                root_fields: 1,
                aliases: 1,
            },
            &limits,
        );
        assert_eq!(errors.len(), 1);
        assert_eq!(errors[0].code(), Some("MAX_DEPTH_LIMIT"));
        assert_eq!(
            errors[0].message,
            "the operation's depth is 3, more than the 2 allowed; the limit is configured as limits.max_depth"
        );
    }
}
