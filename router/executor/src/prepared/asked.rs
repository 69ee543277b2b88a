//! The keys that a fetch asks for. A subgraph may answer more than it was asked for, and nothing of that may get in the way
//! of what other subgraphs were asked for.

use std::sync::Arc;

use apollo_compiler::Name;
use apollo_compiler::ast::{Definition, Document, Field, Selection};
use hashbrown::HashSet;

use crate::symbols::{Symbol, Symbols, TYPENAME};

/// A set of response keys.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    /// A bit for each symbol.
    words: Vec<u64>,
    /// Whether it has the symbols beyond.
    has_rest: bool,
}

impl Keys {
    const NONE: Keys = Keys {
        words: Vec::new(),
        has_rest: false,
    };
    const ALL: Keys = Keys {
        words: Vec::new(),
        has_rest: true,
    };

    /// Whether an answer may have a key somewhere below its root. The type of an object that the answer alone brings is taken
    /// from it unasked; that of one which others brought too is not, see `merge.rs`.
    #[inline]
    pub fn have_below(&self, key: Symbol) -> bool {
        key == TYPENAME || self.has(key)
    }

    /// Whether a key is in it.
    pub fn has(&self, key: Symbol) -> bool {
        match self.words.get(key as usize / 64) {
            Some(word) => word >> (key % 64) & 1 == 1,
            None => self.has_rest,
        }
    }

    fn add(&mut self, key: Symbol) {
        let index = key as usize / 64;
        if self.words.len() <= index {
            self.words.resize(index + 1, 0);
        }
        self.words[index] |= 1 << (key % 64);
    }
}

/// What a fetch asks for of the objects that it starts from: entities, or those with root fields.
#[derive(Debug)]
pub(crate) struct Asked {
    /// The keys of these objects.
    pub here: Keys,
    /// The keys of all objects below them, wherever the document asks for them: what it asks for at one place only is not
    /// kept out at another.
    pub below: Arc<Keys>,
}

/// The document of a fetch.
pub(super) struct Questions {
    /// `None` when it cannot be read. Then everything counts as asked for.
    document: Option<Document>,
    /// The keys of all its fields.
    all: Arc<Keys>,
}

impl Questions {
    /// Reads a document.
    pub fn read(text: &str, symbols: &mut Symbols) -> Questions {
        let Ok(document) = Document::parse(text, "fetch.graphql") else {
            return Questions {
                document: None,
                all: Arc::new(Keys::ALL),
            };
        };
        let mut all = Keys::NONE;
        for definition in &document.definitions {
            match definition {
                Definition::OperationDefinition(operation) => {
                    add_all(&mut all, &operation.selection_set, symbols);
                }
                Definition::FragmentDefinition(fragment) => {
                    add_all(&mut all, &fragment.selection_set, symbols);
                }
                _ => {}
            }
        }
        Questions {
            document: Some(document),
            all: Arc::new(all),
        }
    }

    /// What is asked for of the root.
    pub fn of_root(&self, symbols: &mut Symbols) -> Arc<Asked> {
        self.asked(symbols, |document| fields(document, root(document)))
    }

    /// What is asked for of the entities under a root field.
    pub fn of_entities(&self, response_key: &str, symbols: &mut Symbols) -> Arc<Asked> {
        self.asked(symbols, |document| {
            let mut entities = fields(document, root(document));
            entities.retain(|field| field.response_name() == response_key);
            let below = entities.into_iter().map(|field| &*field.selection_set);
            fields(document, below.collect())
        })
    }

    fn asked<'a>(
        &'a self,
        symbols: &mut Symbols,
        fields: impl FnOnce(&'a Document) -> Vec<&'a Field>,
    ) -> Arc<Asked> {
        let mut here = match self.document {
            Some(_) => Keys::NONE,
            None => Keys::ALL,
        };
        for field in self.document.as_ref().map(fields).unwrap_or_default() {
            here.add(symbols.intern(field.response_name()));
        }
        Arc::new(Asked {
            here,
            below: self.all.clone(),
        })
    }
}

fn root(document: &Document) -> Vec<&[Selection]> {
    let operation = document
        .definitions
        .iter()
        .find_map(|definition| match definition {
            Definition::OperationDefinition(operation) => Some(&*operation.selection_set),
            _ => None,
        });
    operation.into_iter().collect()
}

/// The fields of selection sets, through their fragments, whatever these apply to.
fn fields<'a>(document: &'a Document, mut sets: Vec<&'a [Selection]>) -> Vec<&'a Field> {
    let mut found: Vec<&Field> = Vec::new();
    let mut spread = HashSet::new();
    while let Some(set) = sets.pop() {
        for selection in set {
            match selection {
                Selection::Field(field) => found.push(field),
                Selection::InlineFragment(fragment) => sets.push(&fragment.selection_set),
                Selection::FragmentSpread(one) => {
                    if spread.insert(&one.fragment_name) {
                        sets.extend(fragment(document, &one.fragment_name));
                    }
                }
            }
        }
    }
    found
}

fn fragment<'a>(document: &'a Document, name: &Name) -> Option<&'a [Selection]> {
    document
        .definitions
        .iter()
        .find_map(|definition| match definition {
            Definition::FragmentDefinition(fragment) if fragment.name == *name => {
                Some(&*fragment.selection_set)
            }
            _ => None,
        })
}

fn add_all(keys: &mut Keys, set: &[Selection], symbols: &mut Symbols) {
    for selection in set {
        match selection {
            Selection::Field(field) => {
                keys.add(symbols.intern(field.response_name()));
                add_all(keys, &field.selection_set, symbols);
            }
            Selection::InlineFragment(fragment) => {
                add_all(keys, &fragment.selection_set, symbols);
            }
            Selection::FragmentSpread(_) => {}
        }
    }
}
