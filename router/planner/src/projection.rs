//! The client's answer: which keys of the merged tree make it, and what may be null where.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use apollo_compiler::Name;
use apollo_compiler::schema::ExtendedType;

use crate::error::PlanError;
use crate::guard::Guard;
use crate::model::{TypeId, TypeKind};
use crate::normalise::{NormalField, NormalValue, Place};
use crate::plan::{BuiltInScalar, SelectedField, SelectedValue, Selection};
use crate::search::{Part, Search, Shaped, ShapedField};
use crate::supergraph::Supergraph;
use crate::tree::Tree;

/// How many fields may be written in the answer's plan a second time, because variables decide on their place.
const MAX_COPIES: usize = 10_000;

/// How many fields may be copied where an answer's plan has the same in several places.
const MAX_SHARED: usize = 1_000_000;

/// Cuts the answer of an operation from the tree that its search has planned. Fails with [`PlanError::TooComplex`].
pub(crate) fn project(search: &Search<'_>, shaped: &Shaped<'_>) -> Result<Selection, PlanError> {
    let root = search.tree.position(Tree::ROOT).ty;
    Projector {
        supergraph: search.supergraph,
        tree: &search.tree,
        copies: MAX_COPIES,
        left: MAX_SHARED,
        shared: HashMap::new(),
    }
    .selection(root, shaped)
}

struct Projector<'a> {
    supergraph: &'a Supergraph,
    tree: &'a Tree<'a>,
    /// How many more copies of fields are allowed.
    copies: usize,
    /// How many more fields of shared values may be copied.
    left: usize,
    /// What has been written for values that several fields have, by the address of their shape.
    shared: HashMap<usize, Selection>,
}

impl Projector<'_> {
    fn below(&mut self, parent: TypeId, shaped: &Rc<Shaped<'_>>) -> Result<Selection, PlanError> {
        // The search keeps none of them when it is finished.
        if Rc::strong_count(shaped) == 1 {
            return self.selection(parent, shaped);
        }
        let address = Rc::as_ptr(shaped) as usize;
        if let Some(known) = self.shared.get(&address) {
            let left = self.left.checked_sub(known.fields.iter().map(size).sum());
            self.left = left.ok_or(PlanError::TooComplex)?;
            return Ok(known.clone());
        }
        let selection = self.selection(parent, shaped)?;
        self.shared.insert(address, selection.clone());
        Ok(selection)
    }

    fn selection(&mut self, parent: TypeId, shaped: &Shaped<'_>) -> Result<Selection, PlanError> {
        let mut placed: Vec<(usize, SelectedField)> = Vec::new();
        for field in &shaped.fields {
            let entries = match field.parts.is_empty() {
                true => vec![self.meta(parent, field.normal)],
                false => self.entries(parent, field)?,
            };
            self.place(&field.normal.places, entries, &mut placed);
        }
        placed.sort_by_key(|(order, _)| *order);
        Ok(Selection {
            fields: placed.into_iter().map(|(_, field)| field).collect(),
        })
    }

    /// Puts a field's entries where they belong: at each of its places, unless it has been written before.
    fn place(
        &mut self,
        places: &[Place],
        entries: Vec<SelectedField>,
        placed: &mut Vec<(usize, SelectedField)>,
    ) {
        let Some((first, later)) = places.split_first() else {
            return;
        };
        let copies = later.len() * entries.iter().map(size).sum::<usize>();
        let left = self.copies.checked_sub(copies);
        let (Some(left), false) = (left, later.is_empty()) else {
            placed.extend(entries.into_iter().map(|entry| (first.order, entry)));
            return;
        };
        self.copies = left;
        let mut earlier = Guard::never();
        for place in places {
            let condition = place.guard.to_condition_unless(&earlier);
            earlier.widen(&place.guard);
            for entry in &entries {
                let mut entry = entry.clone();
                entry.condition = condition.clone();
                placed.push((place.order, entry));
            }
        }
    }

    /// The entries of a field: one, or several when its runtime types have different values under it.
    fn entries(
        &mut self,
        parent: TypeId,
        field: &ShapedField<'_>,
    ) -> Result<Vec<SelectedField>, PlanError> {
        // Values that are planned for together need not be written to be compared.
        let mut groups: Vec<(&Part<'_>, Vec<Name>)> = Vec::new();
        for part in &field.parts {
            let types = part.scope.map(|scope| self.tree.names(scope));
            let together = groups
                .iter_mut()
                .find(|(known, _)| Rc::ptr_eq(&known.below, &part.below));
            match together {
                Some((_, known)) => known.extend(types.unwrap_or_default()),
                None => groups.push((part, types.unwrap_or_default())),
            }
        }
        let mut entries: Vec<SelectedField> = Vec::new();
        for (part, types) in groups {
            let mut found = self.field(field.normal, part)?;
            if part.scope.is_some() {
                found.types = Some(types.into());
            }
            // Types for which everything is the same share an entry.
            let same = entries.iter_mut().find(|known| {
                known.source_key == found.source_key
                    && known.value == found.value
                    && known.types.is_some()
            });
            match same {
                Some(known) => {
                    let types = known.types.iter().chain(&found.types);
                    let types = types.flat_map(|types| types.iter().cloned());
                    known.types = Some(types.collect());
                }
                None => entries.push(found),
            }
        }
        let all = self.supergraph.possible(parent).len();
        if let [only] = &mut entries[..]
            && only.types.as_ref().is_some_and(|types| types.len() == all)
        {
            only.types = None;
        }
        Ok(entries)
    }

    /// `__typename`, `__schema`, `__type`, and what is denied.
    fn meta(&self, parent: TypeId, normal: &NormalField) -> SelectedField {
        let value = match normal.value {
            NormalValue::Introspection => SelectedValue::Introspection,
            NormalValue::Denied => SelectedValue::Denied,
            NormalValue::Typename | NormalValue::Leaf | NormalValue::Composite { .. } => {
                let known = self.supergraph.is_object(parent).then(|| self.name(parent));
                SelectedValue::Typename(known)
            }
        };
        SelectedField {
            response_key: normal.response_key.clone(),
            source_key: normal.name.clone(),
            types: normal.types.as_deref().map(|types| self.names(types)),
            condition: normal.guard.to_condition(),
            ty: normal.ty.clone(),
            value,
        }
    }

    /// A field whose types are those that the operation says.
    fn field(&mut self, normal: &NormalField, part: &Part<'_>) -> Result<SelectedField, PlanError> {
        let value = match &normal.value {
            NormalValue::Composite { ty, .. } => SelectedValue::Composite {
                possible: self.possible(*ty, &part.below),
                root: self.root_by_other_names(*ty),
                selection: self.below(*ty, &part.below)?,
            },
            _ => self.leaf(normal.ty.inner_named_type()),
        };
        Ok(SelectedField {
            response_key: normal.response_key.clone(),
            source_key: self.tree.field(part.field).source_key.clone(),
            types: normal.types.as_deref().map(|types| self.names(types)),
            condition: normal.guard.to_condition(),
            ty: normal.ty.clone(),
            value,
        })
    }

    fn possible(&self, ty: TypeId, below: &Shaped<'_>) -> Arc<[Name]> {
        let mut names: Vec<Name> = self.names(self.supergraph.possible(ty)).to_vec();
        let model = self.supergraph.model().ty(ty);
        let by_interface_object = model.kind == TypeKind::Interface
            && model.subgraphs.values().any(|here| here.interface_object);
        if by_interface_object && !below.needs_concrete_type() && !names.contains(&model.name) {
            names.push(model.name.clone());
        }
        names.into()
    }

    /// See [`SelectedValue::Composite::root`].
    fn root_by_other_names(&self, ty: TypeId) -> Option<Name> {
        let model = self.supergraph.model();
        let possible = self.supergraph.possible(ty);
        let mut roots = possible.iter().filter(|ty| model.is_root(**ty));
        let root = roots.next()?;
        // The plan does not know the names of inaccessible types either.
        let all_are_known = possible.len() == model.ty(ty).possible.len();
        (roots.next().is_none() && all_are_known).then(|| self.name(*root))
    }

    fn leaf(&self, ty: &Name) -> SelectedValue {
        let built_in = match ty.as_str() {
            "Int" => BuiltInScalar::Int,
            "Float" => BuiltInScalar::Float,
            "String" => BuiltInScalar::String,
            "Boolean" => BuiltInScalar::Boolean,
            "ID" => BuiltInScalar::ID,
            _ => {
                return match self.supergraph.api_schema().types.get(ty) {
                    Some(ExtendedType::Enum(found)) => {
                        SelectedValue::Enum(found.values.keys().cloned().collect())
                    }
                    _ => SelectedValue::Scalar(None),
                };
            }
        };
        SelectedValue::Scalar(Some(built_in))
    }

    fn names(&self, types: &[TypeId]) -> Arc<[Name]> {
        types.iter().map(|ty| self.name(*ty)).collect()
    }

    fn name(&self, ty: TypeId) -> Name {
        self.supergraph.model().ty(ty).name.clone()
    }
}

/// How many fields an entry is, itself and all below.
fn size(field: &SelectedField) -> usize {
    match &field.value {
        SelectedValue::Composite { selection, .. } => {
            1 + selection.fields.iter().map(size).sum::<usize>()
        }
        _ => 1,
    }
}
