//! An operation without fragments: per object position, fields with the runtime types and variables they depend on, and
//! without what the client may not see.

mod collect;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use apollo_compiler::ast::{Argument, Type};
use apollo_compiler::collections::IndexMap;
use apollo_compiler::executable::{Field, Operation};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{ExecutableDocument, Name, Node};

use collect::{Collector, Occurrence, Part};

use crate::error::PlanError;
use crate::gate::Gate;
use crate::guard::Guard;
use crate::literal::same_arguments;
use crate::model::TypeId;
use crate::supergraph::Supergraph;

/// More selections than this, fragments expanded, are refused. One counts once more for each variable it depends on.
const MAX_SELECTIONS: usize = 200_000;

/// A field under more alternative conditions than this is refused.
const MAX_TERMS: usize = 256;

/// More literals of conditions than this are not compared for an operation: it is refused.
const MAX_COMPARISONS: usize = 1_000_000;

/// The fields of an object position, in response order.
#[derive(Debug, Clone, Default)]
pub(crate) struct NormalSelection {
    pub(crate) fields: Vec<NormalField>,
}

/// A field for one set of runtime types. No two of one response key share a type.
#[derive(Debug, Clone)]
pub(crate) struct NormalField {
    pub(crate) response_key: Name,
    pub(crate) name: Name,
    pub(crate) arguments: Vec<Node<Argument>>,
    /// The runtime types that have it, sorted; `None` is all.
    pub(crate) types: Option<Vec<TypeId>>,
    /// Whether an interface was asked for it, and so for all its objects alike.
    pub(crate) on_abstract: bool,
    /// Relative to the enclosing object.
    pub(crate) guard: Guard,
    /// Where it stands in the response. Several, when it depends on variables which of them is the first.
    pub(crate) places: Vec<Place>,
    /// In the API schema.
    pub(crate) ty: Type,
    pub(crate) value: NormalValue,
}

/// A place in the order of an object's fields, and the condition under which a field is asked for there.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) order: usize,
    pub(crate) guard: Guard,
}

#[derive(Debug, Clone)]
pub(crate) enum NormalValue {
    Typename,
    Introspection,
    /// Null, because the client may not see it.
    Denied,
    Leaf,
    Composite {
        ty: TypeId,
        selection: NormalSelection,
    },
}

pub(crate) fn normalise<'a>(
    supergraph: &'a Supergraph,
    document: &'a ExecutableDocument,
    operation: &'a Operation,
    gate: Option<&mut Gate<'a>>,
) -> Result<NormalSelection, PlanError> {
    let mut normaliser = Normaliser {
        supergraph,
        document,
        gate,
        left: MAX_SELECTIONS,
        comparisons_left: MAX_COMPARISONS,
    };
    let root = operation.object_type();
    let Some(root) = supergraph.model().type_id(root) else {
        return Err(PlanError::Operation(format!(
            "the schema has no type `{root}`"
        )));
    };
    let whole = Part {
        guard: Guard::always(),
        is_denied: false,
        set: &operation.selection_set,
    };
    normaliser.selection(root, &[whole])
}

struct Normaliser<'a, 'g> {
    supergraph: &'a Supergraph,
    document: &'a ExecutableDocument,
    gate: Option<&'g mut Gate<'a>>,
    left: usize,
    comparisons_left: usize,
}

impl<'a> Normaliser<'a, '_> {
    fn selection(
        &mut self,
        parent: TypeId,
        parts: &[Part<'a>],
    ) -> Result<NormalSelection, PlanError> {
        let possible = self.supergraph.possible(parent).clone();
        let mut found: IndexMap<&'a Name, Vec<(usize, Occurrence<'a>)>> = IndexMap::default();
        let mut collector = Collector {
            supergraph: self.supergraph,
            document: self.document,
            gate: self.gate.as_deref_mut(),
            seen: HashSet::new(),
            count: 0,
            left: self.left,
            found: &mut found,
        };
        for part in parts {
            collector.collect(part.set, &possible, &part.guard, part.is_denied)?;
        }
        self.left = collector.left;

        let mut classes = Vec::new();
        for (key, occurrences) in &found {
            self.classes(parent, &possible, key, occurrences, &mut classes)?;
        }
        classes.sort_by_key(|field| field.places[0].order);
        merge_places(&mut classes);
        Ok(NormalSelection { fields: classes })
    }

    /// Splits the occurrences of a response key by the runtime types they apply to.
    fn classes(
        &mut self,
        parent: TypeId,
        possible: &Arc<[TypeId]>,
        key: &Name,
        occurrences: &[(usize, Occurrence<'a>)],
        classes: &mut Vec<NormalField>,
    ) -> Result<(), PlanError> {
        let is_object = self.supergraph.is_object(parent);
        let same = |one: &Occurrence<'_>, other: &Occurrence<'_>| {
            same_arguments(&one.field.arguments, &other.field.arguments)
        };
        let are_same = occurrences
            .iter()
            .all(|(_, other)| same(&occurrences[0].1, other));
        let is_enforced = self.is_enforced();
        // For each type: which occurrences apply, and the field's type there (it may be narrower than the
        // interface's). Types for which both are the same make a class.
        let mut split: BTreeMap<(Vec<usize>, String), (Type, Vec<TypeId>)> = BTreeMap::new();
        for ty in possible.iter() {
            let mut applying = Vec::new();
            let mut first = None;
            // What may not be seen in one place may be in another.
            let (mut denied, mut seen) = (Guard::never(), Guard::never());
            for (index, (_, occurrence)) in occurrences.iter().enumerate() {
                if occurrence.types.binary_search(ty).is_err() {
                    continue;
                }
                // The compiler takes lists of different lengths for the same.
                let first = *first.get_or_insert(occurrence);
                if !are_same && !same(first, occurrence) {
                    return Err(PlanError::Conflict {
                        response_key: key.clone(),
                        location: occurrence.field.location(),
                    });
                }
                // A leaf selected once more says nothing new unless under other conditions.
                let covered = match occurrence.is_denied && is_enforced {
                    true => &mut denied,
                    false => &mut seen,
                };
                let is_new = self.widen(covered, &occurrence.guard)?;
                if is_new || !occurrence.field.selection_set.is_empty() {
                    applying.push(index);
                }
            }
            let Some(first) = applying.first() else {
                continue;
            };
            let field = occurrences[*first].1.field;
            let field_type = match is_object {
                true => field.definition.ty.clone(),
                false => self.type_of(*ty, field),
            };
            split
                .entry((applying, field_type.to_string()))
                .or_insert_with(|| (field_type, Vec::new()))
                .1
                .push(*ty);
        }
        for ((applying, _), (ty, types)) in split {
            let chosen: Vec<&(usize, Occurrence<'a>)> =
                applying.iter().map(|index| &occurrences[*index]).collect();
            let types = (types.len() < possible.len()).then_some(types);
            classes.push(self.field(key, &chosen, types, ty)?);
        }
        Ok(())
    }

    fn field(
        &mut self,
        key: &Name,
        occurrences: &[&(usize, Occurrence<'a>)],
        types: Option<Vec<TypeId>>,
        ty: Type,
    ) -> Result<NormalField, PlanError> {
        let field = occurrences[0].1.field;
        let mut guard = Guard::never();
        let mut places = Vec::new();
        for (order, occurrence) in occurrences {
            if self.widen(&mut guard, &occurrence.guard)? {
                places.push(Place {
                    order: *order,
                    guard: occurrence.guard.clone(),
                });
            }
        }
        let model = self.supergraph.model();
        let on_abstract = occurrences.iter().any(|(_, occurrence)| {
            let on = model.type_id(occurrence.on);
            on.is_some_and(|on| !self.supergraph.is_object(on))
        });
        let composite = model.type_id(ty.inner_named_type());
        let is_denied = occurrences.iter().all(|(_, found)| found.is_denied);
        let is_denied = is_denied && self.is_enforced();
        let value = match (field.name.as_str(), composite) {
            _ if is_denied => NormalValue::Denied,
            ("__typename", _) => NormalValue::Typename,
            ("__schema" | "__type", _) => NormalValue::Introspection,
            (_, None) => NormalValue::Leaf,
            (_, Some(value)) => {
                let mut parts = Vec::new();
                for (_, occurrence) in occurrences {
                    let below = if occurrence.guard == guard {
                        Guard::always()
                    } else {
                        occurrence.guard.clone()
                    };
                    parts.push(Part {
                        guard: below,
                        is_denied: occurrence.is_denied,
                        set: &occurrence.field.selection_set,
                    });
                }
                self.composite(key, &ty, value, &guard, &parts)?
            }
        };
        Ok(NormalField {
            response_key: key.clone(),
            name: field.name.clone(),
            arguments: field.arguments.clone(),
            types,
            on_abstract,
            guard,
            places,
            ty,
            value,
        })
    }

    fn composite(
        &mut self,
        key: &Name,
        ty: &Type,
        value: TypeId,
        guard: &Guard,
        parts: &[Part<'a>],
    ) -> Result<NormalValue, PlanError> {
        if let Some(gate) = &mut self.gate {
            gate.enter(key, ty, guard);
        }
        let selection = self.selection(value, parts)?;
        if let Some(gate) = &mut self.gate {
            gate.leave();
        }
        // An object of which nothing may be seen is not worth a request, and no mutation is run for it. One of which nothing
        // is asked is another matter.
        let is_denied = |field: &NormalField| matches!(field.value, NormalValue::Denied);
        let is_asked = |field: &NormalField| field.guard.covers(guard);
        if selection.fields.iter().all(is_denied) && selection.fields.iter().any(is_asked) {
            return Ok(NormalValue::Denied);
        }
        Ok(NormalValue::Composite {
            ty: value,
            selection,
        })
    }

    fn is_enforced(&self) -> bool {
        let gate = self.gate.as_ref();
        gate.is_some_and(|gate| gate.is_enforced())
    }

    /// Makes a condition hold whenever another does, too. False when that adds nothing.
    fn widen(&mut self, guard: &mut Guard, by: &Guard) -> Result<bool, PlanError> {
        let left = self.comparisons_left.checked_sub(guard.literal_count());
        self.comparisons_left = left.ok_or(PlanError::TooComplex)?;
        if guard.covers(by) {
            return Ok(false);
        }
        guard.widen(by);
        if guard.term_count() > MAX_TERMS {
            return Err(PlanError::TooComplex);
        }
        Ok(true)
    }

    fn type_of(&self, object: TypeId, field: &Field) -> Type {
        let name = &self.supergraph.model().ty(object).name;
        match self.supergraph.api_schema().types.get(name) {
            Some(ExtendedType::Object(object)) => object.fields.get(&field.name),
            _ => None,
        }
        .map_or_else(|| field.definition.ty.clone(), |found| found.ty.clone())
    }
}

/// Makes one of the places of a field between which no other field can come.
fn merge_places(fields: &mut [NormalField]) {
    if fields.iter().all(|field| field.places.len() == 1) {
        return;
    }
    let all = fields.iter().flat_map(|field| &field.places);
    let mut orders: Vec<usize> = all.map(|place| place.order).collect();
    orders.sort_unstable();
    for field in fields {
        let mut merged: Vec<Place> = Vec::new();
        let mut last = 0;
        for place in field.places.drain(..) {
            let rank = orders.partition_point(|order| *order < place.order);
            match merged.last_mut() {
                Some(known) if rank == last + 1 => known.guard.widen(&place.guard),
                _ => merged.push(place),
            }
            last = rank;
        }
        field.places = merged;
    }
}
