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
                        self.here(home, &entity).fields.insert(name, external());
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
        let below = self.required_below(home, &target)?;
        self.whole.objects[entity].fields[name].sound = true;
        let selection = match below.on == target {
            true => below.field.clone(),
            false => format!("... on {} {{ {} }}", below.on, below.field),
        };
        Some((
            format!("{name}{arguments} {{ {selection} }}"),
            format!("{name}{arguments}.{}", below.field),
        ))
    }

    /// A field of an object that is required: of the object type itself, or of one that the abstract type may be.
    fn required_below(&mut self, home: usize, target: &str) -> Option<Below> {
        let possible = match self.whole.unions.get(target) {
            Some(members) => members.clone(),
            None if self.whole.objects.contains_key(target) => vec![target.to_owned()],
            None => self.whole.implementers(target),
        };
        let is_lost = possible.iter().any(|object| self.may_be_lost(object));
        if possible.is_empty() || (self.errors && is_lost) {
            return None;
        }
        let on = self.dice.pick(&possible).clone();
        let object = &self.whole.objects[&on];
        // A template does not ask which type an object has: no other may have a field of this name.
        let others = possible.iter().filter(|other| **other != on);
        let others: Vec<_> = others.map(|other| &self.whole.objects[other]).collect();
        let plain = object.fields.iter().filter(|(name, field)| {
            let given = matches!(field.value, FieldValue::Given) && field.arguments.is_empty();
            let unique = !others.iter().any(|it| it.fields.contains_key(*name));
            given && shows(&field.ty) && unique
        });
        let plain: Vec<String> = plain.map(|(name, _)| name.clone()).collect();
        if plain.is_empty() || object.kind == Kind::SplitValue {
            return None;
        }
        let field = self.dice.pick(&plain).clone();
        if object.kind == Kind::Entity {
            self.know(home, &on, &field);
            if self.here(home, &on).fields[&field].overridden {
                return None;
            }
        } else {
            self.ensure(home, &on);
        }
        self.whole.objects[&on].fields[&field].sound = true;
        Some(Below { on, field })
    }

    /// Whether a failing field of an object takes the object with it. What is required is fetched along with what clients
    /// select of the same object, and then lost, too; one server would have it still.
    fn may_be_lost(&self, object: &str) -> bool {
        let mut fields = self.whole.objects[object].fields.values();
        fields.any(|field| {
            let is_leaf = !self.whole.is_composite(&named(&field.ty));
            field.ty.is_non_null() && !(field.sound && is_leaf)
        })
    }

    /// Makes sure that a subgraph has a field of an entity, if only as an external one.
    fn know(&mut self, subgraph: usize, entity: &str, field: &str) {
        self.stub(subgraph, entity);
        let fields = &mut self.here(subgraph, entity).fields;
        fields.entry(field.to_owned()).or_insert(external());
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
                let made = matches!(field.value, FieldValue::Template(_));
                !made && field.arguments.is_empty()
            });
            let count = self.dice.between(1..=2);
            let mut provided = Vec::new();
            for name in self.dice.some(&elsewhere, count) {
                provided.extend(self.provided(subgraph, object, &name));
            }
            if provided.is_empty() {
                continue;
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

    /// How a field of an entity is provided by a subgraph that does not resolve it otherwise.
    fn provided(&mut self, subgraph: usize, entity: &str, name: &str) -> Option<String> {
        let target = named(&self.whole.objects[entity].fields[name].ty);
        let mut selection = name.to_owned();
        if self.whole.is_composite(&target) {
            let object = self.whole.objects.get(&target)?;
            let plain = object.fields.iter().filter(|(_, field)| {
                let is_leaf = !self.whole.is_composite(&named(&field.ty));
                let made = matches!(field.value, FieldValue::Template(_));
                is_leaf && !made && field.arguments.is_empty()
            });
            let plain: Vec<String> = plain.map(|(name, _)| name.clone()).collect();
            if plain.is_empty() || object.kind == Kind::SplitValue {
                return None;
            }
            let is_entity = object.kind == Kind::Entity;
            let below = self.dice.pick(&plain).clone();
            if is_entity {
                self.know(subgraph, &target, &below);
                if self.here(subgraph, &target).fields[&below].external {
                    self.share(&target, &below);
                }
            }
            selection = format!("{name} {{ {below} }}");
        }
        self.share(entity, name);
        let fields = &mut self.here(subgraph, entity).fields;
        fields.insert(name.to_owned(), external());
        Some(selection)
    }

    /// Who provides a field resolves it, too: the others have to share it.
    fn share(&mut self, ty: &str, field: &str) {
        for resolver in self.whole.resolvers(ty, field) {
            self.here(resolver, ty).fields[field].shareable = true;
        }
    }
}

/// A field below a required one, and the object type that has it.
struct Below {
    on: String,
    field: String,
}

fn external() -> FieldHere {
    FieldHere {
        external: true,
        ..FieldHere::default()
    }
}
