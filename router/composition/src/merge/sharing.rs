//! Which subgraphs may resolve the same field, and which entities are known by key where.

use super::fields::{FieldSource, locations};
use super::overrides::Overridden;
use super::{Merger, TypeSource, type_locations};
use crate::code;
use crate::diagnostics::name_subgraphs;
use apollo_compiler::Name;

impl Merger<'_> {
    /// A field that several subgraphs resolve must be `@shareable` in each. An external field that
    /// its subgraph provides on some path counts: there it is resolved.
    pub(super) fn check_sharing<'s, 'a: 's>(
        &mut self,
        place: &str,
        type_name: &Name,
        sources: impl IntoIterator<Item = &'s FieldSource<'a>>,
        through_interfaces: &'s [FieldSource<'a>],
    ) {
        let is_provided = |source: &FieldSource<'_>| {
            let coordinate = (type_name.clone(), source.field.name.clone());
            source.external && source.subgraph.provided.contains(&coordinate)
        };
        let resolving: Vec<&FieldSource<'_>> = sources
            .into_iter()
            // The two ends of an override never answer the same request.
            .filter(|source| source.overridden == Overridden::No)
            .filter(|source| source.resolves() || is_provided(source))
            .chain(through_interfaces)
            .collect();
        if resolving.len() < 2 {
            return;
        }
        let not_shareable: Vec<&FieldSource<'_>> = resolving
            .iter()
            .filter(|source| {
                !is_provided(source) && !source.subgraph.is_shareable(source.ty, source.field)
            })
            .copied()
            .collect();
        if not_shareable.is_empty() {
            return;
        }
        let names = |sources: &[&FieldSource<'_>]| {
            name_subgraphs(sources.iter().map(|source| source.subgraph.name.as_str()))
        };
        let where_not = if not_shareable.len() == resolving.len() {
            "any of them".to_owned()
        } else {
            names(&not_shareable)
        };
        self.diagnostics.error(
            code::INVALID_FIELD_SHARING,
            format!(
                "\"{place}\" is resolved by {} but is not @shareable in {where_not}",
                names(&resolving)
            ),
            locations(resolving.iter().copied()),
        );
    }

    pub(super) fn hint_inconsistent_entity(&mut self, name: &Name, sources: &[TypeSource<'_>]) {
        let has_key = |source: &&TypeSource<'_>| source.ty.directives().has("key");
        let with: Vec<&str> = sources
            .iter()
            .filter(has_key)
            .map(|source| source.subgraph.name.as_str())
            .collect();
        let without: Vec<&str> = sources
            .iter()
            .filter(|source| !has_key(source))
            .map(|source| source.subgraph.name.as_str())
            .collect();
        if with.is_empty() || without.is_empty() {
            return;
        }
        self.diagnostics.hint(
            code::INCONSISTENT_ENTITY,
            format!(
                "type \"{name}\" has a @key in {} but not in {}",
                name_subgraphs(with),
                name_subgraphs(without)
            ),
            type_locations(sources),
        );
    }
}
