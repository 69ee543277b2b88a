//! The federation model: what each subgraph knows of each composite type.
//!
//! Leaf types have no place here: whether a scalar or an enum is in a subgraph never decides where a field is fetched.

use std::sync::Arc;

use apollo_compiler::Name;
use apollo_compiler::ast::{OperationType, Type};
use apollo_compiler::collections::IndexMap;

use crate::field_set::FieldSet;

/// Index of a subgraph in [`Model::subgraphs`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SubgraphId(pub u16);

/// Index of a composite type in [`Model::types`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeId(pub u32);

/// All subgraphs and all object, interface and union types of a supergraph, inaccessible ones included.
#[derive(Debug, Clone)]
pub struct Model {
    /// In the order of `enum join__Graph`.
    pub subgraphs: Vec<Subgraph>,
    /// In the order of the supergraph document.
    pub types: IndexMap<Name, TypeModel>,
    /// The query root type.
    pub query: Option<TypeId>,
    /// The mutation root type.
    pub mutation: Option<TypeId>,
    /// The subscription root type.
    pub subscription: Option<TypeId>,
}

/// A subgraph.
#[derive(Debug, Clone)]
pub struct Subgraph {
    /// As `join__graph(name:)` has it.
    pub name: Arc<str>,
    /// May be empty.
    pub url: String,
}

/// What kind of composite a type is in the supergraph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TypeKind {
    /// An object type.
    Object,
    /// An interface.
    Interface,
    /// A union.
    Union,
}

/// A composite type.
#[derive(Debug, Clone)]
pub struct TypeModel {
    /// Its name.
    pub name: Name,
    /// Its kind in the supergraph (an interface object is an object in its subgraph only).
    pub kind: TypeKind,
    /// The object types it may be at run time, sorted by id; an object type itself.
    pub possible: Vec<TypeId>,
    /// The interfaces it implements.
    pub interfaces: Vec<TypeId>,
    /// The contexts that its objects set for what is selected below them (`@context`, also that of an interface they
    /// implement or a union they are of).
    pub contexts: Vec<Arc<str>>,
    /// Its fields' types in the supergraph. A subgraph's own may be narrower; see [`FieldInSubgraph::ty`].
    pub fields: IndexMap<Name, Type>,
    /// The subgraphs that define it.
    pub subgraphs: IndexMap<SubgraphId, TypeInSubgraph>,
}

/// A composite type as one subgraph has it.
#[derive(Debug, Clone, Default)]
pub struct TypeInSubgraph {
    /// Its `@key`s.
    pub keys: Vec<Key>,
    /// True for an `@interfaceObject`: an object here, an interface in the supergraph.
    pub interface_object: bool,
    /// The object types it may be at run time in this subgraph, sorted by id; empty for an interface object.
    pub possible: Vec<TypeId>,
    /// The fields the subgraph's schema has, also those it cannot resolve by itself.
    pub fields: IndexMap<Name, FieldInSubgraph>,
}

/// A `@key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// What identifies an entity.
    pub fields: FieldSet,
    /// False when the subgraph can name the entity but not resolve it.
    pub resolvable: bool,
}

/// A field as one subgraph has it.
#[derive(Debug, Clone)]
pub struct FieldInSubgraph {
    /// Its type in this subgraph.
    pub ty: Type,
    /// Declared only so that `@key`, `@requires` or `@provides` can name it.
    pub external: bool,
    /// What the subgraph has to be given to resolve it.
    pub requires: Option<FieldSet>,
    /// External fields below that this path makes available.
    pub provides: Option<FieldSet>,
    /// The subgraph it is taken over from.
    pub overrides: Option<String>,
    /// Another subgraph has taken it over, but this one still needs it in a key, a `@requires` or an interface.
    pub overridden: bool,
    /// The label of a progressive override that decides whether this subgraph resolves it.
    pub override_label: Option<Arc<str>>,
    /// Arguments filled from `@context` (join v0.5).
    pub context_arguments: Vec<ContextArgument>,
}

/// An argument that is set from a value further up in the query (`@fromContext`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextArgument {
    /// The context's name.
    pub context: Arc<str>,
    /// The argument's name.
    pub name: Name,
    /// The argument's type.
    pub ty: Type,
    /// The selection on the types that set the context: one leaf for each of them.
    pub selection: FieldSet,
}

impl Model {
    /// The type of that name, when it is composite.
    pub fn type_id(&self, name: &str) -> Option<TypeId> {
        self.types
            .get_index_of(name)
            .map(|index| TypeId(index as u32))
    }

    /// The type behind an id of this model.
    pub fn ty(&self, id: TypeId) -> &TypeModel {
        &self.types[id.0 as usize]
    }

    /// The subgraph behind an id of this model.
    pub fn subgraph(&self, id: SubgraphId) -> &Subgraph {
        &self.subgraphs[usize::from(id.0)]
    }

    /// A type as a subgraph has it, when it has it.
    pub fn type_in(&self, ty: TypeId, subgraph: SubgraphId) -> Option<&TypeInSubgraph> {
        self.ty(ty).subgraphs.get(&subgraph)
    }

    /// Whether objects of a type set a context for what is selected below them.
    pub fn sets_context(&self, object: TypeId, context: &str) -> bool {
        let contexts = &self.ty(object).contexts;
        contexts.iter().any(|set| **set == *context)
    }

    /// The root type of an operation.
    pub fn root(&self, kind: OperationType) -> Option<TypeId> {
        match kind {
            OperationType::Query => self.query,
            OperationType::Mutation => self.mutation,
            OperationType::Subscription => self.subscription,
        }
    }

    /// Whether a type is the root type of an operation.
    pub fn is_root(&self, ty: TypeId) -> bool {
        [self.query, self.mutation, self.subscription].contains(&Some(ty))
    }
}
