//! Object types and interfaces: the fields of all subgraphs.

use super::{Merger, TypeSource, join};
use crate::subgraph::interfaces_of;
use apollo_compiler::ast::{
    Definition, Directive, DirectiveList, InterfaceTypeDefinition, ObjectTypeDefinition,
};
use apollo_compiler::{Name, Node};

impl<'a> Merger<'a> {
    pub(super) fn object(&mut self, name: &Name, sources: &[TypeSource<'a>]) -> Definition {
        let (implements, mut directives) = implemented_interfaces(sources);
        if name == "Query" {
            // Every subgraph has a query root, if only for `_entities` and `_service`.
            for subgraph in self.subgraphs {
                directives.push(join::plain_type(&subgraph.graph));
            }
        } else {
            directives.extend(sources.iter().flat_map(join::types));
        }
        self.hint_inconsistent_entity(name, sources);
        directives.extend(self.type_directives(name, sources));
        Definition::ObjectTypeDefinition(Node::new(ObjectTypeDefinition {
            description: self.type_description(name, sources),
            name: name.clone(),
            implements_interfaces: implements,
            directives: DirectiveList(directives),
            fields: self.fields(name, sources),
        }))
    }

    pub(super) fn interface(
        &mut self,
        name: &Name,
        sources: &[TypeSource<'a>],
    ) -> Option<Definition> {
        if !self.check_interface_objects(name, sources) {
            return None;
        }
        let (implements, mut directives) = implemented_interfaces(sources);
        directives.extend(sources.iter().flat_map(join::types));
        directives.extend(self.type_directives(name, sources));
        Some(Definition::InterfaceTypeDefinition(Node::new(
            InterfaceTypeDefinition {
                description: self.type_description(name, sources),
                name: name.clone(),
                implements_interfaces: implements,
                directives: DirectiveList(directives),
                fields: self.fields(name, sources),
            },
        )))
    }
}

/// The interfaces of a type in all subgraphs, and the directives that say which is from where.
fn implemented_interfaces(sources: &[TypeSource<'_>]) -> (Vec<Name>, Vec<Node<Directive>>) {
    let mut interfaces: Vec<Name> = Vec::new();
    let mut directives = Vec::new();
    for source in sources {
        for interface in interfaces_of(source.ty) {
            directives.push(join::implements(&source.subgraph.graph, &interface));
            if !interfaces.contains(&interface) {
                interfaces.push(interface);
            }
        }
    }
    (interfaces, directives)
}
