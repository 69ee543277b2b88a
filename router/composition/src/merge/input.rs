//! Input objects: the fields that all subgraphs understand.

use super::arguments::InputKind;
use super::common::others;
use super::join::JoinField;
use super::{Merger, TypeSource, join, type_locations};
use crate::code;
use crate::diagnostics::name_subgraphs;
use crate::message::Location;
use crate::subgraph::Subgraph;
use apollo_compiler::ast::{
    Definition, Directive, DirectiveList, DirectiveLocation, InputObjectTypeDefinition,
    InputValueDefinition,
};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Name, Node};

const INPUT_FIELD: InputKind = InputKind {
    location: DirectiveLocation::InputFieldDefinition,
    type_mismatch: code::FIELD_TYPE_MISMATCH,
    compatible_type: code::INCONSISTENT_BUT_COMPATIBLE_FIELD_TYPE,
    default_mismatch: code::INPUT_FIELD_DEFAULT_MISMATCH,
};

/// An argument or input field with the subgraphs that have it.
pub(super) struct Input<'a> {
    pub name: Name,
    pub sources: Vec<(&'a Subgraph, &'a Node<InputValueDefinition>)>,
}

impl<'a> Input<'a> {
    /// Adds one subgraph's definition to the list.
    pub(super) fn collect(
        inputs: &mut Vec<Self>,
        subgraph: &'a Subgraph,
        value: &'a Node<InputValueDefinition>,
    ) {
        match inputs.iter_mut().find(|input| input.name == value.name) {
            Some(input) => input.sources.push((subgraph, value)),
            None => inputs.push(Self {
                name: value.name.clone(),
                sources: vec![(subgraph, value)],
            }),
        }
    }

    pub(super) fn subgraphs(&self) -> impl Iterator<Item = &'a Subgraph> {
        self.sources.iter().map(|(subgraph, _)| *subgraph)
    }

    /// Whether any subgraph insists on a value.
    pub(super) fn is_required(&self) -> bool {
        self.sources.iter().any(|(_, value)| value.is_required())
    }

    fn is_inaccessible(&self) -> bool {
        let mut sources = self.sources.iter();
        sources.any(|(_, value)| value.directives.has("inaccessible"))
    }

    pub(super) fn locations(&self) -> Vec<Location> {
        self.sources
            .iter()
            .flat_map(|(subgraph, value)| subgraph.locate(value.location()))
            .collect()
    }
}

impl<'a> Merger<'a> {
    pub(super) fn input_object(
        &mut self,
        name: &Name,
        sources: &[TypeSource<'a>],
    ) -> Option<Definition> {
        let mut inputs: Vec<Input<'a>> = Vec::new();
        for source in sources {
            if let ExtendedType::InputObject(object) = source.ty {
                for field in object.fields.values() {
                    Input::collect(&mut inputs, source.subgraph, field);
                }
            }
        }
        let mut fields = Vec::new();
        let mut has_common_field = false;
        for input in inputs {
            let place = format!("{name}.{}", input.name);
            let having: Vec<&Subgraph> = input.subgraphs().collect();
            let lacking = others(sources.iter().map(|source| source.subgraph), &having);
            // What no client can see, none can send to a subgraph that does not know it.
            if lacking.is_empty() || input.is_inaccessible() {
                has_common_field |= lacking.is_empty();
                let joins = join_fields(&input, lacking.is_empty());
                fields.extend(self.input_value(&place, &input, &INPUT_FIELD, joins));
                continue;
            }
            let where_ = format!(
                "in {} but not in {}",
                name_subgraphs(having.iter().map(|subgraph| subgraph.name.as_str())),
                name_subgraphs(lacking)
            );
            if input.is_required() {
                self.diagnostics.error(
                    code::REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH,
                    format!("\"{place}\" is required, and it is {where_}"),
                    input.locations(),
                );
            } else {
                self.diagnostics.hint(
                    code::INCONSISTENT_INPUT_OBJECT_FIELD,
                    format!("\"{place}\" is not part of the supergraph: it is {where_}"),
                    input.locations(),
                );
            }
        }
        if !has_common_field {
            self.diagnostics.error(
                code::EMPTY_MERGED_INPUT_TYPE,
                format!(
                    "input object \"{name}\" has no field that all of {} have",
                    name_subgraphs(sources.iter().map(|s| s.subgraph.name.as_str()))
                ),
                type_locations(sources),
            );
            return None;
        }
        let mut directives: Vec<_> = sources.iter().flat_map(join::types).collect();
        directives.extend(self.type_directives(name, sources));
        Some(Definition::InputObjectTypeDefinition(Node::new(
            InputObjectTypeDefinition {
                description: self.type_description(name, sources),
                name: name.clone(),
                directives: DirectiveList(directives),
                fields,
            },
        )))
    }
}

/// `@join__field`: where the field is, unless that is everywhere, and each subgraph's type, when they differ.
fn join_fields(input: &Input<'_>, is_everywhere: bool) -> Vec<Node<Directive>> {
    let first = &input.sources[0].1.ty;
    let are_equal = input.sources.iter().all(|(_, value)| value.ty == *first);
    if are_equal && is_everywhere {
        return Vec::new();
    }
    input
        .sources
        .iter()
        .map(|(subgraph, value)| {
            JoinField {
                graph: Some(subgraph.graph.clone()),
                ty: (!are_equal).then(|| value.ty.to_string()),
                ..JoinField::default()
            }
            .to_directive()
        })
        .collect()
}
