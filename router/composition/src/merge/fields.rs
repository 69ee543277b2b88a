//! Fields of objects and interfaces.

use super::common::{others, who_says_what};
use super::directives::{Applied, passed_on};
use super::join::JoinField;
use super::overrides::Overridden;
use super::{Merger, TypeSource};
use crate::code;
use crate::diagnostics::name_subgraphs;
use crate::message::Location;
use crate::subgraph::contexts::ContextualArgument;
use crate::subgraph::{Subgraph, fields_of, string_argument};
use apollo_compiler::ast::{
    Directive, DirectiveList, DirectiveLocation, FieldDefinition, InputValueDefinition, Type,
};
use apollo_compiler::schema::{Component, ExtendedType};
use apollo_compiler::{Name, Node};
use indexmap::IndexMap;

/// A field as one subgraph defines it.
#[derive(Debug, Clone)]
pub(super) struct FieldSource<'a> {
    pub subgraph: &'a Subgraph,
    pub ty: &'a ExtendedType,
    pub field: &'a Component<FieldDefinition>,
    pub external: bool,
    pub overridden: Overridden,
}

impl<'a> FieldSource<'a> {
    /// Whether the supergraph asks this subgraph for the field. Progressive overrides leave the
    /// overridden field in use.
    pub(super) fn resolves(&self) -> bool {
        !self.external && !matches!(self.overridden, Overridden::By(_))
    }

    /// The arguments that the subgraph takes from contexts.
    pub(super) fn contextual_arguments(&self) -> &'a [ContextualArgument] {
        let coordinate = (self.ty.name().clone(), self.field.name.clone());
        self.subgraph
            .contextual
            .get(&coordinate)
            .map_or(&[], Vec::as_slice)
    }

    pub(super) fn location(&self) -> Vec<Location> {
        self.subgraph.locate(self.field.location())
    }
}

/// The places of all given definitions of a field.
pub(super) fn locations<'s, 'a: 's>(
    sources: impl IntoIterator<Item = &'s FieldSource<'a>>,
) -> Vec<Location> {
    sources
        .into_iter()
        .flat_map(FieldSource::location)
        .collect()
}

impl<'a> Merger<'a> {
    /// Merges the fields of a type, in the order of the first subgraph that has each.
    pub(super) fn fields(
        &mut self,
        type_name: &Name,
        types: &[TypeSource<'a>],
    ) -> Vec<Node<FieldDefinition>> {
        let mut by_name: IndexMap<&Name, Vec<FieldSource<'a>>> = IndexMap::new();
        for source in types {
            for (name, field) in fields_of(source.ty) {
                let found = FieldSource {
                    subgraph: source.subgraph,
                    ty: source.ty,
                    field,
                    external: source.subgraph.is_external(type_name, name),
                    overridden: Overridden::No,
                };
                by_name.entry(name).or_default().push(found);
            }
        }
        by_name
            .into_iter()
            .filter_map(|(name, sources)| self.field(type_name, name, types, sources))
            .collect()
    }

    fn field(
        &mut self,
        type_name: &Name,
        name: &Name,
        types: &[TypeSource<'a>],
        mut sources: Vec<FieldSource<'a>>,
    ) -> Option<Node<FieldDefinition>> {
        let place = format!("{type_name}.{name}");
        if !self.apply_overrides(&place, &mut sources) {
            return None;
        }
        let through_interfaces = self.interface_object_sources(type_name, name);
        if !sources.iter().any(FieldSource::resolves) && through_interfaces.is_empty() {
            self.report_missing_base(&place, &sources);
            return None;
        }
        if is_interface(types) {
            // Of an interface's subgraphs, those that know it as an interface object resolve its
            // fields.
            let objects = sources.iter().filter(|source| source.ty.is_object());
            self.check_sharing(&place, type_name, objects, &[]);
        } else {
            self.check_sharing(&place, type_name, &sources, &through_interfaces);
        }
        self.hint_missing_in_value_type(&place, types, &sources);

        // Who gives a field up still has a say in what it is, who may see it, and how.
        let declared = sources.iter().filter(|source| !source.external);
        let shape: Vec<FieldSource<'a>> = declared.chain(&through_interfaces).cloned().collect();
        let ty = self.field_type(&place, &shape);
        let descriptions = shape
            .iter()
            .map(|source| (source.subgraph, source.field.description.as_ref()));
        let description = self.description(&place, descriptions);
        let arguments = self.arguments(&place, &shape);
        self.check_externals(&place, ty.as_ref(), &arguments, &sources);

        let mut directives = self.join_fields(type_name, types, &sources, ty.as_ref());
        let applied: Vec<Applied<'_>> = shape
            .iter()
            .map(|source| Applied::new(source.subgraph, &source.field.directives))
            .collect();
        directives.extend(passed_on(&applied));
        directives.extend(self.directives(&place, DirectiveLocation::FieldDefinition, &applied));
        Some(Node::new(FieldDefinition {
            description,
            name: name.clone(),
            arguments,
            ty: ty?,
            directives: DirectiveList(directives),
        }))
    }

    fn report_missing_base(&mut self, place: &str, sources: &[FieldSource<'_>]) {
        let external = sources.iter().filter(|source| source.external);
        self.diagnostics.error(
            code::EXTERNAL_MISSING_ON_BASE,
            format!(
                "\"{place}\" is @external in {}, but no subgraph resolves it",
                name_subgraphs(external.map(|source| source.subgraph.name.as_str()))
            ),
            locations(sources),
        );
    }

    fn field_type(&mut self, place: &str, sources: &[FieldSource<'_>]) -> Option<Type> {
        let types = sources.iter().map(|source| &source.field.ty);
        let all_equal = types.clone().all(|ty| *ty == sources[0].field.ty);
        let merged = self.subtypes.widest(types).cloned();
        if all_equal {
            return merged;
        }
        let sayings = || {
            who_says_what(
                sources
                    .iter()
                    .map(|source| (source.subgraph, format!("\"{}\"", source.field.ty))),
            )
        };
        match &merged {
            Some(ty) => self.diagnostics.hint(
                code::INCONSISTENT_BUT_COMPATIBLE_FIELD_TYPE,
                format!(
                    "\"{place}\" is {}; the supergraph's type is \"{ty}\"",
                    sayings()
                ),
                locations(sources),
            ),
            None => self.diagnostics.error(
                code::FIELD_TYPE_MISMATCH,
                format!("\"{place}\" has incompatible types: {}", sayings()),
                locations(sources),
            ),
        }
        merged
    }

    /// External declarations must agree with what the field is elsewhere.
    fn check_externals(
        &mut self,
        place: &str,
        ty: Option<&Type>,
        arguments: &[Node<InputValueDefinition>],
        sources: &[FieldSource<'_>],
    ) {
        for source in sources.iter().filter(|source| source.external) {
            let subgraph = &source.subgraph.name;
            if let Some(ty) = ty
                && *ty != source.field.ty
            {
                self.diagnostics.error(
                    code::EXTERNAL_TYPE_MISMATCH,
                    format!(
                        "\"{place}\" is @external in subgraph \"{subgraph}\" with type \"{}\", \
                         but where it is resolved its type is \"{ty}\"",
                        source.field.ty
                    ),
                    locations(sources),
                );
            }
            self.check_external_arguments(place, arguments, source, sources);
        }
    }

    fn hint_missing_in_value_type(
        &mut self,
        place: &str,
        types: &[TypeSource<'_>],
        sources: &[FieldSource<'_>],
    ) {
        let is_root = types.iter().any(|source| {
            matches!(
                source.ty.name().as_str(),
                "Query" | "Mutation" | "Subscription"
            )
        });
        let is_entity = types.iter().any(|source| source.ty.directives().has("key"));
        if is_root || is_entity || sources.len() == types.len() {
            return;
        }
        let having: Vec<&Subgraph> = sources.iter().map(|source| source.subgraph).collect();
        // A subgraph that resolves nothing of the type only names what it requires or provides.
        let resolving = types.iter().filter(|source| {
            let ty = source.ty.name();
            fields_of(source.ty).any(|(name, _)| !source.subgraph.is_external(ty, name))
        });
        let lacking = others(resolving.map(|source| source.subgraph), &having);
        if lacking.is_empty() {
            return;
        }
        let code = if is_interface(types) {
            code::INCONSISTENT_INTERFACE_VALUE_TYPE_FIELD
        } else {
            code::INCONSISTENT_OBJECT_VALUE_TYPE_FIELD
        };
        self.diagnostics.hint(
            code,
            format!(
                "\"{place}\" is defined in {} but not in {}",
                name_subgraphs(having.iter().map(|subgraph| subgraph.name.as_str())),
                name_subgraphs(lacking)
            ),
            locations(sources),
        );
    }

    /// `@join__field`, for each subgraph that has the field, unless all of the type's subgraphs
    /// have it and none says anything special: that is what its absence means.
    fn join_fields(
        &self,
        type_name: &Name,
        types: &[TypeSource<'a>],
        sources: &[FieldSource<'a>],
        merged: Option<&Type>,
    ) -> Vec<Node<Directive>> {
        let types_differ = sources
            .iter()
            .any(|source| Some(&source.field.ty) != merged);
        let mut joins = Vec::new();
        for source in sources {
            let used = source
                .subgraph
                .used
                .contains(&(type_name.clone(), source.field.name.clone()));
            if matches!(source.overridden, Overridden::By(_)) && !used {
                continue;
            }
            let mut join = JoinField {
                graph: Some(source.subgraph.graph.clone()),
                ty: types_differ.then(|| source.field.ty.to_string()),
                external: source.external,
                ..JoinField::default()
            };
            if source.resolves() {
                join.context_arguments = source.contextual_arguments().to_vec();
            }
            let directives = &source.field.directives;
            let fields = |name| {
                directives
                    .get(name)
                    .and_then(|directive| string_argument(directive, "fields"))
                    .map(str::to_owned)
            };
            match &source.overridden {
                Overridden::By(_) => join.used_overridden = true,
                Overridden::Progressively { label, .. } => {
                    join.override_label = Some(label.clone());
                    join.used_overridden = used;
                    join.requires = fields("requires");
                    join.provides = fields("provides");
                }
                Overridden::No => {
                    join.requires = fields("requires");
                    join.provides = fields("provides");
                }
            }
            if let Some(directive) = directives.get("override") {
                let from = string_argument(directive, "from");
                join.overrides = from.map(str::to_owned);
                // What is overridden nowhere is all there is, whatever the label says.
                let is_overridden = |other: &FieldSource<'_>| Some(&*other.subgraph.name) == from;
                let label = string_argument(directive, "label");
                let label = label.filter(|_| sources.iter().any(is_overridden));
                join.override_label = label.map(str::to_owned);
            }
            joins.push(join);
        }
        let parents = if type_name == "Query" {
            self.subgraphs.len()
        } else {
            types.len()
        };
        if joins.len() == parents && joins.iter().all(JoinField::is_plain) {
            return Vec::new();
        }
        if joins.is_empty() {
            // Only interface objects resolve the field.
            joins.push(JoinField::default());
        }
        joins.iter().map(JoinField::to_directive).collect()
    }
}

fn is_interface(types: &[TypeSource<'_>]) -> bool {
    types.iter().any(|source| source.ty.is_interface())
}
