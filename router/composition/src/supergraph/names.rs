//! The names that directives have in the supergraph. Until it is printed, each has the name by
//! which composition knows it.

use crate::merge::Merged;
use crate::subgraph::canonical::{FOREIGN_PREFIX, for_each_directive_list_mut};
use apollo_compiler::ast::{Definition, Directive, DirectiveDefinition, DirectiveList};
use apollo_compiler::{Name, Node};
use std::borrow::Cow;
use std::collections::HashMap;

/// Known name -> name in the supergraph, for the directives where they differ.
pub(super) struct Names(HashMap<Name, Name>);

impl Names {
    pub(super) fn of(merged: &Merged) -> Self {
        let federation = merged
            .names
            .iter()
            .filter(|(known, spelled)| **known != spelled.as_str())
            .map(|(known, spelled)| (Name::new_static_unchecked(known), spelled.as_str()));
        let custom = merged.composed.definitions();
        let foreign = custom
            .chain(merged.executable_directives.values())
            .filter_map(|definition| {
                let own = definition.name.strip_prefix(FOREIGN_PREFIX)?;
                Some((definition.name.clone(), own))
            });
        let names = federation.chain(foreign);
        Self(
            names
                .map(|(known, spelled)| (known, Name::new_unchecked(spelled)))
                .collect(),
        )
    }

    /// A definition whose directives have the supergraph's names.
    pub(super) fn applied_to<'d>(&self, definition: &'d Definition) -> Cow<'d, Definition> {
        if self.0.is_empty() {
            return Cow::Borrowed(definition);
        }
        let mut definition = definition.clone();
        for_each_directive_list_mut(&mut definition, &mut |directives: &mut DirectiveList| {
            for directive in &mut directives.0 {
                self.rename(directive);
            }
        });
        Cow::Owned(definition)
    }

    pub(super) fn rename(&self, directive: &mut Node<Directive>) {
        if let Some(name) = self.0.get(&directive.name) {
            directive.make_mut().name = name.clone();
        }
    }

    pub(super) fn rename_definition(&self, definition: &mut Node<DirectiveDefinition>) {
        if self.0.is_empty() {
            return;
        }
        let definition = definition.make_mut();
        if let Some(name) = self.0.get(&definition.name) {
            definition.name = name.clone();
        }
        for argument in &mut definition.arguments {
            for directive in &mut argument.make_mut().directives.0 {
                self.rename(directive);
            }
        }
    }
}
