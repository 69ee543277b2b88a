//! What the elements of a graph demand of clients, read from its subgraphs' schemas.

use std::collections::BTreeMap;

use apollo_compiler::Node;
use apollo_compiler::ast::{Definition, Directive, Document, Value};
use souk_planner::Credentials;

use crate::hidden::Hidden;
use crate::random::dice::Dice;

/// By type and maybe field, what any of the subgraphs demands of who wants to see it.
#[derive(Debug, Default)]
pub(crate) struct Demands(BTreeMap<(String, Option<String>), Vec<Node<Directive>>>);

impl Demands {
    /// What these subgraphs demand.
    pub fn of(subgraphs: &[(String, String)]) -> Demands {
        let mut demands = Demands::default();
        for (name, sdl) in subgraphs {
            // A schema that cannot be parsed does not compose either.
            let Ok(document) = Document::parse(sdl.as_str(), name) else {
                continue;
            };
            for definition in &document.definitions {
                let Some(ty) = definition.name() else {
                    continue;
                };
                demands.note((ty.to_string(), None), &definition.directives().0);
                if let Definition::ObjectTypeDefinition(object) = definition {
                    for field in &object.fields {
                        let coordinate = (ty.to_string(), Some(field.name.to_string()));
                        demands.note(coordinate, &field.directives.0);
                    }
                }
            }
        }
        demands
    }

    fn note(&mut self, coordinate: (String, Option<String>), directives: &[Node<Directive>]) {
        let names = ["authenticated", "requiresScopes", "policy"];
        let found = directives
            .iter()
            .filter(|directive| names.contains(&directive.name.as_str()));
        let found: Vec<_> = found.cloned().collect();
        if !found.is_empty() {
            self.0.entry(coordinate).or_default().extend(found);
        }
    }

    /// What is hidden from a client.
    pub fn hidden_from(&self, client: &Credentials) -> Hidden {
        let mut hidden = Hidden::default();
        for ((ty, field), directives) in &self.0 {
            if !directives.iter().all(|it| is_met(it, client)) {
                hidden.insert(ty, field.as_deref());
            }
        }
        hidden
    }

    /// A client that may see everything.
    pub fn everything(&self) -> Credentials {
        let mut all = Credentials::default();
        for directive in self.0.values().flatten() {
            let names = lists(directive).into_iter().flatten().map(Into::into);
            match directive.name.as_str() {
                "requiresScopes" => all.scopes.extend(names),
                "policy" => all.policies.extend(names),
                _ => all.authenticated = true,
            }
        }
        all
    }

    /// A client that may see something; every third is nobody.
    pub fn somebody(&self, dice: &mut Dice) -> Credentials {
        let mut some = self.everything();
        if dice.one_in(3) {
            return Credentials::default();
        }
        some.authenticated &= dice.one_in(2);
        some.scopes.retain(|_| dice.one_in(2));
        some.policies.retain(|_| dice.one_in(2));
        some
    }
}

fn is_met(directive: &Directive, client: &Credentials) -> bool {
    let shown = match directive.name.as_str() {
        "requiresScopes" => &client.scopes,
        "policy" => &client.policies,
        _ => return client.authenticated,
    };
    let mut lists = lists(directive).into_iter();
    lists.any(|names| names.into_iter().all(|name| shown.contains(name)))
}

/// The names in a directive's only argument.
fn lists(directive: &Directive) -> Vec<Vec<&str>> {
    let argument = directive.arguments.first();
    let lists = argument.and_then(|argument| argument.value.as_list());
    let lists = lists.unwrap_or_default().iter();
    lists.map(|list| names(list)).collect()
}

fn names(list: &Value) -> Vec<&str> {
    let names = list.as_list().unwrap_or_default().iter();
    names.filter_map(|name| name.as_str()).collect()
}
