//! All subgraphs' definitions of a type become one, annotated with `join__*` directives that say
//! which subgraph contributes what.

mod alternatives;
mod arguments;
mod authorization;
mod combine;
mod common;
mod composed;
mod contexts;
mod defaults;
mod directives;
mod enumeration;
mod executable;
mod fields;
mod index;
mod input;
mod interface_object;
mod interfaces;
mod join;
mod literals;
mod object;
mod overrides;
mod requirements;
mod scalar;
mod schema;
mod sharing;
mod types;
mod union;

use crate::code;
use crate::diagnostics::{Diagnostics, name_subgraphs};
use crate::message::Location;
use crate::subgraph::Subgraph;
use apollo_compiler::ast::{Definition, DirectiveDefinition, DirectiveLocation};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Name, Node};
pub(crate) use common::who_says_what;
pub(crate) use composed::Composed;
use index::Index;
pub(crate) use schema::SchemaDefinition;
use std::collections::BTreeMap;
use types::Subtypes;

/// The supergraph as definitions, before it is printed.
#[derive(Debug)]
pub(crate) struct Merged {
    /// Value in `join__Graph`, name and URL of each subgraph, sorted by name.
    pub graphs: Vec<Graph>,
    pub types: BTreeMap<Name, Definition>,
    /// Directives that clients may use in operations.
    pub executable_directives: BTreeMap<Name, Node<DirectiveDefinition>>,
    pub schema: SchemaDefinition,
    /// The names that the supergraph has for the directives of federation that it keeps.
    pub names: KeptNames,
    /// The custom directives that it keeps.
    pub composed: Composed,
}

/// Canonical name -> name in the supergraph, for the directives of federation that it keeps.
pub(crate) type KeptNames = BTreeMap<&'static str, String>;

/// One subgraph, as the `join__Graph` enum describes it.
#[derive(Debug)]
pub(crate) struct Graph {
    pub value: Name,
    pub name: String,
    pub url: String,
}

/// A type as one subgraph defines it.
#[derive(Debug, Clone, Copy)]
struct TypeSource<'a> {
    subgraph: &'a Subgraph,
    ty: &'a ExtendedType,
}

/// What a type is, across the kinds of GraphQL and federation's `@interfaceObject`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Scalar,
    Object,
    Interface,
    Union,
    Enum,
    Input,
}

impl Kind {
    fn of(source: &TypeSource<'_>) -> Self {
        match source.ty {
            ExtendedType::Scalar(_) => Self::Scalar,
            // To the supergraph an interface object is an interface.
            ExtendedType::Object(object) if object.directives.has("interfaceObject") => {
                Self::Interface
            }
            ExtendedType::Object(_) => Self::Object,
            ExtendedType::Interface(_) => Self::Interface,
            ExtendedType::Union(_) => Self::Union,
            ExtendedType::Enum(_) => Self::Enum,
            ExtendedType::InputObject(_) => Self::Input,
        }
    }

    /// Where the directives of a type of this kind stand.
    fn location(self) -> DirectiveLocation {
        match self {
            Self::Scalar => DirectiveLocation::Scalar,
            Self::Object => DirectiveLocation::Object,
            Self::Interface => DirectiveLocation::Interface,
            Self::Union => DirectiveLocation::Union,
            Self::Enum => DirectiveLocation::Enum,
            Self::Input => DirectiveLocation::InputObject,
        }
    }

    fn describe(self) -> &'static str {
        match self {
            Self::Scalar => "a scalar",
            Self::Object => "an object type",
            Self::Interface => "an interface",
            Self::Union => "a union",
            Self::Enum => "an enum",
            Self::Input => "an input object",
        }
    }
}

/// Merges one type after another and keeps what they need to know of each other.
struct Merger<'a> {
    subgraphs: &'a [Subgraph],
    index: Index<'a>,
    diagnostics: &'a mut Diagnostics,
    subtypes: Subtypes,
    composed: Composed,
}

/// Merges valid subgraphs. The result is complete only when no errors were reported.
pub(crate) fn merge(subgraphs: &[Subgraph], diagnostics: &mut Diagnostics) -> Merged {
    let mut merger = Merger {
        subgraphs,
        index: Index::of(subgraphs),
        diagnostics,
        subtypes: Subtypes::of(subgraphs),
        composed: Composed::default(),
    };
    let names = merger.kept_names();
    merger.composed = merger.composed_directives(&names);
    let types = merger.types();
    let executable_directives = merger.executable_directives();
    merger.check_defaults(&types, &executable_directives);
    let schema = merger.schema_definition();
    Merged {
        graphs: subgraphs
            .iter()
            .map(|subgraph| Graph {
                value: subgraph.graph.clone(),
                name: subgraph.name.clone(),
                url: subgraph.url.clone(),
            })
            .collect(),
        types,
        executable_directives,
        schema,
        names,
        composed: merger.composed,
    }
}

impl<'a> Merger<'a> {
    fn types(&mut self) -> BTreeMap<Name, Definition> {
        let mut merged = BTreeMap::new();
        let mut enums = Vec::new();
        for name in self.index.names() {
            let sources: Vec<TypeSource<'a>> = self.index.sources(name).to_vec();
            let Some(kind) = self.common_kind(name, &sources) else {
                continue;
            };
            self.check_has_base(name, &sources);
            let definition = match kind {
                Kind::Scalar => Some(self.scalar(name, &sources)),
                Kind::Object => Some(self.object(name, &sources)),
                Kind::Interface => self.interface(name, &sources),
                Kind::Union => Some(self.union(name, &sources)),
                Kind::Enum => {
                    enums.push((name, sources));
                    continue;
                }
                Kind::Input => self.input_object(name, &sources),
            };
            if let Some(definition) = definition {
                merged.insert(name.clone(), definition);
            }
        }
        self.enumerations(&enums, &mut merged);
        self.add_interface_object_fields(&mut merged);
        self.check_implementations(&merged);
        self.inherit_demands(&mut merged);
        self.check_transitive_demands(&merged);
        self.check_required_arguments(&merged);
        let has_queries = matches!(
            merged.get("Query"),
            Some(Definition::ObjectTypeDefinition(query)) if !query.fields.is_empty()
        );
        if !has_queries && self.diagnostics.error_count() == 0 {
            self.diagnostics.error(
                code::NO_QUERIES,
                "no subgraph defines a query, so nobody could ask the supergraph anything",
                Vec::new(),
            );
        }
        merged
    }

    fn common_kind(&mut self, name: &Name, sources: &[TypeSource<'_>]) -> Option<Kind> {
        let mut by_kind: BTreeMap<Kind, Vec<&str>> = BTreeMap::new();
        for source in sources {
            by_kind
                .entry(Kind::of(source))
                .or_default()
                .push(&source.subgraph.name);
        }
        if by_kind.len() == 1 {
            return by_kind.into_keys().next();
        }
        let mut found: Vec<String> = by_kind
            .into_iter()
            .map(|(kind, names)| format!("{} in {}", kind.describe(), name_subgraphs(names)))
            .collect();
        let last = found.pop().unwrap_or_default();
        self.diagnostics.error(
            code::TYPE_KIND_MISMATCH,
            format!("type \"{name}\" is {}, but {last}", found.join(", ")),
            type_locations(sources),
        );
        None
    }

    /// In Federation 2 a type that is defined with `@extends` is its own base; what Federation 1 extends is of another
    /// subgraph.
    fn check_has_base(&mut self, name: &Name, sources: &[TypeSource<'a>]) {
        let bases: Vec<&str> = sources
            .iter()
            .map(|source| source.subgraph)
            .filter(|subgraph| {
                let extension = subgraph.extensions.get(name);
                extension.is_none_or(|extension| extension.has_definition)
            })
            .map(|subgraph| subgraph.name.as_str())
            .collect();
        let has_base = |source: &TypeSource<'_>| {
            let own = source.subgraph;
            let own_counts = !own.is_federation_1() || !own.extensions.contains_key(name);
            bases.iter().any(|base| own_counts || *base != own.name)
        };
        let lacking: Vec<TypeSource<'a>> = sources
            .iter()
            .filter(|source| !has_base(source))
            .copied()
            .collect();
        if !lacking.is_empty() {
            let subgraphs = lacking.iter().map(|source| source.subgraph.name.as_str());
            self.diagnostics.error(
                code::EXTENSION_WITH_NO_BASE,
                format!(
                    "type \"{name}\" is extended in {}, but no other subgraph defines it",
                    name_subgraphs(subgraphs)
                ),
                type_locations(&lacking),
            );
        }
    }
}

fn type_locations(sources: &[TypeSource<'_>]) -> Vec<Location> {
    sources
        .iter()
        .flat_map(|source| source.subgraph.locate(source.ty.name().location()))
        .collect()
}
