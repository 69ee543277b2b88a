//! One subgraph's schema on its own: from text to a checked [`Subgraph`] in which every federation
//! directive has its canonical name.

mod authorization;
pub(crate) mod canonical;
pub(crate) mod contexts;
mod defaults;
mod demand;
mod deprecation;
mod directives;
mod extensions;
mod externals;
mod federation_1;
pub(crate) mod field_set;
pub(crate) mod links;
mod machinery;
mod parse;
mod roots;
mod upgrade;
mod validate;

use crate::SubgraphInput;
use crate::code;
use crate::diagnostics::Diagnostics;
use crate::message::Location;
use crate::specs::{OLDEST_FEDERATION_2, SHAREABLE_BY_DECLARATION_SINCE, Version};
use apollo_compiler::ast;
use apollo_compiler::parser::{SourceMap, SourceSpan};
use apollo_compiler::schema::{Component, ExtendedType, FieldDefinition};
use apollo_compiler::validation::Valid;
use apollo_compiler::{Name, Schema};
use canonical::Spellings;
use contexts::ContextualFields;
pub(crate) use extensions::Extension;
use links::CustomLink;
pub(crate) use roots::root_used;
use std::collections::{BTreeMap, HashMap, HashSet};

/// A type's field, the unit in which federation thinks.
pub(crate) type Coordinate = (Name, Name);

/// A subgraph that is valid on its own.
#[derive(Debug)]
pub(crate) struct Subgraph {
    pub name: String,
    pub url: String,
    /// Its value in the `join__Graph` enum.
    pub graph: Name,
    pub version: Version,
    /// Root types are named `Query`, `Mutation`, `Subscription`; federation directives have their
    /// canonical names; the machinery (`_entities`, `_service`, directive definitions) is gone.
    pub schema: Valid<Schema>,
    /// Name in the schema -> canonical name, for the directives of federation that it can use.
    pub federation_names: HashMap<String, &'static str>,
    /// The names that the schema has for the directives of federation that it does use.
    pub spellings: Spellings,
    /// The specifications it links that are no part of federation.
    pub links: Vec<CustomLink>,
    /// What its fields take from contexts.
    pub contextual: ContextualFields,
    /// Types that it extends.
    pub extensions: HashMap<Name, Extension>,
    /// Fields that the subgraph declares but does not resolve.
    pub external: HashSet<Coordinate>,
    /// Fields in any of its `@key`, `@requires`, `@provides`, or needed for an interface.
    pub used: HashSet<Coordinate>,
    /// Fields in any of its `@key`s.
    pub key_fields: HashSet<Coordinate>,
    /// Fields in any of its `@provides`: external, and still resolved on some paths.
    pub provided: HashSet<Coordinate>,
}

impl Subgraph {
    /// Where a node stands in the schema's text; nothing for a node that composition has made.
    pub(crate) fn locate(&self, span: Option<SourceSpan>) -> Vec<Location> {
        locate(&self.name, &self.schema.sources, span)
    }

    pub(crate) fn is_federation_1(&self) -> bool {
        self.version < OLDEST_FEDERATION_2
    }

    pub(crate) fn is_external(&self, type_name: &Name, field: &Name) -> bool {
        self.external.contains(&(type_name.clone(), field.clone()))
    }

    pub(crate) fn is_shareable(
        &self,
        ty: &ExtendedType,
        field: &Component<FieldDefinition>,
    ) -> bool {
        let whole_type = match self.version < SHAREABLE_BY_DECLARATION_SINCE {
            true => ty.directives().get("shareable"),
            false => on_declaration(ty, field, "shareable"),
        };
        field.directives.has("shareable")
            || whole_type.is_some()
            || self
                .key_fields
                .contains(&(ty.name().clone(), field.name.clone()))
    }

    pub(crate) fn is_interface_object(&self, type_name: &str) -> bool {
        self.schema
            .types
            .get(type_name)
            .is_some_and(|ty| ty.directives().has("interfaceObject"))
    }

    /// Types that take part in composition, in the order of the schema.
    pub(crate) fn types(&self) -> impl Iterator<Item = &ExtendedType> {
        self.schema
            .types
            .values()
            .filter(|ty| !ty.is_built_in() && !machinery::is_machinery_type(ty.name()))
    }
}

/// The location as callers of the library see it.
pub(crate) fn locate(
    subgraph: &str,
    sources: &SourceMap,
    span: Option<SourceSpan>,
) -> Vec<Location> {
    let Some(span) = span else {
        return Vec::new();
    };
    let Some(start) = span.line_column(sources) else {
        return Vec::new();
    };
    let source_line = sources
        .get(&span.file_id())
        .and_then(|file| file.source_text().lines().nth(start.line.saturating_sub(1)))
        .unwrap_or_default();
    vec![Location {
        subgraph: subgraph.to_owned(),
        line: start.line,
        column: start.column,
        source_line: source_line.to_owned(),
    }]
}

/// The fields of an object or interface type; none for other kinds.
pub(crate) fn fields_of(
    ty: &ExtendedType,
) -> impl Iterator<Item = (&Name, &Component<FieldDefinition>)> {
    let fields = match ty {
        ExtendedType::Object(object) => Some(&object.fields),
        ExtendedType::Interface(interface) => Some(&interface.fields),
        _ => None,
    };
    fields.into_iter().flatten()
}

/// The field of an object or interface type.
pub(crate) fn field_of<'a>(
    ty: &'a ExtendedType,
    name: &str,
) -> Option<&'a Component<FieldDefinition>> {
    match ty {
        ExtendedType::Object(object) => object.fields.get(name),
        ExtendedType::Interface(interface) => interface.fields.get(name),
        _ => None,
    }
}

/// A directive of the `type` or `extend type` that a field stands in, which means that field as
/// well. What stands on another declaration of the same type does not.
pub(crate) fn on_declaration<'a>(
    ty: &'a ExtendedType,
    field: &Component<FieldDefinition>,
    directive: &str,
) -> Option<&'a Component<ast::Directive>> {
    let mut applied = ty.directives().get_all(directive);
    applied.find(|directive| directive.origin == field.origin)
}

/// The names of the interfaces that an object or interface type implements.
pub(crate) fn interfaces_of(ty: &ExtendedType) -> Vec<Name> {
    let interfaces = match ty {
        ExtendedType::Object(object) => &object.implements_interfaces,
        ExtendedType::Interface(interface) => &interface.implements_interfaces,
        _ => return Vec::new(),
    };
    interfaces.iter().map(|name| name.name.clone()).collect()
}

/// A directive's argument when it is a string.
pub(crate) fn string_argument<'a>(directive: &'a ast::Directive, name: &str) -> Option<&'a str> {
    directive
        .specified_argument_by_name(name)
        .and_then(|value| value.as_str())
}

/// Whether entities can be asked for by a `@key`.
pub(crate) fn is_resolvable(key: &ast::Directive) -> bool {
    key.specified_argument_by_name("resolvable")
        .and_then(|value| value.to_bool())
        .unwrap_or(true)
}

/// Loads all subgraphs, sorted by name. Those with errors are left out of the result.
pub(crate) fn load(inputs: &[SubgraphInput], diagnostics: &mut Diagnostics) -> Vec<Subgraph> {
    let mut sorted: BTreeMap<&str, &SubgraphInput> = BTreeMap::new();
    for input in inputs {
        if input.name.is_empty() || input.name == "_" {
            diagnostics.error(
                code::INVALID_SUBGRAPH_NAME,
                format!("\"{}\" cannot be the name of a subgraph", input.name),
                Vec::new(),
            );
            continue;
        }
        if sorted.insert(&input.name, input).is_some() {
            diagnostics.error(
                code::INVALID_SUBGRAPH_NAME,
                format!("there are several subgraphs named \"{}\"", input.name),
                Vec::new(),
            );
        }
    }

    let names: Vec<&str> = sorted.keys().copied().collect();
    let graphs = graph_names(&names);
    let mut parsed = Vec::new();
    for (input, graph) in sorted.into_values().zip(graphs) {
        if let Some(document) = parse::parse(input, graph, diagnostics) {
            parsed.push(document);
        }
    }

    upgrade::upgrade(&mut parsed);

    parsed
        .into_iter()
        .filter_map(|document| validate::validate(document, diagnostics))
        .collect()
}

/// The value of each subgraph in the `join__Graph` enum (join specification, "Graph names"): a
/// GraphQL name in upper case, unique among its sisters.
fn graph_names(names: &[&str]) -> Vec<Name> {
    let values: Vec<String> = names.iter().map(|name| enum_value_for(name)).collect();
    let mut graphs = Vec::new();
    for (index, value) in values.iter().enumerate() {
        let is_shared = values.iter().filter(|other| *other == value).count() > 1;
        if !is_shared {
            graphs.push(Name::new_unchecked(value));
            continue;
        }
        // No value comes in this form from `enum_value_for`, so it is free.
        let number = values[..=index]
            .iter()
            .filter(|other| *other == value)
            .count();
        graphs.push(Name::new_unchecked(&format!("{value}_{number}")));
    }
    graphs
}

/// A subgraph's name in upper case, with an underscore for every character that has no place in a GraphQL name.
fn enum_value_for(name: &str) -> String {
    let mut value = String::with_capacity(name.len() + 1);
    for character in name.chars() {
        // No GraphQL name begins with a digit.
        if value.is_empty() && character.is_ascii_digit() {
            value.push('_');
        }
        let is_word = character.is_ascii_alphanumeric();
        value.push(if is_word {
            character.to_ascii_uppercase()
        } else {
            '_'
        });
    }
    // `<value>_<number>` is how `graph_names` tells equal values apart: whoever has that form already is closed with
    // an underscore, so that no number it gives can be taken.
    let number = value.rsplit_once('_').map_or("", |(_, number)| number);
    if !number.is_empty() && number.chars().all(|digit| digit.is_ascii_digit()) {
        value.push('_');
    }
    // Names that begin with two underscores belong to introspection.
    if value.starts_with("__") {
        value = format!("GRAPH{value}");
    }
    value
}
