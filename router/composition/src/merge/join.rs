//! Builds the `join__*` directives (join specification).

use super::TypeSource;
use crate::subgraph::contexts::ContextualArgument;
use crate::subgraph::{is_resolvable, string_argument};
use apollo_compiler::ast::{Argument, Directive, Value};
use apollo_compiler::{Name, Node};

/// A directive from its name and arguments.
pub(crate) fn directive(
    name: &'static str,
    arguments: Vec<(&'static str, Value)>,
) -> Node<Directive> {
    Node::new(Directive {
        name: Name::new_static_unchecked(name),
        arguments: arguments
            .into_iter()
            .map(|(name, value)| {
                Node::new(Argument {
                    name: Name::new_static_unchecked(name),
                    value: Node::new(value),
                })
            })
            .collect(),
    })
}

fn graph(graph: &Name) -> (&'static str, Value) {
    ("graph", Value::Enum(graph.clone()))
}

/// `@join__type`, once for each key.
pub(super) fn types(source: &TypeSource<'_>) -> Vec<Node<Directive>> {
    // In Federation 1 every type of another subgraph is extended: only `@extends` says something.
    let extension = source.subgraph.extensions.get(source.ty.name());
    let is_extension = extension
        .is_some_and(|extension| extension.by_directive || !source.subgraph.is_federation_1());
    let is_interface_object = source.ty.directives().has("interfaceObject");
    let mut keys: Vec<(Option<&str>, bool)> = Vec::new();
    for key in source.ty.directives().get_all("key") {
        let key = (string_argument(key, "fields"), is_resolvable(key));
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    if keys.is_empty() {
        keys.push((None, true));
    }
    keys.into_iter()
        .map(|(key, resolvable)| {
            let mut arguments = vec![graph(&source.subgraph.graph)];
            if let Some(key) = key {
                arguments.push(("key", Value::String(key.to_owned())));
                if is_extension {
                    arguments.push(("extension", Value::Boolean(true)));
                }
            }
            if !resolvable {
                arguments.push(("resolvable", Value::Boolean(false)));
            }
            if is_interface_object {
                arguments.push(("isInterfaceObject", Value::Boolean(true)));
            }
            directive("join__type", arguments)
        })
        .collect()
}

/// `@join__type` without a key.
pub(super) fn plain_type(graph_value: &Name) -> Node<Directive> {
    directive("join__type", vec![graph(graph_value)])
}

/// `@join__implements`.
pub(super) fn implements(graph_value: &Name, interface: &Name) -> Node<Directive> {
    let interface = Value::String(interface.to_string());
    directive(
        "join__implements",
        vec![graph(graph_value), ("interface", interface)],
    )
}

/// `@join__unionMember`.
pub(super) fn union_member(graph_value: &Name, member: &Name) -> Node<Directive> {
    let member = Value::String(member.to_string());
    directive(
        "join__unionMember",
        vec![graph(graph_value), ("member", member)],
    )
}

/// `@join__enumValue`.
pub(super) fn enum_value(graph_value: &Name) -> Node<Directive> {
    directive("join__enumValue", vec![graph(graph_value)])
}

/// What `@join__field` says of one field in one subgraph.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct JoinField {
    /// Absent on a field that comes from interface objects only.
    pub graph: Option<Name>,
    pub requires: Option<String>,
    pub provides: Option<String>,
    /// The type in that subgraph, when subgraphs differ.
    pub ty: Option<String>,
    pub external: bool,
    pub overrides: Option<String>,
    pub used_overridden: bool,
    pub override_label: Option<String>,
    pub context_arguments: Vec<ContextualArgument>,
}

impl JoinField {
    /// Whether it says nothing but that the subgraph resolves the field. An override says more only
    /// through the subgraph that is overridden, which then has no plain field.
    pub(super) fn is_plain(&self) -> bool {
        let plain = Self {
            graph: self.graph.clone(),
            overrides: self.overrides.clone(),
            ..Self::default()
        };
        self.graph.is_some() && *self == plain
    }

    pub(super) fn to_directive(&self) -> Node<Directive> {
        let mut arguments = Vec::new();
        if let Some(value) = &self.graph {
            arguments.push(graph(value));
        }
        let mut string = |name, value: &Option<String>| {
            if let Some(value) = value {
                arguments.push((name, Value::String(value.clone())));
            }
        };
        string("requires", &self.requires);
        string("provides", &self.provides);
        string("type", &self.ty);
        if self.external {
            arguments.push(("external", Value::Boolean(true)));
        }
        if let Some(from) = &self.overrides {
            arguments.push(("override", Value::String(from.clone())));
        }
        if self.used_overridden {
            arguments.push(("usedOverridden", Value::Boolean(true)));
        }
        if let Some(label) = &self.override_label {
            arguments.push(("overrideLabel", Value::String(label.clone())));
        }
        if !self.context_arguments.is_empty() {
            let taken = self.context_arguments.iter().map(context_argument);
            arguments.push(("contextArguments", Value::List(taken.collect())));
        }
        directive("join__field", arguments)
    }
}

/// A `join__ContextArgument`.
fn context_argument(argument: &ContextualArgument) -> Node<Value> {
    let field = |name, value: &str| {
        let value = Node::new(Value::String(value.to_owned()));
        (Name::new_static_unchecked(name), value)
    };
    Node::new(Value::Object(vec![
        field("context", &argument.context),
        field("name", &argument.name),
        field("type", &argument.ty.to_string()),
        field("selection", &argument.selection),
    ]))
}

/// `@join__directive`: a directive that only those read who know its specification.
pub(super) fn passed_on(graphs: Vec<Name>, name: &str, applied: &Directive) -> Node<Directive> {
    let graphs = graphs
        .into_iter()
        .map(|graph| Node::new(Value::Enum(graph)));
    let args = applied
        .arguments
        .iter()
        .map(|argument| (argument.name.clone(), argument.value.clone()));
    directive(
        "join__directive",
        vec![
            ("graphs", Value::List(graphs.collect())),
            ("name", Value::String(name.to_owned())),
            ("args", Value::Object(args.collect())),
        ],
    )
}
