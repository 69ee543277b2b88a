//! Keys and required fields, bound to fields of the tree.

use apollo_compiler::Name;
use apollo_compiler::ast::Type;

use super::{Goal, Search, Wanted};
use crate::error::PlanError;
use crate::field_set::{FieldSet, FieldSetItem};
use crate::guard::Guard;
use crate::model::{TypeId, TypeKind};
use crate::plan::IfNull;
use crate::scope::Scope;
use crate::tree::{FieldId, NewField, PositionId};

/// A field of a field set, and the tree's field that holds its value.
#[derive(Debug, Clone)]
pub(crate) struct Bound {
    /// The name in the representation.
    pub(crate) name: Name,
    /// `None` for `__typename`.
    pub(crate) field: Option<FieldId>,
    /// The runtime types it is for, when its position may hold others.
    pub(crate) scope: Option<Scope>,
    /// See [`Nulls`].
    pub(crate) if_null: IfNull,
    pub(crate) below: Vec<Bound>,
}

/// Which fields of a field set may be null where it is sent.
#[derive(Clone, Copy)]
enum Nulls {
    /// All of what is required: the subgraph computes with what it gets.
    All,
    /// Those of a key that are of a nullable type, where others never are: these tell entities apart.
    Nullable,
    /// None of a key that may be nothing but null, and then nobody's.
    None,
}

impl Search<'_> {
    /// Finds or makes the tree's fields for a field set. `None` when no subgraph has one of them.
    pub(super) fn bind(
        &mut self,
        position: PositionId,
        scope: Option<Scope>,
        set: &FieldSet,
        for_key: bool,
    ) -> Option<Vec<Bound>> {
        let owner = self.tree.owner(position, scope);
        let nulls = match for_key {
            false => Nulls::All,
            true if self.is_never_null(owner, set) => Nulls::Nullable,
            true => Nulls::None,
        };
        self.bind_set(position, scope, set, nulls)
    }

    /// Whether some field of the set always has a value.
    fn is_never_null(&self, owner: TypeId, set: &FieldSet) -> bool {
        let model = self.supergraph.model();
        set.items.iter().any(|item| {
            let FieldSetItem::Field { name, set, .. } = item else {
                return false;
            };
            let ty = model.ty(owner).fields.get(name);
            ty.filter(|ty| ty.is_non_null()).is_some_and(|ty| {
                let below = model.type_id(ty.inner_named_type());
                set.is_empty() || below.is_some_and(|below| self.is_never_null(below, set))
            })
        })
    }

    fn bind_set(
        &mut self,
        position: PositionId,
        scope: Option<Scope>,
        set: &FieldSet,
        nulls: Nulls,
    ) -> Option<Vec<Bound>> {
        let mut bound = Vec::new();
        for item in &set.items {
            match item {
                FieldSetItem::Field { name, .. } if name == "__typename" => {
                    bound.push(typename(name.clone()));
                }
                FieldSetItem::Field {
                    name,
                    arguments,
                    set,
                } => {
                    for scope in self.scopes_for(position, scope, name) {
                        let known = self.tree.find(position, scope, name, arguments);
                        let new = NewField {
                            scope,
                            name,
                            arguments,
                            wanted_key: name,
                        };
                        let field = known.or_else(|| self.tree.add(position, &new))?;
                        let mut below = Vec::new();
                        if let Some(child) = self.tree.field(field).child {
                            below = self.bind_set(child, None, set, nulls)?;
                            let knows_type = below.iter().any(|bound| bound.field.is_none());
                            if self.tree.is_abstract(child) && !knows_type {
                                below.insert(0, typename(Name::new_static_unchecked("__typename")));
                            }
                        }
                        bound.push(Bound {
                            name: name.clone(),
                            field: Some(field),
                            scope,
                            if_null: self.if_null(position, scope, name, nulls),
                            below,
                        });
                    }
                }
                FieldSetItem::Fragment { on, set } => {
                    let on = self.supergraph.model().type_id(on)?;
                    for scope in self.narrowed(position, scope, on) {
                        bound.extend(self.bind_set(position, scope, set, nulls)?);
                    }
                }
            }
        }
        Some(bound)
    }

    fn if_null(
        &self,
        position: PositionId,
        scope: Option<Scope>,
        name: &Name,
        nulls: Nulls,
    ) -> IfNull {
        let ty = self.tree.type_of(position, scope, name);
        let is_non_null = ty.is_some_and(Type::is_non_null);
        match nulls {
            Nulls::All => IfNull::Send,
            Nulls::Nullable | Nulls::None if is_non_null => IfNull::Mistake,
            Nulls::Nullable => IfNull::Send,
            Nulls::None => IfNull::LeaveOut,
        }
    }

    /// An abstract type's field is asked of the abstract type if some subgraph can, else of its objects.
    fn scopes_for(
        &mut self,
        position: PositionId,
        scope: Option<Scope>,
        name: &Name,
    ) -> Vec<Option<Scope>> {
        let ty = self.tree.position(position).ty;
        let model = self.supergraph.model();
        if scope.is_some() || model.ty(ty).kind == TypeKind::Object || self.some_node_has(ty, name)
        {
            return vec![scope];
        }
        let scopes = self.alike(&model.ty(ty).possible, name);
        scopes.iter().copied().map(Some).collect()
    }

    fn narrowed(
        &self,
        position: PositionId,
        scope: Option<Scope>,
        on: TypeId,
    ) -> Vec<Option<Scope>> {
        let model = self.supergraph.model();
        let ty = self.tree.position(position).ty;
        let allowed = &model.ty(on).possible;
        if let Some(known) = scope {
            return if allowed.contains(&known.sample) {
                vec![scope]
            } else {
                Vec::new()
            };
        }
        if ty == on {
            return vec![None];
        }
        if model.ty(ty).kind == TypeKind::Object {
            return match allowed.contains(&ty) {
                true => vec![None],
                false => Vec::new(),
            };
        }
        let possible = model.ty(ty).possible.iter().copied();
        possible
            .filter(|object| allowed.contains(object))
            .map(|object| Some(Scope::one(object)))
            .collect()
    }

    /// True when some subgraph resolves the field on the type itself.
    pub(super) fn some_node_has(&self, ty: TypeId, name: &str) -> bool {
        let graph = self.supergraph.graph();
        let mut subgraphs = self.supergraph.model().ty(ty).subgraphs.keys();
        subgraphs.any(|subgraph| {
            let node = graph.node_of(ty, *subgraph);
            node.is_some_and(|node| graph.field(node, name).is_some())
        })
    }

    /// The goals that make a bound field set available.
    pub(super) fn goals_of(
        &self,
        position: PositionId,
        bound: &[Bound],
        for_key: bool,
        guard: &Guard,
        goals: &mut Vec<Goal>,
    ) {
        for item in bound {
            let child = item.field.and_then(|field| self.tree.field(field).child);
            let wanted = match (item.field, child) {
                (Some(_), Some(child)) => {
                    self.goals_of(child, &item.below, for_key, guard, goals);
                    continue;
                }
                (Some(field), None) => Wanted::Field(field),
                (None, _) => Wanted::Typename,
            };
            goals.push(Goal {
                position,
                wanted,
                for_key,
                guard: guard.clone(),
            });
        }
    }

    /// What it costs to make a field set available at a position by whatever ways there are; `None` if impossible.
    pub(super) fn cost_of(
        &mut self,
        position: PositionId,
        scope: Option<Scope>,
        set: &FieldSet,
        for_key: bool,
    ) -> Result<Option<u32>, PlanError> {
        let Some(bound) = self.bind(position, scope, set, for_key) else {
            return Ok(None);
        };
        let mut goals = Vec::new();
        self.goals_of(position, &bound, for_key, &Guard::always(), &mut goals);
        let mut cost = 0;
        for goal in &goals {
            match self.route(goal)? {
                Some(route) => cost = route.cost.saturating_add(cost),
                None if self.may_occur(goal)? => return Ok(None),
                None => {}
            }
        }
        Ok(Some(cost))
    }
}

fn typename(name: Name) -> Bound {
    Bound {
        name,
        field: None,
        scope: None,
        if_null: IfNull::Mistake,
        below: Vec::new(),
    }
}

/// Adds a bound field to others; the same field twice is one field with both selections.
pub(crate) fn add_bound(known: &mut Vec<Bound>, new: Bound) {
    let same = known.iter_mut().find(|bound| {
        bound.field == new.field && bound.name == new.name && bound.scope == new.scope
    });
    match same {
        Some(same) => {
            same.if_null = same.if_null.max(new.if_null);
            for below in new.below {
                add_bound(&mut same.below, below);
            }
        }
        None => known.push(new),
    }
}
