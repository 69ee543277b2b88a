//! `@interfaceObject`: a subgraph that adds fields to an interface without knowing its
//! implementations. In the supergraph every implementation has those fields.

use super::fields::FieldSource;
use super::join::JoinField;
use super::overrides::Overridden;
use super::{Merger, TypeSource, type_locations};
use crate::code;
use crate::diagnostics::name_subgraphs;
use crate::subgraph::{field_of, interfaces_of, is_resolvable};
use apollo_compiler::ast::{Definition, Directive, FieldDefinition};
use apollo_compiler::{Name, Node};
use std::collections::{BTreeMap, BTreeSet};

impl<'a> Merger<'a> {
    /// Checks an interface that is an interface object somewhere, or has a key somewhere. Returns
    /// whether it can be merged.
    pub(super) fn check_interface_objects(
        &mut self,
        name: &Name,
        sources: &[TypeSource<'a>],
    ) -> bool {
        let (objects, interfaces): (Vec<TypeSource<'a>>, Vec<TypeSource<'a>>) = sources
            .iter()
            .partition(|source| source.ty.directives().has("interfaceObject"));
        if interfaces.is_empty() {
            self.diagnostics.error(
                code::INTERFACE_OBJECT_USAGE_ERROR,
                format!(
                    "\"{name}\" is an @interfaceObject in {}, but no subgraph defines the interface",
                    name_subgraphs(objects.iter().map(|source| source.subgraph.name.as_str()))
                ),
                type_locations(&objects),
            );
            return false;
        }
        let implementations = self.index.implementations(name);
        for object in &objects {
            let known: Vec<&str> = implementations
                .iter()
                .filter(|ty| object.subgraph.schema.types.contains_key(ty.as_str()))
                .map(Name::as_str)
                .collect();
            if !known.is_empty() {
                self.diagnostics.error(
                    code::INTERFACE_OBJECT_USAGE_ERROR,
                    format!(
                        "\"{name}\" is an @interfaceObject in subgraph \"{}\", so that subgraph \
                         cannot also define its implementations: {}",
                        object.subgraph.name,
                        crate::diagnostics::join_quoted(&known)
                    ),
                    object.subgraph.locate(object.ty.name().location()),
                );
            }
        }
        for interface in &interfaces {
            self.check_knows_implementations(name, interface, &implementations);
        }
        true
    }

    /// A subgraph that resolves an interface by key must know what each entity is.
    fn check_knows_implementations(
        &mut self,
        name: &Name,
        interface: &TypeSource<'_>,
        implementations: &BTreeSet<Name>,
    ) {
        let has_resolvable_key = interface
            .ty
            .directives()
            .get_all("key")
            .any(|key| is_resolvable(key));
        if !has_resolvable_key {
            return;
        }
        let is_missing = |ty: &&Name| {
            let known = interface.subgraph.schema.types.get(ty.as_str());
            !known.is_some_and(|ty| interfaces_of(ty).contains(name))
        };
        let (stood_for, missing): (Vec<&Name>, Vec<&Name>) = implementations
            .iter()
            .filter(is_missing)
            .partition(|ty| self.stands_for(name, interface, ty));
        let returned = self.index.returned(interface.subgraph, name);
        let (missing, why) = match (stood_for.is_empty(), returned) {
            (false, Some(field)) => {
                let why = format!(
                    "; an @interfaceObject does not stand for its implementations where \"{field}\" returns \"{name}\""
                );
                (stood_for.into_iter().chain(missing).collect(), why)
            }
            _ => (missing, String::new()),
        };
        if !missing.is_empty() {
            let mut names: Vec<&str> = missing.into_iter().map(Name::as_str).collect();
            names.sort_unstable();
            self.diagnostics.error(
                code::INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE,
                format!(
                    "interface \"{name}\" has a @key in subgraph \"{}\", so that subgraph must \
                     define all its implementations, but it lacks {}{why}",
                    interface.subgraph.name,
                    crate::diagnostics::join_quoted(&names)
                ),
                interface.subgraph.locate(interface.ty.name().location()),
            );
        }
    }

    /// Whether an interface object below the interface stands for the type in the interface's subgraph.
    fn stands_for(&self, name: &Name, interface: &TypeSource<'_>, ty: &Name) -> bool {
        let mut objects = self.index.interface_objects_above(ty).iter();
        objects.any(|object| {
            object.subgraph.name == interface.subgraph.name
                && interfaces_of(object.ty).contains(name)
        })
    }

    /// The interface objects that resolve a field of an object type through one of its interfaces.
    pub(super) fn interface_object_sources(
        &self,
        type_name: &Name,
        field: &Name,
    ) -> Vec<FieldSource<'a>> {
        let above = self.index.interface_objects_above(type_name).iter();
        above
            .filter(|source| !source.subgraph.is_external(source.ty.name(), field))
            .filter_map(|source| {
                Some(FieldSource {
                    subgraph: source.subgraph,
                    ty: source.ty,
                    field: field_of(source.ty, field)?,
                    external: false,
                    overridden: Overridden::No,
                })
            })
            .collect()
    }

    /// Gives every implementation the fields that interface objects add to its interfaces.
    pub(super) fn add_interface_object_fields(&mut self, types: &mut BTreeMap<Name, Definition>) {
        let mut added: Vec<(Name, Node<FieldDefinition>)> = Vec::new();
        for definition in types.values() {
            let Definition::InterfaceTypeDefinition(interface) = definition else {
                continue;
            };
            for field in &interface.fields {
                if !self.has_interface_object_source(&interface.name, &field.name) {
                    continue;
                }
                for implementation in self.index.implementations(&interface.name) {
                    added.push((implementation, inherited(field)));
                }
            }
        }
        for (type_name, field) in added {
            let Some(Definition::ObjectTypeDefinition(object)) = types.get_mut(&type_name) else {
                continue;
            };
            if object.fields.iter().all(|known| known.name != field.name) {
                object.make_mut().fields.push(field);
            }
        }
    }

    fn has_interface_object_source(&self, interface: &Name, field: &Name) -> bool {
        let objects = self.index.interface_objects(interface).iter();
        objects
            .filter(|source| !source.subgraph.is_external(interface, field))
            .any(|source| field_of(source.ty, field).is_some())
    }
}

/// The field as an implementation has it: `@join__field` without a graph says that it comes from
/// the interface.
fn inherited(field: &Node<FieldDefinition>) -> Node<FieldDefinition> {
    let mut inherited = FieldDefinition::clone(field);
    let is_join = |directive: &Node<Directive>| directive.name == "join__field";
    inherited
        .directives
        .0
        .retain(|directive| !is_join(directive));
    inherited
        .directives
        .0
        .insert(0, JoinField::default().to_directive());
    Node::new(inherited)
}
