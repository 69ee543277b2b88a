//! Which subgraphs define what, so that nobody has to ask them all for every field.

use super::TypeSource;
use crate::subgraph::{Subgraph, fields_of, interfaces_of};
use apollo_compiler::Name;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Every type of every subgraph, by name.
#[derive(Debug, Default)]
pub(super) struct Index<'a> {
    /// In the order of the subgraphs.
    sources: BTreeMap<&'a Name, Vec<TypeSource<'a>>>,
    /// Interface -> the object types that implement it in any subgraph. To the supergraph an interface object is none.
    implementations: HashMap<Name, BTreeSet<Name>>,
    /// Interface -> where it is an interface object.
    interface_objects: HashMap<&'a Name, Vec<TypeSource<'a>>>,
    /// Object type -> the interface objects of its interfaces, in the order of the subgraphs.
    above: HashMap<&'a Name, Vec<TypeSource<'a>>>,
    /// Subgraph with interface objects -> type -> a field there that returns it, as `Type.field`.
    returned: BTreeMap<&'a str, HashMap<&'a Name, String>>,
}

impl<'a> Index<'a> {
    pub(super) fn of(subgraphs: &'a [Subgraph]) -> Self {
        let mut index = Self::default();
        for subgraph in subgraphs {
            for ty in subgraph.types() {
                let source = TypeSource { subgraph, ty };
                index.sources.entry(ty.name()).or_default().push(source);
                if !ty.is_object() {
                    continue;
                }
                if ty.directives().has("interfaceObject") {
                    let objects = index.interface_objects.entry(ty.name()).or_default();
                    objects.push(source);
                    continue;
                }
                for interface in interfaces_of(ty) {
                    let objects = index.implementations.entry(interface).or_default();
                    objects.insert(ty.name().clone());
                }
            }
        }
        if !index.interface_objects.is_empty() {
            index.find_interface_objects_above();
            index.find_returned();
        }
        index
    }

    fn find_interface_objects_above(&mut self) {
        for (name, sources) in &self.sources {
            let interfaces: BTreeSet<Name> = sources
                .iter()
                .filter(|source| source.ty.is_object())
                .flat_map(|source| interfaces_of(source.ty))
                .collect();
            let mut above: Vec<TypeSource<'a>> = interfaces
                .iter()
                .filter_map(|interface| self.interface_objects.get(interface))
                .flatten()
                .copied()
                .collect();
            // Stable: within a subgraph by interface.
            above.sort_by(|one, other| one.subgraph.name.cmp(&other.subgraph.name));
            if !above.is_empty() {
                self.above.insert(*name, above);
            }
        }
    }

    fn find_returned(&mut self) {
        let objects = self.interface_objects.values().flatten();
        let subgraphs: BTreeMap<&str, &'a Subgraph> = objects
            .map(|object| (object.subgraph.name.as_str(), object.subgraph))
            .collect();
        for (name, subgraph) in subgraphs {
            let returned = self.returned.entry(name).or_default();
            for ty in subgraph.types() {
                for (field, definition) in fields_of(ty) {
                    let known = returned.entry(definition.ty.inner_named_type());
                    known.or_insert_with(|| format!("{}.{field}", ty.name()));
                }
            }
        }
    }

    /// The names of all types, sorted.
    pub(super) fn names(&self) -> Vec<&'a Name> {
        self.sources.keys().copied().collect()
    }

    /// A type in every subgraph that has it.
    pub(super) fn sources(&self, name: &Name) -> &[TypeSource<'a>] {
        self.sources.get(name).map_or(&[], Vec::as_slice)
    }

    /// The object types that implement an interface in any subgraph.
    pub(super) fn implementations(&self, interface: &Name) -> BTreeSet<Name> {
        self.implementations
            .get(interface)
            .cloned()
            .unwrap_or_default()
    }

    /// Where an interface is an interface object.
    pub(super) fn interface_objects(&self, interface: &Name) -> &[TypeSource<'a>] {
        self.interface_objects
            .get(interface)
            .map_or(&[], Vec::as_slice)
    }

    /// A field of a subgraph with interface objects that returns the type.
    pub(super) fn returned(&self, subgraph: &Subgraph, ty: &Name) -> Option<&str> {
        let field = self.returned.get(subgraph.name.as_str())?.get(ty);
        field.map(String::as_str)
    }

    /// The interface objects that stand for values of an object type.
    pub(super) fn interface_objects_above(&self, object: &Name) -> &[TypeSource<'a>] {
        self.above.get(object).map_or(&[], Vec::as_slice)
    }
}
