//! `@context` and `@fromContext`: types that set a context, and arguments that the router fills from
//! it (since federation v2.8).

mod selection;

use super::{Coordinate, fields_of, interfaces_of, is_resolvable, string_argument};
use crate::code;
use crate::diagnostics::Diagnostics;
use crate::message::Location;
use apollo_compiler::ast::{Directive, DirectiveList, InputValueDefinition, Type};
use apollo_compiler::executable::SelectionSet;
use apollo_compiler::parser::SourceSpan;
use apollo_compiler::schema::{ExtendedType, FieldDefinition};
use apollo_compiler::validation::Valid;
use apollo_compiler::{Name, Node, Schema};
use std::collections::{BTreeMap, HashMap};

/// The fields of a subgraph that take arguments from contexts.
pub(crate) type ContextualFields = HashMap<Coordinate, Vec<ContextualArgument>>;

/// An argument that the router fills from a context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ContextualArgument {
    pub name: Name,
    pub ty: Type,
    /// The context's name in the supergraph.
    pub context: String,
    /// What of the type that sets the context is the argument's value, as the schema writes it.
    pub selection: String,
    /// The types of the subgraph that set the context.
    pub setters: Vec<Name>,
    /// What is selected, one for each type on which it differs.
    pub selected: Vec<SelectionSet>,
}

/// A context's name in the supergraph: contexts of different subgraphs are different contexts.
pub(crate) fn qualified(subgraph: &str, context: &str) -> String {
    format!("{subgraph}__{context}")
}

/// Checks all contexts of a subgraph and returns what its fields take from them. `locate` turns a
/// place in the schema into one that can be reported.
pub(super) fn read(
    subgraph: &str,
    schema: &Valid<Schema>,
    locate: &dyn Fn(Option<SourceSpan>) -> Vec<Location>,
    diagnostics: &mut Diagnostics,
) -> ContextualFields {
    let mut reader = Reader {
        subgraph,
        schema,
        locate,
        setters: BTreeMap::new(),
        diagnostics,
    };
    reader.read_setters();
    reader.check_directive_definitions();
    let mut found = ContextualFields::new();
    for ty in schema.types.values() {
        for (name, field) in fields_of(ty) {
            let arguments = reader.field(ty, name, field);
            if !arguments.is_empty() {
                found.insert((ty.name().clone(), name.clone()), arguments);
            }
        }
    }
    found
}

struct Reader<'a> {
    subgraph: &'a str,
    schema: &'a Valid<Schema>,
    locate: &'a dyn Fn(Option<SourceSpan>) -> Vec<Location>,
    /// Context -> the types that set it.
    setters: BTreeMap<&'a str, Vec<&'a Name>>,
    diagnostics: &'a mut Diagnostics,
}

fn from_context(directives: &DirectiveList) -> Option<&Node<Directive>> {
    directives.get("fromContext")
}

impl<'a> Reader<'a> {
    fn error(&mut self, code: &'static str, problem: &str, span: Option<SourceSpan>) {
        self.diagnostics.error(
            code,
            format!("in subgraph \"{}\", {problem}", self.subgraph),
            (self.locate)(span),
        );
    }

    fn read_setters(&mut self) {
        let schema: &'a Valid<Schema> = self.schema;
        for ty in schema.types.values() {
            for directive in ty.directives().get_all("context") {
                let Some(name) = string_argument(directive, "name") else {
                    continue;
                };
                let rule = if name.contains('_') {
                    "cannot contain an underscore"
                } else if !is_context_name(name) {
                    "must be letters and digits and begin with a letter"
                } else {
                    let setters = self.setters.entry(name).or_default();
                    if !setters.contains(&ty.name()) {
                        setters.push(ty.name());
                    }
                    continue;
                };
                self.error(
                    code::CONTEXT_NAME_INVALID,
                    &format!(
                        "the name \"{name}\" of a context on \"{}\" {rule}",
                        ty.name()
                    ),
                    directive.location(),
                );
            }
        }
    }

    fn check_directive_definitions(&mut self) {
        let schema: &'a Valid<Schema> = self.schema;
        for definition in schema.directive_definitions.values() {
            for argument in &definition.arguments {
                if let Some(directive) = from_context(&argument.directives) {
                    self.error(
                        code::CONTEXT_NOT_SET,
                        &format!(
                            "\"@{}({}:)\" has @fromContext, but only arguments of fields can",
                            definition.name, argument.name
                        ),
                        directive.location(),
                    );
                }
            }
        }
    }

    fn field(
        &mut self,
        ty: &ExtendedType,
        name: &Name,
        field: &FieldDefinition,
    ) -> Vec<ContextualArgument> {
        let mut found = Vec::new();
        for argument in &field.arguments {
            let Some(directive) = from_context(&argument.directives) else {
                continue;
            };
            let place = format!("{}.{name}({}:)", ty.name(), argument.name);
            if self.check_place(ty, name, argument, directive, &place) {
                found.extend(self.argument(argument, directive, &place));
            }
        }
        let has_key = ty.directives().get_all("key").any(|key| is_resolvable(key));
        if !found.is_empty() && !has_key {
            self.error(
                code::CONTEXT_NO_RESOLVABLE_KEY,
                &format!(
                    "\"{0}.{name}\" takes an argument from a context, so the router must be able \
                     to enter the subgraph at \"{0}\", but \"{0}\" has no resolvable @key",
                    ty.name()
                ),
                field.name.location(),
            );
        }
        found
    }

    /// Whether an argument at this place may come from a context at all.
    fn check_place(
        &mut self,
        ty: &ExtendedType,
        field: &Name,
        argument: &InputValueDefinition,
        directive: &Node<Directive>,
        place: &str,
    ) -> bool {
        let schema: &'a Valid<Schema> = self.schema;
        let declaring = interfaces_of(ty).into_iter().find(|interface| {
            let interface = schema.types.get(interface);
            interface.is_some_and(|interface| super::field_of(interface, field).is_some())
        });
        let problem = if ty.is_interface() {
            format!("\"{place}\" has @fromContext, which a field of an interface cannot have")
        } else if let Some(interface) = declaring {
            format!(
                "\"{place}\" has @fromContext, which is not possible because the field \
                 implements \"{interface}.{field}\""
            )
        } else if argument.default_value.is_some() {
            format!("\"{place}\" has @fromContext and a default: one excludes the other")
        } else {
            return true;
        };
        self.error(code::CONTEXT_NOT_SET, &problem, directive.location());
        false
    }

    fn argument(
        &mut self,
        argument: &InputValueDefinition,
        directive: &Node<Directive>,
        place: &str,
    ) -> Option<ContextualArgument> {
        let text = string_argument(directive, "field").unwrap_or_default();
        let Some((context, selection)) = split(text) else {
            self.error(
                code::NO_CONTEXT_IN_SELECTION,
                &format!(
                    "@fromContext(field: \"{text}\") on \"{place}\" must name a context and \
                     what to take from it, such as \"$name {{ field }}\""
                ),
                directive.location(),
            );
            return None;
        };
        let Some(setters) = self.setters.get(context).cloned() else {
            self.error(
                code::CONTEXT_NOT_SET,
                &format!("\"{place}\" takes from context \"{context}\", which no type sets"),
                directive.location(),
            );
            return None;
        };
        match selection::check(self.schema, &setters, selection, &argument.ty) {
            Ok(selected) => Some(ContextualArgument {
                name: argument.name.clone(),
                ty: argument.ty.as_ref().clone(),
                context: qualified(self.subgraph, context),
                selection: selection.to_owned(),
                setters: setters.into_iter().cloned().collect(),
                selected,
            }),
            Err(problems) => {
                for problem in problems {
                    self.error(
                        code::CONTEXT_INVALID_SELECTION,
                        &format!(
                            "\"{place}\" takes \"{selection}\" from context \"{context}\": \
                             {problem}"
                        ),
                        directive.location(),
                    );
                }
                None
            }
        }
    }
}

fn is_context_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric())
}

/// The context's name and the selection of `"$name { field }"`.
fn split(text: &str) -> Option<(&str, &str)> {
    let rest = text.trim_start().strip_prefix('$')?.trim_start();
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?;
    let (name, selection) = rest.split_at(end);
    let selection = selection.trim();
    let is_name = name.starts_with(|first: char| !first.is_ascii_digit());
    let is_selection = selection.starts_with('{') || selection.starts_with("...");
    (!name.is_empty() && is_name && is_selection).then_some((name, selection))
}
