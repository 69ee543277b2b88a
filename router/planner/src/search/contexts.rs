//! Contexts: values from further up in the query that a subgraph wants as arguments of a field.
//!
//! The nearest enclosing object that sets a context gives the value. Where an enclosing position is of an abstract type,
//! only some of its objects may set it: for the others the search goes on further up.

use apollo_compiler::Name;
use apollo_compiler::ast::Type;

use super::supply::{Jump, Supply};
use super::{Bound, Goal, Search, Wanted};
use crate::error::PlanError;
use crate::guard::Guard;
use crate::model::{ContextArgument, TypeId};
use crate::scope::Scope;
use crate::tree::{FieldId, PositionId};

/// A context's argument, and where in the tree its value is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct BoundContext {
    pub(crate) argument: Name,
    pub(crate) ty: Type,
    /// The nearest first.
    pub(crate) sources: Vec<ContextSource>,
}

/// An enclosing position whose objects set the context.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ContextSource {
    pub(crate) position: PositionId,
    /// The runtime types it is for, when the position may hold others.
    pub(crate) scope: Option<Scope>,
    /// From the object down to the leaf.
    pub(crate) value: Vec<FieldId>,
}

/// Objects of a position, all or those of some types, of which some set contexts.
pub(super) type Setter = (PositionId, Option<Scope>);

/// A context as found above a position, with what has to be placed for it.
struct Found {
    context: BoundContext,
    needed: Vec<(PositionId, Vec<Bound>)>,
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
            for goal in self.context_goals(&found, &Guard::always()) {
                match self.route(&goal)? {
                    Some(route) => cost = route.cost.saturating_add(cost),
                    None if self.may_occur(&goal)? => return Ok(None),
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
            for goal in self.context_goals(&found, jump.guard) {
                self.supply_goal(&goal, supply)?;
            }
            bound.push(found.context);
        }
        Ok(bound)
    }

    fn context_goals(&self, found: &Found, guard: &Guard) -> Vec<Goal> {
        let mut goals = Vec::new();
        for (position, bound) in &found.needed {
            self.goals_of(*position, bound, false, guard, &mut goals);
            if bound.iter().any(|bound| bound.scope.is_some()) && self.tree.is_abstract(*position) {
                goals.push(Goal {
                    position: *position,
                    wanted: Wanted::Typename,
                    for_key: false,
                    guard: guard.clone(),
                });
            }
        }
        goals
    }

    fn find_context(&mut self, position: PositionId, argument: &ContextArgument) -> Option<Found> {
        let mut found = Found {
            context: BoundContext {
                argument: argument.name.clone(),
                ty: argument.ty.clone(),
                sources: Vec::new(),
            },
            needed: Vec::new(),
        };
        for field in self.tree.chain(position).into_iter().rev() {
            let field = self.tree.field(field);
            let (above, scope) = (field.position, field.scope);
            let model = self.supergraph.model();
            let types = self.types_that_may_set(above, scope);
            let setting: Vec<TypeId> = types
                .iter()
                .copied()
                .filter(|ty| model.sets_context(*ty, &argument.context))
                .collect();
            let all_set = setting.len() == types.len();
            let scopes: Vec<Option<Scope>> = match all_set {
                true => vec![scope],
                false => setting.into_iter().map(Scope::one).map(Some).collect(),
            };
            for scope in scopes {
                let bound = self.bind(above, scope, &argument.selection, false)?;
                for item in &bound {
                    found.context.sources.push(ContextSource {
                        position: above,
                        scope: item.scope,
                        value: down(item),
                    });
                }
                found.needed.push((above, bound));
            }
            if all_set {
                break;
            }
        }
        (!found.context.sources.is_empty()).then_some(found)
    }

    /// The nearest objects that set any context for a field of theirs, or for what is below it.
    pub(super) fn setter(&self, position: PositionId, scope: Option<Scope>) -> Option<Setter> {
        if !self.supergraph.sets_contexts() {
            return None;
        }
        let model = self.supergraph.model();
        let (mut at, mut scope) = (position, scope);
        loop {
            let mut types = self.types_that_may_set(at, scope).into_iter();
            if types.any(|ty| !model.ty(ty).contexts.is_empty()) {
                return Some((at, scope));
            }
            // Where several ways lead to a position, they have the same setter.
            let field = self.tree.field(self.tree.position(at).parent?);
            (at, scope) = (field.position, field.scope);
        }
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
