//! Which subgraph a value came from. Only errors raise the question, so nothing is noted while values come in.

use crate::brought::{Brought, Start};
use crate::place::KeptPlace;
use crate::prepared::{PreparedPlan, Step};
use crate::representations;
use crate::tree::Tree;

/// The fetches of one execution.
pub(super) struct Origins<'a> {
    tree: &'a Tree,
    plan: &'a PreparedPlan,
    conditions: &'a [bool],
    fetches: Vec<Fetch<'a>>,
}

struct Fetch<'a> {
    brought: Brought<'a>,
    /// Whether its entities need values from further up in the tree.
    is_contextual: bool,
}

impl<'a> Origins<'a> {
    /// Those whose conditions hold.
    pub fn new(tree: &'a Tree, plan: &'a PreparedPlan, conditions: &'a [bool]) -> Origins<'a> {
        let mut origins = Origins {
            tree,
            plan,
            conditions,
            fetches: Vec::new(),
        };
        if let Some(root) = &plan.root {
            origins.add(root);
        }
        origins
    }

    fn add(&mut self, step: &'a Step) {
        match step {
            Step::Fetch(fetch) => self.fetches.push(Fetch {
                brought: Brought::new(self.plan, fetch),
                is_contextual: fetch.contextual.is_some(),
            }),
            Step::Sequence(steps) | Step::Parallel(steps) => {
                for step in steps {
                    self.add(step);
                }
            }
            Step::Condition { condition, then } => {
                if self.conditions[*condition as usize] {
                    self.add(then);
                }
            }
            Step::Subscription { primary, rest } => {
                self.fetches.push(Fetch {
                    brought: Brought::new(self.plan, primary),
                    is_contextual: false,
                });
                if let Some(rest) = rest {
                    self.add(rest);
                }
            }
        }
    }

    /// The subgraph that brought what is at a place or, when it `is_missing`, was asked for it and left it out. `None`
    /// when that may have been any of several, or nobody was asked. `starts` tells where a fetch puts the objects with
    /// which it was to bring that, see [`Brought::starts_of_field`].
    pub fn subgraph(
        &self,
        place: &KeptPlace<'_>,
        is_missing: bool,
        starts: impl Fn(&Brought<'a>) -> Vec<Start<'a>>,
    ) -> Option<&'a str> {
        let mut found = None;
        for fetch in &self.fetches {
            // Whether the contexts' values were there is not known.
            if is_missing && fetch.is_contextual {
                continue;
            }
            let mut starts = starts(&fetch.brought).into_iter();
            if !starts.any(|start| self.may_have_asked(place, &start)) {
                continue;
            }
            let subgraph = fetch.brought.subgraph();
            if found.is_some_and(|known| known != subgraph) {
                return None;
            }
            found = Some(subgraph);
        }
        found
    }

    /// Whether a fetch may have asked about the object of a place that it starts from. The tree only grows, so an object
    /// that lacks a key now lacked it then.
    fn may_have_asked(&self, place: &KeptPlace<'_>, start: &Start<'_>) -> bool {
        let Some(object) = place.object(start.depth) else {
            return false;
        };
        start.group.is_none_or(|group| {
            let holds = |condition| self.conditions[condition as usize];
            group.condition.is_none_or(holds)
                && representations::can_be_sent(self.tree, &self.plan.symbols, group, object)
        })
    }
}
