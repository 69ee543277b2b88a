//! The documents sent to subgraphs.

mod by_type;
mod selection;
pub(crate) mod used;

use std::collections::BTreeSet;
use std::fmt::Write;

use apollo_compiler::Name;
use apollo_compiler::Node;
use apollo_compiler::ast::{OperationType, Value, VariableDefinition};
use apollo_compiler::collections::{HashMap, IndexMap, IndexSet};

use crate::guard::Guard;
use crate::model::TypeId;
use crate::plan::{ContextVariable, DocumentParts, GroupParts, SubgraphOperation, TextPart};
use crate::search::{PlaceId, Search, StepId};

/// One `_entities` field.
pub(crate) struct EntitiesField {
    pub(crate) variable: Name,
    pub(crate) response_key: Name,
    /// The tops of the steps whose entities it fetches.
    pub(crate) places: Vec<PlaceId>,
    /// The arguments that contexts fill, and the variables that carry their values.
    pub(crate) contexts: Vec<(Name, ContextVariable)>,
}

/// Writes documents, as short as they can be, and notes the variables in them.
pub(crate) struct Writer<'a> {
    search: &'a Search<'a>,
    definitions: &'a [Node<VariableDefinition>],
    text: String,
    variables: IndexSet<Name>,
    /// The arguments that contexts fill in the current `_entities` field, and their variables.
    contexts: &'a [(Name, ContextVariable)],
    /// Where in `text` a context's variable starts, and its index.
    marks: Vec<(usize, usize)>,
    /// How often what is being written will be there, once for each of so many types.
    times: usize,
    fragments: Vec<String>,
    /// The steps that the document is of.
    steps: BTreeSet<StepId>,
    /// What has been written of places that hang below several fields of the document.
    joined: HashMap<Vec<PlaceId>, String>,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(
        search: &'a Search<'a>,
        definitions: &'a [Node<VariableDefinition>],
    ) -> Writer<'a> {
        Writer {
            search,
            definitions,
            text: String::new(),
            variables: IndexSet::default(),
            contexts: &[],
            marks: Vec::new(),
            times: 1,
            fragments: Vec::new(),
            steps: BTreeSet::new(),
            joined: HashMap::default(),
        }
    }

    /// A document of root fields.
    pub(crate) fn root(
        mut self,
        kind: OperationType,
        name: Option<Name>,
        places: &[PlaceId],
    ) -> SubgraphOperation {
        self.note_steps(places);
        self.selection(places, &self.guard_of(places));
        let body = std::mem::take(&mut self.text);
        self.finish(kind, name, &[], &body)
    }

    /// A document of `_entities` fields.
    pub(crate) fn entities(
        mut self,
        name: Option<Name>,
        groups: &'a [EntitiesField],
    ) -> (SubgraphOperation, Option<DocumentParts>) {
        let mut selections = Vec::new();
        groups
            .iter()
            .for_each(|group| self.note_steps(&group.places));
        self.text.push('{');
        for (index, group) in groups.iter().enumerate() {
            if index > 0 {
                self.text.push(' ');
            }
            if group.response_key != "_entities" {
                let _ = write!(self.text, "{}:", group.response_key);
            }
            let _ = write!(self.text, "_entities(representations:${})", group.variable);
            let start = self.text.len();
            self.contexts = &group.contexts;
            self.text.push('{');
            let mut by_type: IndexMap<TypeId, Vec<PlaceId>> = IndexMap::default();
            for place in &group.places {
                for ty in self.types(*place) {
                    by_type.entry(*ty).or_default().push(*place);
                }
            }
            // What is needed only under conditions says so itself: the field above has none.
            self.on_types(&by_type, "", None);
            self.text.push('}');
            selections.push(self.parts_from(start));
        }
        self.text.push('}');
        let body = std::mem::take(&mut self.text);
        let has_contexts = groups.iter().any(|group| !group.contexts.is_empty());
        let pieces = has_contexts.then(|| (self.client_definitions(), self.fragments.clone()));
        let operation = self.finish(OperationType::Query, name, groups, &body);
        let parts = pieces.map(|(definitions, fragments)| DocumentParts {
            head: match &operation.name {
                Some(name) => format!("query {name}"),
                None => "query".to_owned(),
            },
            groups: group_parts(&operation.text, selections, &definitions),
            definitions,
            fragments: (0..).map(fragment_name).zip(fragments).collect(),
        });
        (operation, parts)
    }

    /// The text from `start` on, taken apart at the variables of contexts.
    fn parts_from(&mut self, start: usize) -> Vec<TextPart> {
        let mut parts = Vec::new();
        let mut at = start;
        for (mark, index) in self.marks.drain(..) {
            parts.push(TextPart::Text(self.text[at..mark].to_owned()));
            parts.push(TextPart::Context(index));
            at = mark + 1 + self.contexts[index].1.variable.len();
        }
        parts.push(TextPart::Text(self.text[at..].to_owned()));
        parts
    }

    /// The definitions of those of the client's variables that the document uses, by their names.
    fn client_definitions(&self) -> IndexMap<Name, String> {
        let mut definitions = IndexMap::default();
        for definition in self.definitions {
            if !self.variables.contains(&definition.name) {
                continue;
            }
            let mut text = format!("${}:{}", definition.name, definition.ty);
            if let Some(default) = &definition.default_value {
                let _ = write!(text, "={}", default.serialize().no_indent());
            }
            definitions.insert(definition.name.clone(), text);
        }
        definitions
    }

    fn finish(
        self,
        kind: OperationType,
        name: Option<Name>,
        groups: &[EntitiesField],
        body: &str,
    ) -> SubgraphOperation {
        let mut header: Vec<String> = Vec::new();
        for group in groups {
            header.push(format!("${}:[_Any!]!", group.variable));
        }
        let definitions = self.client_definitions();
        let mut variables: Vec<Name> = definitions.keys().cloned().collect();
        header.extend(definitions.into_values());
        for (_, context) in groups.iter().flat_map(|group| &group.contexts) {
            header.push(format!("${}:{}", context.variable, context.ty));
            variables.push(context.variable.clone());
        }
        let mut text = String::new();
        if kind != OperationType::Query || name.is_some() || !header.is_empty() {
            text.push_str(kind.name());
        }
        if let Some(name) = &name {
            let _ = write!(text, " {name}");
        }
        if !header.is_empty() {
            let _ = write!(text, "({})", header.join(" "));
        }
        text.push_str(body);
        text.extend(self.fragments);
        SubgraphOperation {
            text,
            name,
            kind,
            variables,
        }
    }

    fn note_steps(&mut self, places: &[PlaceId]) {
        let steps = places.iter().map(|place| self.search.place(*place).step);
        self.steps.extend(steps);
    }

    fn guard_of(&self, places: &[PlaceId]) -> Guard {
        let places = places.iter().map(|place| self.search.place(*place));
        Guard::any_loosely(places.map(|place| &place.guard))
    }
}

/// The pieces of each group of a document, of which the selection sets are known.
fn group_parts(
    document: &str,
    selections: Vec<Vec<TextPart>>,
    definitions: &IndexMap<Name, String>,
) -> Vec<GroupParts> {
    let (fields, fragments) = match used::parse(document) {
        Some((operation, fragments)) => (operation.selection_set, fragments),
        None => Default::default(),
    };
    let groups = fields.iter().zip(selections).map(|(field, selection)| {
        let mut used = used::Used::default();
        used.note(std::slice::from_ref(field), &fragments);
        let client = definitions
            .keys()
            .filter(|name| used.variables.contains(*name));
        GroupParts {
            selection,
            variables: client.cloned().collect(),
            fragments: used.fragments.into_iter().collect(),
        }
    });
    groups.collect()
}

/// The name of a document's fragment.
fn fragment_name(number: usize) -> Name {
    Name::new_unchecked(&format!("f{number}"))
}

/// Notes the variables in a value.
pub(crate) fn note_variables(value: &Value, variables: &mut IndexSet<Name>) {
    match value {
        Value::Variable(name) => {
            variables.insert(name.clone());
        }
        Value::List(items) => {
            for item in items {
                note_variables(item, variables);
            }
        }
        Value::Object(fields) => {
            for (_, field) in fields {
                note_variables(field, variables);
            }
        }
        Value::Null
        | Value::Enum(_)
        | Value::String(_)
        | Value::Float(_)
        | Value::Int(_)
        | Value::Boolean(_) => {}
    }
}
