//! Which subgraph a value came from. Only errors raise the question, so nothing is noted while values come in.

use hashbrown::HashSet;

use crate::brought::{Brought, Start};
use crate::place::KeptPlace;
use crate::prepared::{PreparedPlan, ShapeField, Step};
use crate::representations;
use crate::symbols::Symbol;
use crate::tree::{ObjectId, Tree};

/// The fetches of one execution.
pub(super) struct Origins<'a> {
    tree: &'a Tree,
    plan: &'a PreparedPlan,
    conditions: &'a [bool],
    fetches: Vec<Fetch<'a>>,
}

/// A null that may not be, see `souk_planner::plan::IfNull`.
pub(super) struct Mistake {
    /// The object that has it.
    pub object: ObjectId,
    /// Under which key.
    pub key: Symbol,
    /// How many keys of the place lead to the object; `None` when it is below the entity.
    pub depth: Option<usize>,
    /// What the subgraph that needs it calls it, with what it is below.
    pub name: String,
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

    /// The null because of which fetches could not bring what is missing at a place, if there is one that may not be. `starts`
    /// as for [`Origins::subgraph`].
    pub fn mistake(
        &self,
        place: &KeptPlace<'_>,
        starts: impl Fn(&Brought<'a>) -> Vec<Start<'a>>,
    ) -> Option<Mistake> {
        let mut seen = HashSet::new();
        let mut fetches = self.fetches.iter().enumerate();
        fetches.find_map(|(index, fetch)| {
            let mut starts = starts(&fetch.brought).into_iter();
            starts.find_map(|start| self.mistake_before(index, place, &start, &mut seen))
        })
    }

    /// The same for one fetch. What it lacks may be for another before it to bring, which is followed for the entity's own
    /// fields, not for those below them and not for contexts. Each group is looked at once.
    fn mistake_before(
        &self,
        index: usize,
        place: &KeptPlace<'_>,
        start: &Start<'a>,
        seen: &mut HashSet<(usize, Symbol)>,
    ) -> Option<Mistake> {
        let (object, group) = (place.object(start.depth)?, start.group?);
        let holds = |condition| self.conditions[condition as usize];
        if !group.condition.is_none_or(holds) || !seen.insert((index, group.response_key)) {
            return None;
        }
        let shape = representations::fitting_shape(self.tree, group, object)?;
        let writer = representations::Writer::new(self.tree, &self.plan.symbols);
        if let Some(fields) = writer.mistake(object, &shape.fields) {
            let names: Vec<&str> = fields.iter().map(|(_, field)| &*field.name).collect();
            let (inner, field) = fields.last()?;
            return Some(Mistake {
                object: *inner,
                key: field.source,
                depth: (fields.len() == 1).then_some(start.depth),
                name: names.join("."),
            });
        }
        let lacks = |field: &&ShapeField| {
            writer.applies(object, field) && self.tree.field(object, field.source).is_none()
        };
        shape.fields.iter().filter(lacks).find_map(|field| {
            let mut before = self.fetches[..index].iter().enumerate();
            before.find_map(|(index, fetch)| {
                let starts = fetch
                    .brought
                    .starts_of_key(place, start.depth, field.source);
                let mut starts = starts.into_iter();
                starts.find_map(|start| self.mistake_before(index, place, &start, seen))
            })
        })
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
