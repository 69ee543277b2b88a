//! What a fetch was to bring. Only errors raise the question, so it is answered from the fetch's document.

use apollo_compiler::ast::{Definition, Document, Selection};

use crate::errors::PathElement;
use crate::prepared::{FetchStep, Field, PreparedPlan, Segment};
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

    /// Whether the fetch was to bring the field at a path of the client's response.
    pub fn has_field(&self, path: &[PathElement]) -> bool {
        let keys = response_keys(path);
        let Some((key, object)) = keys.split_last() else {
            return false;
        };
        self.holds_at(object, |fields, selections| {
            fields
                .iter()
                .filter(|field| &*field.response_key == *key)
                .any(|field| self.selects(selections, field.source))
        })
    }

    /// Whether the fetch was to bring the runtime type of the object at a path of the client's response.
    pub fn has_type(&self, path: &[PathElement]) -> bool {
        self.holds_at(&response_keys(path), |_, selections| {
            self.selects(selections, TYPENAME)
        })
    }

    /// Whether something holds of the response's fields and the fetch's selections on the object that these response keys
    /// lead to.
    fn holds_at(&self, keys: &[&str], holds: impl Fn(&[&Field], &Selections<'_>) -> bool) -> bool {
        if self.fetch.groups.is_empty() {
            let object = self.object_at(keys, &self.fetch.root_at, self.root());
            return object.is_some_and(|(fields, selections)| holds(&fields, &selections));
        }
        self.fetch.groups.iter().any(|group| {
            let entities = self.below(&self.root(), group.response_key);
            let object = self.object_at(keys, &group.path, entities);
            object.is_some_and(|(fields, selections)| holds(&fields, &selections))
        })
    }

    /// The same for one place where the fetch puts objects; `None` when the keys do not lead there.
    fn object_at<'s>(
        &'s self,
        keys: &[&str],
        place: &[Segment],
        mut selections: Selections<'s>,
    ) -> Option<(Vec<&'s Field>, Selections<'s>)> {
        let mut place = place.iter().filter_map(|segment| match segment {
            Segment::Key(key) => Some(*key),
            Segment::Each | Segment::OnTypes(_) => None,
        });
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

/// A path without its indices.
fn response_keys(path: &[PathElement]) -> Vec<&str> {
    let keys = path.iter().filter_map(|element| match element {
        PathElement::Key(key) => Some(&**key),
        PathElement::Index(_) => None,
    });
    keys.collect()
}
