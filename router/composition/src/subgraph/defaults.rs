//! Defaults of enums that are written as strings, as in `order: Order = "NEWEST"`. GraphQL forbids them, but libraries that
//! do not check defaults print them.

use apollo_compiler::ast::{
    Definition, Document, EnumValueDefinition, FieldDefinition, InputValueDefinition, Type, Value,
};
use apollo_compiler::{Name, Node};
use std::collections::{HashMap, HashSet};

/// Makes enum values of the strings in defaults, also within lists and input objects, where the type is an enum that has
/// the value.
pub(super) fn unquote_enum_values(document: &mut Document) {
    let types = InputTypes::of(document);
    if types.enums.is_empty() {
        return;
    }
    let inputs = |values: &mut [Node<InputValueDefinition>]| {
        for value in values {
            types.unquote_default(value);
        }
    };
    let arguments = |fields: &mut [Node<FieldDefinition>]| {
        for field in fields {
            inputs(&mut field.make_mut().arguments);
        }
    };
    for definition in &mut document.definitions {
        match definition {
            Definition::ObjectTypeDefinition(def) => arguments(&mut def.make_mut().fields),
            Definition::ObjectTypeExtension(def) => arguments(&mut def.make_mut().fields),
            Definition::InterfaceTypeDefinition(def) => arguments(&mut def.make_mut().fields),
            Definition::InterfaceTypeExtension(def) => arguments(&mut def.make_mut().fields),
            Definition::InputObjectTypeDefinition(def) => inputs(&mut def.make_mut().fields),
            Definition::InputObjectTypeExtension(def) => inputs(&mut def.make_mut().fields),
            Definition::DirectiveDefinition(def) => inputs(&mut def.make_mut().arguments),
            _ => {}
        }
    }
}

/// The enums and input objects of a document, extensions included.
#[derive(Default)]
struct InputTypes {
    enums: HashMap<Name, HashSet<Name>>,
    objects: HashMap<Name, HashMap<Name, Type>>,
}

impl InputTypes {
    fn of(document: &Document) -> Self {
        let mut types = Self::default();
        for definition in &document.definitions {
            match definition {
                Definition::EnumTypeDefinition(def) => types.add_enum(&def.name, &def.values),
                Definition::EnumTypeExtension(def) => types.add_enum(&def.name, &def.values),
                Definition::InputObjectTypeDefinition(def) => {
                    types.add_object(&def.name, &def.fields);
                }
                Definition::InputObjectTypeExtension(def) => {
                    types.add_object(&def.name, &def.fields);
                }
                _ => {}
            }
        }
        types
    }

    fn add_enum(&mut self, name: &Name, values: &[Node<EnumValueDefinition>]) {
        let known = self.enums.entry(name.clone()).or_default();
        known.extend(values.iter().map(|value| value.value.clone()));
    }

    fn add_object(&mut self, name: &Name, fields: &[Node<InputValueDefinition>]) {
        let known = self.objects.entry(name.clone()).or_default();
        known.extend(
            fields
                .iter()
                .map(|field| (field.name.clone(), Type::clone(&field.ty))),
        );
    }

    fn unquote_default(&self, input: &mut Node<InputValueDefinition>) {
        if input.default_value.is_none() {
            return;
        }
        let input = input.make_mut();
        if let Some(default) = &mut input.default_value {
            self.unquote(default, &input.ty);
        }
    }

    fn unquote(&self, value: &mut Node<Value>, ty: &Type) {
        if !matches!(
            **value,
            Value::String(_) | Value::List(_) | Value::Object(_)
        ) {
            return;
        }
        let name = ty.inner_named_type();
        match value.make_mut() {
            Value::List(items) if ty.is_list() => {
                for item in items {
                    self.unquote(item, ty.item_type());
                }
            }
            Value::Object(given) => {
                let Some(fields) = self.objects.get(name) else {
                    return;
                };
                for (key, value) in given {
                    if let Some(ty) = fields.get(key) {
                        self.unquote(value, ty);
                    }
                }
            }
            // A single value stands for a list of it.
            text => {
                let Some(values) = self.enums.get(name) else {
                    return;
                };
                let named = text.as_str().and_then(|text| values.get(text)).cloned();
                if let Some(named) = named {
                    *text = Value::Enum(named);
                }
            }
        }
    }
}
