//! Field sets: the selections in `@key`, `@requires` and `@provides`.

use apollo_compiler::ast::{Document, NamedType};
use apollo_compiler::executable::{FieldSet, Selection, SelectionSet};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::validation::{DiagnosticList, Valid, WithErrors};
use apollo_compiler::{Name, Schema};

/// Which directive a field set belongs to; the rules differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Key,
    Requires,
    Provides,
}

/// What can be wrong inside a field set whose fields all exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Problem {
    Alias(Name),
    Directive(Name),
    Arguments(Name),
    /// A key cannot go through this field: it is an interface or a union.
    InvalidType(Name),
}

/// Parses the text of a field set against its type.
///
/// # Errors
///
/// What GraphQL finds wrong with it as a selection.
pub(crate) fn parse(
    schema: &Valid<Schema>,
    type_name: &NamedType,
    text: &str,
) -> Result<SelectionSet, Vec<String>> {
    // As a document first: the parser of field sets panics at some characters, and stops at the end of the selection
    // without minding what follows.
    let alone = match selection_document(text) {
        Ok(document) => document.definitions.len() == 1,
        Err(_) if closes_too_often(text) => false,
        Err(with_errors) => return Err(messages(&with_errors.errors)),
    };
    if !alone {
        return Err(vec!["it does not end where it should".to_owned()]);
    }
    let parsed = FieldSet::parse_and_validate(schema, type_name.clone(), text, "fields.graphql");
    match parsed {
        Ok(field_set) => Ok(field_set.into_inner().selection_set),
        Err(with_errors) => Err(messages(&with_errors.errors)),
    }
}

fn closes_too_often(text: &str) -> bool {
    text.matches('}').count() > text.matches('{').count()
}

fn selection_document(text: &str) -> Result<Document, WithErrors<Document>> {
    // Not all that Unicode takes for white space is to be ignored.
    let ignored = |c: char| matches!(c, ' ' | '\t' | '\n' | '\r' | ',' | '\u{feff}');
    let selection = match text.trim_start_matches(ignored).starts_with('{') {
        true => text.to_owned(),
        false => format!("{{ {text} }}"),
    };
    Document::parse(selection, "fields.graphql")
}

fn messages(errors: &DiagnosticList) -> Vec<String> {
    let mut messages = Vec::new();
    for diagnostic in errors.iter() {
        // A selection whose fields are all wrong is reported as missing, too.
        let follows = diagnostic.error.unstable_error_name() == Some("MissingSubselection");
        if !follows || errors.len() == 1 {
            messages.push(diagnostic.error.to_string());
        }
    }
    messages
}

/// Checks what GraphQL allows and federation does not.
pub(crate) fn problems(
    schema: &Schema,
    selections: &SelectionSet,
    purpose: Purpose,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    collect_problems(schema, selections, purpose, &mut problems);
    problems
}

fn collect_problems(
    schema: &Schema,
    selections: &SelectionSet,
    purpose: Purpose,
    problems: &mut Vec<Problem>,
) {
    for selection in &selections.selections {
        match selection {
            Selection::Field(field) => {
                if let Some(alias) = &field.alias {
                    problems.push(Problem::Alias(alias.clone()));
                }
                for directive in &field.directives {
                    problems.push(Problem::Directive(directive.name.clone()));
                }
                let has_arguments = !field.definition.arguments.is_empty();
                // `@requires` may pass arguments since Federation 2.
                if has_arguments && purpose != Purpose::Requires {
                    problems.push(Problem::Arguments(field.name.clone()));
                }
                if purpose == Purpose::Key && is_unusable_in_key(schema, field.ty()) {
                    problems.push(Problem::InvalidType(field.name.clone()));
                }
                collect_problems(schema, &field.selection_set, purpose, problems);
            }
            Selection::InlineFragment(fragment) => {
                for directive in &fragment.directives {
                    problems.push(Problem::Directive(directive.name.clone()));
                }
                collect_problems(schema, &fragment.selection_set, purpose, problems);
            }
            // Field sets have no fragment definitions to spread.
            Selection::FragmentSpread(_) => {}
        }
    }
}

fn is_unusable_in_key(schema: &Schema, ty: &apollo_compiler::ast::Type) -> bool {
    matches!(
        schema.types.get(ty.inner_named_type()),
        Some(ExtendedType::Interface(_) | ExtendedType::Union(_))
    )
}

/// Calls `visit` with the type and name of every field in the selection, at any depth, and whether
/// the field is a leaf. A field of an interface stands for that of each implementation too.
pub(crate) fn for_each_field(
    schema: &Schema,
    selections: &SelectionSet,
    visit: &mut impl FnMut(&Name, &Name, bool),
) {
    for selection in &selections.selections {
        match selection {
            Selection::Field(field) => {
                let is_leaf = field.selection_set.selections.is_empty();
                visit(&selections.ty, &field.name, is_leaf);
                for implementation in implementations(schema, &selections.ty) {
                    visit(&implementation, &field.name, is_leaf);
                }
                for_each_field(schema, &field.selection_set, visit);
            }
            Selection::InlineFragment(fragment) => {
                for_each_field(schema, &fragment.selection_set, visit);
            }
            Selection::FragmentSpread(_) => {}
        }
    }
}

/// The object types that implement an interface; none for other types.
pub(crate) fn implementations(schema: &Schema, interface: &Name) -> Vec<Name> {
    if !matches!(
        schema.types.get(interface),
        Some(ExtendedType::Interface(_))
    ) {
        return Vec::new();
    }
    schema
        .types
        .values()
        .filter_map(ExtendedType::as_object)
        .filter(|object| {
            object
                .implements_interfaces
                .iter()
                .any(|implemented| implemented.name == *interface)
        })
        .map(|object| object.name.clone())
        .collect()
}

/// The selection as one line, fields in alphabetical order: equal for equal keys.
pub(crate) fn normalised(selections: &SelectionSet) -> String {
    let mut parts: Vec<String> = selections
        .selections
        .iter()
        .map(|selection| match selection {
            Selection::Field(field) if field.selection_set.selections.is_empty() => {
                field.name.to_string()
            }
            Selection::Field(field) => {
                format!("{} {{ {} }}", field.name, normalised(&field.selection_set))
            }
            Selection::InlineFragment(fragment) => {
                format!(
                    "... on {} {{ {} }}",
                    fragment
                        .type_condition
                        .as_ref()
                        .map_or_else(|| selections.ty.as_str(), Name::as_str),
                    normalised(&fragment.selection_set)
                )
            }
            Selection::FragmentSpread(spread) => format!("...{}", spread.fragment_name),
        })
        .collect();
    parts.sort();
    parts.join(" ")
}
