//! Contexts: values from further up in the query that a subgraph wants as arguments of a field.
//!
//! The nearest enclosing object that sets a context gives the value. Where an enclosing position is of an abstract type,
//! only some of its objects may set it: for the others the search goes on further up. Where several ways lead to a
//! position, all of them are followed, level by level. Which of the objects on them it is that sets the context for an
//! entity is told by its type, so types that set a context and types that do not may lead to one position.

use apollo_compiler::Name;
use apollo_compiler::ast::Type;
use apollo_compiler::collections::IndexMap;

use super::supply::{Jump, Supply};
use super::{Bound, Goal, Search, Wanted};
use crate::error::PlanError;
use crate::guard::Guard;
use crate::model::{ContextArgument, TypeId};
use crate::scope::Scope;
use crate::tree::{FieldId, NewField, PositionId};

/// A context's argument, and where in the tree its value is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct BoundContext {
    pub(crate) argument: Name,
    pub(crate) ty: Type,
    /// The nearest first.
    pub(crate) sources: Vec<ContextSource>,
}

/// Enclosing objects that set the context.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ContextSource {
    /// How many fields lead from the root to them.
    pub(crate) level: usize,
    /// Their runtime type, when there may be others at that level.
    pub(crate) on: Option<TypeId>,
    /// From the object down to the leaf.
    pub(crate) keys: Vec<Name>,
}

/// A context as found above a position, with what has to be placed for it.
struct Found {
    context: BoundContext,
    /// For each source, the fields down to the leaf, of one of the positions where it may be.
    samples: Vec<Vec<FieldId>>,
    needed: Vec<Goal>,
}

/// How far a context has been found on the ways from a position up to some enclosing one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sought {
    /// On each way, whatever the types of the objects on it.
    Found,
    /// On each way, for some of the types.
    FoundForSome,
    /// On one of the ways not at all.
    Missing,
}

impl Search<'_> {
    /// What it costs to have the values of contexts; `None` when nothing above the position sets one.
    pub(super) fn cost_of_contexts(
        &mut self,
        position: PositionId,
        contexts: &[ContextArgument],
    ) -> Result<Option<u32>, PlanError> {
        let mut cost = 0;
        for argument in contexts {
            let Some(found) = self.find_context(position, argument) else {
                return Ok(None);
            };
            for goal in &found.needed {
                match self.route(goal)? {
                    Some(route) => cost = route.cost.saturating_add(cost),
                    None if self.may_occur(goal)? => return Ok(None),
                    None => {}
                }
            }
        }
        Ok(Some(cost))
    }

    /// Places what contexts are taken from.
    pub(super) fn supply_contexts(
        &mut self,
        jump: &Jump<'_>,
        contexts: &[ContextArgument],
        supply: &mut Supply,
    ) -> Result<Vec<BoundContext>, PlanError> {
        let position = self.place(jump.from).position;
        let mut bound = Vec::new();
        for argument in contexts {
            let Some(found) = self.find_context(position, argument) else {
                return Err(self.lost(position, None));
            };
            for goal in found.needed {
                let guard = jump.guard.clone();
                self.supply_goal(&Goal { guard, ..goal }, supply)?;
            }
            bound.push(found.context);
        }
        Ok(bound)
    }

    fn find_context(&mut self, position: PositionId, argument: &ContextArgument) -> Option<Found> {
        let mut found = Found {
            context: BoundContext {
                argument: argument.name.clone(),
                ty: argument.ty.clone(),
                sources: Vec::new(),
            },
            samples: Vec::new(),
            needed: Vec::new(),
        };
        let mut level = self.tree.chain(position).len();
        let mut here = IndexMap::from_iter([(position, Sought::Missing)]);
        while level > 0 && here.values().any(|sought| *sought != Sought::Found) {
            level -= 1;
            here = self.look_above(&here, level, argument, &mut found)?;
        }
        let is_missing = here.values().any(|sought| *sought == Sought::Missing);
        (!is_missing).then_some(found)
    }

    /// Looks for a context in what encloses some positions, which is at this level. Returns how far it has been found
    /// there. Ways on which it has been found before are followed, too: an entity's path may be one of another way.
    fn look_above(
        &mut self,
        below: &IndexMap<PositionId, Sought>,
        level: usize,
        argument: &ContextArgument,
        found: &mut Found,
    ) -> Option<IndexMap<PositionId, Sought>> {
        let mut ways: IndexMap<(PositionId, Option<Scope>), Sought> = IndexMap::default();
        for (position, sought) in below {
            for field in self.tree.ways_in(*position) {
                let field = self.tree.field(*field);
                let known = ways.entry((field.position, field.scope));
                let known = known.or_insert(Sought::Found);
                *known = (*known).max(*sought);
            }
        }
        let is_only = ways.len() == 1;
        let before = found.context.sources.len();
        let mut here: IndexMap<PositionId, Sought> = IndexMap::default();
        for ((position, scope), sought) in ways {
            let types = self.types_that_may_set(position, scope);
            let model = self.supergraph.model();
            let sets = |ty: &TypeId| model.sets_context(*ty, &argument.context);
            let setting: Vec<TypeId> = types.iter().copied().filter(sets).collect();
            let all_set = setting.len() == types.len();
            let known = here.entry(position).or_insert(Sought::Found);
            *known = (*known).max(match setting.is_empty() {
                true => sought,
                false if all_set => Sought::Found,
                false => sought.min(Sought::FoundForSome),
            });
            if all_set && is_only {
                self.take_from(level, (position, scope), None, argument, found)?;
                continue;
            }
            for ty in setting {
                let is_abstract = self.tree.is_abstract(position);
                let scope = is_abstract.then(|| Scope::one(ty));
                let on = Some(ty).filter(|_| is_abstract || !is_only);
                self.take_from(level, (position, scope), on, argument, found)?;
            }
        }
        if !is_only && found.context.sources.len() > before {
            let positions = here.keys();
            let wanted = positions.map(|position| needed(*position, Wanted::Typename));
            found.needed.extend(wanted);
        }
        Some(here)
    }

    /// Adds what objects of a position set a context to, all or those of some types. `on` is their type, if others at
    /// the level do not set the context to the same.
    fn take_from(
        &mut self,
        level: usize,
        (position, scope): (PositionId, Option<Scope>),
        on: Option<TypeId>,
        argument: &ContextArgument,
        found: &mut Found,
    ) -> Option<()> {
        let is_abstract = self.tree.is_abstract(position);
        let mut is_by_type = false;
        for item in self.bind(position, scope, &argument.selection, false)? {
            let own = item.scope.filter(|_| is_abstract);
            is_by_type |= own.is_some();
            let on = on.or(own.map(|scope| scope.sample));
            let value = down(&item);
            let keys = self.keys(&value);
            let mut sources = found.context.sources.iter();
            let known = sources.position(|source| source.level == level && source.on == on);
            let is_other = known.filter(|known| found.context.sources[*known].keys != keys);
            if let Some(other) = is_other {
                // The value has to be under the same keys wherever objects of the type may be.
                let leaf = self.bind_alike(position, item.scope, &found.samples[other])?;
                let position = self.tree.field(leaf).position;
                found.needed.push(needed(position, Wanted::Field(leaf)));
                continue;
            }
            let goals = &mut found.needed;
            self.goals_of(position, &[item], false, &Guard::always(), goals);
            if known.is_none() {
                let source = ContextSource { level, on, keys };
                found.context.sources.push(source);
                found.samples.push(value);
            }
        }
        if is_by_type {
            found.needed.push(needed(position, Wanted::Typename));
        }
        Some(())
    }

    fn keys(&self, fields: &[FieldId]) -> Vec<Name> {
        let fields = fields.iter().map(|field| self.tree.field(*field));
        fields.map(|field| field.source_key.clone()).collect()
    }

    /// Finds or makes fields of a position that have the names, arguments and keys of others, which are those of another
    /// position at the same path. Returns the innermost.
    fn bind_alike(
        &mut self,
        position: PositionId,
        scope: Option<Scope>,
        others: &[FieldId],
    ) -> Option<FieldId> {
        let (mut at, mut scope) = (position, scope);
        let (last, above) = others.split_last()?;
        for (index, other) in above.iter().enumerate() {
            let field = self.alike_field(at, scope, *other)?;
            at = self.tree.field(field).child?;
            scope = self.tree.field(others[index + 1]).scope;
        }
        self.alike_field(at, scope, *last)
    }

    fn alike_field(
        &mut self,
        position: PositionId,
        scope: Option<Scope>,
        other: FieldId,
    ) -> Option<FieldId> {
        let other = self.tree.field(other);
        let (name, arguments) = (other.name.clone(), other.arguments.clone());
        let key = other.source_key.clone();
        let new = NewField {
            scope,
            name: &name,
            arguments: &arguments,
            wanted_key: &key,
        };
        let known = self.tree.find_with_key(position, &new);
        let field = known.or_else(|| self.tree.add(position, &new))?;
        (self.tree.field(field).source_key == key).then_some(field)
    }

    /// The types of a position's objects that count where contexts are looked for.
    fn types_that_may_set(&self, position: PositionId, scope: Option<Scope>) -> Vec<TypeId> {
        let ty = self.tree.position(position).ty;
        match (scope, self.supergraph.model().ty(ty).possible.as_slice()) {
            // Types that set contexts are alone in their scope.
            (Some(scope), _) => vec![scope.sample],
            (None, []) => vec![ty],
            (None, possible) => possible.to_vec(),
        }
    }
}

fn needed(position: PositionId, wanted: Wanted) -> Goal {
    Goal {
        position,
        wanted,
        for_key: false,
        guard: Guard::always(),
    }
}

/// The fields from the one selected to the leaf.
fn down(bound: &Bound) -> Vec<FieldId> {
    let mut fields = Vec::new();
    let mut next = Some(bound);
    while let Some(bound) = next {
        fields.extend(bound.field);
        next = bound.below.iter().find(|below| below.field.is_some());
    }
    fields
}
