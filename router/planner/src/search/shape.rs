//! The operation laid into the tree: which fields are planned for all objects of a position, and which per runtime type.

use std::rc::Rc;

use super::join::Value;
use super::{Goal, Search, Wanted};
use crate::error::PlanError;
use crate::guard::Guard;
use crate::normalise::{NormalField, NormalSelection, NormalValue};
use crate::scope::Scope;
use crate::tree::{FieldId, NewField, PositionId, Tree};

/// A normalised selection with the tree's fields for it.
#[derive(Debug)]
pub(crate) struct Shaped<'m> {
    pub(crate) fields: Vec<ShapedField<'m>>,
}

#[derive(Debug)]
pub(crate) struct ShapedField<'m> {
    pub(crate) normal: &'m NormalField,
    /// One for all types, or one for each scope; none for `__typename`, introspection and what is denied.
    pub(crate) parts: Vec<Part<'m>>,
}

/// A field as planned for some runtime types, or for all.
#[derive(Debug)]
pub(crate) struct Part<'m> {
    pub(crate) scope: Option<Scope>,
    pub(crate) field: FieldId,
    /// Empty for a leaf.
    pub(crate) below: Rc<Shaped<'m>>,
}

impl Shaped<'_> {
    /// True when one of the fields is `__schema` or `__type`.
    pub(crate) fn introspects(&self) -> bool {
        let mut fields = self.fields.iter();
        fields.any(|field| matches!(field.normal.value, NormalValue::Introspection))
    }

    /// True when the answer depends on which object type an abstract one is.
    pub(crate) fn needs_concrete_type(&self) -> bool {
        self.fields.iter().any(|field| {
            let is_typename = matches!(field.normal.value, NormalValue::Typename);
            is_typename
                || field.normal.types.is_some()
                || field.parts.iter().any(|part| part.scope.is_some())
        })
    }
}

impl<'m> Search<'m> {
    /// Lays an operation into the tree. Returns what has to be placed, in the operation's order.
    pub(super) fn shape(
        &mut self,
        selection: &'m NormalSelection,
    ) -> Result<(Shaped<'m>, Vec<Goal>), PlanError> {
        let mut goals = Vec::new();
        let shaped = self.shape_selection(Tree::ROOT, selection, &Guard::always(), &mut goals)?;
        Ok((shaped, goals))
    }

    fn shape_selection(
        &mut self,
        position: PositionId,
        selection: &'m NormalSelection,
        guard: &Guard,
        goals: &mut Vec<Goal>,
    ) -> Result<Shaped<'m>, PlanError> {
        let mut fields = Vec::new();
        for normal in &selection.fields {
            // With one term each there is nothing to work out.
            let terms = guard.term_count() * normal.guard.term_count();
            self.spend_steps(terms.saturating_sub(1))?;
            let guard = guard.and_loosely(&normal.guard);
            let parts = match normal.value {
                NormalValue::Typename | NormalValue::Introspection | NormalValue::Denied => {
                    Vec::new()
                }
                NormalValue::Leaf | NormalValue::Composite { .. } => {
                    self.shape_field(position, normal, &guard, goals)?
                }
            };
            fields.push(ShapedField { normal, parts });
        }
        let shaped = Shaped { fields };
        if position != Tree::ROOT {
            let concrete = self.tree.is_abstract(position) && shaped.needs_concrete_type();
            let wanted = if concrete {
                Wanted::Typename
            } else {
                Wanted::Object(None)
            };
            goals.push(Goal {
                position,
                wanted,
                for_key: false,
                guard: guard.clone(),
            });
        }
        Ok(shaped)
    }

    fn shape_field(
        &mut self,
        position: PositionId,
        normal: &'m NormalField,
        guard: &Guard,
        goals: &mut Vec<Goal>,
    ) -> Result<Vec<Part<'m>>, PlanError> {
        let ty = self.tree.position(position).ty;
        if self.supergraph.is_object(ty) {
            let part = self.shape_part(position, None, normal, guard, goals)?;
            return Ok(vec![part]);
        }
        if normal.types.is_none()
            && self.some_node_has(ty, &normal.name)
            && let Some(part) = self.shape_for_all(position, normal, guard, goals)?
        {
            return Ok(vec![part]);
        }
        let possible = self.supergraph.possible(ty).clone();
        let types = normal.types.as_deref().unwrap_or(&possible);
        if normal.on_abstract && self.is_external_to_all(position, types, &normal.name) {
            return Err(self.unresolvable(position, normal));
        }
        let mut parts = Vec::new();
        for scope in self.alike(types, &normal.name).iter() {
            parts.push(self.shape_part(position, Some(*scope), normal, guard, goals)?);
        }
        Ok(parts)
    }

    /// Lays a field of an abstract type for all its objects, if everything below can be had of them so.
    fn shape_for_all(
        &mut self,
        position: PositionId,
        normal: &'m NormalField,
        guard: &Guard,
        goals: &mut Vec<Goal>,
    ) -> Result<Option<Part<'m>>, PlanError> {
        // What is below is laid again for each scope if this is in vain, so it had better not be.
        let known = (self.origins(position), normal.name.clone());
        if self.in_vain.contains(&known) {
            return Ok(None);
        }
        let before = self.joins_so_far();
        let attempt = self.try_for_all(position, normal, guard)?;
        let Some((part, attempt)) = attempt else {
            self.take_back_joins(before);
            return Ok(None);
        };
        goals.extend(attempt);
        Ok(Some(part))
    }

    fn try_for_all(
        &mut self,
        position: PositionId,
        normal: &'m NormalField,
        guard: &Guard,
    ) -> Result<Option<(Part<'m>, Vec<Goal>)>, PlanError> {
        let value = self.value(position, None, normal)?;
        let joined = match &value {
            Some(value) => self.join(position, None, normal, guard, value)?,
            None => None,
        };
        if let Some((part, entries)) = joined {
            let is_feasible = self.all_feasible(&entries)?;
            return Ok(is_feasible.then_some((part, entries)));
        }
        let field = self.shape_top(position, None, normal)?;
        if let Some(child) = self.tree.field(field).child {
            let value = Goal {
                position: child,
                wanted: Wanted::Object(None),
                for_key: false,
                guard: Guard::always(),
            };
            if !self.all_feasible(&[value])? {
                let known = (self.origins(position), normal.name.clone());
                self.in_vain.insert(known);
                return Ok(None);
            }
        }
        let mut attempt = Vec::new();
        let part = self.shape_value(field, normal, guard, value, &mut attempt)?;
        if !self.all_feasible(&attempt)? {
            return Ok(None);
        }
        Ok(Some((part, attempt)))
    }

    fn unresolvable(&self, position: PositionId, normal: &NormalField) -> PlanError {
        let above = self.tree.describe(position, None);
        PlanError::Unresolvable {
            path: format!("{above}.{}", normal.response_key),
        }
    }

    fn all_feasible(&mut self, goals: &[Goal]) -> Result<bool, PlanError> {
        for goal in goals {
            // What is below several abstract types is asked for with each of them.
            if self.feasible.contains(&(goal.position, goal.wanted)) {
                continue;
            }
            if !self.has_way(goal)? && self.may_occur(goal)? {
                return Ok(false);
            }
            self.feasible.insert((goal.position, goal.wanted));
        }
        Ok(true)
    }

    fn shape_part(
        &mut self,
        position: PositionId,
        scope: Option<Scope>,
        normal: &'m NormalField,
        guard: &Guard,
        goals: &mut Vec<Goal>,
    ) -> Result<Part<'m>, PlanError> {
        let value = self.value(position, scope, normal)?;
        let joined = match &value {
            Some(value) => self.join(position, scope, normal, guard, value)?,
            None => None,
        };
        if let Some((part, entries)) = joined {
            self.spend()?;
            goals.extend(entries);
            return Ok(part);
        }
        let field = self.shape_top(position, scope, normal)?;
        self.shape_value(field, normal, guard, value, goals)
    }

    /// Lays what is below a field. If others can join its value, notes it for them.
    fn shape_value(
        &mut self,
        field: FieldId,
        normal: &'m NormalField,
        guard: &Guard,
        value: Option<Value>,
        goals: &mut Vec<Goal>,
    ) -> Result<Part<'m>, PlanError> {
        let joinable = match value {
            Some(value) if self.note_if_it_occurs(field, &value)? => Some(value),
            _ => None,
        };
        let part = self.shape_below(field, normal, guard, goals)?;
        if let Some(value) = joinable {
            self.note_laid(value, &part);
        }
        Ok(part)
    }

    fn shape_top(
        &mut self,
        position: PositionId,
        scope: Option<Scope>,
        normal: &'m NormalField,
    ) -> Result<FieldId, PlanError> {
        self.spend()?;
        let new = new_field(scope, normal);
        let Some(field) = self.tree.add(position, &new) else {
            return Err(self.unresolvable(position, normal));
        };
        if position == Tree::ROOT && self.kind == apollo_compiler::ast::OperationType::Mutation {
            self.segments.insert(field, self.segments.len());
        }
        Ok(field)
    }

    fn shape_below(
        &mut self,
        field: FieldId,
        normal: &'m NormalField,
        guard: &Guard,
        goals: &mut Vec<Goal>,
    ) -> Result<Part<'m>, PlanError> {
        let known = self.tree.field(field);
        let (position, scope, child) = (known.position, known.scope, known.child);
        let mut below = Shaped { fields: Vec::new() };
        match (&normal.value, child) {
            (NormalValue::Composite { selection, .. }, Some(child)) => {
                below = self.shape_selection(child, selection, guard, goals)?;
            }
            _ => goals.push(Goal {
                position,
                wanted: Wanted::Field(field),
                for_key: false,
                guard: guard.clone(),
            }),
        }
        Ok(Part {
            scope,
            field,
            below: Rc::new(below),
        })
    }
}

pub(super) fn new_field(scope: Option<Scope>, normal: &NormalField) -> NewField<'_> {
    NewField {
        scope,
        name: &normal.name,
        arguments: &normal.arguments,
        wanted_key: &normal.response_key,
    }
}
