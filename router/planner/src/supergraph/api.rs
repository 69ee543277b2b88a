//! The API schema: the supergraph without its join machinery and without inaccessible elements.

use std::collections::HashSet;

use apollo_compiler::ast::{Directive, DirectiveDefinition, DirectiveList};
use apollo_compiler::schema::{Component, ExtendedType, InputValueDefinition};
use apollo_compiler::validation::Valid;
use apollo_compiler::{Name, Node, Schema};

use super::SupergraphError;
use super::links::Links;
use crate::problems::problems;

/// Directives of the GraphQL specification that say something to clients.
const KEPT: [&str; 3] = ["deprecated", "specifiedBy", "oneOf"];

pub(super) fn api_schema(
    mut schema: Schema,
    links: &Links,
) -> Result<Valid<Schema>, SupergraphError> {
    let inaccessible = links.directive("inaccessible");
    let hidden_types: HashSet<Name> = schema
        .types
        .iter()
        .filter(|(name, ty)| {
            let is_inaccessible = |inaccessible| ty.directives().has(inaccessible);
            inaccessible.as_deref().is_some_and(is_inaccessible)
                || (links.owns(name) && !ty.is_built_in())
        })
        .map(|(name, _)| name.clone())
        .collect();

    schema.types.retain(|name, _| !hidden_types.contains(name));
    // apollo-compiler knows `@oneOf` only where it is defined.
    let is_graphqls_own = |definition: &Node<DirectiveDefinition>| {
        definition.is_built_in() || KEPT.contains(&definition.name.as_str())
    };
    schema.directive_definitions.retain(|name, definition| {
        is_graphqls_own(definition)
            || (!links.owns(name)
                && definition
                    .locations
                    .iter()
                    .any(|at| is_executable(at.name())))
    });
    for definition in schema.directive_definitions.values_mut() {
        if !is_graphqls_own(definition) {
            let definition = definition.make_mut();
            definition
                .arguments
                .retain(|argument| !has(&argument.directives, inaccessible.as_deref()));
            for argument in &mut definition.arguments {
                keep(&mut argument.make_mut().directives);
            }
            definition.locations.retain(|at| is_executable(at.name()));
        }
    }
    let definition = schema.schema_definition.make_mut();
    definition.directives.0.clear();
    for root in [
        &mut definition.query,
        &mut definition.mutation,
        &mut definition.subscription,
    ] {
        if root
            .as_ref()
            .is_some_and(|name| hidden_types.contains(&name.name))
        {
            *root = None;
        }
    }
    let visible = Visible {
        inaccessible,
        hidden_types,
    };
    for ty in schema.types.values_mut().filter(|ty| !ty.is_built_in()) {
        visible.strip(ty);
    }
    schema
        .validate()
        .map_err(|found| SupergraphError::ApiSchema(problems(&found.errors)))
}

fn is_executable(location: &str) -> bool {
    matches!(
        location,
        "QUERY"
            | "MUTATION"
            | "SUBSCRIPTION"
            | "FIELD"
            | "FRAGMENT_DEFINITION"
            | "FRAGMENT_SPREAD"
            | "INLINE_FRAGMENT"
            | "VARIABLE_DEFINITION"
    )
}

struct Visible {
    /// The name `@inaccessible` has in this supergraph, if any.
    inaccessible: Option<String>,
    hidden_types: HashSet<Name>,
}

impl Visible {
    fn strip(&self, ty: &mut ExtendedType) {
        match ty {
            ExtendedType::Scalar(scalar) => keep_components(&mut scalar.make_mut().directives.0),
            ExtendedType::Object(object) => {
                let object = object.make_mut();
                keep_components(&mut object.directives.0);
                object
                    .implements_interfaces
                    .retain(|name| !self.hidden_types.contains(&name.name));
                object
                    .fields
                    .retain(|_, field| self.shows(&field.directives, field.ty.inner_named_type()));
                for field in object.fields.values_mut() {
                    let field = field.make_mut();
                    keep(&mut field.directives);
                    self.strip_arguments(&mut field.arguments);
                }
            }
            ExtendedType::Interface(interface) => {
                let interface = interface.make_mut();
                keep_components(&mut interface.directives.0);
                interface
                    .implements_interfaces
                    .retain(|name| !self.hidden_types.contains(&name.name));
                interface
                    .fields
                    .retain(|_, field| self.shows(&field.directives, field.ty.inner_named_type()));
                for field in interface.fields.values_mut() {
                    let field = field.make_mut();
                    keep(&mut field.directives);
                    self.strip_arguments(&mut field.arguments);
                }
            }
            ExtendedType::Union(union) => {
                let union = union.make_mut();
                keep_components(&mut union.directives.0);
                union
                    .members
                    .retain(|name| !self.hidden_types.contains(&name.name));
            }
            ExtendedType::Enum(enumeration) => {
                let enumeration = enumeration.make_mut();
                keep_components(&mut enumeration.directives.0);
                enumeration
                    .values
                    .retain(|_, value| !has(&value.directives, self.inaccessible.as_deref()));
                for value in enumeration.values.values_mut() {
                    keep(&mut value.make_mut().directives);
                }
            }
            ExtendedType::InputObject(input) => {
                let input = input.make_mut();
                keep_components(&mut input.directives.0);
                input
                    .fields
                    .retain(|_, field| self.shows(&field.directives, field.ty.inner_named_type()));
                for field in input.fields.values_mut() {
                    keep(&mut field.make_mut().directives);
                }
            }
        }
    }

    fn strip_arguments(&self, arguments: &mut Vec<Node<InputValueDefinition>>) {
        arguments
            .retain(|argument| self.shows(&argument.directives, argument.ty.inner_named_type()));
        for argument in arguments {
            keep(&mut argument.make_mut().directives);
        }
    }

    fn shows(&self, directives: &DirectiveList, ty: &Name) -> bool {
        !has(directives, self.inaccessible.as_deref()) && !self.hidden_types.contains(ty)
    }
}

fn has(directives: &DirectiveList, name: Option<&str>) -> bool {
    name.is_some_and(|name| directives.has(name))
}

fn keep(directives: &mut DirectiveList) {
    directives
        .0
        .retain(|directive| KEPT.contains(&directive.name.as_str()));
}

fn keep_components(directives: &mut Vec<Component<Directive>>) {
    directives.retain(|directive| KEPT.contains(&directive.name.as_str()));
}
