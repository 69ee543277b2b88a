//! The documents sent to subgraphs.

mod by_type;
pub(crate) mod used;

use std::collections::BTreeSet;
use std::fmt::Write;

use apollo_compiler::Name;
use apollo_compiler::ast::{OperationType, Value, VariableDefinition};
use apollo_compiler::collections::{HashMap, IndexMap, IndexSet};
use apollo_compiler::{Node, ast};

use crate::graph::NodeId;
use crate::guard::{Guard, Literal};
use crate::model::TypeId;
use crate::plan::{ContextVariable, DocumentParts, GroupParts, SubgraphOperation, TextPart};
use crate::search::{PlaceId, Search, StepId};
use crate::tree::FieldId;

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

/// Several places of one document that are the same selection set there.
#[derive(Default)]
struct Merged {
    typename: bool,
    fields: IndexMap<Name, MergedField>,
    casts: IndexMap<TypeId, Vec<PlaceId>>,
}

struct MergedField {
    field: FieldId,
    /// Whether contexts fill arguments of it.
    in_context: bool,
    guard: Guard,
    children: Vec<PlaceId>,
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

    fn on(&mut self, ty: TypeId) {
        let _ = write!(
            self.text,
            "...on {}",
            self.search.supergraph.model().ty(ty).name
        );
    }

    fn merge(&self, places: &[PlaceId]) -> Merged {
        let mut merged = Merged::default();
        for id in places {
            let place = self.search.place(*id);
            merged.typename |= place.typename;
            for placed in &place.fields {
                let key = &self.search.tree.field(placed.field).source_key;
                let field = merged
                    .fields
                    .entry(key.clone())
                    .or_insert_with(|| MergedField {
                        field: placed.field,
                        in_context: self.needs_context(place.node, placed.field),
                        guard: Guard::never(),
                        children: Vec::new(),
                    });
                field.field = field.field.min(placed.field);
                field.guard = field.guard.or(&placed.guard).loosened();
                let child = placed.child;
                let new = child.filter(|child| !field.children.contains(child));
                field.children.extend(new);
            }
            for cast in &place.casts {
                for ty in self.types(*cast) {
                    merged.casts.entry(*ty).or_default().push(*cast);
                }
            }
        }
        merged
            .fields
            .sort_by(|_, one, _, other| one.field.cmp(&other.field));
        merged.casts.sort_unstable_keys();
        merged
    }

    fn needs_context(&self, node: NodeId, field: FieldId) -> bool {
        let name = &self.search.tree.field(field).name;
        let found = self.search.supergraph.graph().field(node, name);
        let requires = found.and_then(|found| found.requires.as_ref());
        requires.is_some_and(|requires| !requires.contexts.is_empty())
    }

    fn selection(&mut self, places: &[PlaceId], known: &Guard) {
        let merged = self.merge(places);
        self.text.push('{');
        let mut first = true;
        if merged.typename || (merged.fields.is_empty() && merged.casts.is_empty()) {
            self.text.push_str("__typename");
            first = false;
        }
        for field in merged.fields.values() {
            if !first {
                self.text.push(' ');
            }
            first = false;
            self.field(field, known);
        }
        if !first && !merged.casts.is_empty() {
            self.text.push(' ');
        }
        self.on_types(&merged.casts, " ", Some(known));
        self.text.push('}');
    }

    /// A field, once for each alternative of its condition: fields of one response key merge.
    fn field(&mut self, merged: &MergedField, known: &Guard) {
        let alternatives = news(&merged.guard, known);
        let below = match alternatives.as_slice() {
            [literals] if literals.is_empty() => known,
            _ => &merged.guard,
        };
        let times = std::mem::replace(&mut self.times, 1);
        let mut written: Option<String> = None;
        for (index, literals) in alternatives.iter().enumerate() {
            if index > 0 {
                self.text.push(' ');
            }
            let around = self.head(merged, literals);
            let (start, marks) = (self.text.len(), self.marks.len());
            if let Some(same) = &written {
                self.text.push_str(same);
            } else if !merged.children.is_empty() {
                self.below(&merged.children, below, times * alternatives.len());
                if self.marks.len() == marks {
                    written = Some(self.text[start..].to_owned());
                }
            }
            for _ in 0..around {
                self.text.push('}');
            }
        }
        self.times = times;
    }

    /// A field up to its selection set, where the literals hold. Returns how many braces are to be closed after it.
    fn head(&mut self, merged: &MergedField, literals: &[Literal]) -> usize {
        // A field takes one @include and one @skip; what is left goes around it.
        let mut own: Vec<&Literal> = Vec::new();
        let mut around = 0;
        for literal in literals {
            if own.iter().any(|chosen| chosen.on == literal.on) {
                self.text.push_str("...");
                self.directive(literal);
                self.text.push('{');
                around += 1;
            } else {
                own.push(literal);
            }
        }
        let search = self.search;
        let field = search.tree.field(merged.field);
        if field.source_key != field.name {
            let _ = write!(self.text, "{}:", field.source_key);
        }
        self.text.push_str(&field.name);
        let contexts = if merged.in_context {
            self.contexts
        } else {
            &[]
        };
        self.arguments(&field.arguments, contexts);
        for literal in own {
            self.directive(literal);
        }
        around
    }

    fn arguments(
        &mut self,
        arguments: &[Node<ast::Argument>],
        contexts: &[(Name, ContextVariable)],
    ) {
        if arguments.is_empty() && contexts.is_empty() {
            return;
        }
        let mut before = '(';
        for argument in arguments {
            self.text.push(before);
            before = ' ';
            let _ = write!(
                self.text,
                "{}:{}",
                argument.name,
                argument.value.serialize().no_indent()
            );
            note_variables(&argument.value, &mut self.variables);
        }
        for (index, (argument, context)) in contexts.iter().enumerate() {
            let _ = write!(self.text, "{before}{argument}:");
            before = ' ';
            self.marks.push((self.text.len(), index));
            let _ = write!(self.text, "${}", context.variable);
        }
        self.text.push(')');
    }

    fn directive(&mut self, literal: &Literal) {
        let directive = if literal.on { "include" } else { "skip" };
        let _ = write!(self.text, "@{directive}(if:${})", literal.variable);
        self.variables.insert(literal.variable.clone());
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

/// The alternatives of a guard, each the literals that it has beyond what is known to hold.
fn news(guard: &Guard, known: &Guard) -> Vec<Vec<Literal>> {
    if guard.covers(known) {
        return vec![Vec::new()];
    }
    let known = known.conjunction().unwrap_or_default();
    let beyond = |term: &Vec<Literal>| {
        let literals = term.iter().filter(|literal| !known.contains(literal));
        literals.cloned().collect()
    };
    guard.terms().iter().map(beyond).collect()
}
