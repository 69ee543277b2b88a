//! Merging type references: what a client gets is the widest of the subgraphs' output types, what
//! it may send the narrowest of their input types.

use crate::subgraph::{Subgraph, interfaces_of};
use apollo_compiler::Name;
use apollo_compiler::ast::Type;
use apollo_compiler::schema::ExtendedType;
use std::collections::HashSet;

/// Which types belong to which interfaces and unions in any subgraph.
#[derive(Debug)]
pub(super) struct Subtypes {
    /// (abstract type, member)
    pairs: HashSet<(Name, Name)>,
}

impl Subtypes {
    pub(super) fn of(subgraphs: &[Subgraph]) -> Self {
        let mut pairs = HashSet::new();
        for ty in subgraphs.iter().flat_map(Subgraph::types) {
            if let ExtendedType::Union(union) = ty {
                for member in &union.members {
                    pairs.insert((union.name.clone(), member.name.clone()));
                }
            }
            for interface in interfaces_of(ty) {
                pairs.insert((interface, ty.name().clone()));
            }
        }
        Self { pairs }
    }

    fn contains(&self, wide: &Name, narrow: &Name) -> bool {
        wide == narrow || self.pairs.contains(&(wide.clone(), narrow.clone()))
    }

    /// Whether every value of `narrow` is one of `wide`.
    pub(super) fn is_subtype(&self, narrow: &Type, wide: &Type) -> bool {
        match (narrow, wide) {
            (Type::NonNullNamed(narrow), Type::NonNullNamed(wide) | Type::Named(wide))
            | (Type::Named(narrow), Type::Named(wide)) => self.contains(wide, narrow),
            (Type::NonNullList(narrow), Type::NonNullList(wide) | Type::List(wide))
            | (Type::List(narrow), Type::List(wide)) => self.is_subtype(narrow, wide),
            _ => false,
        }
    }

    /// The one of the types that all others are subtypes of.
    pub(super) fn widest<'t>(&self, types: impl IntoIterator<Item = &'t Type>) -> Option<&'t Type> {
        let mut types = types.into_iter();
        let mut widest = types.next()?;
        for ty in types {
            if self.is_subtype(ty, widest) {
                continue;
            }
            if !self.is_subtype(widest, ty) {
                return None;
            }
            widest = ty;
        }
        Some(widest)
    }

    /// The one of the types that is a subtype of all others.
    pub(super) fn narrowest<'t>(
        &self,
        types: impl IntoIterator<Item = &'t Type>,
    ) -> Option<&'t Type> {
        let mut types = types.into_iter();
        let mut narrowest = types.next()?;
        for ty in types {
            if self.is_subtype(narrowest, ty) {
                continue;
            }
            if !self.is_subtype(ty, narrowest) {
                return None;
            }
            narrowest = ty;
        }
        Some(narrowest)
    }
}
