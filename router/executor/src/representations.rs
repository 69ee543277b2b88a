//! The tree -> the representations of entities, each distinct one once.

use std::hash::BuildHasher;
use std::ops::Range;

use bytes::Bytes;
use hashbrown::{DefaultHashBuilder, HashTable};
use souk_planner::plan::IfNull;

use crate::entities::Entities;
use crate::prepared::{Group, Segment, Shape, ShapeField};
use crate::request::JsonMap;
use crate::symbols::{NO_SYMBOL, Symbols};
use crate::transport::{InputForm, Representations};
use crate::tree::{ObjectId, ROOT, Span, Tree, TreeValue};

/// Finds the entities of a group and builds their representations.
pub(crate) fn collect(
    tree: &mut Tree,
    symbols: &Symbols,
    group: &Group,
    form: InputForm,
) -> Entities {
    let objects = objects_at(tree, &group.path);
    let writer = Writer { tree, symbols };
    let mut collected = Collected {
        targets: Vec::with_capacity(objects.len()),
        ..Collected::default()
    };
    for object in objects {
        if let Some(shape) = fitting_shape(tree, group, object) {
            collected.add(&writer, object, shape, form);
        }
    }
    collected.finish(form)
}

/// Entities as they are found.
#[derive(Default)]
pub(crate) struct Collected {
    distinct: Distinct,
    values: Vec<serde_json::Value>,
    targets: Vec<(ObjectId, u32)>,
    /// See [`Entities`].
    pub mistaken: Vec<ObjectId>,
}

impl Collected {
    /// Adds an entity, unless it lacks what is needed.
    pub fn add(&mut self, writer: &Writer<'_>, object: ObjectId, shape: &Shape, form: InputForm) {
        let distinct = &mut self.distinct;
        let start = distinct.start();
        if !writer.representation(&mut distinct.text, object, shape) {
            if writer.mistake(object, &shape.fields).is_some() {
                self.mistaken.push(object);
            }
            distinct.remove_from(start);
            return;
        }
        let (index, is_new) = distinct.add(start);
        if is_new && form == InputForm::Values {
            self.values.push(writer.representation_value(object, shape));
        }
        self.targets.push((object, index));
    }

    /// All that were added.
    pub fn finish(self, form: InputForm) -> Entities {
        Entities {
            len: self.distinct.ranges.len() as u32,
            representations: match form {
                InputForm::Json => Representations::Json(self.distinct.finish()),
                InputForm::Values => Representations::Values(self.values),
            },
            targets: self.targets,
            mistaken: self.mistaken,
        }
    }
}

/// The objects at a place of the tree, each once, however many ways lead to it.
pub(crate) fn objects_at(tree: &mut Tree, path: &[Segment]) -> Vec<ObjectId> {
    let mut objects = Vec::new();
    let walk = tree.next_walk();
    find_objects(tree, TreeValue::Object(ROOT), path, walk, &mut objects);
    objects
}

/// Adds the objects at the end of `path` from `value`, each once, however many ways lead to it.
fn find_objects(
    tree: &mut Tree,
    value: TreeValue,
    path: &[Segment],
    walk: u32,
    found: &mut Vec<ObjectId>,
) {
    let Some((segment, rest)) = path.split_first() else {
        if let TreeValue::Object(object) = value
            && !tree.visited(object, walk)
        {
            found.push(object);
        }
        return;
    };
    match (segment, value) {
        (Segment::Key(key), TreeValue::Object(object)) => {
            if !tree.visited(object, walk)
                && let Some(value) = tree.field(object, *key)
            {
                find_objects(tree, value, rest, walk, found);
            }
        }
        (Segment::Each, TreeValue::List { first, .. }) => {
            let mut item = tree.item(first);
            while let Some(node) = item {
                find_objects(tree, node.value, rest, walk, found);
                item = tree.item(node.next);
            }
        }
        (Segment::OnTypes(types), TreeValue::Object(object))
            if types.contains(tree.objects[object as usize].type_name) =>
        {
            find_objects(tree, value, rest, walk, found);
        }
        _ => {}
    }
}

/// The first shape that fits. An object whose `__typename` was not asked for can only be of the one type that
/// is possible at its place.
pub(crate) fn fitting_shape<'a>(
    tree: &Tree,
    group: &'a Group,
    object: ObjectId,
) -> Option<&'a Shape> {
    let type_name = tree.objects[object as usize].type_name;
    if type_name == NO_SYMBOL {
        return group
            .shapes
            .first()
            .filter(|shape| group.shapes.len() == 1 && shape.types.only().is_some());
    }
    group
        .shapes
        .iter()
        .find(|shape| shape.types.contains(type_name))
}

/// Whether an object has all that some shape of the group sends, whatever its type.
pub(crate) fn can_be_sent(tree: &Tree, symbols: &Symbols, group: &Group, object: ObjectId) -> bool {
    let writer = Writer { tree, symbols };
    let is_complete = |shape: &Shape| writer.fields(&mut Vec::new(), object, &shape.fields, false);
    group.shapes.iter().any(is_complete)
}

/// Representations as the text of a JSON list, without repetitions.
struct Distinct {
    text: Vec<u8>,
    ranges: Vec<Range<usize>>,
    by_text: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Default for Distinct {
    fn default() -> Distinct {
        let by_text = HashTable::new();
        Distinct {
            text: vec![b'['],
            ranges: Vec::new(),
            by_text,
            hasher: DefaultHashBuilder::default(),
        }
    }
}

impl Distinct {
    /// Where the next item starts.
    fn start(&mut self) -> usize {
        if !self.ranges.is_empty() {
            self.text.push(b',');
        }
        self.text.len()
    }

    /// The index of the item that was written from `start`, and whether it is new.
    fn add(&mut self, start: usize) -> (u32, bool) {
        let range = start..self.text.len();
        let hash = self.hasher.hash_one(&self.text[range.clone()]);
        let (text, ranges, hasher) = (&self.text, &self.ranges, &self.hasher);
        let same = |&index: &u32| text[ranges[index as usize].clone()] == text[range.clone()];
        if let Some(&index) = self.by_text.find(hash, same) {
            self.remove_from(start);
            return (index, false);
        }
        let index = ranges.len() as u32;
        self.by_text.insert_unique(hash, index, |&index| {
            hasher.hash_one(&text[ranges[index as usize].clone()])
        });
        self.ranges.push(range);
        (index, true)
    }

    /// Takes back the item from `start`, with the comma before it.
    fn remove_from(&mut self, start: usize) {
        let comma = usize::from(!self.ranges.is_empty());
        self.text.truncate(start - comma);
    }

    fn finish(mut self) -> Bytes {
        self.text.push(b']');
        Bytes::from(self.text)
    }
}

/// Writes parts of the tree as a subgraph knows them.
pub(crate) struct Writer<'a> {
    pub tree: &'a Tree,
    symbols: &'a Symbols,
}

impl<'a> Writer<'a> {
    /// A writer of what this tree holds.
    pub fn new(tree: &'a Tree, symbols: &'a Symbols) -> Writer<'a> {
        Writer { tree, symbols }
    }

    /// Appends a representation; false when a needed value is missing.
    fn representation(&self, out: &mut Vec<u8>, object: ObjectId, shape: &Shape) -> bool {
        match &shape.start {
            Some(start) => out.extend_from_slice(start),
            None => {
                out.extend_from_slice(b"{\"__typename\":\"");
                out.extend_from_slice(self.own_type(object, shape).as_bytes());
                out.push(b'"');
            }
        }
        let complete = self.fields(out, object, &shape.fields, false);
        out.push(b'}');
        complete
    }

    fn own_type(&self, object: ObjectId, shape: &Shape) -> &str {
        let known = self.tree.objects[object as usize].type_name;
        let type_name = if known == NO_SYMBOL {
            shape.types.only().unwrap_or(known)
        } else {
            known
        };
        self.symbols.name(type_name)
    }

    fn fields(
        &self,
        out: &mut Vec<u8>,
        object: ObjectId,
        fields: &[ShapeField],
        mut first: bool,
    ) -> bool {
        for field in fields {
            if !self.applies(object, field) {
                continue;
            }
            let Some(value) = self.needed(object, field) else {
                return false;
            };
            let comma = usize::from(std::mem::take(&mut first));
            out.extend_from_slice(&field.key_text[comma..]);
            if !self.value(out, value, &field.fields) {
                return false;
            }
        }
        true
    }

    /// A field that is null although it may not be, with the object that has it, behind those that they are below.
    pub fn mistake<'f>(
        &self,
        object: ObjectId,
        fields: &'f [ShapeField],
    ) -> Option<Vec<(ObjectId, &'f ShapeField)>> {
        let mut fields = fields.iter().filter(|field| self.applies(object, field));
        fields.find_map(|field| {
            let value = self.tree.field(object, field.source)?;
            if value == TreeValue::Null {
                return (field.if_null == IfNull::Mistake).then(|| vec![(object, field)]);
            }
            let mut values = vec![value];
            while let Some(value) = values.pop() {
                match value {
                    TreeValue::List { first, .. } => {
                        values.extend(self.tree.chain(first).map(|item| item.value));
                    }
                    TreeValue::Object(inner) => {
                        if let Some(below) = self.mistake(inner, &field.fields) {
                            return Some([vec![(object, field)], below].concat());
                        }
                    }
                    _ => {}
                }
            }
            None
        })
    }

    /// Whether an object has a field, by its runtime type.
    pub fn applies(&self, object: ObjectId, field: &ShapeField) -> bool {
        let type_name = self.tree.objects[object as usize].type_name;
        field
            .types
            .as_ref()
            .is_none_or(|types| type_name == NO_SYMBOL || types.contains(type_name))
    }

    /// The field's value, unless it is missing or a null that may not be sent.
    fn needed(&self, object: ObjectId, field: &ShapeField) -> Option<TreeValue> {
        let value = self.tree.field(object, field.source)?;
        (value != TreeValue::Null || field.if_null == IfNull::Send).then_some(value)
    }

    /// Appends a value; false when something needed below it is missing.
    pub fn value(&self, out: &mut Vec<u8>, value: TreeValue, fields: &[ShapeField]) -> bool {
        match value {
            TreeValue::Null => out.extend_from_slice(b"null"),
            TreeValue::Bool(true) => out.extend_from_slice(b"true"),
            TreeValue::Bool(false) => out.extend_from_slice(b"false"),
            TreeValue::Number(span) | TreeValue::String(span) | TreeValue::Raw(span) => {
                out.extend_from_slice(self.tree.text(span));
            }
            TreeValue::List { first, .. } => {
                out.push(b'[');
                for (index, item) in self.tree.chain(first).enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    if !self.value(out, item.value, fields) {
                        return false;
                    }
                }
                out.push(b']');
            }
            TreeValue::Object(object) => {
                if let Some(text) = self.raw(object, fields) {
                    out.extend_from_slice(self.tree.text(text));
                    return true;
                }
                out.push(b'{');
                if !self.fields(out, object, fields, true) {
                    return false;
                }
                out.push(b'}');
            }
        }
        true
    }

    /// The text of an object that is sent as the value of a custom scalar.
    fn raw(&self, object: ObjectId, fields: &[ShapeField]) -> Option<Span> {
        if !fields.is_empty() {
            return None;
        }
        self.tree.raw_objects.get(&object).copied()
    }

    /// The same as a value. Called for what [`Writer::representation`] found complete.
    fn representation_value(&self, object: ObjectId, shape: &Shape) -> serde_json::Value {
        let type_name = match &shape.send_typename {
            Some(name) => name,
            None => self.own_type(object, shape),
        };
        let mut map = JsonMap::with_capacity(shape.fields.len() + 1);
        map.insert("__typename".into(), type_name.into());
        self.field_values(&mut map, object, &shape.fields);
        serde_json::Value::Object(map)
    }

    fn field_values(&self, map: &mut JsonMap, object: ObjectId, fields: &[ShapeField]) {
        for field in fields {
            if self.applies(object, field)
                && let Some(value) = self.needed(object, field)
            {
                map.insert(
                    field.name.to_string(),
                    self.json_value(value, &field.fields),
                );
            }
        }
    }

    fn json_value(&self, value: TreeValue, fields: &[ShapeField]) -> serde_json::Value {
        match value {
            TreeValue::Null => serde_json::Value::Null,
            TreeValue::Bool(value) => value.into(),
            TreeValue::String(span) => {
                let content = self.tree.string_content(span);
                match std::str::from_utf8(content) {
                    Ok(plain) if !content.contains(&b'\\') => plain.into(),
                    _ => self.parsed(span),
                }
            }
            TreeValue::Number(span) | TreeValue::Raw(span) => self.parsed(span),
            TreeValue::List { first, .. } => self
                .tree
                .chain(first)
                .map(|item| self.json_value(item.value, fields))
                .collect(),
            TreeValue::Object(object) => {
                if let Some(text) = self.raw(object, fields) {
                    return self.parsed(text);
                }
                let mut map = JsonMap::with_capacity(fields.len());
                self.field_values(&mut map, object, fields);
                serde_json::Value::Object(map)
            }
        }
    }

    fn parsed(&self, span: Span) -> serde_json::Value {
        // A lone surrogate escape is JSON by its grammar but no string of ours.
        serde_json::from_slice(self.tree.text(span)).unwrap_or_default()
    }
}
