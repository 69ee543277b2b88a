//! Enums. What subgraphs return may be any value that one of them knows; what clients send must be
//! known to all of them; an enum that goes both ways must be the same everywhere.

use super::common::{others, output_fields};
use super::directives::Applied;
use super::executable::is_executable;
use super::{Composed, Merger, TypeSource, join, type_locations};
use crate::code;
use crate::diagnostics::name_subgraphs;
use crate::message::Location;
use crate::subgraph::Subgraph;
use apollo_compiler::ast::{
    Definition, DirectiveList, DirectiveLocation, EnumTypeDefinition, EnumValueDefinition,
};
use apollo_compiler::schema::{Component, ExtendedType};
use apollo_compiler::{Name, Node};
use std::collections::{BTreeMap, HashSet};

/// Which types are used where: what merging has left out counts for nothing.
#[derive(Debug, Default)]
struct EnumUsages {
    /// Where clients send values, and what the directives say that the supergraph keeps.
    input: HashSet<Name>,
    output: HashSet<Name>,
    /// In what directives say about a subgraph's schema itself.
    annotation: HashSet<Name>,
}

impl EnumUsages {
    fn of(subgraphs: &[Subgraph], composed: &Composed, types: &BTreeMap<Name, Definition>) -> Self {
        let mut usages = Self::default();
        let directives = subgraphs
            .iter()
            .flat_map(|subgraph| subgraph.schema.directive_definitions.values());
        for directive in directives {
            let used = match is_executable(directive) {
                true => &mut usages.input,
                false => &mut usages.annotation,
            };
            let arguments = directive.arguments.iter();
            used.extend(arguments.map(|argument| argument.ty.inner_named_type().clone()));
        }
        for directive in composed.definitions() {
            let arguments = directive.arguments.iter();
            let types = arguments.map(|argument| argument.ty.inner_named_type().clone());
            usages.input.extend(types);
        }
        for definition in types.values() {
            if let Definition::InputObjectTypeDefinition(input) = definition {
                let fields = input.fields.iter();
                let types = fields.map(|field| field.ty.inner_named_type().clone());
                usages.input.extend(types);
            }
            for field in output_fields(definition) {
                usages.output.insert(field.ty.inner_named_type().clone());
                let arguments = field.arguments.iter();
                let types = arguments.map(|argument| argument.ty.inner_named_type().clone());
                usages.input.extend(types);
            }
        }
        usages
    }
}

/// One value, with the subgraphs that have it.
struct Value<'a> {
    name: Name,
    sources: Vec<(&'a Subgraph, &'a Component<EnumValueDefinition>)>,
}

impl Value<'_> {
    fn is_inaccessible(&self) -> bool {
        self.sources
            .iter()
            .any(|(_, value)| value.directives.has("inaccessible"))
    }

    fn locations(&self) -> Vec<Location> {
        self.sources
            .iter()
            .flat_map(|(subgraph, value)| subgraph.locate(value.location()))
            .collect()
    }
}

impl<'a> Merger<'a> {
    /// Merges the enums, which have to wait until it is known what all other types are.
    pub(super) fn enumerations(
        &mut self,
        enums: &[(&Name, Vec<TypeSource<'a>>)],
        types: &mut BTreeMap<Name, Definition>,
    ) {
        let usages = EnumUsages::of(self.subgraphs, &self.composed, types);
        for (name, sources) in enums {
            if let Some(definition) = self.enumeration(name, sources, &usages) {
                types.insert((*name).clone(), definition);
            }
        }
    }

    fn enumeration(
        &mut self,
        name: &Name,
        sources: &[TypeSource<'_>],
        usages: &EnumUsages,
    ) -> Option<Definition> {
        let is_input = usages.input.contains(name);
        let is_output = usages.output.contains(name);
        if !is_input && !is_output && !usages.annotation.contains(name) {
            self.diagnostics.hint(
                code::UNUSED_ENUM_TYPE,
                format!("no field and no argument is of enum \"{name}\""),
                type_locations(sources),
            );
        }
        let mut values = Vec::new();
        for value in collect_values(sources) {
            let place = format!("{name}.{}", value.name);
            let having: Vec<&Subgraph> = value.sources.iter().map(|(s, _)| *s).collect();
            let lacking = others(sources.iter().map(|source| source.subgraph), &having);
            if !lacking.is_empty() {
                let having = name_subgraphs(having.iter().map(|s| s.name.as_str()));
                let where_ = format!("in {having} but not in {}", name_subgraphs(lacking));
                if is_input && value.is_inaccessible() {
                    // A value that no client can see cannot be sent either.
                } else if is_input && is_output {
                    self.diagnostics.error(
                        code::ENUM_VALUE_MISMATCH,
                        format!(
                            "enum \"{name}\" is used as input and as output, so its values must \
                             be the same everywhere, but \"{place}\" is {where_}"
                        ),
                        value.locations(),
                    );
                } else if is_input {
                    self.diagnostics.hint(
                        code::INCONSISTENT_ENUM_VALUE_FOR_INPUT_ENUM,
                        format!("\"{place}\" is not part of the supergraph: it is {where_}"),
                        value.locations(),
                    );
                    continue;
                } else {
                    self.diagnostics.hint(
                        code::INCONSISTENT_ENUM_VALUE_FOR_OUTPUT_ENUM,
                        format!("\"{place}\" is {where_}"),
                        value.locations(),
                    );
                }
            }
            values.push(self.enum_value(&place, &value));
        }
        if values.is_empty() {
            self.diagnostics.error(
                code::EMPTY_MERGED_ENUM_TYPE,
                format!(
                    "enum \"{name}\" is used as input, and no value of it is known to all of {}",
                    name_subgraphs(sources.iter().map(|s| s.subgraph.name.as_str()))
                ),
                type_locations(sources),
            );
            return None;
        }
        let mut directives: Vec<_> = sources.iter().flat_map(join::types).collect();
        directives.extend(self.type_directives(name, sources));
        Some(Definition::EnumTypeDefinition(Node::new(
            EnumTypeDefinition {
                description: self.type_description(name, sources),
                name: name.clone(),
                directives: DirectiveList(directives),
                values,
            },
        )))
    }

    fn enum_value(&mut self, place: &str, value: &Value<'_>) -> Node<EnumValueDefinition> {
        let mut directives: Vec<_> = value
            .sources
            .iter()
            .map(|(subgraph, _)| join::enum_value(&subgraph.graph))
            .collect();
        let applied: Vec<Applied<'_>> = value
            .sources
            .iter()
            .map(|(subgraph, value)| Applied::new(subgraph, &value.directives))
            .collect();
        directives.extend(self.directives(place, DirectiveLocation::EnumValue, &applied));
        let descriptions = value
            .sources
            .iter()
            .map(|(subgraph, value)| (*subgraph, value.description.as_ref()));
        Node::new(EnumValueDefinition {
            description: self.description(place, descriptions),
            value: value.name.clone(),
            directives: DirectiveList(directives),
        })
    }
}

fn collect_values<'a>(sources: &[TypeSource<'a>]) -> Vec<Value<'a>> {
    let mut values: Vec<Value<'a>> = Vec::new();
    for source in sources {
        let ExtendedType::Enum(definition) = source.ty else {
            continue;
        };
        for (name, value) in &definition.values {
            let found = (source.subgraph, value);
            match values.iter_mut().find(|known| known.name == *name) {
                Some(known) => known.sources.push(found),
                None => values.push(Value {
                    name: name.clone(),
                    sources: vec![found],
                }),
            }
        }
    }
    values
}
