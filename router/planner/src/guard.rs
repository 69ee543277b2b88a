//! Conditions while planning: disjunctions of conjunctions over the client's Boolean variables.

use apollo_compiler::Name;
use apollo_compiler::ast::DirectiveList;

use crate::plan::Condition;

/// More alternatives than this are not worth telling apart when fetching.
const MAX_TERMS: usize = 16;

/// A variable that has to be true (`on`) or false.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Literal {
    pub(crate) variable: Name,
    pub(crate) on: bool,
}

/// When something is needed: any of the terms, each of which is all of its literals. No term is never, an empty
/// term is always. Terms are sorted, none implies another.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Guard {
    terms: Vec<Vec<Literal>>,
}

impl Guard {
    pub(crate) fn always() -> Guard {
        Guard {
            terms: vec![Vec::new()],
        }
    }

    pub(crate) fn never() -> Guard {
        Guard { terms: Vec::new() }
    }

    /// The condition that `@skip` and `@include` among these directives make.
    pub(crate) fn of(directives: &DirectiveList) -> Guard {
        let mut guard = Guard::always();
        for directive in &directives.0 {
            let on = match directive.name.as_str() {
                "include" => true,
                "skip" => false,
                _ => continue,
            };
            let Some(value) = directive.specified_argument_by_name("if") else {
                continue;
            };
            let here = match (value.as_variable(), value.to_bool()) {
                (Some(variable), _) => Guard {
                    terms: vec![vec![Literal {
                        variable: variable.clone(),
                        on,
                    }]],
                },
                (None, Some(value)) if value != on => Guard::never(),
                _ => continue,
            };
            guard = guard.and(&here);
        }
        guard
    }

    pub(crate) fn is_always(&self) -> bool {
        self.terms.iter().any(Vec::is_empty)
    }

    pub(crate) fn is_never(&self) -> bool {
        self.terms.is_empty()
    }

    /// The literals when the guard is one conjunction.
    pub(crate) fn conjunction(&self) -> Option<&[Literal]> {
        match self.terms.as_slice() {
            [term] => Some(term),
            _ => None,
        }
    }

    pub(crate) fn and(&self, other: &Guard) -> Guard {
        if self.is_always() {
            return other.clone();
        }
        if other.is_always() {
            return self.clone();
        }
        let mut terms = Vec::new();
        for mine in &self.terms {
            for theirs in &other.terms {
                let mut term = mine.clone();
                term.extend_from_slice(theirs);
                term.sort_unstable();
                term.dedup();
                let contradicts = term
                    .windows(2)
                    .any(|pair| pair[0].variable == pair[1].variable);
                if !contradicts {
                    terms.push(term);
                }
            }
        }
        Guard::simplified(terms)
    }

    pub(crate) fn or(&self, other: &Guard) -> Guard {
        if self == other || self.is_always() || other.is_never() {
            return self.clone();
        }
        let mut terms = self.terms.clone();
        terms.extend_from_slice(&other.terms);
        Guard::simplified(terms)
    }

    /// The guard, or always when it has become unwieldy. For fetching, where too much does no harm.
    pub(crate) fn loosened(self) -> Guard {
        if self.terms.len() > MAX_TERMS {
            Guard::always()
        } else {
            self
        }
    }

    /// True when this holds whenever `other` does, as far as the terms show it.
    pub(crate) fn covers(&self, other: &Guard) -> bool {
        other.terms.iter().all(|theirs| {
            self.terms
                .iter()
                .any(|mine| mine.iter().all(|literal| theirs.contains(literal)))
        })
    }

    fn simplified(mut terms: Vec<Vec<Literal>>) -> Guard {
        terms.sort_by(|a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
        let mut kept: Vec<Vec<Literal>> = Vec::new();
        for term in terms {
            if !kept
                .iter()
                .any(|known| known.iter().all(|literal| term.contains(literal)))
            {
                kept.push(term);
            }
        }
        let opposite = |literal: &Literal| Literal {
            variable: literal.variable.clone(),
            on: !literal.on,
        };
        if kept
            .iter()
            .any(|term| term.len() == 1 && kept.contains(&vec![opposite(&term[0])]))
        {
            return Guard::always();
        }
        Guard { terms: kept }
    }

    /// That this holds and `earlier` does not.
    pub(crate) fn to_condition_unless(&self, earlier: &Guard) -> Option<Condition> {
        let mut conditions: Vec<Condition> = self.to_condition().into_iter().collect();
        for term in &earlier.terms {
            let literals = term.iter().map(|literal| is(literal, !literal.on));
            conditions.push(Condition::Any(literals.collect()));
        }
        match conditions.len() {
            0 | 1 => conditions.pop(),
            _ => Some(Condition::All(conditions)),
        }
    }

    /// As the plan has it; `None` is always.
    pub(crate) fn to_condition(&self) -> Option<Condition> {
        if self.is_always() {
            return None;
        }
        let mut terms: Vec<Condition> = self.terms.iter().map(|term| all(term)).collect();
        if terms.len() == 1 {
            return terms.pop();
        }
        Some(Condition::Any(terms))
    }
}

/// That the literal's variable is true, or false.
fn is(literal: &Literal, on: bool) -> Condition {
    let variable = literal.variable.clone();
    if on {
        Condition::If(variable)
    } else {
        Condition::Unless(variable)
    }
}

fn all(term: &[Literal]) -> Condition {
    let mut literals: Vec<Condition> = term.iter().map(|literal| is(literal, literal.on)).collect();
    match literals.len() {
        1 => literals.swap_remove(0),
        _ => Condition::All(literals),
    }
}
