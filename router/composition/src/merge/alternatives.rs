//! The value of `scopes:` and `policies:`: alternatives, each of which is a list of demands.

use apollo_compiler::Node;
use apollo_compiler::ast::Value;
use std::collections::BTreeSet;

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
    pub(super) fn and(&self, other: &Self) -> Self {
        if self.0.is_empty() || other.0.is_empty() {
            let demanding = if self.0.is_empty() { other } else { self };
            return demanding.clone();
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
        Self(both.into_iter().collect())
    }

    /// Whether whoever meets this meets the other, too.
    pub(super) fn implies(&self, other: &Self) -> bool {
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

    pub(super) fn to_value(&self) -> Value {
        let alternatives = self.0.iter().map(|demands| {
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
