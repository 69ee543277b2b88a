//! A shared field of an abstract type must have some possible type in common in all subgraphs that
//! resolve it, or the answer would depend on whom the router asks.

use super::fields::locations;
use super::{Merger, fields::FieldSource, overrides::Overridden};
use crate::code;
use crate::diagnostics::join_quoted;
use crate::subgraph::{Subgraph, field_of, field_set, string_argument};
use apollo_compiler::Name;
use apollo_compiler::ast::Definition;
use apollo_compiler::schema::ExtendedType;
use std::collections::{BTreeMap, BTreeSet};

impl Merger<'_> {
    pub(super) fn check_shared_runtime_types(&mut self, types: &BTreeMap<Name, Definition>) {
        for definition in types.values() {
            let Definition::ObjectTypeDefinition(object) = definition else {
                continue;
            };
            for field in &object.fields {
                let target = types.get(field.ty.inner_named_type());
                let is_abstract = matches!(
                    target,
                    Some(
                        Definition::InterfaceTypeDefinition(_) | Definition::UnionTypeDefinition(_)
                    )
                );
                if is_abstract {
                    self.check_field(&object.name, &field.name);
                }
            }
        }
    }

    fn check_field(&mut self, type_name: &Name, field_name: &Name) {
        let mut sources = Vec::new();
        for source in self.index.sources(type_name) {
            let Some(field) = field_of(source.ty, field_name) else {
                continue;
            };
            if source.subgraph.is_external(type_name, field_name) {
                continue;
            }
            sources.push(FieldSource {
                subgraph: source.subgraph,
                ty: source.ty,
                field,
                external: false,
                overridden: Overridden::No,
            });
        }
        // A field that another subgraph has taken over is asked of that one only.
        let taken_over: Vec<String> = sources.iter().filter_map(taken_over_from).collect();
        sources.retain(|source| !taken_over.contains(&source.subgraph.name));
        if sources.len() < 2 {
            return;
        }
        let possible: Vec<BTreeSet<Name>> = sources
            .iter()
            .map(|source| self.runtime_types(source.subgraph, source.field.ty.inner_named_type()))
            .collect();
        if possible.iter().all(|types| *types == possible[0]) {
            return;
        }
        let common = possible
            .iter()
            .skip(1)
            .fold(possible[0].clone(), |common, types| {
                common.intersection(types).cloned().collect()
            });
        let quoted = |types: &BTreeSet<Name>| {
            let names: Vec<&str> = types.iter().map(Name::as_str).collect();
            join_quoted(&names)
        };
        let sayings = super::common::who_says_what(
            sources
                .iter()
                .zip(&possible)
                .map(|(source, types)| (source.subgraph, quoted(types))),
        );
        if common.is_empty() {
            self.diagnostics.error(
                code::SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES,
                format!(
                    "\"{type_name}.{field_name}\" is shared, but its possible types have nothing in \
                     common: {sayings}"
                ),
                locations(&sources),
            );
        } else {
            self.diagnostics.hint(
                code::INCONSISTENT_RUNTIME_TYPES_FOR_SHAREABLE_RETURN,
                format!(
                    "\"{type_name}.{field_name}\" is shared, and its possible types are {sayings}; \
                     each subgraph should resolve it only to {}",
                    quoted(&common)
                ),
                locations(&sources),
            );
        }
    }

    /// The object types that a value of this type can have in the subgraph. An interface object
    /// stands for every implementation: which one it is, others know.
    fn runtime_types(&self, subgraph: &Subgraph, name: &Name) -> BTreeSet<Name> {
        if subgraph.is_interface_object(name) {
            return self.index.implementations(name);
        }
        match subgraph.schema.types.get(name) {
            Some(ExtendedType::Union(union)) => union
                .members
                .iter()
                .map(|member| member.name.clone())
                .collect(),
            Some(ExtendedType::Interface(_)) => field_set::implementations(&subgraph.schema, name)
                .into_iter()
                .collect(),
            _ => BTreeSet::from([name.clone()]),
        }
    }
}

/// The subgraph that a source takes a field over from, once and for all.
fn taken_over_from(source: &FieldSource<'_>) -> Option<String> {
    let directive = source.field.directives.get("override")?;
    let from = string_argument(directive, "from")?;
    string_argument(directive, "label")
        .is_none()
        .then(|| from.to_owned())
}
