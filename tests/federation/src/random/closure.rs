//! Gives every subgraph the types that its fields name.

use crate::random::build::Builder;
use crate::random::whole::{FieldHere, Kind, named};

impl Builder {
    /// Gives every subgraph what its fields' types need.
    pub(super) fn close(&mut self) {
        while self.close_once() {}
    }

    fn close_once(&mut self) -> bool {
        let mut changed = false;
        for subgraph in 0..self.whole.subgraphs.len() {
            let mut wanted = Vec::new();
            for (name, here) in &self.whole.subgraphs[subgraph].types {
                let fields = here.fields.keys();
                wanted.extend(fields.map(|field| named(&self.whole.field(name, field).ty)));
            }
            let here = &self.whole.subgraphs[subgraph];
            for interface in &here.interfaces {
                let known = self.whole.implementers(interface);
                if !known.iter().any(|name| here.types.contains_key(name)) {
                    wanted.extend(known.into_iter().next());
                }
            }
            for union in &here.unions {
                let members = &self.whole.unions[union];
                if !members.iter().any(|name| here.types.contains_key(name)) {
                    wanted.extend(members.first().cloned());
                }
            }
            for name in wanted {
                changed |= self.ensure(subgraph, &name);
            }
        }
        changed
    }

    /// Makes sure that a subgraph has a type.
    pub(super) fn ensure(&mut self, subgraph: usize, name: &str) -> bool {
        let here = &mut self.whole.subgraphs[subgraph];
        if self.whole.interfaces.contains_key(name) {
            let known =
                here.types.contains_key(name) || here.interfaces.iter().any(|it| it == name);
            if !known {
                here.interfaces.push(name.to_owned());
            }
            return !known;
        }
        if self.whole.unions.contains_key(name) {
            let known = here.unions.iter().any(|it| it == name);
            if !known {
                here.unions.push(name.to_owned());
            }
            return !known;
        }
        match self.whole.objects.get(name).map(|object| object.kind) {
            Some(Kind::Entity) => self.stub(subgraph, name),
            Some(Kind::Value) if !here.types.contains_key(name) => {
                for field in self.field_names(name) {
                    let fields = &mut self.here(subgraph, name).fields;
                    fields.insert(
                        field,
                        FieldHere {
                            shareable: true,
                            ..FieldHere::default()
                        },
                    );
                }
                true
            }
            _ => false,
        }
    }

    /// Makes sure that a subgraph knows an entity, if only by a key.
    pub(super) fn stub(&mut self, subgraph: usize, entity: &str) -> bool {
        if self.whole.subgraphs[subgraph].types.contains_key(entity) {
            return false;
        }
        let key = if self.whole.objects[entity].first_key_everywhere {
            0
        } else {
            let homes = &self.homes[entity];
            let home = *self.dice.pick(homes);
            self.dice
                .pick(&self.whole.subgraphs[home].types[entity].keys)
                .0
        };
        let resolvable = self.dice.one_in(2);
        self.add_key(subgraph, entity, key, resolvable);
        true
    }
}
