//! Checks that hiding what is `@inaccessible` leaves a sound schema (inaccessible specification
//! v0.2).

use crate::code;
use crate::diagnostics::Diagnostics;
use crate::merge::Merged;
use crate::message::Location;
use crate::subgraph::{Subgraph, field_of};
use apollo_compiler::ast::{
    Definition, DirectiveList, FieldDefinition, InputValueDefinition, Type, Value,
};
use apollo_compiler::{Name, Node};

/// Reports every way in which the hidden parts would break the visible ones.
pub(super) fn check(merged: &Merged, subgraphs: &[Subgraph], diagnostics: &mut Diagnostics) {
    let mut check = Check {
        merged,
        subgraphs,
        diagnostics,
    };
    for definition in merged.types.values() {
        check.definition(definition);
    }
    for directive in merged.executable_directives.values() {
        for argument in &directive.arguments {
            check.directive_argument(&directive.name, argument);
        }
    }
    for subgraph in subgraphs {
        check.built_in_types(subgraph);
    }
}

struct Check<'a> {
    merged: &'a Merged,
    subgraphs: &'a [Subgraph],
    diagnostics: &'a mut Diagnostics,
}

/// Whose type or whose argument something is.
#[derive(Debug, Clone, Copy)]
enum Owner<'n> {
    /// A field of an object, interface or input object.
    Field(&'n Name, &'n Name),
    Directive(&'n Name),
}

fn is_hidden(directives: &DirectiveList) -> bool {
    directives.has("inaccessible")
}

impl Check<'_> {
    fn definition(&mut self, definition: &Definition) {
        let Some(name) = definition.name() else {
            return;
        };
        if is_hidden(definition.directives()) {
            if name == "Query" {
                let locations = self.type_locations(name);
                self.diagnostics.error(
                    code::QUERY_ROOT_TYPE_INACCESSIBLE,
                    "type \"Query\" is @inaccessible, so clients could not ask anything",
                    locations,
                );
            }
            return;
        }
        match definition {
            Definition::ObjectTypeDefinition(object) => {
                self.fields(name, &object.implements_interfaces, &object.fields);
            }
            Definition::InterfaceTypeDefinition(interface) => {
                self.fields(name, &interface.implements_interfaces, &interface.fields);
            }
            Definition::UnionTypeDefinition(union) => {
                let all_hidden = union
                    .members
                    .iter()
                    .all(|member| self.is_hidden_type(member));
                self.children(name, all_hidden, "members");
            }
            Definition::EnumTypeDefinition(definition) => {
                let mut values = definition.values.iter();
                let all_hidden = values.all(|value| is_hidden(&value.directives));
                self.children(name, all_hidden, "values");
            }
            Definition::InputObjectTypeDefinition(input) => {
                let mut fields = input.fields.iter();
                let all_hidden = fields.all(|field| is_hidden(&field.directives));
                self.children(name, all_hidden, "fields");
                for field in &input.fields {
                    let place = format!("{name}.{}", field.name);
                    self.input(&place, field, Owner::Field(name, &field.name));
                }
            }
            _ => {}
        }
    }

    fn directive_argument(&mut self, directive: &Name, argument: &InputValueDefinition) {
        let place = format!("@{directive}({}:)", argument.name);
        if is_hidden(&argument.directives) {
            let locations = self.locations(Owner::Directive(directive));
            self.diagnostics.error(
                code::DISALLOWED_INACCESSIBLE,
                format!("\"{place}\" is an argument of a directive, which cannot be @inaccessible"),
                locations,
            );
            return;
        }
        self.input(&place, argument, Owner::Directive(directive));
    }

    fn built_in_types(&mut self, subgraph: &Subgraph) {
        let types = subgraph.schema.types.values();
        for ty in types.filter(|ty| ty.is_built_in()) {
            if let Some(directive) = ty.directives().get("inaccessible") {
                self.diagnostics.error(
                    code::DISALLOWED_INACCESSIBLE,
                    format!(
                        "\"{}\" is a type of GraphQL itself, which cannot be @inaccessible",
                        ty.name()
                    ),
                    subgraph.locate(directive.location()),
                );
            }
        }
    }

    fn is_hidden_type(&self, name: &Name) -> bool {
        self.merged
            .types
            .get(name)
            .is_some_and(|definition| is_hidden(definition.directives()))
    }

    fn children(&mut self, name: &Name, all_hidden: bool, what: &str) {
        if !all_hidden {
            return;
        }
        let locations = self.type_locations(name);
        self.diagnostics.error(
            code::ONLY_INACCESSIBLE_CHILDREN,
            format!("type \"{name}\" is visible, but all its {what} are @inaccessible"),
            locations,
        );
    }

    fn fields(&mut self, name: &Name, interfaces: &[Name], fields: &[Node<FieldDefinition>]) {
        let all_hidden = fields.iter().all(|field| is_hidden(&field.directives));
        self.children(name, all_hidden, "fields");
        for field in fields {
            let wanted = self.visible_interface_fields(interfaces, &field.name);
            if is_hidden(&field.directives) {
                for (interface, _) in &wanted {
                    let locations = self.field_locations(name, &field.name);
                    self.diagnostics.error(
                        code::IMPLEMENTED_BY_INACCESSIBLE,
                        format!(
                            "\"{name}.{0}\" is @inaccessible, but it implements \
                             \"{interface}.{0}\", which is visible",
                            field.name
                        ),
                        locations,
                    );
                }
                continue;
            }
            let place = format!("{name}.{}", field.name);
            self.reference(&place, &field.ty, Owner::Field(name, &field.name));
            for argument in &field.arguments {
                let place = format!("{place}({}:)", argument.name);
                self.input(&place, argument, Owner::Field(name, &field.name));
                if !is_hidden(&argument.directives) {
                    continue;
                }
                for (interface, wanted) in &wanted {
                    let is_wanted = wanted
                        .argument_by_name(&argument.name)
                        .is_some_and(|wanted| !is_hidden(&wanted.directives));
                    if is_wanted {
                        let locations = self.field_locations(name, &field.name);
                        self.diagnostics.error(
                            code::IMPLEMENTED_BY_INACCESSIBLE,
                            format!(
                                "\"{place}\" is @inaccessible, but it implements the argument of \
                                 \"{interface}.{}\", which is visible",
                                field.name
                            ),
                            locations,
                        );
                    }
                }
            }
        }
    }

    /// The visible fields of this name in visible interfaces.
    fn visible_interface_fields(
        &self,
        interfaces: &[Name],
        field: &Name,
    ) -> Vec<(Name, Node<FieldDefinition>)> {
        let mut found = Vec::new();
        for name in interfaces {
            let Some(Definition::InterfaceTypeDefinition(interface)) = self.merged.types.get(name)
            else {
                continue;
            };
            if is_hidden(&interface.directives) {
                continue;
            }
            for candidate in &interface.fields {
                if candidate.name == *field && !is_hidden(&candidate.directives) {
                    found.push((name.clone(), candidate.clone()));
                }
            }
        }
        found
    }

    /// An argument or an input field of a visible element.
    fn input(&mut self, place: &str, input: &InputValueDefinition, owner: Owner<'_>) {
        if is_hidden(&input.directives) {
            if input.is_required() {
                let locations = self.locations(owner);
                self.diagnostics.error(
                    code::REQUIRED_INACCESSIBLE,
                    format!("\"{place}\" is @inaccessible, but clients would have to provide it"),
                    locations,
                );
            }
            return;
        }
        self.reference(place, &input.ty, owner);
        if let Some(default) = &input.default_value
            && let Some(hidden) = self.hidden_in_default(&input.ty, default)
        {
            let locations = self.locations(owner);
            self.diagnostics.error(
                code::DEFAULT_VALUE_USES_INACCESSIBLE,
                format!("the default of \"{place}\" uses \"{hidden}\", which is @inaccessible"),
                locations,
            );
        }
    }

    fn reference(&mut self, place: &str, target: &Type, owner: Owner<'_>) {
        let target = target.inner_named_type();
        if !self.is_hidden_type(target) {
            return;
        }
        let locations = self.locations(owner);
        self.diagnostics.error(
            code::REFERENCED_INACCESSIBLE,
            format!("\"{place}\" is visible, but its type \"{target}\" is @inaccessible"),
            locations,
        );
    }

    /// The hidden enum value or input field that a default value mentions.
    fn hidden_in_default(&self, ty: &Type, value: &Value) -> Option<String> {
        let definition = self.merged.types.get(ty.inner_named_type());
        match (value, definition) {
            (Value::List(items), _) => items
                .iter()
                .find_map(|item| self.hidden_in_default(ty.item_type(), item)),
            (Value::Enum(name), Some(Definition::EnumTypeDefinition(definition))) => {
                let value = definition
                    .values
                    .iter()
                    .find(|value| value.value == *name)?;
                is_hidden(&value.directives).then(|| format!("{}.{name}", definition.name))
            }
            (Value::Object(entries), Some(Definition::InputObjectTypeDefinition(input))) => {
                for (name, value) in entries {
                    let Some(field) = input.fields.iter().find(|field| field.name == *name) else {
                        continue;
                    };
                    if is_hidden(&field.directives) {
                        return Some(format!("{}.{name}", input.name));
                    }
                    if let Some(hidden) = self.hidden_in_default(&field.ty, value) {
                        return Some(hidden);
                    }
                }
                None
            }
            _ => None,
        }
    }

    fn locations(&self, owner: Owner<'_>) -> Vec<Location> {
        match owner {
            Owner::Field(ty, field) => self.field_locations(ty, field),
            Owner::Directive(name) => self.directive_locations(name),
        }
    }

    fn directive_locations(&self, name: &Name) -> Vec<Location> {
        self.subgraphs
            .iter()
            .filter_map(|subgraph| {
                let definition = subgraph.schema.directive_definitions.get(name)?;
                Some(subgraph.locate(definition.location()))
            })
            .flatten()
            .collect()
    }

    fn type_locations(&self, name: &Name) -> Vec<Location> {
        self.subgraphs
            .iter()
            .filter_map(|subgraph| {
                let ty = subgraph.schema.types.get(name)?;
                Some(subgraph.locate(ty.name().location()))
            })
            .flatten()
            .collect()
    }

    fn field_locations(&self, ty: &Name, field: &Name) -> Vec<Location> {
        let mut locations = Vec::new();
        for subgraph in self.subgraphs {
            let Some(definition) = subgraph.schema.types.get(ty) else {
                continue;
            };
            let input_field = definition
                .as_input_object()
                .and_then(|input| input.fields.get(field));
            if let Some(field) = field_of(definition, field) {
                locations.extend(subgraph.locate(field.location()));
            } else if let Some(field) = input_field {
                locations.extend(subgraph.locate(field.location()));
            }
        }
        locations
    }
}
