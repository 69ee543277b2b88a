//! Fetches whose entities need values from further up in the tree (`@fromContext`).
//!
//! A value is a variable of the request, so entities whose values differ cannot share an `_entities` field: the document
//! gets such a field for each distinct value.

use std::fmt::Write;
use std::sync::Arc;

use apollo_compiler::Name;
use hashbrown::{HashMap, HashSet};
use serde_json::Value;
use souk_planner::plan::{SubgraphOperation, TextPart};

use crate::entities::Entities;
use crate::fetch::State;
use crate::prepared::contexts::{ContextStep, Contextual, ContextualGroup};
use crate::prepared::{FetchStep, Group, PreparedPlan, Segment};
use crate::representations::{self, Collected, Writer, fitting_shape};
use crate::request::JsonMap;
use crate::symbols::NO_SYMBOL;
use crate::transport::InputForm;
use crate::tree::{ObjectId, ROOT, Tree, TreeValue};

/// One request of such a fetch.
pub(crate) struct ContextualFetch {
    /// With a group for each `_entities` field of the document.
    pub step: FetchStep,
    pub entities: Vec<Entities>,
    /// The client's variables that the document uses, and the contexts' values.
    pub variables: Arc<JsonMap>,
}

/// The entities of one `_entities` field.
struct Slot {
    group: usize,
    entities: Entities,
    /// The values of the group's contexts.
    values: Vec<Value>,
}

/// The requests of a fetch with contexts: one, unless there are more distinct values than a document may have fields.
pub(crate) fn requests(
    state: &mut State,
    plan: &PreparedPlan,
    fetch: &FetchStep,
    contextual: &Contextual,
    conditions: &[bool],
    variables: &JsonMap,
    form: InputForm,
) -> Vec<ContextualFetch> {
    let mut documents: Vec<Vec<Slot>> = Vec::new();
    for (index, group) in fetch.groups.iter().enumerate() {
        if group
            .condition
            .is_some_and(|condition| !conditions[condition as usize])
        {
            continue;
        }
        let found = slots(state, plan, group, &contextual.groups[index], form);
        for (number, (entities, values)) in found.into_iter().enumerate() {
            let document = number / contextual.groups[index].fields.len();
            if documents.len() <= document {
                documents.resize_with(document + 1, Vec::new);
            }
            documents[document].push(Slot {
                group: index,
                entities,
                values,
            });
        }
    }
    let requests = documents
        .into_iter()
        .map(|slots| request(fetch, contextual, variables, slots));
    let requests: Vec<ContextualFetch> = requests.collect();
    for request in &requests {
        state.errors.note_asked(fetch.id, &request.entities);
    }
    requests
}

/// The entities of a group, by the values of its contexts.
fn slots(
    state: &mut State,
    plan: &PreparedPlan,
    group: &Group,
    contextual: &ContextualGroup,
    form: InputForm,
) -> Vec<(Entities, Vec<Value>)> {
    if contextual.contexts.is_empty() {
        let entities = representations::collect(&mut state.tree, &plan.symbols, group, form);
        state.errors.mistaken.extend(&entities.mistaken);
        return match entities.len {
            0 => Vec::new(),
            _ => vec![(entities, Vec::new())],
        };
    }
    let tree = &state.tree;
    let mut walk = Walk {
        writer: Writer::new(tree, &plan.symbols),
        contexts: &contextual.contexts,
        above: Vec::new(),
        found: Vec::new(),
    };
    walk.go(TreeValue::Object(ROOT), &group.path);
    let mut by_values: HashMap<Vec<Vec<u8>>, usize> = HashMap::new();
    let mut slots: Vec<(Collected, Vec<Value>)> = Vec::new();
    for (object, values) in walk.found {
        let Some(shape) = fitting_shape(tree, group, object) else {
            continue;
        };
        let index = *by_values.entry(values).or_insert_with_key(|values| {
            // The tree holds JSON only; a lone surrogate escape is none of ours.
            let values = values
                .iter()
                .map(|text| serde_json::from_slice(text).unwrap_or_default());
            slots.push((Collected::default(), values.collect()));
            slots.len() - 1
        });
        let writer = Writer::new(tree, &plan.symbols);
        slots[index].0.add(&writer, object, shape, form);
    }
    let mistaken = slots.iter().flat_map(|(entities, _)| &entities.mistaken);
    state.errors.mistaken.extend(mistaken);
    let finished = slots
        .into_iter()
        .map(|(collected, values)| (collected.finish(form), values));
    finished.filter(|(entities, _)| entities.len > 0).collect()
}

/// Walks to the entities of a group and notes what lies above them.
struct Walk<'a> {
    writer: Writer<'a>,
    contexts: &'a [ContextStep],
    /// The objects on the way, by the number of segments that lead to them.
    above: Vec<Option<ObjectId>>,
    /// The entities for which all contexts have values, as JSON text.
    found: Vec<(ObjectId, Vec<Vec<u8>>)>,
}

impl Walk<'_> {
    fn go(&mut self, value: TreeValue, path: &[Segment]) {
        let tree: &Tree = self.writer.tree;
        let object = match value {
            TreeValue::Object(object) => Some(object),
            _ => None,
        };
        let Some((segment, rest)) = path.split_first() else {
            let values = self.contexts.iter().map(|context| self.value(context));
            let values: Option<Vec<Vec<u8>>> = values.collect();
            self.found.extend(object.zip(values));
            return;
        };
        self.above.push(object);
        match (segment, value) {
            (Segment::Key(key), TreeValue::Object(object)) => {
                if let Some(value) = tree.field(object, *key) {
                    self.go(value, rest);
                }
            }
            (Segment::Each, TreeValue::List { first, .. }) => {
                for item in tree.chain(first) {
                    self.go(item.value, rest);
                }
            }
            (Segment::OnTypes(types), TreeValue::Object(object))
                if types.contains(tree.objects[object as usize].type_name) =>
            {
                self.go(value, rest);
            }
            _ => {}
        }
        self.above.pop();
    }

    /// The value of a context as JSON text; `None` when there is none, or a null where none may be.
    fn value(&self, context: &ContextStep) -> Option<Vec<u8>> {
        let tree: &Tree = self.writer.tree;
        let source = context.sources.iter().find_map(|source| {
            let object = self.above.get(source.depth).copied().flatten()?;
            let type_name = tree.objects[object as usize].type_name;
            let fits = source
                .on
                .is_none_or(|on| type_name == on || type_name == NO_SYMBOL);
            fits.then_some((object, source))
        });
        let (object, source) = source?;
        let mut value = TreeValue::Object(object);
        for key in &source.keys {
            value = match value {
                TreeValue::Object(object) => tree.field(object, *key)?,
                _ => TreeValue::Null,
            };
        }
        if value == TreeValue::Null && context.non_null {
            return None;
        }
        let mut text = Vec::new();
        self.writer.value(&mut text, value, &[]).then_some(text)
    }
}

fn request(
    fetch: &FetchStep,
    contextual: &Contextual,
    client: &JsonMap,
    slots: Vec<Slot>,
) -> ContextualFetch {
    let is_whole = slots.len() == fetch.groups.len()
        && slots
            .iter()
            .enumerate()
            .all(|(index, slot)| slot.group == index);
    let mut used = vec![0; fetch.groups.len()];
    let mut variables = JsonMap::new();
    for name in &contextual.client_variables {
        if let Some(value) = client.get(name.as_str()) {
            variables.insert(name.to_string(), value.clone());
        }
    }
    let mut document = Document::default();
    let mut groups = Vec::with_capacity(slots.len());
    let mut entities = Vec::with_capacity(slots.len());
    let mut context_names = Vec::new();
    for slot in slots {
        let group = &contextual.groups[slot.group];
        let field = &group.fields[used[slot.group]];
        used[slot.group] += 1;
        for (name, value) in field.contexts.iter().zip(slot.values) {
            variables.insert(name.to_string(), value);
            context_names.push(name.clone());
        }
        if !is_whole {
            document.add(contextual, slot.group, used[slot.group] - 1);
        }
        let known = &fetch.groups[slot.group];
        groups.push(Group {
            path: known.path.clone(),
            variable: field.variable.clone(),
            response_key: field.symbol,
            asked: known.asked.clone(),
            // What is to be sent is known already.
            shapes: Vec::new(),
            condition: None,
        });
        entities.push(slot.entities);
    }
    let names = contextual.client_variables.iter();
    let names = names.filter(|name| document.variables.contains(*name));
    let names = names.cloned().chain(context_names).collect();
    let operation = match is_whole {
        true => fetch.operation.clone(),
        false => Arc::new(SubgraphOperation {
            text: document.finish(contextual),
            name: fetch.operation.name.clone(),
            kind: fetch.operation.kind,
            variables: names,
        }),
    };
    ContextualFetch {
        step: FetchStep {
            id: fetch.id,
            subgraph: fetch.subgraph.clone(),
            operation,
            groups,
            root_at: Vec::new(),
            asked: fetch.asked.clone(),
            contextual: None,
        },
        entities,
        variables: Arc::new(variables),
    }
}

/// A document with any number of `_entities` fields for each group.
#[derive(Default)]
struct Document {
    definitions: String,
    body: String,
    /// The client's variables and the fragments that are used.
    variables: HashSet<Name>,
    fragments: HashSet<Name>,
}

impl Document {
    fn add(&mut self, contextual: &Contextual, group: usize, field: usize) {
        let parts = &contextual.parts.groups[group];
        self.variables.extend(parts.variables.iter().cloned());
        self.fragments.extend(parts.fragments.iter().cloned());
        let group = &contextual.groups[group];
        let field = &group.fields[field];
        let _ = write!(self.definitions, "${}:[_Any!]! ", field.variable);
        for (name, context) in field.contexts.iter().zip(&group.contexts) {
            let _ = write!(self.definitions, "${name}:{} ", context.ty);
        }
        if !self.body.is_empty() {
            self.body.push(' ');
        }
        if field.response_key != "_entities" {
            let _ = write!(self.body, "{}:", field.response_key);
        }
        let _ = write!(self.body, "_entities(representations:${})", field.variable);
        for part in &parts.selection {
            match part {
                TextPart::Text(text) => self.body.push_str(text),
                TextPart::Context(index) => {
                    let _ = write!(self.body, "${}", field.contexts[*index]);
                }
            }
        }
    }

    fn finish(self, contextual: &Contextual) -> String {
        let parts = &contextual.parts;
        let definitions = parts.definitions.iter();
        let definitions = definitions.filter(|(name, _)| self.variables.contains(*name));
        let fragments = parts.fragments.iter();
        let fragments = fragments.filter(|(name, _)| self.fragments.contains(*name));
        let mut text = format!("{}({}", parts.head, self.definitions);
        definitions.for_each(|(_, definition)| text.extend([definition, " "]));
        text.truncate(text.trim_end().len());
        let _ = write!(text, "){{{}}}", self.body);
        text.extend(fragments.map(|(_, fragment)| fragment.as_str()));
        text
    }
}
