//! After merging, every object must still implement its interfaces.

use super::Merger;
use crate::code;
use crate::diagnostics::name_subgraphs;
use crate::subgraph::field_of;
use apollo_compiler::Name;
use apollo_compiler::ast::Definition;
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
                    let found = fields.iter().find(|field| field.name == wanted.name);
                    // A field that could not be merged has been reported as such.
                    let is_defined = found.is_some() || {
                        let mut sources = self.index.sources(name).iter();
                        sources.any(|source| field_of(source.ty, &wanted.name).is_some())
                    };
                    if !is_defined {
                        self.report_missing_field(name, &interface.name, &wanted.name);
                    }
                }
            }
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
