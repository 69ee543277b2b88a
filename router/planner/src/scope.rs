//! Runtime types that are planned for together.

use std::sync::Arc;

use apollo_compiler::collections::HashMap;

use crate::model::TypeId;

/// The runtime types of an object that something is planned for: one, or several between which it makes no difference to
/// the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Scope {
    /// The first of them. What is asked of the graph for it holds for all.
    pub(crate) sample: TypeId,
    /// `None` is the sample alone.
    set: Option<u32>,
}

impl Scope {
    pub(crate) fn one(ty: TypeId) -> Scope {
        Scope {
            sample: ty,
            set: None,
        }
    }
}

/// The scopes of an operation that are of several types.
#[derive(Debug, Default)]
pub(crate) struct Scopes {
    sets: Vec<Arc<[TypeId]>>,
    known: HashMap<Arc<[TypeId]>, Scope>,
}

impl Scopes {
    /// The scope of these types, of which there is at least one: `sample` and those after it, sorted.
    pub(crate) fn of(&mut self, sample: TypeId, others: &[TypeId]) -> Scope {
        if others.is_empty() {
            return Scope::one(sample);
        }
        let types: Arc<[TypeId]> = std::iter::once(&sample).chain(others).copied().collect();
        if let Some(known) = self.known.get(&types) {
            return *known;
        }
        let scope = Scope {
            sample,
            set: Some(self.sets.len() as u32),
        };
        self.sets.push(types.clone());
        self.known.insert(types, scope);
        scope
    }

    /// The types of a scope, sorted.
    pub(crate) fn types<'a>(&'a self, scope: &'a Scope) -> &'a [TypeId] {
        match scope.set {
            None => std::slice::from_ref(&scope.sample),
            Some(set) => &self.sets[set as usize],
        }
    }
}
