//! Field sets: the little selections in `@key`, `@requires` and `@provides`.

use std::fmt::{self, Display, Write};

use apollo_compiler::ast::{self, Definition, Document, Selection};
use apollo_compiler::{Name, Node};

use crate::problems::problems;

/// A parsed `FieldSet`, such as `id organisation { id }`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct FieldSet {
    /// In the order written.
    pub items: Vec<FieldSetItem>,
}

/// One selection of a field set.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum FieldSetItem {
    /// A field with its (constant) arguments and what is selected below it.
    Field {
        /// The field's name; field sets know no aliases.
        name: Name,
        /// Constant arguments, in the order written.
        arguments: Vec<Node<ast::Argument>>,
        /// Empty for a leaf.
        set: FieldSet,
    },
    /// `... on Type { ... }`.
    Fragment {
        /// The type condition.
        on: Name,
        /// What is selected there.
        set: FieldSet,
    },
}

/// Why a field set could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a field set: {reason}")]
pub struct FieldSetError {
    /// The text as found.
    pub text: String,
    /// What is wrong with it.
    pub reason: String,
}

impl FieldSet {
    /// Reads the text of a `FieldSet` argument, with or without surrounding braces.
    pub fn parse(text: &str) -> Result<FieldSet, FieldSetError> {
        let error = |reason: String| FieldSetError {
            text: text.to_owned(),
            reason,
        };
        let document = Document::parse(format!("{{{text}}}"), "field_set").or_else(|_| {
            Document::parse(text, "field_set").map_err(|found| error(problems(&found.errors)))
        })?;
        let [Definition::OperationDefinition(operation)] = document.definitions.as_slice() else {
            return Err(error("expected one selection set".into()));
        };
        read(&operation.selection_set).map_err(error)
    }

    /// True when nothing is selected.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The field `name` at the top of the set, outside fragments.
    pub fn field(&self, name: &str) -> Option<&FieldSet> {
        self.items.iter().find_map(|item| match item {
            FieldSetItem::Field {
                name: found, set, ..
            } if found == name => Some(set),
            _ => None,
        })
    }

    /// Both sets' selections; the same field of both is selected once.
    pub fn union(mut self, other: &FieldSet) -> FieldSet {
        for item in &other.items {
            self.add(item);
        }
        self
    }

    fn add(&mut self, item: &FieldSetItem) {
        for mine in &mut self.items {
            match (mine, item) {
                (
                    FieldSetItem::Field {
                        name,
                        arguments,
                        set,
                    },
                    FieldSetItem::Field {
                        name: other_name,
                        arguments: other_arguments,
                        set: other_set,
                    },
                ) if name == other_name && arguments == other_arguments => {
                    *set = std::mem::take(set).union(other_set);
                    return;
                }
                (
                    FieldSetItem::Fragment { on, set },
                    FieldSetItem::Fragment {
                        on: other_on,
                        set: other_set,
                    },
                ) if on == other_on => {
                    *set = std::mem::take(set).union(other_set);
                    return;
                }
                _ => {}
            }
        }
        self.items.push(item.clone());
    }
}

fn read(selections: &[Selection]) -> Result<FieldSet, String> {
    let mut items = Vec::new();
    for selection in selections {
        match selection {
            Selection::Field(field) => {
                if field.alias.is_some() {
                    return Err(format!("`{}` has an alias", field.name));
                }
                items.push(FieldSetItem::Field {
                    name: field.name.clone(),
                    arguments: field.arguments.clone(),
                    set: read(&field.selection_set)?,
                });
            }
            Selection::InlineFragment(fragment) => {
                let set = read(&fragment.selection_set)?;
                match &fragment.type_condition {
                    Some(on) => items.push(FieldSetItem::Fragment {
                        on: on.clone(),
                        set,
                    }),
                    None => items.extend(set.items),
                }
            }
            Selection::FragmentSpread(_) => return Err("named fragments are not allowed".into()),
        }
    }
    Ok(FieldSet { items })
}

impl Display for FieldSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, item) in self.items.iter().enumerate() {
            if index > 0 {
                f.write_char(' ')?;
            }
            let below = match item {
                FieldSetItem::Field {
                    name,
                    arguments,
                    set,
                } => {
                    write!(f, "{name}")?;
                    if !arguments.is_empty() {
                        let written: Vec<String> = arguments
                            .iter()
                            .map(|argument| format!("{}: {}", argument.name, argument.value))
                            .collect();
                        write!(f, "({})", written.join(", "))?;
                    }
                    set
                }
                FieldSetItem::Fragment { on, set } => {
                    write!(f, "... on {on}")?;
                    set
                }
            };
            if !below.is_empty() {
                write!(f, " {{ {below} }}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_nested_sets_and_writes_them_back() {
        let text = "id dimensions(unit: CM) { size } owner { ... on User { name } }";
        assert_eq!(FieldSet::parse(text).unwrap().to_string(), text);
        assert_eq!(FieldSet::parse("{ id }").unwrap().to_string(), "id");
    }

    #[test]
    fn refuses_what_is_no_field_set() {
        for text in ["", "a: id", "...F", "id }", "id {", "} query {"] {
            assert!(FieldSet::parse(text).is_err(), "{text:?} was accepted");
        }
    }
}
