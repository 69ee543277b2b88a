//! Custom directives that the supergraph keeps.
//!
//! What a directive is, is decided by where it comes from: the linked specification and the
//! directive's name in it. The newest version that a subgraph composes defines it. Who does not
//! compose it has a say only where one who does applies it as well.

mod requests;

use super::directives::Strategy;
use super::literals::{InputType, misfit};
use crate::specs::Version;
use crate::subgraph::Subgraph;
use crate::subgraph::canonical::FOREIGN_PREFIX;
use apollo_compiler::ast::{Directive, DirectiveDefinition, DirectiveLocation, Value};
use apollo_compiler::{Name, Node};
use souk_planner::literal::same_value;
use std::collections::{BTreeMap, BTreeSet};

/// The custom directives of the supergraph.
#[derive(Debug, Default)]
pub(crate) struct Composed {
    /// By the names that the subgraphs' documents have for them here.
    directives: BTreeMap<String, ComposedDirective>,
    /// The specifications they come from, sorted by identity.
    pub links: Vec<ComposedLink>,
}

/// A custom directive of the supergraph.
#[derive(Debug)]
struct ComposedDirective {
    definition: Node<DirectiveDefinition>,
    /// The subgraph whose definition this is.
    subgraph: String,
    /// The subgraphs that compose it.
    composing: BTreeSet<String>,
    /// The specification it comes from.
    identity: String,
    /// Its name there.
    origin: String,
}

/// A specification that the supergraph links for its custom directives.
#[derive(Debug)]
pub(crate) struct ComposedLink {
    pub identity: String,
    pub version: Version,
    /// Name in the specification, name in the supergraph.
    pub imports: BTreeSet<(String, String)>,
}

impl Composed {
    pub(crate) fn definitions(&self) -> impl Iterator<Item = &Node<DirectiveDefinition>> {
        self.directives
            .values()
            .map(|directive| &directive.definition)
    }

    pub(super) fn defines(&self, name: &str) -> bool {
        self.directives.contains_key(name)
    }

    /// Whether a type belongs to one of the specifications, like `spec__Input`: clients do not see it.
    pub(crate) fn owns(&self, type_name: &str) -> bool {
        type_name.split_once("__").is_some_and(|(namespace, _)| {
            let names = self
                .links
                .iter()
                .map(|link| link.identity.rsplit('/').next());
            names.flatten().any(|name| name == namespace)
        })
    }

    pub(super) fn strategies(&self) -> Vec<(String, Strategy)> {
        let strategy = |definition: &DirectiveDefinition| match definition.repeatable {
            true => Strategy::Union,
            false => Strategy::One,
        };
        self.directives
            .iter()
            .map(|(name, directive)| (name.clone(), strategy(&directive.definition)))
            .collect()
    }

    /// Whether the subgraph asks for what it says with this directive to be kept.
    pub(super) fn is_composed_by(&self, subgraph: &Subgraph, name: &str) -> bool {
        let composed = self.directives.get(name);
        composed.is_some_and(|composed| composed.composing.contains(&subgraph.name))
    }

    /// Why an application in a subgraph is none of the composed directive's; nothing when it is one,
    /// or when no directive of the name is composed. Who composes a directive decides what it is;
    /// elsewhere it may be another version of it, or another directive of the same name.
    pub(super) fn problem(
        &self,
        subgraphs: &[Subgraph],
        subgraph: &Subgraph,
        directive: &Directive,
        at: DirectiveLocation,
    ) -> Option<String> {
        let composed = self.directives.get(directive.name.as_str())?;
        let spelled = directive.name.as_str();
        let spelled = spelled.strip_prefix(FOREIGN_PREFIX).unwrap_or(spelled);
        let is_linked = subgraph.links.iter().any(|link| {
            link.identity == composed.identity && link.origin(spelled) == Some(&composed.origin)
        });
        if !is_linked {
            return Some(format!(
                "there it is not the one of \"{}\", which is composed",
                composed.identity
            ));
        }
        let definition = &composed.definition;
        if !definition.locations.contains(&at) {
            return Some(format!("the one that is composed cannot stand on {at}"));
        }
        let mut arguments = directive.arguments.iter();
        if let Some(unknown) =
            arguments.find(|argument| definition.argument_by_name(&argument.name).is_none())
        {
            return Some(format!(
                "the one that is composed has no argument \"{}\"",
                unknown.name
            ));
        }
        // The types of the arguments are as the subgraph that defines the directive has them.
        let defining = subgraphs
            .iter()
            .find(|subgraph| subgraph.name == composed.subgraph)?;
        let types = |name: &Name| InputType::of_type(defining.schema.types.get(name)?);
        definition.arguments.iter().find_map(|argument| {
            match directive.specified_argument_by_name(&argument.name) {
                Some(value) => misfit(value, &argument.ty, &types)
                    .map(|problem| format!("for the one that is composed, {problem}")),
                None => argument.is_required().then(|| {
                    format!(
                        "the one that is composed requires argument \"{}\"",
                        argument.name
                    )
                }),
            }
        })
    }

    /// Whether two applications say the same; an argument that is not given has its default.
    pub(super) fn are_equal(&self, one: &Directive, other: &Directive) -> bool {
        let Some(composed) = self.directives.get(one.name.as_str()) else {
            return one == other;
        };
        one.name == other.name
            && composed.definition.arguments.iter().all(|argument| {
                let value = |directive: &Directive| -> Option<Node<Value>> {
                    let given = directive.specified_argument_by_name(&argument.name);
                    given.or(argument.default_value.as_ref()).cloned()
                };
                match (value(one), value(other)) {
                    (Some(one), Some(other)) => same_value(&one, &other),
                    (one, other) => one.is_none() && other.is_none(),
                }
            })
    }
}
