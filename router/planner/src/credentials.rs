//! What a client may show of itself, and what the elements of a supergraph demand to be shown.

use std::collections::BTreeSet;
use std::sync::Arc;

/// What clients show to see what `@authenticated`, `@requiresScopes` and `@policy` protect. As an answer to the question
/// what an operation asks for, all that makes a difference to it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Credentials {
    /// The client is known.
    pub authenticated: bool,
    /// The scopes that it has.
    pub scopes: BTreeSet<Arc<str>>,
    /// The policies by which it may see what they protect.
    pub policies: BTreeSet<Arc<str>>,
}

/// Who may see what an operation asks for.
#[derive(Debug, Clone, Copy)]
pub enum Authorization<'a> {
    /// Everybody sees everything.
    Off,
    /// A field that demands more than these credentials is not fetched, and is null in the response.
    Enforced(&'a Credentials),
    /// Everything is fetched. The plan says what these credentials would be denied.
    DryRun(&'a Credentials),
}

/// What an element demands: all that its directives do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Demand {
    pub(crate) authenticated: bool,
    pub(crate) scopes: Alternatives,
    pub(crate) policies: Alternatives,
}

impl Demand {
    pub(crate) fn is_nothing(&self) -> bool {
        !self.authenticated && self.scopes.0.is_none() && self.policies.0.is_none()
    }

    pub(crate) fn is_met_by(&self, shown: &Credentials) -> bool {
        (!self.authenticated || shown.authenticated)
            && self.scopes.are_met_by(&shown.scopes)
            && self.policies.are_met_by(&shown.policies)
    }

    /// Adds to `asked` all that decides whether the demand is met.
    pub(crate) fn ask(&self, asked: &mut Credentials) {
        asked.authenticated |= self.authenticated;
        asked.scopes.extend(self.scopes.names().cloned());
        asked.policies.extend(self.policies.names().cloned());
    }

    /// Whether whoever meets all the others meets this. False, too, when that would take long to find out.
    pub(crate) fn follows_from(&self, others: &[&Demand]) -> bool {
        (!self.authenticated || others.iter().any(|other| other.authenticated))
            && self
                .scopes
                .follow_from(others.iter().map(|other| &other.scopes))
            && self
                .policies
                .follow_from(others.iter().map(|other| &other.policies))
    }
}

/// Names of which all in one of the lists are demanded, whichever it is; `None` demands nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Alternatives(pub(crate) Option<Vec<BTreeSet<Arc<str>>>>);

/// More combinations of alternatives than this are not compared.
const MAX_COMBINATIONS: usize = 4_096;

impl Alternatives {
    fn are_met_by(&self, shown: &BTreeSet<Arc<str>>) -> bool {
        let Some(lists) = &self.0 else { return true };
        lists.iter().any(|names| names.is_subset(shown))
    }

    fn names(&self) -> impl Iterator<Item = &Arc<str>> {
        self.0.iter().flatten().flatten()
    }

    fn follow_from<'a>(&self, others: impl Iterator<Item = &'a Alternatives>) -> bool {
        if self.0.is_none() {
            return true;
        }
        // What may have been shown at the least by those who meet the others.
        let mut shown: Vec<BTreeSet<Arc<str>>> = vec![BTreeSet::new()];
        for lists in others.filter_map(|other| other.0.as_ref()) {
            if shown.len().saturating_mul(lists.len()) > MAX_COMBINATIONS {
                return false;
            }
            let with = |names: &BTreeSet<Arc<str>>| {
                let more = lists
                    .iter()
                    .map(|list| names.union(list).cloned().collect());
                more.collect::<Vec<_>>()
            };
            shown = shown.iter().flat_map(with).collect();
        }
        shown.iter().all(|names| self.are_met_by(names))
    }
}
