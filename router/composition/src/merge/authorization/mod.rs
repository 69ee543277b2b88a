//! What clients must show to see something: interfaces inherit the demands of their
//! implementations, and a field that depends on protected data must demand what that data demands.

mod demands;

use super::Merger;
use super::combine::combine;
use super::common::output_fields;
use super::directives::{MERGED, Strategy};
use crate::code;
use crate::message::Location;
use crate::specs::AUTHORIZATION;
use crate::subgraph::contexts::ContextualArgument;
use crate::subgraph::{Subgraph, field_of, field_set, fields_of, string_argument};
use apollo_compiler::ast::{Definition, Directive, DirectiveList};
use apollo_compiler::executable::{Selection, SelectionSet};
use apollo_compiler::parser::SourceSpan;
use apollo_compiler::schema::{ExtendedType, FieldDefinition};
use apollo_compiler::{Name, Node};
use demands::Demands;
use std::collections::BTreeMap;

type Types = BTreeMap<Name, Definition>;

/// Whether any element of the supergraph makes demands.
fn makes_demands(subgraphs: &[Subgraph]) -> bool {
    subgraphs.iter().any(|subgraph| {
        let mut names = AUTHORIZATION.iter();
        names.any(|name| subgraph.spellings.contains_key(name))
    })
}

impl Merger<'_> {
    /// Gives every interface, and every field of it, what its implementations demand: who asks the
    /// interface may get any of them.
    pub(super) fn inherit_demands(&mut self, types: &mut Types) {
        if !makes_demands(self.subgraphs) {
            return;
        }
        let mut implementations: BTreeMap<Name, Vec<Name>> = BTreeMap::new();
        for definition in types.values() {
            if let Definition::ObjectTypeDefinition(object) = definition {
                for interface in &object.implements_interfaces {
                    let objects = implementations.entry(interface.clone()).or_default();
                    objects.push(object.name.clone());
                }
            }
        }
        for (interface, implementing) in &implementations {
            let Some(Definition::InterfaceTypeDefinition(definition)) = types.get(interface) else {
                continue;
            };
            let mut definition = definition.clone();
            let inheriting = definition.make_mut();
            let objects: Vec<_> = implementing
                .iter()
                .filter_map(|name| types.get(name)?.as_object_type_definition())
                .collect();
            let lists = objects.iter().map(|object| &object.directives);
            let combined = inherit(&mut inheriting.directives, lists);
            self.report_inherited(combined, implementing, interface, None);
            for field in &mut inheriting.fields {
                let name = field.name.clone();
                let same = objects
                    .iter()
                    .filter_map(|object| object.fields.iter().find(|field| field.name == name));
                let combined = inherit(
                    &mut field.make_mut().directives,
                    same.map(|field| &field.directives),
                );
                self.report_inherited(combined, implementing, interface, Some(&name));
            }
            types.insert(
                interface.clone(),
                Definition::InterfaceTypeDefinition(definition),
            );
        }
    }

    /// Tells what an interface, or a field of it, gets from several of its implementations.
    fn report_inherited(
        &mut self,
        combined: Result<Vec<Node<Directive>>, &'static str>,
        implementing: &[Name],
        interface: &Name,
        field: Option<&Name>,
    ) {
        let place = match field {
            Some(field) => format!("{interface}.{field}"),
            None => interface.to_string(),
        };
        match combined {
            Err(name) => {
                let locations = self.applications(implementing, name, field);
                self.report_too_many_alternatives(&place, name, locations);
            }
            Ok(combined) => {
                for directive in combined {
                    let locations = self.applications(implementing, &directive.name, field);
                    self.diagnostics.hint(
                        code::MERGED_NON_REPEATABLE_DIRECTIVE_ARGUMENTS,
                        format!(
                            "the implementations of \"{place}\" have different @{}; the interface combines them to \
                             {directive}",
                            directive.name
                        ),
                        locations,
                    );
                }
            }
        }
    }

    /// Where object types, or a field of theirs, have a directive.
    fn applications(
        &self,
        objects: &[Name],
        directive: &str,
        field: Option<&Name>,
    ) -> Vec<Location> {
        let sources = objects.iter().flat_map(|name| self.index.sources(name));
        sources
            .flat_map(|source| {
                let found = match field {
                    Some(field) => field_of(source.ty, field)
                        .and_then(|field| field.directives.get(directive)?.location()),
                    None => source
                        .ty
                        .directives()
                        .get(directive)
                        .and_then(|directive| directive.location()),
                };
                source.subgraph.locate(found)
            })
            .collect()
    }

    /// Checks `@requires` and `@fromContext`: what they read reaches the client through the field,
    /// so the field, with the type that it is of, must demand as much.
    pub(super) fn check_transitive_demands(&mut self, types: &Types) {
        if !makes_demands(self.subgraphs) {
            return;
        }
        let demands = AllDemands { types };
        for subgraph in self.subgraphs {
            for ty in subgraph.types() {
                for (name, field) in fields_of(ty) {
                    if let Some((problem, span)) = unmet(&demands, subgraph, ty, field) {
                        self.diagnostics.error(
                            code::MISSING_TRANSITIVE_AUTH_REQUIREMENTS,
                            format!(
                                "in subgraph \"{}\", \"{}.{name}\" {problem}; give it the same \
                                 @authenticated, @requiresScopes and @policy",
                                subgraph.name,
                                ty.name()
                            ),
                            subgraph.locate(span),
                        );
                    }
                }
            }
        }
    }
}

/// Adds to an interface's directives what those of its implementations demand. Returns the directives that are made of
/// different ones.
///
/// # Errors
///
/// The directive whose alternatives are too many to combine.
fn inherit<'d>(
    own: &mut DirectiveList,
    lists: impl Iterator<Item = &'d DirectiveList>,
) -> Result<Vec<Node<Directive>>, &'static str> {
    let lists: Vec<&DirectiveList> = lists.collect();
    let mut all_combined = Vec::new();
    for (name, strategy) in MERGED {
        if !AUTHORIZATION.contains(name) {
            continue;
        }
        let mut applications: Vec<Node<Directive>> = Vec::new();
        for directive in lists.iter().flat_map(|list| list.get_all(name)) {
            if !applications.contains(directive) {
                applications.push(directive.clone());
            }
        }
        let inherited = match (applications.as_slice(), strategy) {
            ([], _) => continue,
            ([_, _, ..], Strategy::ByArgument(rules)) => {
                let all: Vec<&Node<Directive>> = applications.iter().collect();
                let combined = combine(&applications[0].name, &all, rules).map_err(|_| *name)?;
                all_combined.push(combined.clone());
                combined
            }
            ([first, ..], _) => first.clone(),
        };
        own.0.retain(|directive| directive.name != *name);
        own.push(inherited);
    }
    Ok(all_combined)
}

/// What a field reads although it does not demand what that demands, and where it says so.
fn unmet(
    demands: &AllDemands<'_>,
    subgraph: &Subgraph,
    ty: &ExtendedType,
    field: &FieldDefinition,
) -> Option<(String, Option<SourceSpan>)> {
    let requires = field.directives.get("requires");
    let coordinate = (ty.name().clone(), field.name.clone());
    let taken = subgraph.contextual.get(&coordinate);
    if requires.is_none() && taken.is_none() {
        return None;
    }
    let own = Own {
        field: demands.of_field(ty.name(), &field.name),
        ty: demands.of_type(ty.name()),
    };
    if let Some(requires) = requires
        && let Some(text) = string_argument(requires, "fields")
        && let Ok(selections) = field_set::parse(&subgraph.schema, ty.name(), text)
        && let Some(read) = demands.unmet_in(&own, &selections)
    {
        let problem = format!("requires \"{read}\", which demands more than it does");
        return Some((problem, requires.location()));
    }
    let arguments: &[ContextualArgument] = taken.map_or(&[], Vec::as_slice);
    for argument in arguments {
        let setter = argument
            .setters
            .iter()
            .find(|setter| !own.imply(&demands.of_type(setter)));
        let read = match setter {
            Some(setter) => Some(setter.to_string()),
            None => argument
                .selected
                .iter()
                .find_map(|selections| demands.unmet_in(&own, selections)),
        };
        if let Some(read) = read {
            let problem = format!(
                "takes \"{}\" from a context through \"{read}\", which demands more than it does",
                argument.name
            );
            return Some((problem, field.name.location()));
        }
    }
    None
}

/// What has to be shown to see a field.
struct Own {
    field: Demands,
    ty: Demands,
}

impl Own {
    fn imply(&self, other: &Demands) -> bool {
        self.field.together_imply(&self.ty, other)
    }
}

/// The demands of all elements of the supergraph.
struct AllDemands<'a> {
    types: &'a Types,
}

impl AllDemands<'_> {
    fn of_type(&self, name: &Name) -> Demands {
        self.types
            .get(name)
            .map(|definition| Demands::of(definition.directives()))
            .unwrap_or_default()
    }

    /// What a field demands, whatever it returns.
    fn of_field(&self, ty: &Name, name: &Name) -> Demands {
        self.field(ty, name)
            .map(|field| Demands::of(&field.directives))
            .unwrap_or_default()
    }

    /// What the type that a field returns demands.
    fn of_returned(&self, ty: &Name, name: &Name) -> Demands {
        self.field(ty, name)
            .map(|field| self.of_type(field.ty.inner_named_type()))
            .unwrap_or_default()
    }

    fn field(&self, ty: &Name, name: &Name) -> Option<&FieldDefinition> {
        let mut fields = output_fields(self.types.get(ty)?).iter();
        let found = fields.find(|field| field.name == *name)?;
        Some(found)
    }

    /// The first element of a selection that demands more than `own` meets.
    fn unmet_in(&self, own: &Own, selections: &SelectionSet) -> Option<String> {
        for selection in &selections.selections {
            let (inner, found) = match selection {
                Selection::Field(field) => {
                    let (ty, name) = (&selections.ty, &field.name);
                    let is_met = own.imply(&self.of_field(ty, name))
                        && own.imply(&self.of_returned(ty, name));
                    if !is_met {
                        return Some(format!("{}.{}", selections.ty, field.name));
                    }
                    (&field.selection_set, None)
                }
                Selection::InlineFragment(fragment) => {
                    (&fragment.selection_set, fragment.type_condition.as_ref())
                }
                Selection::FragmentSpread(_) => continue,
            };
            if let Some(condition) = found
                && !own.imply(&self.of_type(condition))
            {
                return Some(condition.to_string());
            }
            if let Some(unmet) = self.unmet_in(own, inner) {
                return Some(unmet);
            }
        }
        None
    }
}
