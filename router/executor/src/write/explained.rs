//! Which nulls the fetches' errors explain.

use hashbrown::HashMap;

use crate::brought::{Brought, Start};
use crate::client_errors::ClientErrors;
use crate::errors::PathElement;
use crate::place::KeptPlace;
use crate::prepared::{FetchId, FetchStep, PreparedPlan, Step};

/// The fetches' errors, by path, and what is missing because of them.
pub(super) struct Explained<'a> {
    errors: &'a ClientErrors<'a>,
    /// The fetches with an error exactly at a path; those without a path are at the empty one.
    at: HashMap<Vec<PathElement>, Vec<FetchId>>,
    /// The fetches with an error somewhere below a path.
    below: HashMap<Vec<PathElement>, Vec<FetchId>>,
    /// The fetches with errors.
    failed: Vec<Failed<'a>>,
}

/// A fetch with errors.
struct Failed<'a> {
    own: Brought<'a>,
    /// The fetches that may have been kept from asking by what it left out.
    later: Vec<Brought<'a>>,
}

impl<'a> Explained<'a> {
    /// By these errors.
    pub fn by(errors: &'a ClientErrors<'a>, plan: &'a PreparedPlan) -> Explained<'a> {
        let mut explained = Explained {
            errors,
            at: HashMap::new(),
            below: HashMap::new(),
            failed: Vec::new(),
        };
        for (error, fetch) in errors.errors.iter().zip(&errors.fetches) {
            let path = error.path.as_deref().unwrap_or_default();
            add(&mut explained.at, path, *fetch);
            for len in 0..path.len() {
                add(&mut explained.below, &path[..len], *fetch);
            }
            let is_known = |failed: &Failed<'_>| failed.own.fetch() == *fetch;
            if !explained.failed.iter().any(is_known)
                && let Some(root) = &plan.root
            {
                let mut search = Search { plan, found: None };
                search.find(root, *fetch);
                explained.failed.extend(search.found);
            }
        }
        explained
    }

    /// Whether an error explains what is missing at a place. `starts` tells where a fetch puts the objects with which it
    /// was to bring that, see [`Brought::starts_of_field`].
    ///
    /// A fetch's error explains what the fetch itself left out at the error's place, and all that the fetch left out of
    /// an object for which it brought nothing else. And it explains what another was to bring for an object that it
    /// could not ask about.
    pub fn explains(
        &self,
        place: &KeptPlace<'_>,
        starts: impl Fn(&Brought<'a>) -> Vec<Start<'a>>,
    ) -> bool {
        self.failed.iter().any(|failed| {
            let fetch = failed.own.fetch();
            // Where the fetch has errors of the object that somebody starts from.
            let has_error_of = |depth: usize| self.has_error(fetch, place.path_to(depth));
            let is_own = starts(&failed.own).into_iter().any(|start| {
                let object = place.object(start.depth);
                self.has_error(fetch, &place.path)
                    || object.is_some_and(|object| self.errors.noted.was_refused(fetch, object))
                        && has_error_of(start.depth)
            });
            is_own
                || failed.later.iter().any(|later| {
                    starts(later).into_iter().any(|start| {
                        let object = place.object(start.depth);
                        let was_asked = object.is_some_and(|object| {
                            self.errors.noted.was_asked(later.fetch(), object)
                        });
                        !was_asked && has_error_of(start.depth)
                    })
                })
        })
    }

    /// Whether a fetch has an error above a path, at it or below it.
    fn has_error(&self, fetch: FetchId, path: &[PathElement]) -> bool {
        let above = (0..=path.len()).filter_map(|len| self.at.get(&path[..len]));
        above
            .chain(self.below.get(path))
            .any(|fetches| fetches.contains(&fetch))
    }
}

fn add(
    fetches: &mut HashMap<Vec<PathElement>, Vec<FetchId>>,
    path: &[PathElement],
    fetch: FetchId,
) {
    let known = fetches.entry(path.to_vec()).or_default();
    if !known.contains(&fetch) {
        known.push(fetch);
    }
}

/// Finds a fetch with errors in the plan.
struct Search<'a> {
    plan: &'a PreparedPlan,
    found: Option<Failed<'a>>,
}

impl<'a> Search<'a> {
    /// Finds it and those after it that need what it brings. False when it is not in this step.
    fn find(&mut self, step: &'a Step, id: FetchId) -> bool {
        match step {
            Step::Fetch(fetch) => self.find_here(fetch, id),
            Step::Sequence(steps) => {
                let mut is_in = false;
                for step in steps {
                    if is_in {
                        self.add_later(step);
                    } else {
                        is_in = self.find(step, id);
                    }
                }
                is_in
            }
            Step::Parallel(steps) => steps.iter().any(|step| self.find(step, id)),
            Step::Condition { then, .. } => self.find(then, id),
            Step::Subscription { primary, rest } => {
                let rest = rest.as_deref();
                if !self.find_here(primary, id) {
                    return rest.is_some_and(|rest| self.find(rest, id));
                }
                if let Some(rest) = rest {
                    self.add_later(rest);
                }
                true
            }
        }
    }

    fn find_here(&mut self, fetch: &'a FetchStep, id: FetchId) -> bool {
        if fetch.id != id {
            return false;
        }
        self.found = Some(Failed {
            own: Brought::new(self.plan, fetch),
            later: Vec::new(),
        });
        true
    }

    fn add_later(&mut self, step: &'a Step) {
        match step {
            Step::Fetch(fetch) => {
                if let Some(failed) = &mut self.found {
                    let is_needed = |missing: &Brought<'_>| missing.is_needed_by(fetch);
                    if is_needed(&failed.own) || failed.later.iter().any(is_needed) {
                        failed.later.push(Brought::new(self.plan, fetch));
                    }
                }
            }
            Step::Sequence(steps) | Step::Parallel(steps) => {
                for step in steps {
                    self.add_later(step);
                }
            }
            Step::Condition { then, .. } => self.add_later(then),
            // Only the root of a plan is a subscription.
            Step::Subscription { .. } => {}
        }
    }
}
