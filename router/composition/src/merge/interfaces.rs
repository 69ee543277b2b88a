//! After merging, every object must still implement its interfaces.

use super::Merger;
use crate::code;
use crate::diagnostics::name_subgraphs;
use crate::message::Location;
use crate::subgraph::field_of;
use apollo_compiler::Name;
use apollo_compiler::ast::{Definition, FieldDefinition};
use std::collections::BTreeMap;

impl Merger<'_> {
    pub(super) fn check_implementations(&mut self, types: &BTreeMap<Name, Definition>) {
        for definition in types.values() {
            let (name, interfaces, fields) = match definition {
                Definition::ObjectTypeDefinition(object) => {
                    (&object.name, &object.implements_interfaces, &object.fields)
                }
                Definition::InterfaceTypeDefinition(interface) => (
                    &interface.name,
                    &interface.implements_interfaces,
                    &interface.fields,
                ),
                _ => continue,
            };
            for interface in interfaces {
                let Some(Definition::InterfaceTypeDefinition(interface)) = types.get(interface)
                else {
                    continue;
                };
                for wanted in &interface.fields {
                    if let Some(found) = fields.iter().find(|field| field.name == wanted.name) {
                        self.check_implementation(name, found, &interface.name, wanted);
                        continue;
                    }
                    // A field that could not be merged has been reported as such.
                    let mut sources = self.index.sources(name).iter();
                    if !sources.any(|source| field_of(source.ty, &wanted.name).is_some()) {
                        self.report_missing_field(name, &interface.name, &wanted.name);
                    }
                }
            }
        }
    }

    /// Each subgraph's field is what its own interface wants; the merged ones may have become too
    /// wide, or have lost an argument.
    fn check_implementation(
        &mut self,
        name: &Name,
        found: &FieldDefinition,
        interface: &Name,
        wanted: &FieldDefinition,
    ) {
        let mut problems = Vec::new();
        if !self.subtypes.is_subtype(&found.ty, &wanted.ty) {
            problems.push(format!(
                "is \"{}\", which is not always a \"{}\"",
                found.ty, wanted.ty
            ));
        }
        for argument in &wanted.arguments {
            match found.argument_by_name(&argument.name) {
                None => problems.push(format!("has no argument \"{}\"", argument.name)),
                Some(own) if own.ty != argument.ty => problems.push(format!(
                    "takes a \"{}\" for \"{}\", not a \"{}\"",
                    own.ty, argument.name, argument.ty
                )),
                Some(_) => {}
            }
        }
        for argument in &found.arguments {
            if argument.is_required() && wanted.argument_by_name(&argument.name).is_none() {
                problems.push(format!(
                    "requires argument \"{}\", which the interface does not have",
                    argument.name
                ));
            }
        }
        for problem in problems {
            let locations: Vec<Location> = [name, interface]
                .into_iter()
                .flat_map(|ty| self.index.sources(ty))
                .filter_map(|source| {
                    let field = field_of(source.ty, &found.name)?;
                    Some(source.subgraph.locate(field.location()))
                })
                .flatten()
                .collect();
            self.diagnostics.error(
                code::INVALID_GRAPHQL,
                format!(
                    "in the supergraph \"{name}.{0}\" does not implement \"{interface}.{0}\": it \
                     {problem}",
                    found.name
                ),
                locations,
            );
        }
    }

    fn report_missing_field(&mut self, name: &Name, interface: &Name, field: &Name) {
        let declaring: Vec<&str> = self
            .index
            .sources(interface)
            .iter()
            .filter(|source| field_of(source.ty, field).is_some())
            .map(|source| source.subgraph.name.as_str())
            .collect();
        let sources = self.index.sources(name);
        let defining = name_subgraphs(sources.iter().map(|s| s.subgraph.name.as_str()));
        self.diagnostics.error(
            code::INTERFACE_FIELD_NO_IMPLEM,
            format!(
                "\"{interface}.{field}\" is declared in {}, but \"{name}\", which implements \
                 \"{interface}\" and is defined in {defining}, has no field \"{field}\"",
                name_subgraphs(declaring)
            ),
            super::type_locations(sources),
        );
    }
}
