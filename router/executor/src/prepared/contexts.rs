//! What a fetch needs besides when its entities need values from further up in the tree.

use apollo_compiler::Name;
use souk_planner::plan::{ContextVariable, DocumentParts, Fetch, Inputs};

use super::Group;
use super::compile::{COMPOSITE, Compiler, LEAF};
use crate::symbols::Symbol;

/// A group may stand in one document for so many distinct values of its contexts; for more, there are more requests.
const MAX_VALUES: usize = 32;

/// See `souk_planner::plan::DocumentParts`.
#[derive(Debug)]
pub(crate) struct Contextual {
    pub parts: DocumentParts,
    /// One for each group of the fetch.
    pub groups: Vec<ContextualGroup>,
    /// Those of the operation's variables that are the client's.
    pub client_variables: Vec<Name>,
}

/// The contexts of a group, and the `_entities` fields that it can have.
#[derive(Debug)]
pub(crate) struct ContextualGroup {
    pub contexts: Vec<ContextStep>,
    /// The first is the one of the plan's own document.
    pub fields: Vec<EntitiesField>,
}

/// See `souk_planner::plan::ContextVariable`.
#[derive(Debug)]
pub(crate) struct ContextStep {
    pub ty: String,
    pub non_null: bool,
    pub sources: Vec<ContextSource>,
}

/// See `souk_planner::plan::ContextPath`.
#[derive(Debug)]
pub(crate) struct ContextSource {
    pub depth: usize,
    pub on: Option<Symbol>,
    pub keys: Vec<Symbol>,
}

/// The names of one `_entities` field.
#[derive(Debug)]
pub(crate) struct EntitiesField {
    pub variable: Name,
    pub response_key: Name,
    pub symbol: Symbol,
    /// The variables that carry the contexts' values.
    pub contexts: Vec<Name>,
}

impl Compiler {
    /// What a fetch needs for its contexts, if it has any.
    pub(super) fn contextual(&mut self, fetch: &Fetch, groups: &[Group]) -> Option<Contextual> {
        let parts = fetch.parts.clone()?;
        let Inputs::Entities(planned) = &fetch.inputs else {
            return None;
        };
        let is_context = |name: &&Name| {
            let mut contexts = planned.iter().flat_map(|group| &group.contexts);
            !contexts.any(|context| context.variable == **name)
        };
        let client_variables: Vec<Name> = fetch
            .operation
            .variables
            .iter()
            .filter(is_context)
            .cloned()
            .collect();
        let mut contextual = Vec::with_capacity(groups.len());
        for (group, planned) in groups.iter().zip(planned) {
            let contexts = planned
                .contexts
                .iter()
                .map(|context| self.context(context))
                .collect();
            let mut fields = vec![EntitiesField {
                variable: group.variable.clone(),
                response_key: planned.response_key.clone(),
                symbol: group.response_key,
                contexts: planned
                    .contexts
                    .iter()
                    .map(|context| context.variable.clone())
                    .collect(),
            }];
            let more = if planned.contexts.is_empty() {
                1
            } else {
                MAX_VALUES
            };
            for number in 1..more {
                let response_key = numbered(&planned.response_key, number, &[]);
                let symbol = self.symbols.intern(&response_key);
                self.symbols.note_use(symbol, COMPOSITE);
                let first = &fields[0];
                fields.push(EntitiesField {
                    variable: numbered(&first.variable, number, &client_variables),
                    contexts: first
                        .contexts
                        .iter()
                        .map(|name| numbered(name, number, &client_variables))
                        .collect(),
                    response_key,
                    symbol,
                });
            }
            contextual.push(ContextualGroup { contexts, fields });
        }
        Some(Contextual {
            parts,
            groups: contextual,
            client_variables,
        })
    }

    fn context(&mut self, context: &ContextVariable) -> ContextStep {
        let sources = context.sources.iter().map(|source| {
            let last = source.keys.len().saturating_sub(1);
            let keys = source.keys.iter().enumerate().map(|(index, key)| {
                let key = self.symbols.intern(key);
                let used = if index == last { LEAF } else { COMPOSITE };
                self.symbols.note_use(key, used);
                key
            });
            let keys = keys.collect();
            ContextSource {
                depth: source.depth,
                on: source.on.as_ref().map(|ty| self.symbols.intern(ty)),
                keys,
            }
        });
        ContextStep {
            sources: sources.collect(),
            ty: context.ty.to_string(),
            non_null: context.ty.is_non_null(),
        }
    }
}

/// A name with a number, as none of those taken is.
fn numbered(name: &Name, number: usize, taken: &[Name]) -> Name {
    let mut numbered = format!("{name}_{number}");
    while taken.iter().any(|taken| taken == numbered.as_str()) {
        numbered.insert(0, '_');
    }
    Name::new_unchecked(&numbered)
}
