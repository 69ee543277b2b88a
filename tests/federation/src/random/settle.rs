//! Drops from the whole what no subgraph got: the unsplit schema is what the subgraphs have together.

use std::collections::HashSet;

use crate::random::whole::{FieldHere, Whole};

impl Whole {
    /// Drops what no subgraph got.
    pub(super) fn settle(&mut self) {
        self.settle_interface_fields();
        let subgraphs = &self.subgraphs;
        self.objects.retain(|name, object| {
            object.interfaces.retain(|interface| {
                subgraphs
                    .iter()
                    .any(|it| it.types.contains_key(name) && it.interfaces.contains(interface))
            });
            object.fields.retain(|field, _| {
                let mut all = subgraphs.iter().filter_map(|it| it.types.get(name));
                all.any(|it| it.fields.get(field).is_some_and(FieldHere::is_resolved))
            });
            subgraphs.iter().any(|it| it.types.contains_key(name))
        });
        self.interfaces
            .retain(|name, _| subgraphs.iter().any(|it| it.interfaces.contains(name)));
        self.unions.retain(|name, members| {
            let having = || subgraphs.iter().filter(|it| it.unions.contains(name));
            members.retain(|member| having().any(|it| it.types.contains_key(member)));
            having().count() > 0
        });
        self.settle_extensions();
    }

    /// An interface can implement another where it has all that this one has, in each subgraph and in the whole.
    fn settle_extensions(&mut self) {
        let mut unfit = Vec::new();
        for (name, interface) in &self.interfaces {
            let Some(extended) = &interface.extends else {
                continue;
            };
            let has_fields =
                |mine: &[&String], all: &[&String]| all.iter().all(|field| mine.contains(field));
            let fits_in = |index: usize| {
                self.extended(index, name).is_none()
                    || has_fields(
                        &self.interface_fields(index, name),
                        &self.interface_fields(index, extended),
                    )
            };
            let is_fit = self
                .interfaces
                .get(extended)
                .is_some_and(|extended_interface| {
                    let mine: Vec<&String> = interface.fields.iter().collect();
                    let all: Vec<&String> = extended_interface.fields.iter().collect();
                    let mut objects = self.implementers(name).into_iter();
                    has_fields(&mine, &all)
                        && (interface.entity, extended_interface.entity) == (None, None)
                        && objects.all(|object| self.objects[&object].interfaces.contains(extended))
                        && (0..self.subgraphs.len()).all(fits_in)
                });
            if !is_fit {
                unfit.push(name.clone());
            }
        }
        for name in unfit {
            self.interfaces[&name].extends = None;
        }
    }

    fn settle_interface_fields(&mut self) {
        let mut known = HashSet::new();
        for (index, subgraph) in self.subgraphs.iter().enumerate() {
            for name in &subgraph.interfaces {
                let fields = self.interface_fields(index, name);
                known.extend(
                    fields
                        .into_iter()
                        .map(|field| (name.clone(), field.clone())),
                );
            }
        }
        for (name, interface) in &mut self.interfaces {
            interface
                .fields
                .retain(|field| known.contains(&(name.clone(), field.clone())));
        }
    }
}
