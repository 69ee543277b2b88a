//! Random data for a random graph.

use apollo_compiler::ast::Type;
use serde_json::{Value, json};

use crate::data::Object;
use crate::random::dice::Dice;
use crate::random::whole::{Field, FieldValue, Kind, Whole, named};

/// How many objects each type has.
const OBJECTS: usize = 3;

/// Makes data up.
pub(crate) struct Values<'a> {
    pub whole: &'a Whole,
    pub dice: Dice,
    /// Whether fields may fail, and be null where they may not.
    pub errors: bool,
}

/// Where a value stands.
struct Place<'a> {
    owner: &'a str,
    field: &'a str,
    number: usize,
    sound: bool,
}

impl Values<'_> {
    /// `data.json`
    pub fn data(mut self) -> Value {
        let mut data = Object::new();
        let mut objects = Object::new();
        for (name, object) in &self.whole.objects {
            if object.kind == Kind::Root {
                data.insert(name.clone(), Value::Object(self.object(name, 0)));
                continue;
            }
            for number in 0..OBJECTS {
                let mut fields = self.object(name, number);
                fields.insert("__typename".to_owned(), name.as_str().into());
                objects.insert(format!("{name}-{number}"), Value::Object(fields));
            }
        }
        data.insert("objects".to_owned(), Value::Object(objects));
        Value::Object(data)
    }

    fn object(&mut self, name: &str, number: usize) -> Object {
        let object = &self.whole.objects[name];
        let mut fields = Object::new();
        for (field, definition) in &object.fields {
            let value = match key_value(name, field, number) {
                Some(value) if definition.sound && object.kind != Kind::Root => value,
                _ => self.field(name, field, definition, number),
            };
            fields.insert(field.clone(), value);
        }
        for interface in &object.interfaces {
            for (field, definition) in &self.whole.interfaces[interface].contributed {
                let value = self.field(interface, field, definition, number);
                fields.insert(field.clone(), value);
            }
        }
        fields
    }

    fn field(&mut self, owner: &str, name: &str, field: &Field, number: usize) -> Value {
        let place = Place {
            owner,
            field: name,
            number,
            sound: field.sound,
        };
        match &field.value {
            FieldValue::Given => self.value(&place, &field.ty),
            FieldValue::Arguments => json!({ "$arguments": true }),
            FieldValue::Template(template) => json!({ "$template": template }),
            FieldValue::ByArgument => json!({
                "$by": "n",
                "1": self.value(&place, &field.ty),
                "2": self.value(&place, &field.ty),
                "otherwise": self.value(&place, &field.ty),
            }),
        }
    }

    fn value(&mut self, place: &Place<'_>, ty: &Type) -> Value {
        let fails = self.errors && !place.sound;
        if fails && self.dice.one_in(16) {
            return json!({ "$error": "broken" });
        }
        if (!ty.is_non_null() && self.dice.one_in(6)) || (fails && self.dice.one_in(24)) {
            return Value::Null;
        }
        if let Type::List(item) | Type::NonNullList(item) = ty {
            let count = self.dice.between(0..=3);
            return (0..count).map(|_| self.value(place, item)).collect();
        }
        let name = named(ty);
        match name.as_str() {
            "String" | "ID" => {
                format!("{}-{} {}", place.owner, place.number, self.dice.below(50)).into()
            }
            "Int" => self.dice.below(1000).into(),
            "Float" => (self.dice.below(100) as f64 + 0.5).into(),
            "Boolean" => self.dice.one_in(2).into(),
            "Color" => (*self.dice.pick(&["RED", "GREEN", "BLUE"])).into(),
            "Mood" => (*self.dice.pick(&["GOOD", "BAD"])).into(),
            "Blob" => match self.dice.below(4) {
                0 => json!({ "k": [1, { "deep": null }], "__typename": "Blob" }),
                1 => json!([]),
                2 => json!(1.25),
                _ => json!("a \"blob\" \\ \u{fc}"),
            },
            _ => self.reference(place, &name),
        }
    }

    fn reference(&mut self, place: &Place<'_>, ty: &str) -> Value {
        let mut possible: Option<Vec<String>> = None;
        for subgraph in self.whole.resolvers(place.owner, place.field) {
            let here = self.whole.possible(subgraph, ty);
            possible = Some(match possible {
                Some(known) => known
                    .into_iter()
                    .filter(|name| here.contains(name))
                    .collect(),
                None => here,
            });
        }
        let possible = possible.unwrap_or_default();
        if possible.is_empty() {
            return Value::Null;
        }
        let object = self.dice.pick(&possible);
        format!("{object}-{}", self.dice.below(OBJECTS)).into()
    }
}

/// The value of a field that is in keys.
fn key_value(owner: &str, field: &str, number: usize) -> Option<Value> {
    Some(match field {
        "id" => format!("{owner}-{number}").into(),
        "sku" => format!("sku of {owner}-{number}").into(),
        "group" => 7.into(),
        "part" => format!("part {number}").into(),
        "ref" => json!({ "__typename": "Ref", "code": format!("{owner}-{number}") }),
        "owner" => format!("E0-{number}").into(),
        _ => return None,
    })
}
