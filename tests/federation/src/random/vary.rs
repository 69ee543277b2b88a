//! What subgraphs say differently of the same field, as far as Apollo's rules merge it.

use crate::random::build::Builder;
use crate::random::types::KEYS;
use crate::random::whole::Kind;

impl Builder {
    /// Some subgraphs have an argument that others do not have, or deprecate what others do not.
    pub(super) fn vary(&mut self) {
        for (ty, name) in self.shared_fields() {
            let resolvers = self.whole.resolvers(&ty, &name);
            // What is in a key takes no arguments, nor what is provided, which may be any value type's.
            let is_named = |set: &str| set.split(' ').any(|word| word == name);
            let is_in_sets =
                KEYS.iter().any(|key| is_named(key)) || self.provided_sets().any(is_named);
            let is_value = self.whole.objects[&ty].kind == Kind::Value;
            if !is_in_sets && !is_value && self.dice.one_in(3) {
                let resolver = *self.dice.pick(&resolvers);
                self.here(resolver, &ty).fields[&name].extra = true;
            }
            if self.dice.one_in(3) {
                let resolver = *self.dice.pick(&resolvers);
                self.here(resolver, &ty).fields[&name].deprecated = true;
            }
        }
    }

    fn provided_sets(&self) -> impl Iterator<Item = &str> {
        let types = self.whole.subgraphs.iter().flat_map(|it| it.types.values());
        let fields = types.flat_map(|ty| ty.fields.values());
        fields.filter_map(|field| field.provides.as_deref())
    }

    /// Some subgraphs say of a field that it may be null where others say that it is not.
    pub(super) fn loosen(&mut self) {
        for (ty, name) in self.shared_fields() {
            if self.dice.one_in(3) {
                let resolvers = self.whole.resolvers(&ty, &name);
                let loose = *self.dice.pick(&resolvers);
                self.here(loose, &ty).fields[&name].loose = true;
            }
        }
    }

    /// The fields that several subgraphs resolve and none has only as an external one, or for an interface: those have
    /// one signature everywhere.
    fn shared_fields(&self) -> Vec<(String, String)> {
        let mut shared = Vec::new();
        for (ty, object) in &self.whole.objects {
            for name in object.fields.keys() {
                let in_interface = object
                    .interfaces
                    .iter()
                    .any(|interface| self.whole.interfaces[interface].fields.contains(name));
                let resolvers = self.whole.resolvers(ty, name).len();
                let all = self
                    .whole
                    .subgraphs
                    .iter()
                    .filter_map(|here| here.types.get(ty));
                let here = all.filter(|here| here.fields.contains_key(name)).count();
                if !in_interface && here == resolvers && resolvers > 1 {
                    shared.push((ty.clone(), name.clone()));
                }
            }
        }
        shared
    }
}
