//! Random operations, and what their answers are without any subgraph.

use std::fmt::Write;

use apollo_compiler::executable::{Selection, SelectionSet};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{ExecutableDocument, Name, Schema};
use serde_json::{Map, Value, json};

use super::subgraph::merge;
use super::world::{Found, Object, World, hash};

/// Numbers that follow from a seed.
pub struct Dice(pub u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = hash(self.0);
        (self.0 >> 8) as usize % sides.max(1)
    }
}

pub struct Generator<'a> {
    pub schema: &'a Schema,
    pub dice: Dice,
}

impl Generator<'_> {
    pub fn operation(&mut self) -> String {
        let query = self
            .schema
            .schema_definition
            .query
            .as_ref()
            .expect("a query type")
            .name
            .clone();
        let mut text = String::new();
        self.selection(&query, 0, &mut text);
        let used = ["$yes", "$no"]
            .into_iter()
            .filter(|name| text.contains(name));
        let used: Vec<String> = used.map(|name| format!("{name}: Boolean!")).collect();
        if used.is_empty() {
            text
        } else {
            format!("query Q({}) {text}", used.join(", "))
        }
    }

    fn selection(&mut self, ty: &Name, depth: usize, text: &mut String) {
        text.push_str("{ ");
        let count = 1 + self.dice.roll(4);
        let mut any = false;
        for _ in 0..count {
            any |= self.one(ty, depth, text);
        }
        if !any {
            text.push_str("__typename ");
        }
        text.push_str("} ");
    }

    fn one(&mut self, ty: &Name, depth: usize, text: &mut String) -> bool {
        let fields = match &self.schema.types[ty] {
            ExtendedType::Object(object) => Some(&object.fields),
            ExtendedType::Interface(interface) => Some(&interface.fields),
            _ => None,
        };
        if depth > 6 {
            return false;
        }
        if fields.is_none() || self.dice.roll(4) == 0 {
            let related = self.related(ty);
            let on = related[self.dice.roll(related.len())].clone();
            let _ = write!(text, "... on {on} ");
            self.condition(text);
            self.selection(&on, depth + 1, text);
            return true;
        }
        let Some(fields) = fields else { return false };
        if self.dice.roll(8) == 0 {
            text.push_str(["__typename ", "t: __typename "][self.dice.roll(2)]);
            return true;
        }
        let (name, field) = fields
            .get_index(self.dice.roll(fields.len()))
            .expect("a field");
        let value = field.ty.inner_named_type().clone();
        let is_leaf = !self
            .schema
            .types
            .get(&value)
            .is_some_and(|ty| ty.is_object() || ty.is_interface() || ty.is_union());
        if !is_leaf && depth > 4 {
            return false;
        }
        if self.dice.roll(6) == 0 {
            let _ = write!(text, "{}: ", ["a", "b", "id", "name"][self.dice.roll(4)]);
        }
        let _ = write!(text, "{name}");
        if let Some(argument) = field.arguments.first() {
            let _ = write!(text, "({}: {})", argument.name, self.dice.roll(2));
        }
        text.push(' ');
        self.condition(text);
        if !is_leaf {
            self.selection(&value, depth + 1, text);
        }
        true
    }

    fn condition(&mut self, text: &mut String) {
        match self.dice.roll(20) {
            0 => text.push_str("@include(if: $yes) "),
            1 => text.push_str("@include(if: $no) "),
            2 => text.push_str("@skip(if: $no) "),
            3 => text.push_str("@skip(if: $yes) "),
            4 => text.push_str("@skip(if: $no) @include(if: $yes) "),
            _ => {}
        }
    }

    /// Types that share an object type with this one.
    fn related(&self, ty: &Name) -> Vec<Name> {
        let objects = |ty: &Name| -> Vec<Name> {
            let all = self.schema.types.keys();
            all.filter(|object| {
                self.schema.types[*object].is_object()
                    && (*object == ty || self.schema.is_subtype(ty, object))
            })
            .cloned()
            .collect()
        };
        let mine = objects(ty);
        let all = self
            .schema
            .types
            .iter()
            .filter(|(_, found)| !found.is_built_in());
        all.map(|(name, _)| name)
            .filter(|name| objects(name).iter().any(|object| mine.contains(object)))
            .cloned()
            .collect()
    }
}

/// Answers operations as one server with all the data would.
pub struct Monolith<'a> {
    pub world: &'a World<'a>,
    pub document: &'a ExecutableDocument,
    pub variables: &'a Map<String, Value>,
}

impl Monolith<'_> {
    pub fn answer(&self) -> Value {
        let operation = self.document.operations.get(None).expect("one operation");
        let root = self
            .world
            .model
            .root(operation.operation_type)
            .expect("a root type");
        let mut data = json!({});
        self.selections(
            Object {
                ty: root,
                number: 0,
            },
            &operation.selection_set,
            &mut data,
        );
        data
    }

    fn selections(&self, object: Object, set: &SelectionSet, data: &mut Value) {
        for selection in &set.selections {
            match selection {
                Selection::Field(field) if self.included(&field.directives) => {
                    let value = if field.name == "__typename" {
                        json!(self.world.model.ty(object.ty).name.as_str())
                    } else {
                        let found = self.world.value(object, &field.name, &field.arguments);
                        self.complete(found, &field.selection_set)
                    };
                    let data = data.as_object_mut().expect("an object");
                    merge(
                        data.entry(field.response_key().to_string())
                            .or_insert(Value::Null),
                        value,
                    );
                }
                Selection::InlineFragment(fragment) if self.included(&fragment.directives) => {
                    let on = fragment
                        .type_condition
                        .as_ref()
                        .and_then(|on| self.world.model.type_id(on));
                    if on.is_none_or(|on| self.world.model.ty(on).possible.contains(&object.ty)) {
                        self.selections(object, &fragment.selection_set, data);
                    }
                }
                _ => {}
            }
        }
    }

    fn complete(&self, found: Found, set: &SelectionSet) -> Value {
        match found {
            Found::Null => Value::Null,
            Found::Leaf(leaf) => leaf,
            Found::List(items) => items
                .into_iter()
                .map(|item| self.complete(item, set))
                .collect(),
            Found::Object(object) => {
                let mut data = json!({});
                self.selections(object, set, &mut data);
                data
            }
        }
    }

    fn included(&self, directives: &apollo_compiler::ast::DirectiveList) -> bool {
        directives.iter().all(|directive| {
            let value = directive
                .specified_argument_by_name("if")
                .expect("an argument");
            let name = value.as_variable().expect("a variable");
            self.variables[name.as_str()] == json!(directive.name == "include")
        })
    }
}
