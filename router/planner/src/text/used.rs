//! What is used in what the planner wrote.

use apollo_compiler::ast::{
    Argument, Definition, Document, FragmentDefinition, OperationDefinition, Selection as Written,
};
use apollo_compiler::collections::{HashMap, IndexSet};
use apollo_compiler::{Name, Node};

use super::note_variables;

/// The fragments of a document, by name.
pub(crate) type Fragments = HashMap<Name, Node<FragmentDefinition>>;

/// What the planner wrote can be parsed.
pub(crate) fn parse(text: &str) -> Option<(OperationDefinition, Fragments)> {
    let document = Document::parse(text, "fetch.graphql").ok()?;
    let mut found = None;
    let mut fragments = Fragments::default();
    for definition in &document.definitions {
        match definition {
            Definition::OperationDefinition(operation) => {
                found = Some(OperationDefinition::clone(operation));
            }
            Definition::FragmentDefinition(fragment) => {
                fragments.insert(fragment.name.clone(), fragment.clone());
            }
            _ => {}
        }
    }
    Some((found?, fragments))
}

/// What a selection set uses.
#[derive(Default)]
pub(crate) struct Used {
    pub(crate) variables: IndexSet<Name>,
    pub(crate) fragments: IndexSet<Name>,
}

impl Used {
    pub(crate) fn note(&mut self, set: &[Written], fragments: &Fragments) {
        for selection in set {
            let directives = match selection {
                Written::Field(field) => {
                    self.note_arguments(&field.arguments);
                    self.note(&field.selection_set, fragments);
                    &field.directives
                }
                Written::InlineFragment(fragment) => {
                    self.note(&fragment.selection_set, fragments);
                    &fragment.directives
                }
                Written::FragmentSpread(spread) => {
                    let name = &spread.fragment_name;
                    if let Some(fragment) = fragments.get(name)
                        && self.fragments.insert(name.clone())
                    {
                        self.note(&fragment.selection_set, fragments);
                    }
                    &spread.directives
                }
            };
            for directive in directives {
                self.note_arguments(&directive.arguments);
            }
        }
    }

    fn note_arguments(&mut self, arguments: &[Node<Argument>]) {
        for argument in arguments {
            note_variables(&argument.value, &mut self.variables);
        }
    }
}
