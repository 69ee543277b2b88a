//! What one element demands of who wants to see it.

use crate::merge::alternatives::Alternatives;
use apollo_compiler::ast::DirectiveList;

/// The authorization directives of one element, or of several together.
#[derive(Debug, Default)]
pub(super) struct Demands {
    authenticated: bool,
    scopes: Alternatives,
    policies: Alternatives,
}

impl Demands {
    pub(super) fn of(directives: &DirectiveList) -> Self {
        let alternatives = |directive: &str, argument: &str| {
            directives
                .get(directive)
                .and_then(|directive| directive.specified_argument_by_name(argument))
                .map(|value| Alternatives::of(value))
                .unwrap_or_default()
        };
        Self {
            authenticated: directives.has("authenticated"),
            scopes: alternatives("requiresScopes", "scopes"),
            policies: alternatives("policy", "policies"),
        }
    }

    /// What meets both.
    pub(super) fn and(&self, other: &Self) -> Self {
        Self {
            authenticated: self.authenticated || other.authenticated,
            scopes: self.scopes.and(&other.scopes),
            policies: self.policies.and(&other.policies),
        }
    }

    /// Whether whoever meets these meets the others, too.
    pub(super) fn imply(&self, other: &Self) -> bool {
        (self.authenticated || !other.authenticated)
            && self.scopes.implies(&other.scopes)
            && self.policies.implies(&other.policies)
    }
}
