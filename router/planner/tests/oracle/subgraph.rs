//! A subgraph of the world. It answers documents, and panics when one asks for what it does not have.

use std::collections::HashMap;

use apollo_compiler::ast::{Definition, Document, Field, InlineFragment, Selection};
use apollo_compiler::{Name, Node};
use serde_json::{Map, Value, json};
use souk_planner::field_set::{FieldSet, FieldSetItem};
use souk_planner::model::{Model, SubgraphId, TypeId};

use super::world::{Found, Object, World};

pub struct Subgraph<'m> {
    pub world: &'m World<'m>,
    pub id: SubgraphId,
    pub variables: &'m Map<String, Value>,
}

/// Where a selection set stands.
#[derive(Clone)]
struct At<'a> {
    object: Object,
    /// The type the document sees.
    seen: TypeId,
    representation: Option<&'a Map<String, Value>>,
    provided: Vec<FieldSet>,
}

impl Subgraph<'_> {
    /// Answers a document's `data`.
    pub fn answer(&self, text: &str) -> Value {
        let document = Document::parse(text, "fetch.graphql")
            .unwrap_or_else(|error| panic!("{text}: {error}"));
        let Some((Definition::OperationDefinition(operation), fragments)) =
            document.definitions.split_first()
        else {
            panic!("an operation expected: {text}");
        };
        let used: HashMap<&Name, ()> = operation
            .variables
            .iter()
            .map(|definition| (&definition.name, ()))
            .collect();
        for name in used.keys() {
            assert!(
                self.variables.contains_key(name.as_str()),
                "no variable {name}"
            );
        }
        let root = self
            .model()
            .root(operation.operation_type)
            .expect("a root type");
        let root = Object {
            ty: root,
            number: 0,
        };
        let mut data = Map::new();
        let at = At {
            object: root,
            seen: root.ty,
            representation: None,
            provided: Vec::new(),
        };
        let selections = without_spreads(&operation.selection_set, fragments);
        self.selections(&at, &selections, &mut data);
        Value::Object(data)
    }

    fn model(&self) -> &Model {
        self.world.model
    }

    fn entities(&self, field: &Field) -> Value {
        let variable = field.arguments[0].value.as_variable().expect("a variable");
        let representations = self.variables[variable.as_str()]
            .as_array()
            .expect("a list");
        representations
            .iter()
            .map(|one| self.entity(field, one))
            .collect()
    }

    fn entity(&self, field: &Field, representation: &Value) -> Value {
        let representation = representation.as_object().expect("an object");
        let name = representation["__typename"].as_str().expect("a type name");
        let ty = self.model().type_id(name).expect("a known type");
        let object = self.world.object_of(representation);
        let allowed = &self.model().ty(ty).possible;
        assert!(
            allowed.contains(&object.ty),
            "{name} is not what the key says: {representation:?}"
        );
        let here = self
            .model()
            .type_in(ty, self.id)
            .unwrap_or_else(|| panic!("{name} is unknown here"));
        let matches = here
            .keys
            .iter()
            .filter(|key| key.resolvable)
            .any(|key| contains(representation, &self.world.field_set(object, &key.fields)));
        assert!(matches, "no key of {name} in {representation:?}");
        let at = At {
            object,
            seen: ty,
            representation: Some(representation),
            provided: Vec::new(),
        };
        let mut data = Map::new();
        self.selections(&at, &field.selection_set, &mut data);
        Value::Object(data)
    }

    fn selections(&self, at: &At<'_>, selections: &[Selection], data: &mut Map<String, Value>) {
        for selection in selections {
            match selection {
                Selection::Field(field) if self.included(&field.directives) => {
                    self.field(at, field, data);
                }
                Selection::InlineFragment(fragment) if self.included(&fragment.directives) => {
                    let mut below = at.clone();
                    if let Some(on) = &fragment.type_condition {
                        let on = self.model().type_id(on).expect("a type");
                        let is_interface_object = self
                            .model()
                            .type_in(on, self.id)
                            .expect("a type known here")
                            .interface_object;
                        if !is_interface_object
                            && !self.model().ty(on).possible.contains(&at.object.ty)
                        {
                            continue;
                        }
                        below.seen = on;
                    }
                    self.selections(&below, &fragment.selection_set, data);
                }
                Selection::FragmentSpread(_) => unreachable!("spreads are gone"),
                _ => {}
            }
        }
    }

    fn field(&self, at: &At<'_>, field: &Field, data: &mut Map<String, Value>) {
        let key = field.response_name().to_string();
        if field.name == "_entities" {
            data.insert(key, self.entities(field));
            return;
        }
        let seen = self
            .model()
            .type_in(at.seen, self.id)
            .expect("a type known here");
        if field.name == "__typename" {
            let ty = if seen.interface_object {
                at.seen
            } else {
                at.object.ty
            };
            data.insert(key, json!(self.model().ty(ty).name.as_str()));
            return;
        }
        let seen_name = &self.model().ty(at.seen).name;
        assert!(
            seen.fields.contains_key(&field.name),
            "no field {seen_name}.{} here",
            field.name
        );
        let concrete = if seen.interface_object {
            at.seen
        } else {
            at.object.ty
        };
        let here = self
            .model()
            .type_in(concrete, self.id)
            .expect("a type known here");
        let found = here.fields.get(&field.name).expect("a field of the object");
        let in_key = here
            .keys
            .iter()
            .any(|key| key.fields.field(&field.name).is_some());
        let provided: Vec<FieldSet> = at
            .provided
            .iter()
            .flat_map(|set| self.below(set, at.object, &field.name))
            .collect();
        assert!(
            !found.external || !provided.is_empty(),
            "{seen_name}.{} is external",
            field.name
        );
        assert!(
            !found.overridden || in_key,
            "{seen_name}.{} is overridden",
            field.name
        );
        if let Some(requires) = &found.requires {
            let representation = at
                .representation
                .unwrap_or_else(|| panic!("{} needs a representation", field.name));
            let wanted = self.world.field_set(at.object, requires);
            assert!(
                contains(representation, &wanted),
                "{representation:?} lacks {wanted:?} for {}",
                field.name
            );
        }
        let mut below = provided;
        below.extend(found.provides.clone());
        let seen = self.model().type_id(found.ty.inner_named_type());
        let value = self.world.value(at.object, &field.name, &field.arguments);
        let value = self.complete(field, value, seen, &below);
        merge(data.entry(key).or_insert(Value::Null), value);
    }

    fn complete(
        &self,
        field: &Field,
        value: Found,
        seen: Option<TypeId>,
        provided: &[FieldSet],
    ) -> Value {
        match value {
            Found::Null => Value::Null,
            Found::Leaf(leaf) => leaf,
            Found::List(items) => items
                .into_iter()
                .map(|item| self.complete(field, item, seen, provided))
                .collect(),
            Found::Object(object) => {
                let at = At {
                    object,
                    seen: seen.expect("a composite type"),
                    representation: None,
                    provided: provided.to_vec(),
                };
                let mut data = Map::new();
                self.selections(&at, &field.selection_set, &mut data);
                Value::Object(data)
            }
        }
    }

    fn below(&self, set: &FieldSet, object: Object, name: &Name) -> Vec<FieldSet> {
        let mut found = Vec::new();
        for item in &set.items {
            match item {
                FieldSetItem::Field {
                    name: provided,
                    set,
                    ..
                } if provided == name => found.push(set.clone()),
                FieldSetItem::Fragment { on, set } => {
                    let on = self.model().type_id(on).expect("a type");
                    if self.model().ty(on).possible.contains(&object.ty) {
                        found.extend(self.below(set, object, name));
                    }
                }
                FieldSetItem::Field { .. } => {}
            }
        }
        found
    }

    fn included(&self, directives: &apollo_compiler::ast::DirectiveList) -> bool {
        directives.iter().all(|directive| {
            let value = directive
                .specified_argument_by_name("if")
                .expect("an argument");
            let value = match value.as_variable() {
                Some(name) => self.variables[name.as_str()].as_bool().expect("a Boolean"),
                None => value.to_bool().expect("a Boolean"),
            };
            value == (directive.name == "include")
        })
    }
}

/// Selections with inline fragments instead of named ones.
fn without_spreads(selections: &[Selection], fragments: &[Definition]) -> Vec<Selection> {
    let mut written = selections.to_vec();
    for selection in &mut written {
        match selection {
            Selection::Field(field) => {
                let field = field.make_mut();
                field.selection_set = without_spreads(&field.selection_set, fragments);
            }
            Selection::InlineFragment(fragment) => {
                let fragment = fragment.make_mut();
                fragment.selection_set = without_spreads(&fragment.selection_set, fragments);
            }
            Selection::FragmentSpread(spread) => {
                let named = fragments.iter().find_map(|definition| match definition {
                    Definition::FragmentDefinition(named) if named.name == spread.fragment_name => {
                        Some(named)
                    }
                    _ => None,
                });
                let named = named.unwrap_or_else(|| panic!("no fragment {}", spread.fragment_name));
                *selection = Selection::InlineFragment(Node::new(InlineFragment {
                    type_condition: Some(named.type_condition.clone()),
                    directives: spread.directives.clone(),
                    selection_set: without_spreads(&named.selection_set, fragments),
                }));
            }
        }
    }
    written
}

/// True when the one has everything that the other has.
fn contains(known: &Map<String, Value>, wanted: &Map<String, Value>) -> bool {
    fn has(known: &Value, wanted: &Value) -> bool {
        match (known, wanted) {
            (Value::Object(known), Value::Object(wanted)) => contains(known, wanted),
            (Value::Array(known), Value::Array(wanted)) => {
                known.len() == wanted.len()
                    && known
                        .iter()
                        .zip(wanted)
                        .all(|(known, wanted)| has(known, wanted))
            }
            _ => known == wanted,
        }
    }
    wanted
        .iter()
        .all(|(key, value)| known.get(key).is_some_and(|known| has(known, value)))
}

/// Merges what two selections say of one value.
pub fn merge(known: &mut Value, new: Value) {
    match (known, new) {
        (Value::Object(known), Value::Object(new)) => {
            for (key, value) in new {
                merge(known.entry(key).or_insert(Value::Null), value);
            }
        }
        (Value::Array(known), Value::Array(new)) if known.len() == new.len() => {
            for (known, new) in known.iter_mut().zip(new) {
                merge(known, new);
            }
        }
        (known, new) => *known = new,
    }
}
