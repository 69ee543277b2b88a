//! What an argument takes from a context: one leaf of each type that sets it.

use crate::subgraph::field_set;
use apollo_compiler::ast::{self, Definition, Document, Type};
use apollo_compiler::executable::{Selection, SelectionSet};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::validation::Valid;
use apollo_compiler::{Name, Node, Schema};

/// What an argument of this type takes from the types that set the context.
///
/// # Errors
///
/// Everything that is wrong with it.
pub(super) fn check(
    schema: &Valid<Schema>,
    setters: &[&Name],
    text: &str,
    wanted: &Type,
) -> Result<Vec<SelectionSet>, Vec<String>> {
    let mut check = Check {
        schema,
        wanted,
        selected: Vec::new(),
        problems: Vec::new(),
    };
    match parse(text) {
        Some(selections) => check.selections(setters, &selections),
        None => check.problem("it is no selection"),
    }
    if check.problems.is_empty() {
        Ok(check.selected)
    } else {
        Err(check.problems)
    }
}

/// The selections of `{ … }`, or of fragments without braces around them.
fn parse(text: &str) -> Option<Vec<ast::Selection>> {
    let document = match text.starts_with('{') {
        true => Document::parse(text, "context.graphql").ok()?,
        false => Document::parse(format!("{{ {text} }}"), "context.graphql").ok()?,
    };
    match document.definitions.as_slice() {
        [Definition::OperationDefinition(operation)] => Some(operation.selection_set.clone()),
        _ => None,
    }
}

struct Check<'a> {
    schema: &'a Valid<Schema>,
    wanted: &'a Type,
    selected: Vec<SelectionSet>,
    problems: Vec<String>,
}

impl Check<'_> {
    fn problem(&mut self, problem: impl Into<String>) {
        let problem = problem.into();
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    fn selections(&mut self, setters: &[&Name], selections: &[ast::Selection]) {
        let fragments: Vec<&Node<ast::InlineFragment>> = selections
            .iter()
            .filter_map(|selection| match selection {
                ast::Selection::InlineFragment(fragment) => Some(fragment),
                _ => None,
            })
            .collect();
        if fragments.is_empty() {
            for setter in setters {
                self.on_type(setter, selections);
            }
        } else if fragments.len() < selections.len() {
            self.problem("it selects several fields");
        } else {
            self.by_type(setters, &fragments);
        }
    }

    /// One fragment for each type that sets the context.
    fn by_type(&mut self, setters: &[&Name], fragments: &[&Node<ast::InlineFragment>]) {
        let mut conditions: Vec<&Name> = Vec::new();
        for fragment in fragments {
            let Some(condition) = &fragment.type_condition else {
                self.problem("a fragment has no type condition");
                return;
            };
            if !fragment.directives.is_empty() {
                self.problem("it has a directive");
            }
            if conditions.contains(&condition) {
                self.problem(format!("it has several fragments on \"{condition}\""));
            }
            if !matches!(
                self.schema.types.get(condition),
                Some(ExtendedType::Object(_))
            ) {
                self.problem(format!("\"{condition}\" is no object type"));
                continue;
            }
            conditions.push(condition);
            let is_used = setters
                .iter()
                .any(|setter| *setter == condition || self.schema.is_subtype(setter, condition));
            if is_used {
                self.on_type(condition, &fragment.selection_set);
            } else {
                self.problem(format!("\"{condition}\" never sets the context"));
            }
        }
        for setter in setters {
            let is_covered = conditions.iter().any(|condition| {
                *setter == *condition || self.schema.is_subtype(setter, condition)
            });
            if !is_covered {
                self.problem(format!(
                    "no fragment is on \"{setter}\", which sets the context"
                ));
            }
        }
    }

    fn on_type(&mut self, ty: &Name, selections: &[ast::Selection]) {
        let text: Vec<String> = selections.iter().map(ToString::to_string).collect();
        let text = format!("{{ {} }}", text.join(" "));
        match field_set::parse(self.schema, ty, &text) {
            Ok(selections) => {
                let Some(found) = self.leaf_type(&selections) else {
                    return;
                };
                if found != *self.wanted {
                    self.problem(format!(
                        "on \"{ty}\" it is \"{found}\", but the argument is \"{}\"",
                        self.wanted
                    ));
                }
                self.selected.push(selections);
            }
            Err(errors) => {
                for error in errors {
                    self.problem(error);
                }
            }
        }
    }

    /// The type of what is selected. Any of it may be null: the type that sets the context can be
    /// anywhere above the field, and a null in it must not be one in the field's place.
    fn leaf_type(&mut self, selections: &SelectionSet) -> Option<Type> {
        let [Selection::Field(field)] = selections.selections.as_slice() else {
            let is_fragment = selections
                .selections
                .iter()
                .any(|selection| !matches!(selection, Selection::Field(_)));
            self.problem(match is_fragment {
                true => "a fragment stands inside a field",
                false => "it selects several fields",
            });
            return None;
        };
        if field.alias.is_some() {
            self.problem("it has an alias");
            return None;
        }
        if !field.directives.is_empty() {
            self.problem("it has a directive");
            return None;
        }
        if field.selection_set.selections.is_empty() {
            return Some(nullable(field.ty(), Type::Named));
        }
        let inner = self.leaf_type(&field.selection_set)?;
        Some(nullable(field.ty(), |_| inner.clone()))
    }
}

/// The type without its exclamation marks, with `named` in place of the innermost.
fn nullable(ty: &Type, named: impl FnOnce(Name) -> Type) -> Type {
    match ty {
        Type::Named(name) | Type::NonNullNamed(name) => named(name.clone()),
        Type::List(item) | Type::NonNullList(item) => Type::List(Box::new(nullable(item, named))),
    }
}
