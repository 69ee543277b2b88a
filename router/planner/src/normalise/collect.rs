//! What is selected of an object position: its fields, taken out of the fragments that they are in.

use std::collections::HashSet;
use std::sync::Arc;

use apollo_compiler::collections::IndexMap;
use apollo_compiler::executable::{Field, Selection, SelectionSet};
use apollo_compiler::{ExecutableDocument, Name, Node};

use crate::error::PlanError;
use crate::gate::Gate;
use crate::guard::Guard;
use crate::model::TypeId;
use crate::supergraph::Supergraph;

/// What is selected of an object in one place.
pub(super) struct Part<'a> {
    pub(super) guard: Guard,
    /// Whether all of it is.
    pub(super) is_denied: bool,
    pub(super) set: &'a SelectionSet,
}

/// A field as written somewhere, with what the fragments around it say.
pub(super) struct Occurrence<'a> {
    pub(super) types: Arc<[TypeId]>,
    /// The type it is selected on.
    pub(super) on: &'a Name,
    pub(super) guard: Guard,
    pub(super) is_denied: bool,
    pub(super) field: &'a Node<Field>,
}

/// Collects the fields of one object position, by response key and in order.
pub(super) struct Collector<'a, 'f> {
    pub(super) supergraph: &'a Supergraph,
    pub(super) document: &'a ExecutableDocument,
    pub(super) gate: Option<&'f mut Gate<'a>>,
    /// Spreads done: doing one again under the same conditions adds nothing, and would take exponential time.
    pub(super) seen: HashSet<(&'a Name, Arc<[TypeId]>, Guard, bool)>,
    pub(super) count: usize,
    pub(super) left: usize,
    pub(super) found: &'f mut IndexMap<&'a Name, Vec<(usize, Occurrence<'a>)>>,
}

impl<'a> Collector<'a, '_> {
    /// Collects what a set, and the fragments in it, select of objects of these types.
    pub(super) fn collect(
        &mut self,
        set: &'a SelectionSet,
        types: &Arc<[TypeId]>,
        guard: &Guard,
        is_denied: bool,
    ) -> Result<(), PlanError> {
        for selection in &set.selections {
            let directives = match selection {
                Selection::Field(field) => &field.directives,
                Selection::FragmentSpread(spread) => &spread.directives,
                Selection::InlineFragment(fragment) => &fragment.directives,
            };
            let guard = guard.and(&Guard::of(directives));
            // Fragments count, too: with conditions, spreads of spreads multiply even where no field comes of them.
            let cost = 1 + guard.literal_count();
            self.left = self.left.checked_sub(cost).ok_or(PlanError::TooComplex)?;
            if guard.is_never() {
                continue;
            }
            match selection {
                Selection::Field(field) => {
                    // What type an object has may be seen by whoever may see that it is there.
                    let is_denied = !field.name.starts_with("__")
                        && (is_denied || self.denies_field(set, types, field, &guard));
                    let occurrence = Occurrence {
                        types: types.clone(),
                        on: &set.ty,
                        guard,
                        is_denied,
                        field,
                    };
                    self.found
                        .entry(field.response_key())
                        .or_default()
                        .push((self.count, occurrence));
                    self.count += 1;
                }
                Selection::FragmentSpread(spread) => {
                    let Some(fragment) = self.document.fragments.get(&spread.fragment_name) else {
                        continue;
                    };
                    let condition = fragment.type_condition();
                    let types = self.narrow(types, Some(condition));
                    if types.is_empty() {
                        continue;
                    }
                    let within = &fragment.selection_set;
                    let is_denied = is_denied
                        || self.denies_fragment(set, Some(condition), &types, within, &guard);
                    let name = &spread.fragment_name;
                    let spread = (name, types.clone(), guard.clone(), is_denied);
                    if self.seen.insert(spread) {
                        self.collect(within, &types, &guard, is_denied)?;
                    }
                }
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.type_condition.as_ref();
                    let types = self.narrow(types, condition);
                    if types.is_empty() {
                        continue;
                    }
                    let within = &fragment.selection_set;
                    let is_denied =
                        is_denied || self.denies_fragment(set, condition, &types, within, &guard);
                    self.collect(within, &types, &guard, is_denied)?;
                }
            }
        }
        Ok(())
    }

    fn denies_field(
        &mut self,
        set: &SelectionSet,
        types: &[TypeId],
        field: &Field,
        guard: &Guard,
    ) -> bool {
        let gate = self.gate.as_mut();
        gate.is_some_and(|gate| gate.denies_field(&set.ty, types, field, guard))
    }

    fn denies_fragment(
        &mut self,
        set: &SelectionSet,
        condition: Option<&Name>,
        types: &[TypeId],
        within: &SelectionSet,
        guard: &Guard,
    ) -> bool {
        let gate = self.gate.as_mut();
        gate.is_some_and(|gate| gate.denies_fragment(&set.ty, condition, types, within, guard))
    }

    fn narrow(&self, types: &Arc<[TypeId]>, condition: Option<&Name>) -> Arc<[TypeId]> {
        let Some(condition) = condition.and_then(|name| self.supergraph.model().type_id(name))
        else {
            return types.clone();
        };
        let allowed = self.supergraph.possible(condition);
        if types.iter().all(|ty| allowed.binary_search(ty).is_ok()) {
            return types.clone();
        }
        types
            .iter()
            .copied()
            .filter(|ty| allowed.binary_search(ty).is_ok())
            .collect()
    }
}
