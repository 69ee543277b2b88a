//! Where the objects of a position are in the merged tree.

use std::collections::BTreeSet;
use std::sync::Arc;

use apollo_compiler::ast::Type;
use apollo_compiler::collections::{HashMap, IndexMap};

use crate::model::{Model, TypeId};
use crate::plan::PathSegment;
use crate::tree::{PositionId, Tree};

/// For each field on the way, the runtime types of the objects that it is asked of; `None` is all.
type Types = Arc<[Option<BTreeSet<TypeId>>]>;

/// Paths, as far as they have been asked for.
pub(super) struct Paths<'a> {
    model: &'a Model,
    tree: &'a Tree<'a>,
    types: HashMap<PositionId, Types>,
    known: HashMap<PositionId, Arc<[PathSegment]>>,
}

impl<'a> Paths<'a> {
    pub(super) fn new(model: &'a Model, tree: &'a Tree<'a>) -> Paths<'a> {
        Paths {
            model,
            tree,
            types: HashMap::default(),
            known: HashMap::default(),
        }
    }

    /// The path to a position. Where several fields lead there, they are at the same path, for different types.
    pub(super) fn to(&mut self, position: PositionId) -> Arc<[PathSegment]> {
        if let Some(known) = self.known.get(&position) {
            return known.clone();
        }
        let mut path = Vec::new();
        let types = self.types(position);
        for (id, types) in self.tree.chain(position).into_iter().zip(types.iter()) {
            let field = self.tree.field(id);
            if let Some(types) = types
                && self.tree.is_abstract(field.position)
            {
                let names = types.iter().map(|ty| self.model.ty(*ty).name.clone());
                path.push(PathSegment::OnTypes(names.collect()));
            }
            path.push(PathSegment::Key(field.source_key.clone()));
            let mut ty = &field.ty;
            while let Type::List(inner) | Type::NonNullList(inner) = ty {
                path.push(PathSegment::Each);
                ty = inner;
            }
        }
        let path: Arc<[PathSegment]> = path.into();
        self.known.insert(position, path.clone());
        path
    }

    fn types(&mut self, position: PositionId) -> Types {
        if let Some(known) = self.types.get(&position) {
            return known.clone();
        }
        // Many fields lead here from few positions.
        let mut above: IndexMap<PositionId, Option<BTreeSet<TypeId>>> = IndexMap::default();
        for field in self.tree.ways_in(position) {
            let field = self.tree.field(*field);
            let scope = field.scope.as_ref();
            let scope = scope.map(|scope| self.tree.scopes.types(scope).iter().copied().collect());
            match above.get_mut(&field.position) {
                Some(known) => unite(known, scope),
                None => {
                    above.insert(field.position, scope);
                }
            }
        }
        let mut all: Option<Vec<Option<BTreeSet<TypeId>>>> = None;
        for (position, scope) in above {
            let mut types = self.types(position).to_vec();
            types.push(scope);
            match &mut all {
                None => all = Some(types),
                Some(all) => {
                    for (known, new) in all.iter_mut().zip(types) {
                        unite(known, new);
                    }
                }
            }
        }
        let all: Types = all.unwrap_or_default().into();
        self.types.insert(position, all.clone());
        all
    }
}

/// The types of both; `None` is all.
fn unite(known: &mut Option<BTreeSet<TypeId>>, new: Option<BTreeSet<TypeId>>) {
    *known = known.take().zip(new).map(|(mut known, new)| {
        known.extend(new);
        known
    });
}
