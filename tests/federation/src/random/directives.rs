//! What a random graph's subgraphs require of each other, and what they provide of each other's.

use crate::random::build::Builder;
use crate::random::fields::shows;
use crate::random::types::given;
use crate::random::whole::{FieldHere, FieldValue, Kind, named};

impl Builder {
    /// Fields that are made of fields of other subgraphs.
    pub(super) fn requires(&mut self) {
        for entity in self.of_kind(Kind::Entity) {
            let homes = self.homes[&entity].clone();
            if homes.len() < 2 {
                continue;
            }
            for number in 0..self.dice.between(0..=2) {
                let home = *self.dice.pick(&homes);
                let mut set = Vec::new();
                let mut template = Vec::new();
                let elsewhere = self.elsewhere(home, &entity);
                let count = self.dice.between(1..=2);
                for name in self.dice.some(&elsewhere, count) {
                    if let Some((selection, path)) = self.required(home, &entity, &name) {
                        let field = FieldHere {
                            external: true,
                            ..FieldHere::default()
                        };
                        self.here(home, &entity).fields.insert(name, field);
                        set.push(selection);
                        template.push(format!("{{{path}}}"));
                    }
                }
                if set.is_empty() {
                    continue;
                }
                let mut field = given(["String", "String!"][self.dice.below(2)], true);
                if self.dice.one_in(4) {
                    field.arguments = vec!["n: Int = 2"];
                    template.push("{$n}".to_owned());
                }
                field.value = FieldValue::Template(template.join("/"));
                let name = format!("made{number}");
                self.whole.objects[&entity]
                    .fields
                    .insert(name.clone(), field);
                let field = FieldHere {
                    requires: Some(set.join(" ")),
                    ..FieldHere::default()
                };
                self.here(home, &entity).fields.insert(name, field);
            }
        }
    }

    /// The fields of an entity that a subgraph does not have, not even as external ones.
    fn elsewhere(&self, home: usize, entity: &str) -> Vec<String> {
        let known = &self.whole.subgraphs[home].types[entity].fields;
        let all = self.whole.objects[entity].fields.keys();
        all.filter(|name| !known.contains_key(*name))
            .cloned()
            .collect()
    }

    /// How a field is required, and its path in a template; it has a sound value from then on.
    fn required(&mut self, home: usize, entity: &str, name: &str) -> Option<(String, String)> {
        let field = &self.whole.objects[entity].fields[name];
        let target = named(&field.ty);
        let arguments = match field.arguments[..] {
            [] => String::new(),
            // A template's arguments are all there are, and plain numbers.
            ["n: Int = 2"] => format!("(n: {})", self.dice.below(4)),
            _ => return None,
        };
        if shows(&field.ty) {
            self.whole.objects[entity].fields[name].sound = true;
            let path = format!("{name}{arguments}");
            return Some((path.clone(), path));
        }
        let object = self.whole.objects.get(&target)?;
        let plain = object.fields.iter().filter(|(_, field)| {
            let given = matches!(field.value, FieldValue::Given) && field.arguments.is_empty();
            given && shows(&field.ty)
        });
        let plain: Vec<String> = plain.map(|(name, _)| name.clone()).collect();
        if plain.is_empty() || object.kind == Kind::SplitValue {
            return None;
        }
        let below = self.dice.pick(&plain).clone();
        if object.kind == Kind::Entity {
            self.stub(home, &target);
            let fields = &mut self.here(home, &target).fields;
            fields.entry(below.clone()).or_insert(FieldHere {
                external: true,
                ..FieldHere::default()
            });
            let overridden = self.here(home, &target).fields[&below].overridden;
            if overridden {
                return None;
            }
        }
        self.whole.objects[&target].fields[&below].sound = true;
        self.whole.objects[entity].fields[name].sound = true;
        Some((
            format!("{name}{arguments} {{ {below} }}"),
            format!("{name}{arguments}.{below}"),
        ))
    }

    /// Fields that come along with a reference to their entity.
    pub(super) fn provides(&mut self) {
        for subgraph in 0..self.whole.subgraphs.len() {
            let types: Vec<String> = self.whole.subgraphs[subgraph]
                .types
                .keys()
                .cloned()
                .collect();
            for ty in types {
                if self
                    .whole
                    .objects
                    .get(&ty)
                    .is_none_or(|object| object.kind == Kind::Value)
                {
                    continue;
                }
                for field in self.field_names(&ty) {
                    if self.dice.one_in(4) {
                        self.provide(subgraph, &ty, &field);
                    }
                }
            }
        }
    }

    fn provide(&mut self, subgraph: usize, ty: &str, field: &str) {
        let here = self.whole.subgraphs[subgraph].types[ty].fields.get(field);
        let plain = here.is_some_and(|here| {
            here.is_resolved() && !here.shareable && here.override_from.is_none()
        });
        if !plain {
            return;
        }
        let target = named(&self.whole.objects[ty].fields[field].ty);
        let possible = match self.whole.is_composite(&target) {
            true => self.whole.possible(subgraph, &target),
            false => Vec::new(),
        };
        let mut sets = Vec::new();
        for object in &possible {
            // An interface object's subgraph knows none of its types.
            let is_here = self.whole.subgraphs[subgraph].types.contains_key(object);
            if !is_here || self.whole.objects[object].kind != Kind::Entity {
                continue;
            }
            let mut elsewhere = self.elsewhere(subgraph, object);
            elsewhere.retain(|name| {
                let field = &self.whole.objects[object].fields[name];
                let leaf = !self.whole.is_composite(&named(&field.ty));
                let made = matches!(field.value, FieldValue::Template(_));
                leaf && !made && field.arguments.is_empty()
            });
            let count = self.dice.between(1..=2);
            let provided = self.dice.some(&elsewhere, count);
            if provided.is_empty() {
                continue;
            }
            for name in &provided {
                // Who provides a field resolves it, too.
                for resolver in self.whole.resolvers(object, name) {
                    self.here(resolver, object).fields[name].shareable = true;
                }
                let external = FieldHere {
                    external: true,
                    ..FieldHere::default()
                };
                self.here(subgraph, object)
                    .fields
                    .insert(name.clone(), external);
            }
            let provided = provided.join(" ");
            sets.push(match *object == target {
                true => provided,
                false => format!("... on {object} {{ {provided} }}"),
            });
        }
        if !sets.is_empty() {
            self.here(subgraph, ty).fields[field].provides = Some(sets.join(" "));
        }
    }
}
