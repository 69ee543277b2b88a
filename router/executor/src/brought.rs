//! What a fetch was to bring. Only errors raise the question, so it is answered from the fetch's document.

use apollo_compiler::ast::{Definition, Document, Selection};

use crate::place::KeptPlace;
use crate::prepared::{FetchId, FetchStep, Field, PreparedPlan, Segment};
use crate::symbols::{Symbol, TYPENAME};

/// The document of a fetch.
pub(crate) struct Brought<'a> {
    plan: &'a PreparedPlan,
    fetch: &'a FetchStep,
    document: Document,
}

/// Selection sets on one object.
type Selections<'a> = Vec<&'a [Selection]>;

impl<'a> Brought<'a> {
    /// Reads the document.
    pub fn new(plan: &'a PreparedPlan, fetch: &'a FetchStep) -> Brought<'a> {
        let parsed = Document::parse(fetch.operation.text.as_str(), "fetch.graphql");
        Brought {
            plan,
            fetch,
            document: parsed.unwrap_or_else(|broken| broken.partial),
        }
    }

    /// The key of the root field, when there is only one.
    pub fn only_root_field(&self) -> Option<Symbol> {
        let mut keys = Vec::new();
        self.visit(&self.root(), &mut |key, _| keys.push(key.to_owned()));
        keys.dedup();
        match keys.as_slice() {
            [key] => self.plan.symbols.look_up(key.as_bytes()),
            _ => None,
        }
    }

    /// Which fetch it is.
    pub fn fetch(&self) -> FetchId {
        self.fetch.id
    }

    /// Where the fetch puts the objects with which it was to bring the field at a place of the client's response: how
    /// many keys of the path lead there. Empty when it was not to bring the field.
    pub fn starts_of_field(&self, place: &KeptPlace) -> Vec<usize> {
        let keys = place.keys();
        let Some((key, above)) = keys.split_last() else {
            return Vec::new();
        };
        self.starts_where(above, |fields, selections| {
            fields
                .iter()
                .filter(|field| &*field.response_key == *key)
                .any(|field| self.selects(selections, field.source))
        })
    }

    /// The same for the runtime type of the object at a place.
    pub fn starts_of_type(&self, place: &KeptPlace) -> Vec<usize> {
        self.starts_where(&place.keys(), |_, selections| {
            self.selects(selections, TYPENAME)
        })
    }

    /// The same where something holds of the response's fields and the fetch's selections on the object that these
    /// response keys lead to.
    fn starts_where(
        &self,
        keys: &[&str],
        holds: impl Fn(&[&Field], &Selections<'_>) -> bool,
    ) -> Vec<usize> {
        let mut depths = Vec::new();
        for (start, selections) in self.starts() {
            let object = self.object_at(keys, start, selections);
            if object.is_some_and(|(fields, selections)| holds(&fields, &selections)) {
                depths.push(keys_of(start).count());
            }
        }
        depths
    }

    /// Whether the fetch was to bring what another needs of its entities: their runtime type, or a value that is sent.
    pub fn is_needed_by(&self, other: &FetchStep) -> bool {
        other.contextual.is_some()
            || other.groups.iter().any(|group| {
                let sent = group.shapes.iter().flat_map(|shape| &shape.fields);
                let mut needed = sent.map(|field| field.source).chain([TYPENAME]);
                let entity = self.selections_at(&group.path);
                needed.any(|key| self.selects(&entity, key))
            })
    }

    /// What is selected at a place of the tree.
    fn selections_at(&self, place: &[Segment]) -> Selections<'_> {
        let place: Vec<Symbol> = keys_of(place).collect();
        let mut found = Vec::new();
        for (start, mut selections) in self.starts() {
            let start: Vec<Symbol> = keys_of(start).collect();
            if let Some(further) = place.strip_prefix(start.as_slice()) {
                for key in further {
                    selections = self.below(&selections, *key);
                }
                found.append(&mut selections);
            }
        }
        found
    }

    /// The places of the tree at which the fetch brings something, and what is selected on the objects there.
    fn starts(&self) -> impl Iterator<Item = (&'a [Segment], Selections<'_>)> {
        let fetch = self.fetch;
        let root = fetch
            .groups
            .is_empty()
            .then(|| (&*fetch.root_at, self.root()));
        let entities = fetch.groups.iter().map(|group| {
            let selections = self.below(&self.root(), group.response_key);
            (&*group.path, selections)
        });
        root.into_iter().chain(entities)
    }

    /// The response's fields and the fetch's selections on the object that response keys lead to, for one place where the
    /// fetch puts objects; `None` when the keys do not lead there.
    fn object_at<'s>(
        &'s self,
        keys: &[&str],
        place: &[Segment],
        mut selections: Selections<'s>,
    ) -> Option<(Vec<&'s Field>, Selections<'s>)> {
        let mut place = keys_of(place);
        let mut fields: Vec<&Field> = self.plan.response.fields.iter().collect();
        for key in keys {
            fields.retain(|field| &*field.response_key == *key);
            match place.next() {
                Some(source) => fields.retain(|field| field.source == source),
                None => {
                    let below = |field: &&Field| self.below(&selections, field.source);
                    selections = fields.iter().flat_map(below).collect();
                }
            }
            let below = fields.iter().filter_map(|field| field.below());
            fields = below.flat_map(|below| &below.fields).collect();
        }
        place.next().is_none().then_some((fields, selections))
    }

    fn root(&self) -> Selections<'_> {
        for definition in &self.document.definitions {
            if let Definition::OperationDefinition(operation) = definition {
                return vec![&operation.selection_set];
            }
        }
        Vec::new()
    }

    fn selects(&self, selections: &Selections<'_>, key: Symbol) -> bool {
        let wanted = self.plan.symbols.name(key);
        let mut found = false;
        self.visit(selections, &mut |known, _| found |= known == wanted);
        found
    }

    fn below<'s>(&'s self, selections: &Selections<'s>, key: Symbol) -> Selections<'s> {
        let wanted = self.plan.symbols.name(key);
        let mut below = Vec::new();
        self.visit(selections, &mut |known, selected| {
            if known == wanted {
                below.push(selected);
            }
        });
        below
    }

    /// Shows the key of each field, through fragments, and what is selected below it.
    fn visit<'s>(
        &'s self,
        selections: &[&'s [Selection]],
        visitor: &mut impl FnMut(&'s str, &'s [Selection]),
    ) {
        for selection in selections.iter().copied().flatten() {
            match selection {
                Selection::Field(field) => {
                    visitor(field.response_name().as_str(), &field.selection_set);
                }
                Selection::InlineFragment(fragment) => {
                    self.visit(&[&fragment.selection_set], visitor);
                }
                Selection::FragmentSpread(spread) => {
                    for definition in &self.document.definitions {
                        if let Definition::FragmentDefinition(fragment) = definition
                            && fragment.name == spread.fragment_name
                        {
                            self.visit(&[&fragment.selection_set], visitor);
                        }
                    }
                }
            }
        }
    }
}

/// The keys of a place of the tree.
fn keys_of(place: &[Segment]) -> impl Iterator<Item = Symbol> {
    place.iter().filter_map(|segment| match segment {
        Segment::Key(key) => Some(*key),
        Segment::Each | Segment::OnTypes(_) => None,
    })
}
