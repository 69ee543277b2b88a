//! The random graph before and after it is split: types with all their fields, and what each subgraph has of them.

use apollo_compiler::Name;
use apollo_compiler::ast::Type;
use indexmap::IndexMap;

/// How much of everything a random graph and its operations have.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// At most so many subgraphs, besides one for interface objects.
    pub subgraphs: usize,
    /// At most so many entities.
    pub entities: usize,
    /// At most so many fields of a type, besides keys.
    pub fields: usize,
    /// An operation has about so many fields.
    pub selections: usize,
}

impl Size {
    /// Small enough to be run by the hundred in a debug build.
    pub const SMALL: Size = Size {
        subgraphs: 3,
        entities: 3,
        fields: 4,
        selections: 16,
    };

    /// So many times as much of everything; eight subgraphs at most.
    pub fn times(self, scale: usize) -> Size {
        Size {
            subgraphs: (self.subgraphs * scale).min(8),
            entities: self.entities * scale,
            fields: self.fields * scale,
            selections: self.selections * scale,
        }
    }
}

/// A random graph.
#[derive(Debug, Default)]
pub(crate) struct Whole {
    pub objects: IndexMap<String, Object>,
    pub interfaces: IndexMap<String, Interface>,
    /// The members of each union.
    pub unions: IndexMap<String, Vec<String>>,
    pub subgraphs: Vec<Subgraph>,
    /// What elements demand of who wants to see them, by type and field; a type's own has no field's name.
    pub demands: IndexMap<(String, String), &'static str>,
}

/// What an object type is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Root,
    Entity,
    /// Every subgraph that has it has all of it.
    Value,
    /// Every subgraph that has it has fields of its own.
    SplitValue,
}

#[derive(Debug)]
pub(crate) struct Object {
    pub kind: Kind,
    pub keys: Vec<Key>,
    /// Every subgraph with the entity has its first key.
    pub first_key_everywhere: bool,
    pub interfaces: Vec<String>,
    pub fields: IndexMap<String, Field>,
}

/// A key: the field set, and the fields at its top.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub set: String,
    pub fields: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Interface {
    /// The fields that all implementing types have. A subgraph's interface has those that are resolved there for
    /// all its implementing types.
    pub fields: Vec<String>,
    /// The subgraph in which it has a key, and the subgraph in which it is an interface object.
    pub entity: Option<(usize, usize)>,
    /// The interface that it implements, which all its implementing types implement, too.
    pub extends: Option<String>,
    /// The fields of the interface object.
    pub contributed: IndexMap<String, Field>,
}

#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub ty: Type,
    /// Arguments as the schema has them: `n: Int = 2`.
    pub arguments: Vec<&'static str>,
    pub value: FieldValue,
    /// Neither null where it may not be, nor failing: keys and what others require are always known.
    pub sound: bool,
    /// Subgraphs have it for each other: it is inaccessible to clients.
    pub hidden: bool,
}

/// What a field's value follows from.
#[derive(Debug, Clone)]
pub(crate) enum FieldValue {
    /// The data say it.
    Given,
    /// The data say it for each value of the argument `n`.
    ByArgument,
    /// It shows the arguments.
    Arguments,
    /// It shows other fields: a template.
    Template(String),
}

#[derive(Debug)]
pub(crate) struct Subgraph {
    pub name: String,
    pub types: IndexMap<String, TypeHere>,
    pub interfaces: Vec<String>,
    pub unions: Vec<String>,
    /// Whether its enum `Mood` has a value that it never answers.
    pub more_moods: bool,
    /// Whether its input `Filter` has a field that not all others know.
    pub more_filters: bool,
}

/// What a subgraph has of an object type.
#[derive(Debug, Default)]
pub(crate) struct TypeHere {
    /// Keys by index, and whether the subgraph can be asked by them.
    pub keys: Vec<(usize, bool)>,
    pub fields: IndexMap<String, FieldHere>,
    pub interface_object: bool,
}

/// How a subgraph defines a field.
#[derive(Debug, Default)]
pub(crate) struct FieldHere {
    pub external: bool,
    pub shareable: bool,
    /// Another subgraph took the field over.
    pub overridden: bool,
    pub requires: Option<String>,
    pub provides: Option<String>,
    pub override_from: Option<String>,
    /// Whether only some requests go to the new owner.
    pub progressive: bool,
    /// Whether it may be null here, though it never is.
    pub loose: bool,
    /// Whether it has an argument here that it does not have everywhere.
    pub extra: bool,
    pub deprecated: bool,
}

impl FieldHere {
    pub fn is_resolved(&self) -> bool {
        !self.external && !self.overridden
    }
}

impl Whole {
    /// The field of an object type, be it its own or an interface object's.
    pub fn field(&self, ty: &str, field: &str) -> &Field {
        if let Some(interface) = self.interfaces.get(ty) {
            return interface.contributed.get(field).unwrap_or_else(|| {
                let first = self.implementers(ty).remove(0);
                &self.objects[&first].fields[field]
            });
        }
        &self.objects[ty].fields[field]
    }

    /// The object types that implement an interface.
    pub fn implementers(&self, interface: &str) -> Vec<String> {
        let implements = |object: &&Object| object.interfaces.iter().any(|name| name == interface);
        let all = self.objects.iter();
        all.filter(|(_, object)| implements(object))
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// The subgraphs, by index, that resolve a field.
    pub fn resolvers(&self, ty: &str, field: &str) -> Vec<usize> {
        let resolves = |subgraph: &Subgraph| {
            let here = subgraph.types.get(ty).and_then(|ty| ty.fields.get(field));
            here.is_some_and(FieldHere::is_resolved)
        };
        let all = 0..self.subgraphs.len();
        all.filter(|index| resolves(&self.subgraphs[*index]))
            .collect()
    }

    /// The object types that a value of this type can have in a subgraph.
    pub fn possible(&self, subgraph: usize, ty: &str) -> Vec<String> {
        if self.objects.contains_key(ty) {
            return vec![ty.to_owned()];
        }
        let here = &self.subgraphs[subgraph];
        let is_interface_object = here.types.get(ty).is_some_and(|ty| ty.interface_object);
        let mut possible = match self.unions.get(ty) {
            Some(members) => members.clone(),
            None => self.implementers(ty),
        };
        possible.retain(|object| is_interface_object || here.types.contains_key(object));
        possible
    }

    /// The fields that a subgraph's interface has: those that it resolves for all implementing types it knows.
    pub fn interface_fields(&self, subgraph: usize, interface: &str) -> Vec<&String> {
        let possible = self.possible(subgraph, interface);
        let resolved = |object: &String, field: &str| {
            let resolvers = self.resolvers(object, field);
            resolvers.contains(&subgraph)
        };
        let all = self.interfaces[interface].fields.iter();
        all.filter(|field| possible.iter().all(|object| resolved(object, field)))
            .collect()
    }

    /// The interface that an interface implements in a subgraph, if the subgraph knows that one.
    pub fn extended(&self, subgraph: usize, interface: &str) -> Option<&String> {
        let here = &self.subgraphs[subgraph].interfaces;
        let extended = self.interfaces[interface].extends.as_ref();
        extended.filter(|name| here.contains(name) && here.iter().any(|it| it == interface))
    }

    /// The directives that protect a type, or a field of it, with a space before them.
    pub fn demand(&self, ty: &str, field: &str) -> String {
        let demand = self.demands.get(&(ty.to_owned(), field.to_owned()));
        demand.map_or_else(String::new, |demand| format!(" {demand}"))
    }

    pub fn is_composite(&self, ty: &str) -> bool {
        self.objects.contains_key(ty)
            || self.interfaces.contains_key(ty)
            || self.unions.contains_key(ty)
    }
}

/// The name inside a type.
pub(crate) fn named(ty: &Type) -> String {
    ty.inner_named_type().to_string()
}

/// A type from its text.
pub(crate) fn parse_type(text: &str) -> Type {
    if let Some(inner) = text.strip_suffix('!') {
        return parse_type(inner).non_null();
    }
    match text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
    {
        Some(item) => parse_type(item).list(),
        None => Type::Named(Name::new(text).expect("a type's name")),
    }
}
