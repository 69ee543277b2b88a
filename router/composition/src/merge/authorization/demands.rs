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

    /// Whether whoever meets these and `and` meets the others, too.
    pub(super) fn together_imply(&self, and: &Self, other: &Self) -> bool {
        (self.authenticated || and.authenticated || !other.authenticated)
            && self.scopes.together_imply(&and.scopes, &other.scopes)
            && self.policies.together_imply(&and.policies, &other.policies)
    }
}
