//! `@authenticated`, `@requiresScopes` and `@policy`: what each element of the supergraph demands.
//!
//! An interface gives what its types have, so who asks it has to be allowed whatever the types demand. Composition
//! writes that down on the interface; here it is worked out for the types that are possible where a field is selected.
//! What an interface demands beyond (older compositions let it) holds for the interface alone.

use std::collections::{BTreeSet, HashMap};

use apollo_compiler::ast::{Directive, DirectiveList, FieldDefinition, Value};
use apollo_compiler::schema::{Component, ExtendedType, InterfaceType, ObjectType};
use apollo_compiler::{Name, Node, Schema};

use super::links::Links;
use crate::credentials::{Alternatives, Credentials, Demand};

/// The demands of all elements that have any.
#[derive(Debug, Default)]
pub(crate) struct Demands {
    types: HashMap<Name, Demand>,
    /// By type, by field.
    fields: HashMap<Name, HashMap<Name, Demand>>,
}

impl Demands {
    /// Everything that any of them asks for.
    pub(crate) fn asked(&self) -> Credentials {
        let mut asked = Credentials::default();
        let fields = self.fields.values().flat_map(HashMap::values);
        for demand in self.types.values().chain(fields) {
            demand.ask(&mut asked);
        }
        asked
    }

    /// What a type demands: of an interface, what it does beyond its types.
    pub(crate) fn of_type(&self, ty: &Name) -> Option<&Demand> {
        self.types.get(ty)
    }

    /// What a field demands: of an interface's, what it does beyond the same field of its types.
    pub(crate) fn of_field(&self, ty: &Name, field: &Name) -> Option<&Demand> {
        self.fields.get(ty)?.get(field)
    }
}

/// The demands of a supergraph. `None` when nothing is protected.
pub(super) fn read(schema: &Schema, links: &Links) -> Option<Demands> {
    let names = Directives {
        authenticated: links.authorization_directive("authenticated"),
        scopes: links.authorization_directive("requiresScopes"),
        policies: links.authorization_directive("policy"),
    };
    let mut demands = Demands::default();
    let mut implementations: HashMap<&Name, Vec<&Node<ObjectType>>> = HashMap::new();
    for (name, ty) in &schema.types {
        if let ExtendedType::Object(object) = ty {
            for interface in &object.implements_interfaces {
                implementations
                    .entry(&interface.name)
                    .or_default()
                    .push(object);
            }
            note(&mut demands.fields, name, fields(&names, &object.fields));
        }
        let demand = names.of(ty.directives().iter().map(|directive| &**directive));
        if !ty.is_interface() && !demand.is_nothing() {
            demands.types.insert(name.clone(), demand);
        }
    }
    for (name, ty) in &schema.types {
        if let ExtendedType::Interface(interface) = ty {
            let objects = implementations.get(name).map_or(&[][..], Vec::as_slice);
            own(&mut demands, &names, interface, objects);
        }
    }
    let is_empty = demands.types.is_empty() && demands.fields.is_empty();
    (!is_empty).then_some(demands)
}

/// Notes what an interface and its fields demand that does not follow from its types.
fn own(
    demands: &mut Demands,
    names: &Directives<'_>,
    interface: &Node<InterfaceType>,
    objects: &[&Node<ObjectType>],
) {
    let of_types = objects
        .iter()
        .filter_map(|object| demands.of_type(&object.name));
    let of_types: Vec<&Demand> = of_types.collect();
    let demand = names.of(interface.directives.iter().map(|directive| &**directive));
    let is_own = !demand.follows_from(&of_types);
    let mut found = fields(names, &interface.fields);
    found.retain(|field, demand| {
        let same = objects
            .iter()
            .filter_map(|object| demands.of_field(&object.name, field));
        let same: Vec<&Demand> = same.collect();
        !demand.follows_from(&same)
    });
    if is_own {
        demands.types.insert(interface.name.clone(), demand);
    }
    note(&mut demands.fields, &interface.name, found);
}

fn note(known: &mut HashMap<Name, HashMap<Name, Demand>>, ty: &Name, found: HashMap<Name, Demand>) {
    if !found.is_empty() {
        known.insert(ty.clone(), found);
    }
}

fn fields<'a>(
    names: &Directives<'_>,
    definitions: impl IntoIterator<Item = (&'a Name, &'a Component<FieldDefinition>)>,
) -> HashMap<Name, Demand> {
    let found = definitions.into_iter().map(|(name, definition)| {
        let DirectiveList(directives) = &definition.directives;
        (name.clone(), names.of(directives.iter()))
    });
    found.filter(|(_, demand)| !demand.is_nothing()).collect()
}

/// The names that the directives go by in this supergraph; `None` for those that are not linked.
struct Directives<'a> {
    authenticated: Option<&'a str>,
    scopes: Option<&'a str>,
    policies: Option<&'a str>,
}

impl Directives<'_> {
    fn of<'a>(&self, directives: impl Iterator<Item = &'a Node<Directive>>) -> Demand {
        let mut demand = Demand::default();
        for directive in directives {
            let is = |name: Option<&str>| name == Some(directive.name.as_str());
            if is(self.authenticated) {
                demand.authenticated = true;
            } else if is(self.scopes) {
                demand.scopes = alternatives(directive, "scopes", &demand.scopes);
            } else if is(self.policies) {
                demand.policies = alternatives(directive, "policies", &demand.policies);
            }
        }
        demand
    }
}

/// A list of lists of names. What cannot be read cannot be met, nor what several directives say: they are not repeatable.
fn alternatives(directive: &Directive, argument: &str, before: &Alternatives) -> Alternatives {
    if before.0.is_some() {
        return Alternatives(Some(Vec::new()));
    }
    let lists = directive.specified_argument_by_name(argument);
    let lists = items(lists.map(|lists| &**lists));
    let names = |list: &Value| -> Option<BTreeSet<_>> {
        let texts = items(Some(list));
        texts
            .into_iter()
            .map(|text| text.as_str().map(Into::into))
            .collect()
    };
    Alternatives(Some(lists.into_iter().filter_map(names).collect()))
}

/// The items of a list; a single value is a list of one (specification, section 3.11).
fn items(value: Option<&Value>) -> Vec<&Value> {
    match value {
        Some(Value::List(items)) => items.iter().map(|item| &**item).collect(),
        Some(value) => vec![value],
        None => Vec::new(),
    }
}
