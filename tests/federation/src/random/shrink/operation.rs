//! Cuts in an operation: selections, fragments, directives, aliases, arguments.

use std::collections::HashMap;

use apollo_compiler::ast::{Definition, Document, FragmentDefinition, InlineFragment, Selection};
use apollo_compiler::{Name, Node};

use crate::random::sample::Sample;
use crate::random::shrink::Cutter;

pub(super) fn cut(sample: &Sample, number: usize) -> Option<Sample> {
    let mut document = Document::parse(sample.operation.as_str(), "operation.graphql").ok()?;
    let mut walk = Walk {
        cutter: Cutter::new(number),
        fragments: HashMap::new(),
    };
    for definition in &document.definitions {
        if let Definition::FragmentDefinition(fragment) = definition {
            walk.fragments
                .insert(fragment.name.clone(), fragment.clone());
        }
    }
    for definition in &mut document.definitions {
        match definition {
            Definition::OperationDefinition(operation) => {
                walk.selections(&mut operation.make_mut().selection_set);
            }
            Definition::FragmentDefinition(fragment) => {
                walk.selections(&mut fragment.make_mut().selection_set);
            }
            _ => {}
        }
    }
    if !walk.cutter.done {
        return None;
    }
    let mut smaller = sample.clone();
    drop_unused(&mut document, &mut smaller);
    smaller.operation = document.to_string();
    Some(smaller)
}

struct Walk {
    cutter: Cutter,
    fragments: HashMap<Name, Node<FragmentDefinition>>,
}

impl Walk {
    fn selections(&mut self, selections: &mut Vec<Selection>) {
        self.cutter.item(selections, true);
        let mut index = 0;
        while index < selections.len() && !self.cutter.done {
            let opened = self.selection(&mut selections[index]);
            if let Some(opened) = opened {
                selections.splice(index..=index, opened);
            }
            index += 1;
        }
    }

    /// Cuts in a selection; what comes in its place, if it is opened up.
    fn selection(&mut self, selection: &mut Selection) -> Option<Vec<Selection>> {
        match selection {
            Selection::Field(field) => {
                let field = field.make_mut();
                self.cutter.item(&mut field.directives.0, false);
                self.cutter.item(&mut field.arguments, false);
                if field.alias.is_some() && self.cutter.here() {
                    field.alias = None;
                }
                self.selections(&mut field.selection_set);
                None
            }
            Selection::InlineFragment(fragment) => {
                let fragment = fragment.make_mut();
                if self.cutter.here() {
                    return Some(fragment.selection_set.clone());
                }
                self.cutter.item(&mut fragment.directives.0, false);
                self.selections(&mut fragment.selection_set);
                None
            }
            Selection::FragmentSpread(spread) => {
                if self.cutter.here() {
                    let definition = self.fragments.get(&spread.fragment_name)?;
                    return Some(vec![Selection::InlineFragment(Node::new(InlineFragment {
                        type_condition: Some(definition.type_condition.clone()),
                        directives: spread.directives.clone(),
                        selection_set: definition.selection_set.clone(),
                    }))]);
                }
                self.cutter.item(&mut spread.make_mut().directives.0, false);
                None
            }
        }
    }
}

/// Drops fragments that nothing spreads, and variables that nothing uses.
fn drop_unused(document: &mut Document, sample: &mut Sample) {
    let mentions = |text: &str, word: String| {
        let ends =
            |rest: &str| !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_');
        text.match_indices(&word)
            .any(|(at, _)| ends(&text[at + word.len()..]))
    };
    loop {
        let count = document.definitions.len();
        let text = document.to_string();
        document.definitions.retain(|definition| match definition {
            Definition::FragmentDefinition(fragment) => {
                mentions(&text, format!("...{}", fragment.name))
            }
            _ => true,
        });
        if document.definitions.len() == count {
            break;
        }
    }
    let mut bare = document.clone();
    for definition in &mut bare.definitions {
        if let Definition::OperationDefinition(operation) = definition {
            operation.make_mut().variables.clear();
        }
    }
    let text = bare.to_string();
    for definition in &mut document.definitions {
        if let Definition::OperationDefinition(operation) = definition {
            let variables = &mut operation.make_mut().variables;
            variables.retain(|variable| mentions(&text, format!("${}", variable.name)));
        }
    }
    sample
        .variables
        .retain(|name, _| mentions(&text, format!("${name}")));
}
