//! The types of a random graph, and which subgraph has which entity by which keys.

use indexmap::IndexMap;

use crate::random::build::Builder;
use crate::random::whole::{
    Field, FieldHere, FieldValue, Interface, Key, Kind, Object, Subgraph, TypeHere, parse_type,
};

/// Kinds of keys. Every kind names objects uniquely by itself.
pub(super) const KEYS: [&str; 5] = [
    "id",
    "sku",
    "group part",
    "ref { code }",
    "sku owner { id }",
];

impl Builder {
    pub(super) fn subgraphs(&mut self) {
        let count = self.dice.between(2..=self.size.subgraphs);
        for name in ["a", "b", "c", "d", "e", "f", "g", "h"].iter().take(count) {
            self.add_subgraph(name);
        }
    }

    pub(super) fn add_subgraph(&mut self, name: &str) -> usize {
        self.whole.subgraphs.push(Subgraph {
            name: name.to_owned(),
            types: IndexMap::new(),
            interfaces: Vec::new(),
            unions: Vec::new(),
            more_moods: self.dice.one_in(3),
            more_filters: self.dice.one_in(3),
        });
        self.whole.subgraphs.len() - 1
    }

    pub(super) fn entities(&mut self) {
        let code = given("String!", true);
        self.add_object(
            "Ref",
            Kind::Value,
            IndexMap::from([("code".to_owned(), code)]),
        );
        let count = self.dice.between(2..=self.size.entities.max(2));
        for number in 0..count {
            let name = format!("E{number}");
            let kinds = self.dice.between(1..=3);
            let mut kinds = self.dice.some(&KEYS, kinds);
            // The owner is an entity that is known by its id everywhere; the first is such a one.
            if number == 0 {
                kinds.retain(|kind| *kind != "id" && !kind.contains("owner"));
                kinds.insert(0, "id");
            }
            self.add_object(&name, Kind::Entity, IndexMap::new());
            for kind in kinds {
                let mut fields = Vec::new();
                for (field, ty) in [
                    ("id", "ID!"),
                    ("sku", "String!"),
                    ("group", "Int!"),
                    ("part", "String!"),
                    ("ref", "Ref!"),
                    ("owner", "E0!"),
                ] {
                    if kind.split(' ').any(|word| word == field) && !(field == "id" && kind != "id")
                    {
                        self.whole.objects[&name]
                            .fields
                            .entry(field.to_owned())
                            .or_insert_with(|| given(ty, true));
                        fields.push(field.to_owned());
                    }
                }
                let set = kind.to_owned();
                self.whole.objects[&name].keys.push(Key { set, fields });
            }
        }
        self.whole.objects["E0"].first_key_everywhere = true;
    }

    pub(super) fn values(&mut self) {
        for number in 0..self.dice.between(1..=2) {
            let mut fields = IndexMap::new();
            for _ in 0..self.dice.between(1..=3) {
                let (name, field) = self.leaf_field();
                fields.insert(name, field);
            }
            if self.dice.one_in(3) {
                fields.insert("entity".to_owned(), given("E0", false));
            }
            self.add_object(&format!("V{number}"), Kind::Value, fields);
        }
    }

    /// Interfaces with the fields that their implementing types have in common.
    pub(super) fn interfaces(&mut self) {
        for number in 0..self.dice.between(0..=2) {
            let name = format!("I{number}");
            let extends = number > 0 && self.dice.one_in(2);
            let count = self.dice.between(1..=3);
            let mut common = IndexMap::from([("id".to_owned(), given("ID!", true))]);
            let implementers = if extends {
                let all = self.whole.implementers("I0");
                for field in &self.whole.interfaces["I0"].fields {
                    common.insert(field.clone(), self.whole.field("I0", field).clone());
                }
                self.dice.some(&all, count)
            } else {
                let mut some = self.dice.some(&self.of_kind(Kind::Entity), count);
                if self.dice.one_in(3) {
                    let values = self.of_kind(Kind::Value);
                    some.extend(values.into_iter().find(|value| value.starts_with('V')));
                }
                some
            };
            for _ in 0..self.dice.between(1..=2) {
                let (name, field) = self.leaf_field();
                common.insert(name, field);
            }
            let are_entities = implementers
                .iter()
                .all(|it| self.whole.objects[it].kind == Kind::Entity);
            if are_entities && self.dice.one_in(2) {
                let (name, field) = match self.dice.one_in(2) {
                    true => self.link_to(&name),
                    false => self.link_field(),
                };
                common.insert(name, field);
            }
            self.implement(&name, &implementers, &common);
            self.whole.interfaces[&name].extends = extends.then(|| "I0".to_owned());
        }
    }

    /// Gives `implementers` an interface with these fields, as far as they do not have them in another type.
    fn implement(&mut self, name: &str, implementers: &[String], common: &IndexMap<String, Field>) {
        let mut fields = Vec::new();
        for (field, definition) in common {
            let fits = |implementer: &String| {
                let known = self.whole.objects[implementer].fields.get(field);
                known.is_none_or(|known| {
                    known.ty == definition.ty && known.arguments == definition.arguments
                })
            };
            if implementers.iter().all(fits) {
                fields.push(field.clone());
            }
        }
        for implementer in implementers {
            for field in &fields {
                let definition = common[field].clone();
                let object = &mut self.whole.objects[implementer];
                object.fields.entry(field.clone()).or_insert(definition);
            }
            let object = &mut self.whole.objects[implementer];
            object.interfaces.push(name.to_owned());
            if object.kind == Kind::Entity {
                make_id_first(&mut object.keys);
                object.first_key_everywhere = true;
            }
        }
        self.whole.interfaces.insert(
            name.to_owned(),
            Interface {
                fields,
                entity: None,
                extends: None,
                contributed: IndexMap::new(),
            },
        );
    }

    pub(super) fn unions(&mut self) {
        if self.dice.one_in(2) {
            let count = self.dice.between(1..=3);
            let mut members = self.of_kind(Kind::Entity);
            members.extend(self.of_kind(Kind::Value));
            let members = self.dice.some(&members, count);
            self.whole.unions.insert("U0".to_owned(), members);
        }
    }

    /// Every entity gets subgraphs that can be reached from each other by keys.
    pub(super) fn homes(&mut self) {
        // The types of an interface are alike more often than not.
        let are_alike = !self.dice.one_in(3);
        for entity in self.of_kind(Kind::Entity) {
            let all: Vec<usize> = (0..self.whole.subgraphs.len()).collect();
            let count = match are_alike && !self.whole.objects[&entity].interfaces.is_empty() {
                true => all.len(),
                false => self.dice.between(1..=all.len()),
            };
            let homes = self.dice.some(&all, count);
            for (place, &home) in homes.iter().enumerate() {
                let mut keys = Vec::new();
                if place > 0 {
                    let earlier = homes[self.dice.below(place)];
                    let known = &self.whole.subgraphs[earlier].types[&entity].keys;
                    keys.push(self.dice.pick(known).0);
                }
                for key in 0..self.whole.objects[&entity].keys.len() {
                    let always = key == 0 && self.whole.objects[&entity].first_key_everywhere;
                    let wanted = always || (place == 0 && keys.is_empty()) || self.dice.one_in(2);
                    if wanted && !keys.contains(&key) {
                        keys.push(key);
                    }
                }
                for key in keys {
                    self.add_key(home, &entity, key, true);
                }
            }
            self.homes.insert(entity, homes);
        }
    }

    /// Gives a subgraph an entity's key, with the fields in it.
    pub(super) fn add_key(&mut self, subgraph: usize, entity: &str, key: usize, resolvable: bool) {
        let fields = self.whole.objects[entity].keys[key].fields.clone();
        let here = self.here(subgraph, entity);
        here.keys.push((key, resolvable));
        for field in fields {
            // What is in a key is shareable by itself; elsewhere it may not be in a key.
            here.fields.entry(field).or_insert(FieldHere {
                shareable: true,
                ..FieldHere::default()
            });
        }
    }

    pub(super) fn here(&mut self, subgraph: usize, ty: &str) -> &mut TypeHere {
        let types = &mut self.whole.subgraphs[subgraph].types;
        types.entry(ty.to_owned()).or_default()
    }

    pub(super) fn of_kind(&self, kind: Kind) -> Vec<String> {
        let all = self.whole.objects.iter();
        all.filter(|(_, object)| object.kind == kind)
            .map(|(name, _)| name.clone())
            .collect()
    }

    pub(super) fn add_object(&mut self, name: &str, kind: Kind, fields: IndexMap<String, Field>) {
        let object = Object {
            kind,
            keys: Vec::new(),
            first_key_everywhere: false,
            interfaces: Vec::new(),
            fields,
        };
        self.whole.objects.insert(name.to_owned(), object);
    }
}

/// A field whose value the data say.
pub(super) fn given(ty: &str, sound: bool) -> Field {
    Field {
        ty: parse_type(ty),
        arguments: Vec::new(),
        value: FieldValue::Given,
        sound,
        hidden: false,
    }
}

fn make_id_first(keys: &mut Vec<Key>) {
    let known = keys.iter().position(|key| key.set == "id");
    let id = known.map_or_else(
        || Key {
            set: "id".to_owned(),
            fields: vec!["id".to_owned()],
        },
        |place| keys.remove(place),
    );
    keys.insert(0, id);
}
