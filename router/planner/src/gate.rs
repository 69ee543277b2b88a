//! Which fields of an operation a client may see.
//!
//! Fields are judged where they are selected. One of an object type needs what the field demands, what its type does and what
//! the type of its value does. One of an interface needs what it needs of every type that its object may be: who asks an
//! interface gets any of them. That there is an object of some type is no secret, `__typename` needs nothing of its own.

use std::collections::HashSet;
use std::sync::Arc;

use apollo_compiler::ast::Type;
use apollo_compiler::collections::IndexMap;
use apollo_compiler::executable::{Field, Selection, SelectionSet};
use apollo_compiler::{ExecutableDocument, Name};

use crate::credentials::{Authorization, Credentials, Demand};
use crate::error::PlanError;
use crate::guard::Guard;
use crate::model::TypeId;
use crate::plan::Denial;
use crate::supergraph::Supergraph;
use crate::supergraph::authorization::Demands;

/// An operation that is denied something in more places than have so many steps together is refused: each denial tells its
/// whole path.
const MAX_STEPS: usize = 100_000;

/// Judges the selections of one operation, and remembers where it denied something.
pub(crate) struct Gate<'a> {
    supergraph: &'a Supergraph,
    document: &'a ExecutableDocument,
    demands: &'a Demands,
    mode: Mode<'a>,
    /// Where in the response the normaliser is.
    path: Vec<Arc<str>>,
    /// For each field above, how many steps of the path are its, and when it is asked for.
    above: Vec<(usize, Guard)>,
    denials: IndexMap<Vec<Arc<str>>, Guard>,
    /// How many more steps the denials' paths may have; `None` when they had too many.
    steps_left: Option<usize>,
}

enum Mode<'a> {
    /// Everything is let through, and what is asked for noted.
    Asking(Credentials),
    Shown {
        credentials: &'a Credentials,
        is_enforced: bool,
    },
}

impl<'a> Gate<'a> {
    /// `None` when there is nothing to judge.
    pub(crate) fn new(
        supergraph: &'a Supergraph,
        document: &'a ExecutableDocument,
        authorization: Authorization<'a>,
    ) -> Option<Gate<'a>> {
        let (credentials, is_enforced) = match authorization {
            Authorization::Off => return None,
            Authorization::Enforced(credentials) => (credentials, true),
            Authorization::DryRun(credentials) => (credentials, false),
        };
        let mode = Mode::Shown {
            credentials,
            is_enforced,
        };
        Gate::with(supergraph, document, mode)
    }

    /// A gate that finds out what the operation asks for.
    pub(crate) fn asking(
        supergraph: &'a Supergraph,
        document: &'a ExecutableDocument,
    ) -> Option<Gate<'a>> {
        Gate::with(supergraph, document, Mode::Asking(Credentials::default()))
    }

    fn with(
        supergraph: &'a Supergraph,
        document: &'a ExecutableDocument,
        mode: Mode<'a>,
    ) -> Option<Gate<'a>> {
        Some(Gate {
            supergraph,
            document,
            demands: supergraph.demands()?,
            mode,
            path: Vec::new(),
            above: Vec::new(),
            denials: IndexMap::default(),
            steps_left: Some(MAX_STEPS),
        })
    }

    /// Whether what is denied is left out of the plan.
    pub(crate) fn is_enforced(&self) -> bool {
        matches!(
            self.mode,
            Mode::Shown {
                is_enforced: true,
                ..
            }
        )
    }

    /// What the operation asks for.
    pub(crate) fn asked(self) -> Credentials {
        match self.mode {
            Mode::Asking(asked) => asked,
            Mode::Shown { .. } => Credentials::default(),
        }
    }

    /// What was denied. Fails with [`PlanError::TooComplex`].
    pub(crate) fn denials(self) -> Result<Vec<Denial>, PlanError> {
        if self.steps_left.is_none() {
            return Err(PlanError::TooComplex);
        }
        let denials = self.denials.into_iter().map(|(path, guard)| Denial {
            path,
            condition: guard.to_condition(),
        });
        Ok(denials.collect())
    }

    /// Goes into the value of a field.
    pub(crate) fn enter(&mut self, response_key: &Name, ty: &Type, guard: &Guard) {
        let before = self.path.len();
        self.path.push(response_key.as_str().into());
        let mut ty = ty;
        while let Type::List(inner) | Type::NonNullList(inner) = ty {
            self.path.push("@".into());
            ty = inner;
        }
        self.above
            .push((self.path.len() - before, self.asked_for(guard)));
    }

    /// When something is asked for at all that is asked for so of the object it belongs to.
    fn asked_for(&self, guard: &Guard) -> Guard {
        match self.above.last() {
            Some((_, above)) => above.and_loosely(guard),
            None => guard.clone(),
        }
    }

    /// Goes back out of the value.
    pub(crate) fn leave(&mut self) {
        let steps = self.above.pop().map_or(0, |(steps, _)| steps);
        self.path.truncate(self.path.len() - steps);
    }

    /// Whether a field is denied that is selected in a set for objects of these types.
    pub(crate) fn denies_field(
        &mut self,
        on: &Name,
        types: &[TypeId],
        field: &Field,
        guard: &Guard,
    ) -> bool {
        let (demands, model) = (self.demands, self.supergraph.model());
        let mut is_open = self.meets(demands.of_field(on, &field.name));
        // Nothing leads to the root that would have been judged.
        if self.path.is_empty() {
            is_open &= self.meets(demands.of_type(on));
        }
        let value = field.ty().inner_named_type();
        is_open &= self.meets(demands.of_type(value));
        if self.is_abstract(on) {
            for ty in types {
                let ty = model.ty(*ty);
                is_open &= self.meets(demands.of_field(&ty.name, &field.name));
                let narrower = ty.fields.get(&field.name).map(Type::inner_named_type);
                is_open &= self.meets(narrower.and_then(|ty| demands.of_type(ty)));
            }
        }
        if let Some(value) = model.type_id(value).filter(|_| self.is_abstract(value)) {
            let possible = self.supergraph.possible(value).clone();
            is_open &= self.meets_all(&possible, &field.selection_set);
        }
        if !is_open {
            self.note(field.response_key().as_str().into(), guard);
        }
        !is_open
    }

    /// Whether a fragment is denied whose condition lets objects of these types through.
    pub(crate) fn denies_fragment(
        &mut self,
        on: &Name,
        condition: Option<&Name>,
        types: &[TypeId],
        set: &SelectionSet,
        guard: &Guard,
    ) -> bool {
        let Some(condition) = condition.filter(|condition| *condition != on) else {
            return false;
        };
        let demands = self.demands;
        let mut is_open = self.meets(demands.of_type(condition));
        if self.is_abstract(condition) {
            is_open &= self.meets_all(types, set);
        }
        if !is_open {
            self.note(format!("... on {condition}").into(), guard);
        }
        !is_open
    }

    /// Whether all the types' demands are met, if a set of an abstract type selects something of them all.
    fn meets_all(&mut self, types: &[TypeId], set: &SelectionSet) -> bool {
        if !self.selects_of_all(set, &mut HashSet::new()) {
            return true;
        }
        let (demands, model) = (self.demands, self.supergraph.model());
        let mut all = true;
        for ty in types {
            all &= self.meets(demands.of_type(&model.ty(*ty).name));
        }
        all
    }

    /// Whether a set has a field of its own, not of narrower fragments, which are judged for themselves.
    fn selects_of_all<'s>(&'s self, set: &'s SelectionSet, seen: &mut HashSet<&'s Name>) -> bool {
        set.selections.iter().any(|selection| match selection {
            Selection::Field(field) => field.name != "__typename",
            Selection::InlineFragment(fragment) => {
                let condition = fragment.type_condition.as_ref();
                condition.is_none_or(|condition| *condition == set.ty)
                    && self.selects_of_all(&fragment.selection_set, seen)
            }
            Selection::FragmentSpread(spread) => {
                let fragment = self.document.fragments.get(&spread.fragment_name);
                fragment.is_some_and(|fragment| {
                    *fragment.type_condition() == set.ty
                        && seen.insert(&spread.fragment_name)
                        && self.selects_of_all(&fragment.selection_set, seen)
                })
            }
        })
    }

    fn meets(&mut self, demand: Option<&Demand>) -> bool {
        let Some(demand) = demand else { return true };
        match &mut self.mode {
            Mode::Asking(asked) => {
                demand.ask(asked);
                true
            }
            Mode::Shown { credentials, .. } => demand.is_met_by(credentials),
        }
    }

    /// Notes a denial.
    fn note(&mut self, step: Arc<str>, guard: &Guard) {
        let steps = self.path.len() + 1;
        self.steps_left = self.steps_left.and_then(|left| left.checked_sub(steps));
        if self.steps_left.is_none() {
            return;
        }
        let mut path = self.path.clone();
        path.push(step);
        let guard = self.asked_for(guard);
        match self.denials.get_mut(&path) {
            Some(known) => *known = known.or(&guard).loosened(),
            None => {
                self.denials.insert(path, guard);
            }
        }
    }

    fn is_abstract(&self, ty: &Name) -> bool {
        let ty = self.supergraph.model().type_id(ty);
        ty.is_some_and(|ty| !self.supergraph.is_object(ty))
    }
}
