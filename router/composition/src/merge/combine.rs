//! Directives whose applications in several subgraphs become one that says it all, argument by argument.

use super::alternatives::{Alternatives, TooMany};
use apollo_compiler::ast::{Argument, Directive, Value};
use apollo_compiler::{Name, Node};

/// How the values that subgraphs give an argument become one. Who gives none has no say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Combine {
    /// The largest number.
    Largest,
    /// Every item of every list.
    Union,
    /// True when all say so.
    All,
    /// A list of alternatives, each a list of demands: what meets the demands of all subgraphs.
    Conjunction,
}

/// One application in place of several of the same directive; `rules` has its arguments in their order.
///
/// # Errors
///
/// When the alternatives that the applications name cannot all be combined.
pub(super) fn combine(
    name: &Name,
    applications: &[&Node<Directive>],
    rules: &[(&'static str, Combine)],
) -> Result<Node<Directive>, TooMany> {
    let mut arguments = Vec::new();
    for (argument, rule) in rules {
        let given: Vec<&Node<Value>> = applications
            .iter()
            .filter_map(|directive| directive.specified_argument_by_name(argument))
            .filter(|value| !value.is_null())
            .collect();
        if let Some(value) = rule.value(&given)? {
            arguments.push(Node::new(Argument {
                name: Name::new_static_unchecked(argument),
                value,
            }));
        }
    }
    Ok(Node::new(Directive {
        name: name.clone(),
        arguments,
    }))
}

impl Combine {
    fn value(self, given: &[&Node<Value>]) -> Result<Option<Node<Value>>, TooMany> {
        let Some(first) = given.first().copied() else {
            return Ok(None);
        };
        Ok(match self {
            Combine::Largest => given
                .iter()
                .max_by_key(|value| value.to_i32())
                .map(|value| (*value).clone()),
            Combine::Union => {
                let mut items: Vec<Node<Value>> = Vec::new();
                for value in given {
                    // A single value stands for a list of it (input coercion).
                    let own = value.as_list().unwrap_or(std::slice::from_ref(*value));
                    for item in own {
                        if !items.contains(item) {
                            items.push(item.clone());
                        }
                    }
                }
                Some(Node::new(Value::List(items)))
            }
            Combine::All => {
                let disagrees = given.iter().find(|value| value.to_bool() == Some(false));
                Some((*disagrees.unwrap_or(&first)).clone())
            }
            Combine::Conjunction => {
                let mut combined = Alternatives::default();
                for value in given {
                    combined = combined.and(&Alternatives::of(value))?;
                }
                Some(Node::new(combined.to_value()))
            }
        })
    }
}
