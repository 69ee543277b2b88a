//! The value of `scopes:` and `policies:`: alternatives, each of which is a list of demands.

use apollo_compiler::Node;
use apollo_compiler::ast::Value;
use std::collections::BTreeSet;

/// The most combinations of two lists of alternatives that are worked out.
pub(super) const MOST_COMBINATIONS: usize = 4096;

/// What meets two lists of alternatives would be more than [`MOST_COMBINATIONS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooMany;

/// What a client can show to be let in: all demands of any one alternative. Without alternatives
/// nothing is demanded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Alternatives(BTreeSet<BTreeSet<String>>);

impl Alternatives {
    /// Reads `[["a", "b"], ["c"]]`. A single value stands for a list of it (input coercion).
    pub(super) fn of(value: &Value) -> Self {
        let mut alternatives = BTreeSet::new();
        for alternative in items(value) {
            let demands = items(alternative)
                .into_iter()
                .filter_map(|demand| demand.as_str().map(str::to_owned))
                .collect();
            alternatives.insert(demands);
        }
        Self(alternatives)
    }

    /// What meets both. An alternative that demands more than another adds nothing and is left out.
    pub(super) fn and(&self, other: &Self) -> Result<Self, TooMany> {
        if self.0.is_empty() || other.0.is_empty() {
            let demanding = if self.0.is_empty() { other } else { self };
            return Ok(demanding.clone());
        }
        if self.0.len().saturating_mul(other.0.len()) > MOST_COMBINATIONS {
            return Err(TooMany);
        }
        let mut both: Vec<BTreeSet<String>> = Vec::new();
        for one in &self.0 {
            for another in &other.0 {
                let demands: BTreeSet<String> = one.union(another).cloned().collect();
                if both.iter().any(|known| known.is_subset(&demands)) {
                    continue;
                }
                both.retain(|known| !demands.is_subset(known));
                both.push(demands);
            }
        }
        Ok(Self(both.into_iter().collect()))
    }

    /// Whether whoever meets both of these meets the other, too. Of too many to combine, one has to
    /// do so by itself.
    pub(super) fn together_imply(&self, and: &Self, other: &Self) -> bool {
        match self.and(and) {
            Ok(both) => both.implies(other),
            Err(TooMany) => self.implies(other) || and.implies(other),
        }
    }

    /// Whether whoever meets this meets the other, too.
    fn implies(&self, other: &Self) -> bool {
        let demands_nothing = |alternatives: &Self| {
            alternatives.0.is_empty() || alternatives.0.iter().any(BTreeSet::is_empty)
        };
        if demands_nothing(other) {
            return true;
        }
        !self.0.is_empty()
            && self.0.iter().all(|alternative| {
                let mut weaker = other.0.iter();
                weaker.any(|demands| demands.is_subset(alternative))
            })
    }

    /// Those that demand least come first, as Apollo's composer writes them.
    pub(super) fn to_value(&self) -> Value {
        let mut alternatives: Vec<_> = self.0.iter().collect();
        alternatives.sort_by_key(|demands| demands.len());
        let alternatives = alternatives.into_iter().map(|demands| {
            let demands = demands
                .iter()
                .map(|demand| Node::new(Value::String(demand.clone())));
            Node::new(Value::List(demands.collect()))
        });
        Value::List(alternatives.collect())
    }
}

fn items(value: &Value) -> Vec<&Value> {
    match value {
        Value::List(items) => items.iter().map(AsRef::as_ref).collect(),
        single => vec![single],
    }
}

#[cfg(test)]
mod tests {
    use super::Alternatives;

    fn alternatives(all: &[&[&str]]) -> Alternatives {
        let demands = |one: &&[&str]| one.iter().map(|demand| (*demand).to_owned()).collect();
        Alternatives(all.iter().map(demands).collect())
    }

    /// "Whoever may do everything, or this one thing", of many things, stays two alternatives.
    #[test]
    fn what_is_common_to_all_does_not_multiply() {
        let mut all = Alternatives::default();
        let names: Vec<String> = (0..40).map(|number| format!("read:{number}")).collect();
        for name in &names {
            all = all
                .and(&alternatives(&[&["admin"], &[name.as_str()]]))
                .unwrap_or_default();
        }
        let everything: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(all, alternatives(&[&["admin"], &everything]));
    }

    #[test]
    fn alternatives_imply_those_that_each_of_them_meets() {
        let own = alternatives(&[&["a", "b"], &["c"]]);
        assert!(own.implies(&alternatives(&[&["a"], &["c"]])));
        assert!(own.implies(&alternatives(&[])));
        assert!(own.implies(&alternatives(&[&[]])));
        assert!(!own.implies(&alternatives(&[&["a"]])));
        assert!(!alternatives(&[]).implies(&own));
    }

    #[test]
    fn what_demands_least_is_written_first() {
        let found = alternatives(&[&["b", "y"], &["a", "b", "c"], &["c"]]);
        assert_eq!(
            found.to_value().serialize().no_indent().to_string(),
            r#"[["c"], ["b", "y"], ["a", "b", "c"]]"#
        );
    }
}
