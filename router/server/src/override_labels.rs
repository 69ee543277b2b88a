//! Which labels of progressive overrides are on for a request.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use souk_planner::Supergraph;

use crate::config::LabelRule;

/// Labels that the program decides on itself, for one request. A [`RequestHook`](crate::RequestHook) puts this into the
/// extensions of the request's context; it goes before the configuration's `override_labels`, and before the share that
/// a label `percent(x)` names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OverrideLabels(pub BTreeMap<String, bool>);

/// The labels of a supergraph.
#[derive(Debug, Default)]
pub(crate) struct Labels {
    labels: Vec<Label>,
}

#[derive(Debug)]
struct Label {
    name: Arc<str>,
    rule: LabelRule,
}

impl Labels {
    /// The labels of this supergraph: `percent(x)` says itself for how many requests it is on, of the others the
    /// configuration tells. One that nobody says anything of is off.
    pub fn of(supergraph: &Supergraph, rules: &BTreeMap<String, LabelRule>) -> Labels {
        let label = |name: &Arc<str>| {
            let rule = rules.get(&**name).copied().or_else(|| percent(name));
            if rule.is_none() {
                tracing::warn!(
                    label = &**name,
                    "nothing says when this label of a progressive override is on, so it is off; \
                     it can be configured under override_labels"
                );
            }
            Label {
                name: name.clone(),
                rule: rule.unwrap_or(LabelRule::Always(false)),
            }
        };
        Labels {
            labels: supergraph.override_labels().map(label).collect(),
        }
    }

    /// Those that are on for a request, sorted.
    pub fn choose(&self, decided: Option<&OverrideLabels>) -> Vec<Arc<str>> {
        if self.labels.is_empty() {
            return Vec::new();
        }
        self.on(decided, rand::random_range(0.0..100.0))
    }

    /// `draw` is from 0 to 100. One draw for all labels of a request: each is on as often as it says, and there are no
    /// more plans of an operation than labels, instead of one for every combination.
    fn on(&self, decided: Option<&OverrideLabels>, draw: f64) -> Vec<Arc<str>> {
        let is_on = |label: &&Label| {
            let decided = decided.and_then(|decided| decided.0.get(&*label.name));
            decided.copied().unwrap_or(match label.rule {
                LabelRule::Always(on) => on,
                LabelRule::Percent(percent) => draw < percent,
            })
        };
        let on = self.labels.iter().filter(is_on);
        on.map(|label| label.name.clone()).collect()
    }
}

/// The share in a label `percent(x)`.
fn percent(label: &str) -> Option<LabelRule> {
    let inside = label.strip_prefix("percent(")?.strip_suffix(')')?;
    inside.trim().parse().ok().map(LabelRule::Percent)
}

/// As the planner takes them.
pub(crate) fn set_of(labels: &[Arc<str>]) -> HashSet<Arc<str>> {
    labels.iter().cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(rules: &[(&str, LabelRule)]) -> Labels {
        let label = |(name, rule): &(&str, LabelRule)| Label {
            name: (*name).into(),
            rule: *rule,
        };
        Labels {
            labels: rules.iter().map(label).collect(),
        }
    }

    #[test]
    fn a_label_is_on_for_its_share_of_the_draws() {
        let labels = labels(&[
            ("a", percent("percent(0)").unwrap()),
            ("b", percent("percent(12.5)").unwrap()),
            ("c", percent("percent(100)").unwrap()),
        ]);
        let mut counts = BTreeMap::new();
        for draw in 0..1000 {
            for label in labels.on(None, f64::from(draw) / 10.0) {
                *counts.entry(label.to_string()).or_insert(0) += 1;
            }
        }
        assert_eq!(
            counts,
            BTreeMap::from([("b".to_owned(), 125), ("c".to_owned(), 1000)])
        );
    }

    #[test]
    fn what_the_program_decides_goes_first() {
        let labels = labels(&[
            ("new", LabelRule::Always(false)),
            ("percent(100)", LabelRule::Percent(100.0)),
        ]);
        let decided = OverrideLabels(BTreeMap::from([
            ("new".to_owned(), true),
            ("percent(100)".to_owned(), false),
            ("stranger".to_owned(), true),
        ]));
        assert_eq!(labels.on(Some(&decided), 50.0), vec![Arc::from("new")]);
        assert_eq!(labels.on(None, 50.0), vec![Arc::from("percent(100)")]);
    }

    #[test]
    fn other_labels_are_no_shares() {
        assert_eq!(percent("use-new-service"), None);
        assert_eq!(percent("percent(many)"), None);
    }
}
