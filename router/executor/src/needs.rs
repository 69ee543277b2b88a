//! What fetches need of objects that are there, be it asked for by the client or not: the ways to entities, and what is sent
//! of them.

use crate::prepared::contexts::{ContextSource, Contextual};
use crate::prepared::{FetchStep, Group, PreparedPlan, Segment, ShapeField, Step, TypeSet};
use crate::symbols::Symbol;

/// The fetches of one execution.
pub(crate) struct Needs<'a> {
    conditions: &'a [bool],
    fetches: Vec<&'a FetchStep>,
}

/// A key on the way to a place of the tree.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WayKey {
    pub key: Symbol,
    /// The runtime type of the object that has it, when it is known.
    pub of: Option<Symbol>,
}

impl WayKey {
    fn may_be_of(self, types: &TypeSet) -> bool {
        self.of.is_none_or(|of| types.contains(of))
    }
}

impl<'a> Needs<'a> {
    /// Of the fetches whose conditions hold.
    pub fn of(plan: &'a PreparedPlan, conditions: &'a [bool]) -> Needs<'a> {
        let mut needs = Needs {
            conditions,
            fetches: Vec::new(),
        };
        if let Some(root) = &plan.root {
            needs.add(root);
        }
        needs
    }

    fn add(&mut self, step: &'a Step) {
        match step {
            Step::Fetch(fetch) => self.fetches.push(fetch),
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
            // The first fetch of a subscription needs nothing.
            Step::Subscription { rest, .. } => {
                if let Some(rest) = rest {
                    self.add(rest);
                }
            }
        }
    }

    /// Whether somebody needs what a way leads to.
    pub fn has(&self, way: &[WayKey]) -> bool {
        self.fetches.iter().any(|fetch| {
            let mut groups = fetch.groups.iter().enumerate();
            leads_along(&fetch.root_at, way)
                || groups.any(|(index, group)| {
                    let holds = |condition| self.conditions[condition as usize];
                    let contextual = fetch.contextual.as_deref();
                    group.condition.is_none_or(holds)
                        && (sends(group, way)
                            || sources(contextual, index)
                                .any(|source| reads(source, &group.path, way)))
                })
        })
    }

    /// Whether somebody needs what a way leads to of objects of other types, if not of these.
    pub fn has_of_any_type(&self, way: &[WayKey]) -> bool {
        let way = way.iter().map(|step| WayKey { of: None, ..*step });
        self.has(&way.collect::<Vec<_>>())
    }
}

/// What is left of a way behind the end of a path: nothing where the path leads as far or further. `None` where they part.
fn behind<'w>(path: &[Segment], mut way: &'w [WayKey]) -> Option<&'w [WayKey]> {
    for segment in path {
        let Some((next, rest)) = way.split_first() else {
            break;
        };
        match segment {
            Segment::Key(key) if next.key == *key => way = rest,
            Segment::OnTypes(types) if next.may_be_of(types) => {}
            Segment::Each => {}
            Segment::Key(_) | Segment::OnTypes(_) => return None,
        }
    }
    Some(way)
}

/// Whether a way is the first part of a path.
fn leads_along(path: &[Segment], way: &[WayKey]) -> bool {
    behind(path, way).is_some_and(<[WayKey]>::is_empty)
}

/// Whether a way leads to entities of a group, or to what is sent of them.
fn sends(group: &Group, way: &[WayKey]) -> bool {
    let Some(way) = behind(&group.path, way) else {
        return false;
    };
    let Some(first) = way.first() else {
        return true;
    };
    let mut shapes = group.shapes.iter();
    shapes.any(|shape| first.may_be_of(&shape.types) && has_field(&shape.fields, way))
}

fn has_field(fields: &[ShapeField], way: &[WayKey]) -> bool {
    let Some((first, rest)) = way.split_first() else {
        return true;
    };
    fields.iter().any(|field| {
        let is_of = |types| first.may_be_of(types);
        field.source == first.key
            && field.types.as_ref().is_none_or(is_of)
            && has_field(&field.fields, rest)
    })
}

/// The places from which a group's contexts have their values.
fn sources(contextual: Option<&Contextual>, group: usize) -> impl Iterator<Item = &ContextSource> {
    let contexts = contextual.into_iter();
    let contexts = contexts.flat_map(move |contextual| &contextual.groups[group].contexts);
    contexts.flat_map(|context| &context.sources)
}

/// Whether a way leads to the value of a context, for entities at a path.
fn reads(source: &ContextSource, path: &[Segment], way: &[WayKey]) -> bool {
    let Some(way) = path.get(..source.depth).and_then(|path| behind(path, way)) else {
        return false;
    };
    let may_be_on =
        |first: &WayKey| source.on.is_none() || first.of.is_none() || first.of == source.on;
    let mut keys = source.keys.iter();
    way.first().is_none_or(may_be_on) && way.iter().all(|step| keys.next() == Some(&step.key))
}
