//! What is kept from a client: elements of the schema, whichever way an operation comes to them.

use std::collections::HashSet;

use apollo_compiler::Schema;
use apollo_compiler::schema::FieldDefinition;

/// The code of the error that the plain server answers in the place of what is hidden.
pub(crate) const HIDDEN: &str = "HIDDEN";

/// Object types, enums and scalars, and fields of object types and of interface objects.
#[derive(Debug, Default)]
pub(crate) struct Hidden {
    types: HashSet<String>,
    /// By type and name.
    fields: HashSet<(String, String)>,
}

impl Hidden {
    pub fn is_nothing(&self) -> bool {
        self.types.is_empty() && self.fields.is_empty()
    }

    /// Hides a type, or a field of it.
    pub fn insert(&mut self, ty: &str, field: Option<&str>) {
        match field {
            None => self.types.insert(ty.to_owned()),
            Some(field) => self.fields.insert((ty.to_owned(), field.to_owned())),
        };
    }

    /// Whether the value of an object's field is hidden: all fields of a hidden type are, and those that lead to one.
    pub fn hides(&self, schema: &Schema, object: &str, field: &FieldDefinition) -> bool {
        let is_hidden = |on: &str| {
            let coordinate = (on.to_owned(), field.name.to_string());
            self.fields.contains(&coordinate)
        };
        let interfaces = schema.get_object(object).into_iter();
        let mut interfaces = interfaces.flat_map(|object| &object.implements_interfaces);
        self.types.contains(object)
            || self.types.contains(field.ty.inner_named_type().as_str())
            || is_hidden(object)
            || interfaces.any(|interface| is_hidden(interface.as_str()))
    }
}
