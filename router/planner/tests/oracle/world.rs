//! A world in which every object and every value follow from a type and a number: what a field's value is can be said
//! with or without subgraphs.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use apollo_compiler::ast::{Argument, Type};
use apollo_compiler::{Name, Node};
use serde_json::{Map, Value};
use souk_planner::field_set::{FieldSet, FieldSetItem};
use souk_planner::model::{Model, TypeId};

/// An object: its concrete type, and which of them it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Object {
    pub ty: TypeId,
    pub number: u64,
}

/// The value of a field.
pub enum Found {
    Null,
    Leaf(Value),
    Object(Object),
    List(Vec<Found>),
}

pub fn written(arguments: &[Node<Argument>]) -> String {
    let written: Vec<String> = arguments
        .iter()
        .map(|argument| {
            format!(
                "{}:{}",
                argument.name,
                argument.value.serialize().no_indent()
            )
        })
        .collect();
    written.join(",")
}

pub fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

pub struct World<'m> {
    pub model: &'m Model,
}

impl World<'_> {
    /// The value of an object's field, whoever is asked.
    pub fn value(&self, object: Object, name: &Name, arguments: &[Node<Argument>]) -> Found {
        let ty = self.nullable_everywhere(object.ty, name);
        let seed = hash((object, name.as_str(), written(arguments)));
        self.complete(object, name, &written(arguments), ty, seed)
    }

    fn complete(
        &self,
        object: Object,
        name: &Name,
        arguments: &str,
        ty: &Type,
        seed: u64,
    ) -> Found {
        if !ty.is_non_null() && seed.is_multiple_of(6) && !self.is_key(object.ty, name) {
            return Found::Null;
        }
        if let Type::List(item) | Type::NonNullList(item) = ty {
            let items = (0..seed % 3)
                .map(|index| self.complete(object, name, arguments, item, hash((seed, index))));
            return Found::List(items.collect());
        }
        match self.model.type_id(ty.inner_named_type()) {
            // The text tells the object: that is how entities are found again.
            None => Found::Leaf(Value::String(format!(
                "{} {} {name}({arguments}) {}",
                object.ty.0,
                object.number,
                seed % 1000
            ))),
            Some(found) => {
                let possible = self.possible_everywhere(object.ty, name, found);
                match possible.is_empty() {
                    true => Found::Null,
                    false => Found::Object(Object {
                        ty: possible[(seed / 7) as usize % possible.len()],
                        number: seed % 50,
                    }),
                }
            }
        }
    }

    /// The object that a representation stands for, by any of its leaves.
    pub fn object_of(&self, representation: &Map<String, Value>) -> Object {
        let leaf = representation
            .iter()
            .filter(|(key, _)| *key != "__typename")
            .find_map(|(_, value)| value.as_str())
            .expect("a key with a leaf at its top");
        let mut words = leaf.split(' ').map(str::parse::<u64>);
        let (Some(Ok(ty)), Some(Ok(number))) = (words.next(), words.next()) else {
            panic!("`{leaf}` is no key")
        };
        Object {
            ty: TypeId(ty as u32),
            number,
        }
    }

    /// What a field set is for an object: what a correct representation holds.
    pub fn field_set(&self, object: Object, set: &FieldSet) -> Map<String, Value> {
        let mut known = Map::new();
        for item in &set.items {
            match item {
                FieldSetItem::Field { name, .. } if name == "__typename" => {}
                FieldSetItem::Field {
                    name,
                    arguments,
                    set,
                } => {
                    let value = self.value(object, name, arguments);
                    known.insert(name.to_string(), self.deep(value, set));
                }
                FieldSetItem::Fragment { on, set } => {
                    let on = self.model.type_id(on).expect("a type");
                    if self.model.ty(on).possible.contains(&object.ty) {
                        known.extend(self.field_set(object, set));
                    }
                }
            }
        }
        known
    }

    fn deep(&self, value: Found, set: &FieldSet) -> Value {
        match value {
            Found::Null => Value::Null,
            Found::Leaf(leaf) => leaf,
            Found::Object(object) => Value::Object(self.field_set(object, set)),
            Found::List(items) => items.into_iter().map(|item| self.deep(item, set)).collect(),
        }
    }

    /// The field's type where it may be null most: as composition merges it.
    fn nullable_everywhere(&self, ty: TypeId, name: &Name) -> &Type {
        let owners = std::iter::once(ty).chain(self.model.ty(ty).interfaces.iter().copied());
        let mut types: Vec<&Type> = owners
            .flat_map(|owner| self.model.ty(owner).subgraphs.values())
            .filter_map(|here| here.fields.get(name))
            .map(|field| &field.ty)
            .collect();
        types.sort_by_key(|ty| ty.to_string().matches('!').count());
        types.first().unwrap_or_else(|| panic!("no field {name}"))
    }

    /// The object types that every subgraph with the field can return.
    fn possible_everywhere(&self, ty: TypeId, name: &Name, found: TypeId) -> Vec<TypeId> {
        let mut possible = self.model.ty(found).possible.clone();
        let owners = std::iter::once(ty).chain(self.model.ty(ty).interfaces.iter().copied());
        for owner in owners {
            for (subgraph, here) in &self.model.ty(owner).subgraphs {
                let Some(field) = here.fields.get(name) else {
                    continue;
                };
                let Some(value) = self.model.type_id(field.ty.inner_named_type()) else {
                    continue;
                };
                let Some(there) = self.model.type_in(value, *subgraph) else {
                    continue;
                };
                if !there.interface_object {
                    possible.retain(|ty| there.possible.contains(ty));
                }
            }
        }
        possible
    }

    fn is_key(&self, ty: TypeId, name: &Name) -> bool {
        let owners = std::iter::once(ty).chain(self.model.ty(ty).interfaces.iter().copied());
        let mut keys = owners
            .flat_map(|owner| self.model.ty(owner).subgraphs.values())
            .flat_map(|here| &here.keys);
        keys.any(|key| key.fields.field(name).is_some())
    }
}
