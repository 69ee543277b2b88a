//! The normal form of a schema: what it is made of, an element a line, in whatever order it is written.

use std::collections::BTreeSet;

use apollo_compiler::Schema;
use apollo_compiler::ast::{Directive, FieldDefinition, InputValueDefinition, OperationType};
use apollo_compiler::schema::ExtendedType;

/// What the schema `found` has too little or too much, next to the one that is `expected`; an element a line.
pub(crate) fn differences(expected: &Schema, found: &Schema) -> Vec<String> {
    let expected = elements(expected);
    let found = elements(found);
    let missing = expected.difference(&found);
    let missing = missing.map(|element| format!("it lacks {element}"));
    let surplus = found.difference(&expected);
    let surplus = surplus.map(|element| format!("it has {element}"));
    missing.chain(surplus).collect()
}

fn elements(schema: &Schema) -> BTreeSet<String> {
    let mut elements = Elements::default();
    for kind in [
        OperationType::Query,
        OperationType::Mutation,
        OperationType::Subscription,
    ] {
        if let Some(root) = schema.root_operation(kind) {
            elements.0.insert(format!("schema {{ {kind}: {root} }}"));
        }
    }
    for definition in schema.directive_definitions.values() {
        if !definition.is_built_in() {
            elements.0.insert(definition.to_string());
        }
    }
    for ty in schema.types.values().filter(|ty| !ty.is_built_in()) {
        elements.ty(ty);
    }
    elements.0
}

#[derive(Default)]
struct Elements(BTreeSet<String>);

impl Elements {
    fn ty(&mut self, ty: &ExtendedType) {
        let name = ty.name();
        let kind = match ty {
            ExtendedType::Scalar(_) => "scalar",
            ExtendedType::Object(object) => {
                for interface in &object.implements_interfaces {
                    self.0.insert(format!("{name} implements {interface}"));
                }
                for field in object.fields.values() {
                    self.field(name, field);
                }
                "type"
            }
            ExtendedType::Interface(interface) => {
                for implemented in &interface.implements_interfaces {
                    self.0.insert(format!("{name} implements {implemented}"));
                }
                for field in interface.fields.values() {
                    self.field(name, field);
                }
                "interface"
            }
            ExtendedType::Union(union) => {
                for member in &union.members {
                    self.0.insert(format!("{name} = {member}"));
                }
                "union"
            }
            ExtendedType::Enum(enumeration) => {
                for value in enumeration.values.values() {
                    let place = format!("{name}.{}", value.value);
                    let directives = value.directives.iter().map(|directive| &**directive);
                    self.element(place, value.description.as_deref(), directives);
                }
                "enum"
            }
            ExtendedType::InputObject(input) => {
                for field in input.fields.values() {
                    self.input(&format!("{name}."), field);
                }
                "input"
            }
        };
        let directives = ty.directives().iter().map(|directive| &***directive);
        self.element(
            format!("{kind} {name}"),
            ty.description().map(|text| &**text),
            directives,
        );
    }

    fn field(&mut self, owner: &str, field: &FieldDefinition) {
        let place = format!("{owner}.{}", field.name);
        for argument in &field.arguments {
            self.input(&format!("{place} with "), argument);
        }
        self.element(
            format!("{place}: {}", field.ty),
            field.description.as_deref(),
            field.directives.iter().map(|directive| &**directive),
        );
    }

    fn input(&mut self, place: &str, input: &InputValueDefinition) {
        let mut element = format!("{place}{}: {}", input.name, input.ty);
        if let Some(default) = &input.default_value {
            element.push_str(&format!(" = {default}"));
        }
        let directives = input.directives.iter().map(|directive| &**directive);
        self.element(element, input.description.as_deref(), directives);
    }

    fn element<'a>(
        &mut self,
        mut element: String,
        description: Option<&str>,
        directives: impl IntoIterator<Item = &'a Directive>,
    ) {
        for directive in directives {
            element.push_str(&format!(" {directive}"));
        }
        if let Some(description) = description {
            element.push_str(&format!(" {description:?}"));
        }
        self.0.insert(element);
    }
}
