//! Which nulls the fetches' errors explain.

use hashbrown::HashMap;

use crate::brought::Brought;
use crate::errors::{FetchErrors, PathElement};
use crate::prepared::{FetchId, FetchStep, PreparedPlan, Step};

/// The fetches' errors, by path.
pub(super) struct Explained<'a> {
    /// The fetches with an error exactly at a path; those without a path are at the empty one.
    at: HashMap<Vec<PathElement>, Vec<FetchId>>,
    /// The fetches with an error somewhere below a path.
    below: HashMap<Vec<PathElement>, Vec<FetchId>>,
    /// What a failed fetch leaves out: its own fields, and those of the fetches that may have needed them.
    missing: HashMap<FetchId, Vec<Brought<'a>>>,
}

impl<'a> Explained<'a> {
    /// By these errors.
    pub fn by(errors: &FetchErrors, plan: &'a PreparedPlan) -> Explained<'a> {
        let mut explained = Explained {
            at: HashMap::new(),
            below: HashMap::new(),
            missing: HashMap::new(),
        };
        for (error, fetch) in errors.errors.iter().zip(&errors.fetches) {
            let path = error.path.as_deref().unwrap_or_default();
            add(&mut explained.at, path, *fetch);
            for len in 0..path.len() {
                add(&mut explained.below, &path[..len], *fetch);
            }
            explained.missing.entry(*fetch).or_insert_with(|| {
                let mut fetches = Vec::new();
                if let Some(root) = &plan.root {
                    add_with_later(root, *fetch, &mut fetches);
                }
                fetches
                    .into_iter()
                    .map(|fetch| Brought::new(plan, fetch))
                    .collect()
            });
        }
        explained
    }

    /// Whether an error above a path, at it or below it is of a fetch that was to bring what is missing there.
    pub fn covers(&self, path: &[PathElement], is_missing: impl Fn(&Brought<'_>) -> bool) -> bool {
        let above = (0..=path.len()).filter_map(|len| self.at.get(&path[..len]));
        above
            .chain(self.below.get(path))
            .flatten()
            .filter_map(|fetch| self.missing.get(fetch))
            .flatten()
            .any(is_missing)
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

/// Adds a fetch and those that come after it and start from objects, which may have needed what it brings. False when the
/// fetch is not in this step.
fn add_with_later<'a>(step: &'a Step, id: FetchId, found: &mut Vec<&'a FetchStep>) -> bool {
    match step {
        Step::Fetch(fetch) => {
            let is_it = fetch.id == id;
            found.extend(is_it.then_some(fetch));
            is_it
        }
        Step::Sequence(steps) => {
            let mut is_in = false;
            for step in steps {
                if is_in {
                    add_dependent(step, found);
                } else {
                    is_in = add_with_later(step, id, found);
                }
            }
            is_in
        }
        Step::Parallel(steps) => steps.iter().any(|step| add_with_later(step, id, found)),
        Step::Condition { then, .. } => add_with_later(then, id, found),
        Step::Subscription { primary, rest } => {
            if primary.id != id {
                return rest
                    .as_deref()
                    .is_some_and(|rest| add_with_later(rest, id, found));
            }
            found.push(primary);
            if let Some(rest) = rest {
                add_dependent(rest, found);
            }
            true
        }
    }
}

fn add_dependent<'a>(step: &'a Step, found: &mut Vec<&'a FetchStep>) {
    match step {
        Step::Fetch(fetch) if fetch.groups.is_empty() && fetch.root_at.is_empty() => {}
        Step::Fetch(fetch) => found.push(fetch),
        Step::Sequence(steps) | Step::Parallel(steps) => {
            for step in steps {
                add_dependent(step, found);
            }
        }
        Step::Condition { then, .. } => add_dependent(then, found),
        // Only the root of a plan is a subscription.
        Step::Subscription { .. } => {}
    }
}
