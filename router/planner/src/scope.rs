//! Runtime types that are planned for together.

use std::sync::Arc;

use apollo_compiler::collections::HashMap;

use crate::model::TypeId;

/// The runtime types of an object that something is planned for: one, or several between which it makes no difference to
/// the plan, or (see [`Scopes::joined`]) to what is below a field of theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Scope {
    /// The first of them. What is asked of the graph for it holds for all, unless the scope was joined of others.
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
    sets: Vec<Arc<Set>>,
    known: HashMap<Arc<Set>, Scope>,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Set {
    types: Vec<TypeId>,
    /// The sample of each of the scopes that it was joined of.
    samples: Vec<TypeId>,
}

impl Scopes {
    /// The scope of these types, of which there is at least one: `sample` and those after it, sorted.
    pub(crate) fn of(&mut self, sample: TypeId, others: &[TypeId]) -> Scope {
        if others.is_empty() {
            return Scope::one(sample);
        }
        let types = std::iter::once(&sample).chain(others).copied().collect();
        let samples = vec![sample];
        self.add(Set { types, samples })
            .unwrap_or(Scope::one(sample))
    }

    /// The scope of the types of several scopes. `None` when there are none.
    pub(crate) fn joined(&mut self, scopes: &[Scope]) -> Option<Scope> {
        let types = scopes.iter().flat_map(|scope| self.types(scope));
        let mut types: Vec<TypeId> = types.copied().collect();
        types.sort_unstable();
        let samples = scopes.iter().map(|scope| scope.sample).collect();
        self.add(Set { types, samples })
    }

    fn add(&mut self, set: Set) -> Option<Scope> {
        if let Some(known) = self.known.get(&set) {
            return Some(*known);
        }
        let scope = Scope {
            sample: *set.types.first()?,
            set: Some(self.sets.len() as u32),
        };
        let set = Arc::new(set);
        self.sets.push(set.clone());
        self.known.insert(set, scope);
        Some(scope)
    }

    /// The types of a scope, sorted.
    pub(crate) fn types<'a>(&'a self, scope: &'a Scope) -> &'a [TypeId] {
        match scope.set {
            None => std::slice::from_ref(&scope.sample),
            Some(set) => &self.sets[set as usize].types,
        }
    }

    /// Types of which each stands for others of the scope, and one of them for each.
    pub(crate) fn samples<'a>(&'a self, scope: &'a Scope) -> &'a [TypeId] {
        match scope.set {
            None => std::slice::from_ref(&scope.sample),
            Some(set) => &self.sets[set as usize].samples,
        }
    }
}
