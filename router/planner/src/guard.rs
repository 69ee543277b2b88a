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
/// term is always. Terms are sorted, the shortest first, and none implies another; so are the literals of each.
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
        let mut both = Guard::never();
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
                    both.add(&term);
                }
            }
        }
        both
    }

    /// That this holds and `other` does, too, or only the former when their terms are many. For fetching; see
    /// [`Guard::loosened`].
    pub(crate) fn and_loosely(&self, other: &Guard) -> Guard {
        if self.terms.len() * other.terms.len() > 4 * MAX_TERMS {
            return self.clone();
        }
        self.and(other).loosened()
    }

    pub(crate) fn or(&self, other: &Guard) -> Guard {
        let mut either = self.clone();
        either.widen(other);
        either
    }

    /// That any of them holds, for fetching.
    pub(crate) fn any_loosely<'a>(guards: impl IntoIterator<Item = &'a Guard>) -> Guard {
        let mut any = Guard::never();
        for guard in guards {
            any = any.or(guard).loosened();
        }
        any
    }

    /// Makes this hold whenever `other` does, too.
    pub(crate) fn widen(&mut self, other: &Guard) {
        for term in &other.terms {
            self.add(term);
        }
    }

    fn add(&mut self, term: &[Literal]) {
        if self.terms.iter().any(|known| is_part(known, term)) {
            return;
        }
        if let [literal] = term {
            let opposite = [Literal {
                variable: literal.variable.clone(),
                on: !literal.on,
            }];
            if self.terms.iter().any(|known| *known == opposite) {
                *self = Guard::always();
                return;
            }
        }
        self.terms.retain(|known| !is_part(term, known));
        let shorter = |known: &Vec<Literal>| (known.len(), known.as_slice()) < (term.len(), term);
        let place = self.terms.partition_point(shorter);
        self.terms.insert(place, term.to_vec());
    }

    /// The guard, or always when it has become unwieldy. For fetching, where too much is left out of the answer. It shows
    /// all the same where what nobody asked for fails: its error is reported, and takes the object that may not be without.
    pub(crate) fn loosened(self) -> Guard {
        if self.terms.len() > MAX_TERMS {
            Guard::always()
        } else {
            self
        }
    }

    /// True when this holds whenever `other` does, as far as the terms show it.
    pub(crate) fn covers(&self, other: &Guard) -> bool {
        other
            .terms
            .iter()
            .all(|theirs| self.terms.iter().any(|mine| is_part(mine, theirs)))
    }

    /// Any of which is enough, each all of its literals.
    pub(crate) fn terms(&self) -> &[Vec<Literal>] {
        &self.terms
    }

    pub(crate) fn term_count(&self) -> usize {
        self.terms.len()
    }

    /// How much there is to compare another term with.
    pub(crate) fn literal_count(&self) -> usize {
        self.terms.iter().map(Vec::len).sum()
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

/// Whether all literals of one term are in the other, and so the latter implies the former.
fn is_part(part: &[Literal], whole: &[Literal]) -> bool {
    let mut rest = whole.iter();
    part.iter()
        .all(|literal| rest.any(|other| other == literal))
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
