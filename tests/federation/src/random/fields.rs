//! The fields of a random graph, and which subgraph resolves which.

use apollo_compiler::ast::Type;
use indexmap::IndexMap;

use crate::random::build::Builder;
use crate::random::types::given;
use crate::random::whole::{Field, FieldHere, FieldValue, Kind, named};

const LEAVES: [&str; 8] = [
    "String", "Int", "Float", "Boolean", "ID", "Color", "Mood", "Blob",
];
/// Types around a name, the plain ones more often.
const WRAPPINGS: [(&str, &str); 12] = [
    ("", ""),
    ("", ""),
    ("", ""),
    ("", "!"),
    ("", "!"),
    ("[", "]"),
    ("[", "!]"),
    ("[", "]!"),
    ("[", "!]!"),
    ("[[", "]]"),
    ("[[", "!]!]"),
    ("[", "!]"),
];
const ARGUMENTS: [&str; 8] = [
    "n: Int = 2",
    "text: String",
    "filter: Filter",
    "color: Color! = GREEN",
    "ids: [ID!]",
    "grid: [[Int]] = [[1], null]",
    "size: Float!",
    "blob: Blob",
];

impl Builder {
    pub(super) fn leaf_field(&mut self) -> (String, Field) {
        let leaf = *self.dice.pick(&LEAVES);
        let mut name = match leaf {
            "ID" => "number".to_owned(),
            other => other.to_lowercase(),
        };
        // Names repeat from type to type, so that fragments on several types meet in one response key.
        name.push_str(["", "2"][self.dice.below(2)]);
        let wrapped = self.wrap(leaf);
        let mut field = given(&wrapped, false);
        if self.dice.one_in(4) {
            let count = self.dice.between(1..=3);
            field.arguments = self.dice.some(&ARGUMENTS, count);
            if wrapped.trim_end_matches('!') == "String" {
                field.value = FieldValue::Arguments;
            }
            self.by_argument(&mut field);
        }
        (name, field)
    }

    fn by_argument(&mut self, field: &mut Field) {
        let has_n = field
            .arguments
            .iter()
            .any(|argument| argument.starts_with("n:"));
        if has_n && matches!(field.value, FieldValue::Given) {
            field.value = FieldValue::ByArgument;
        }
    }

    fn wrap(&mut self, name: &str) -> String {
        let (before, after) = self.dice.pick(&WRAPPINGS);
        format!("{before}{name}{after}")
    }

    /// A field with an object type, an interface or a union.
    pub(super) fn link_field(&mut self) -> (String, Field) {
        let mut targets = self.of_kind(Kind::Entity);
        targets.extend(self.of_kind(Kind::Value));
        targets.extend(self.whole.interfaces.keys().cloned());
        targets.extend(self.whole.unions.keys().cloned());
        let target = self.dice.pick(&targets).clone();
        self.link_to(&target)
    }

    pub(super) fn link_to(&mut self, target: &str) -> (String, Field) {
        let wrapped = self.wrap(target);
        let mut field = given(&wrapped, false);
        if self.dice.one_in(5) {
            field.arguments = vec!["n: Int = 2"];
            self.by_argument(&mut field);
        }
        let plural = if field.ty.is_list() { "s" } else { "" };
        (format!("to{target}{plural}"), field)
    }

    /// Every field of an entity gets a subgraph that resolves it, or several that share it.
    pub(super) fn fields(&mut self) {
        for entity in self.of_kind(Kind::Entity) {
            for _ in 0..self.dice.between(1..=self.size.fields) {
                let (name, field) = match self.dice.below(5) {
                    0..3 => self.leaf_field(),
                    _ => self.link_field(),
                };
                let fields = &mut self.whole.objects[&entity].fields;
                fields.entry(name).or_insert(field);
            }
            let in_keys: Vec<String> = self.whole.objects[&entity]
                .keys
                .iter()
                .flat_map(|key| key.fields.clone())
                .collect();
            for name in self.field_names(&entity) {
                if in_keys.contains(&name) {
                    continue;
                }
                let target = named(&self.whole.objects[&entity].fields[&name].ty);
                let is_abstract =
                    self.whole.is_composite(&target) && !self.whole.objects.contains_key(&target);
                let shared = !is_abstract && self.dice.one_in(5);
                let homes = self.homes[&entity].clone();
                let is_common = self.is_in_an_interface(&entity, &name) && !self.dice.one_in(3);
                let chosen = match homes.iter().max() {
                    // One subgraph is likely to have it for all types of the interface.
                    Some(last) if is_common => vec![*last],
                    _ => self.dice.some(&homes, if shared { 2 } else { 1 }),
                };
                for home in chosen {
                    let fields = &mut self.here(home, &entity).fields;
                    fields.insert(
                        name.clone(),
                        FieldHere {
                            shareable: shared,
                            ..FieldHere::default()
                        },
                    );
                }
            }
        }
        // Keys that no subgraph chose leave fields that nobody has.
        for entity in self.of_kind(Kind::Entity) {
            for name in self.field_names(&entity) {
                if self.whole.resolvers(&entity, &name).is_empty() {
                    self.whole.objects[&entity].fields.shift_remove(&name);
                }
            }
        }
    }

    fn is_in_an_interface(&self, entity: &str, field: &str) -> bool {
        let mut interfaces = self.whole.objects[entity].interfaces.iter();
        interfaces.any(|name| {
            self.whole.interfaces[name]
                .fields
                .iter()
                .any(|it| it == field)
        })
    }

    pub(super) fn field_names(&self, ty: &str) -> Vec<String> {
        self.whole.objects[ty].fields.keys().cloned().collect()
    }

    /// A value type whose fields are in different subgraphs, below a field that these share.
    pub(super) fn split_value(&mut self) {
        let entities = self.of_kind(Kind::Entity);
        let entity = self.dice.pick(&entities).clone();
        let homes = self.homes[&entity].clone();
        if homes.len() < 2 || !self.dice.one_in(3) {
            return;
        }
        let homes = self.dice.some(&homes, 2);
        let mut fields = IndexMap::new();
        for name in ["left", "right", "both"] {
            fields.insert(name.to_owned(), self.leaf_field().1);
        }
        self.add_object("Split", Kind::SplitValue, fields);
        let wrapped = self.wrap("Split");
        let link = given(&wrapped, false);
        self.whole.objects[&entity]
            .fields
            .insert("split".to_owned(), link);
        for (home, own) in homes.into_iter().zip(["left", "right"]) {
            let shared = || FieldHere {
                shareable: true,
                ..FieldHere::default()
            };
            self.here(home, &entity)
                .fields
                .insert("split".to_owned(), shared());
            let here = self.here(home, "Split");
            here.fields.insert(own.to_owned(), FieldHere::default());
            here.fields.insert("both".to_owned(), shared());
        }
    }

    /// Some fields of entities are for other subgraphs alone.
    pub(super) fn hide(&mut self) {
        for entity in self.of_kind(Kind::Entity) {
            let object = &self.whole.objects[&entity];
            let in_keys = object.keys.iter().flat_map(|key| &key.fields);
            let in_keys: Vec<String> = in_keys.cloned().collect();
            for name in self.field_names(&entity) {
                let is_visible = in_keys.contains(&name) || self.is_in_an_interface(&entity, &name);
                if !is_visible && self.dice.one_in(10) {
                    self.whole.objects[&entity].fields[&name].hidden = true;
                }
            }
        }
    }

    /// Some fields of entities and of the query root move to another subgraph.
    pub(super) fn overrides(&mut self) {
        let all: Vec<usize> = (0..self.whole.subgraphs.len()).collect();
        for entity in self.of_kind(Kind::Entity) {
            let homes = self.homes[&entity].clone();
            self.overrides_of(&entity, &homes);
        }
        self.overrides_of("Query", &all);
    }

    fn overrides_of(&mut self, ty: &str, homes: &[usize]) {
        for name in self.field_names(ty) {
            let resolvers = self.whole.resolvers(ty, &name);
            let [old] = resolvers[..] else { continue };
            let shareable = self.here(old, ty).fields[&name].shareable;
            let others = homes.iter().filter(|home| **home != old);
            let others: Vec<usize> = others.copied().collect();
            if shareable || others.is_empty() || !self.dice.one_in(8) {
                continue;
            }
            let new = *self.dice.pick(&others);
            let from = self.whole.subgraphs[old].name.clone();
            let target = named(&self.whole.objects[ty].fields[&name].ty);
            let is_leaf = !self.whole.is_composite(&target);
            let progressive = is_leaf && self.dice.one_in(3);
            self.here(old, ty).fields[&name].overridden = !progressive;
            self.here(new, ty).fields.insert(
                name,
                FieldHere {
                    override_from: Some(from),
                    progressive,
                    ..FieldHere::default()
                },
            );
        }
    }

    pub(super) fn roots(&mut self) {
        let subgraphs: Vec<usize> = (0..self.whole.subgraphs.len()).collect();
        self.add_object("Query", Kind::Root, IndexMap::new());
        for _ in 0..self.dice.between(3..=3 + self.size.fields) {
            let (name, field) = match self.dice.below(6) {
                0 => self.leaf_field(),
                _ => self.link_field(),
            };
            let target = named(&field.ty);
            let is_object = self.whole.objects.contains_key(&target);
            let shared = (is_object || !self.whole.is_composite(&target)) && self.dice.one_in(6);
            self.add_root_field("Query", &name, field, &subgraphs, shared);
        }
        for interface in self.whole.interfaces.keys().cloned().collect::<Vec<_>>() {
            let (name, field) = self.link_to(&interface);
            self.add_root_field("Query", &name, field, &subgraphs, false);
        }
        if self.dice.one_in(2) {
            self.add_object("Mutation", Kind::Root, IndexMap::new());
            for number in 0..self.dice.between(2..=5) {
                let (name, field) = match self.dice.below(3) {
                    0 => self.leaf_field(),
                    _ => self.link_field(),
                };
                self.add_root_field(
                    "Mutation",
                    &format!("{name}{number}"),
                    field,
                    &subgraphs,
                    false,
                );
            }
        }
    }

    pub(super) fn add_root_field(
        &mut self,
        root: &str,
        name: &str,
        field: Field,
        subgraphs: &[usize],
        shareable: bool,
    ) {
        if self.whole.objects[root].fields.contains_key(name) {
            return;
        }
        let fields = &mut self.whole.objects[root].fields;
        fields.insert(name.to_owned(), field);
        for subgraph in self.dice.some(subgraphs, if shareable { 2 } else { 1 }) {
            let fields = &mut self.here(subgraph, root).fields;
            fields.insert(
                name.to_owned(),
                FieldHere {
                    shareable,
                    ..FieldHere::default()
                },
            );
        }
    }

    /// A subgraph of its own that knows an interface's entities without knowing their types.
    pub(super) fn interface_object(&mut self) {
        let all_entities = |interface: &String| {
            let implementers = self.whole.implementers(interface);
            let mut kinds = implementers
                .iter()
                .map(|name| self.whole.objects[name].kind);
            kinds.all(|kind| kind == Kind::Entity)
        };
        let interfaces: Vec<String> = self.whole.interfaces.keys().cloned().collect();
        let fitting = interfaces.into_iter().filter(all_entities);
        // What owns others by its id would come here as a stub, and so would what it implements.
        let fitting =
            fitting.filter(|name| !self.whole.implementers(name).contains(&"E0".to_owned()));
        let fitting: Vec<String> = fitting.collect();
        if fitting.is_empty() || self.dice.one_in(3) {
            return;
        }
        let interface = self.dice.pick(&fitting).clone();
        let implementers = self.whole.implementers(&interface);
        let owner = self.dice.below(self.whole.subgraphs.len());
        for implementer in &implementers {
            if !self.whole.subgraphs[owner].types.contains_key(implementer) {
                self.add_key(owner, implementer, 0, true);
            }
        }
        self.whole.subgraphs[owner]
            .interfaces
            .push(interface.clone());
        let guest = self.add_subgraph("guest");
        let here = self.here(guest, &interface);
        here.interface_object = true;
        here.fields.insert("id".to_owned(), FieldHere::default());
        let mut contributed = IndexMap::new();
        for number in 0..self.dice.between(1..=2) {
            let (name, mut field) = self.leaf_field();
            if self.dice.one_in(3) {
                let link = self.wrap("E0");
                field = given(&link, false);
            }
            let name = format!("{name}OfGuest{number}");
            self.here(guest, &interface)
                .fields
                .insert(name.clone(), FieldHere::default());
            contributed.insert(name, field);
        }
        let known = &mut self.whole.interfaces[&interface];
        known.entity = Some((owner, guest));
        known.contributed = contributed;
        if self.dice.one_in(2) {
            let ty = self.wrap(&interface);
            self.add_root_field("Query", "guests", given(&ty, false), &[guest], false);
        }
    }
}

/// Whether a template can show the field.
pub(super) fn shows(ty: &Type) -> bool {
    let leaf = ty.inner_named_type();
    LEAVES.contains(&leaf.as_str()) && leaf != "Blob"
}
