//! Selection sets: of all places that are one there, each field once for each alternative of its condition.

use std::fmt::Write;

use apollo_compiler::Name;
use apollo_compiler::collections::IndexMap;
use apollo_compiler::{Node, ast};

use super::{Writer, note_variables};
use crate::graph::NodeId;
use crate::guard::{Guard, Literal};
use crate::model::TypeId;
use crate::plan::ContextVariable;
use crate::search::PlaceId;
use crate::tree::FieldId;

/// Several places of one document that are the same selection set there.
#[derive(Default)]
struct Merged {
    typename: bool,
    fields: IndexMap<Name, MergedField>,
    casts: IndexMap<TypeId, Vec<PlaceId>>,
}

struct MergedField {
    field: FieldId,
    /// Whether contexts fill arguments of it.
    in_context: bool,
    guard: Guard,
    children: Vec<PlaceId>,
}

impl Writer<'_> {
    fn merge(&self, places: &[PlaceId]) -> Merged {
        let mut merged = Merged::default();
        for id in places {
            let place = self.search.place(*id);
            merged.typename |= place.typename;
            for placed in &place.fields {
                let key = &self.search.tree.field(placed.field).source_key;
                let field = merged
                    .fields
                    .entry(key.clone())
                    .or_insert_with(|| MergedField {
                        field: placed.field,
                        in_context: self.needs_context(place.node, placed.field),
                        guard: Guard::never(),
                        children: Vec::new(),
                    });
                field.field = field.field.min(placed.field);
                field.guard = field.guard.or(&placed.guard).loosened();
                let child = placed.child;
                let new = child.filter(|child| !field.children.contains(child));
                field.children.extend(new);
            }
            for cast in &place.casts {
                for ty in self.types(*cast) {
                    merged.casts.entry(*ty).or_default().push(*cast);
                }
            }
        }
        merged
            .fields
            .sort_by(|_, one, _, other| one.field.cmp(&other.field));
        merged.casts.sort_unstable_keys();
        merged
    }

    fn needs_context(&self, node: NodeId, field: FieldId) -> bool {
        let name = &self.search.tree.field(field).name;
        let found = self.search.supergraph.graph().field(node, name);
        let requires = found.and_then(|found| found.requires.as_ref());
        requires.is_some_and(|requires| !requires.contexts.is_empty())
    }

    pub(super) fn selection(&mut self, places: &[PlaceId], known: &Guard) {
        let merged = self.merge(places);
        self.text.push('{');
        let mut first = true;
        if merged.typename || (merged.fields.is_empty() && merged.casts.is_empty()) {
            self.text.push_str("__typename");
            first = false;
        }
        for field in merged.fields.values() {
            if !first {
                self.text.push(' ');
            }
            first = false;
            self.field(field, known);
        }
        if !first && !merged.casts.is_empty() {
            self.text.push(' ');
        }
        self.on_types(&merged.casts, " ", Some(known));
        self.text.push('}');
    }

    /// A field, once for each alternative of its condition: fields of one response key merge.
    fn field(&mut self, merged: &MergedField, known: &Guard) {
        let alternatives = news(&merged.guard, known);
        let below = match alternatives.as_slice() {
            [literals] if literals.is_empty() => known,
            _ => &merged.guard,
        };
        let times = std::mem::replace(&mut self.times, 1);
        let mut written: Option<String> = None;
        for (index, literals) in alternatives.iter().enumerate() {
            if index > 0 {
                self.text.push(' ');
            }
            let around = self.head(merged, literals);
            let (start, marks) = (self.text.len(), self.marks.len());
            if let Some(same) = &written {
                self.text.push_str(same);
            } else if !merged.children.is_empty() {
                self.below(&merged.children, below, times * alternatives.len());
                if self.marks.len() == marks {
                    written = Some(self.text[start..].to_owned());
                }
            }
            for _ in 0..around {
                self.text.push('}');
            }
        }
        self.times = times;
    }

    /// A field up to its selection set, where the literals hold. Returns how many braces are to be closed after it.
    fn head(&mut self, merged: &MergedField, literals: &[Literal]) -> usize {
        // A field takes one @include and one @skip; what is left goes around it.
        let mut own: Vec<&Literal> = Vec::new();
        let mut around = 0;
        for literal in literals {
            if own.iter().any(|chosen| chosen.on == literal.on) {
                self.text.push_str("...");
                self.directive(literal);
                self.text.push('{');
                around += 1;
            } else {
                own.push(literal);
            }
        }
        let search = self.search;
        let field = search.tree.field(merged.field);
        if field.source_key != field.name {
            let _ = write!(self.text, "{}:", field.source_key);
        }
        self.text.push_str(&field.name);
        let contexts = if merged.in_context {
            self.contexts
        } else {
            &[]
        };
        self.arguments(&field.arguments, contexts);
        for literal in own {
            self.directive(literal);
        }
        around
    }

    fn arguments(
        &mut self,
        arguments: &[Node<ast::Argument>],
        contexts: &[(Name, ContextVariable)],
    ) {
        if arguments.is_empty() && contexts.is_empty() {
            return;
        }
        let mut before = '(';
        for argument in arguments {
            self.text.push(before);
            before = ' ';
            let _ = write!(
                self.text,
                "{}:{}",
                argument.name,
                argument.value.serialize().no_indent()
            );
            note_variables(&argument.value, &mut self.variables);
        }
        for (index, (argument, context)) in contexts.iter().enumerate() {
            let _ = write!(self.text, "{before}{argument}:");
            before = ' ';
            self.marks.push((self.text.len(), index));
            let _ = write!(self.text, "${}", context.variable);
        }
        self.text.push(')');
    }

    fn directive(&mut self, literal: &Literal) {
        let directive = if literal.on { "include" } else { "skip" };
        let _ = write!(self.text, "@{directive}(if:${})", literal.variable);
        self.variables.insert(literal.variable.clone());
    }
}

/// The alternatives of a guard, each the literals that it has beyond what is known to hold.
fn news(guard: &Guard, known: &Guard) -> Vec<Vec<Literal>> {
    if guard.covers(known) {
        return vec![Vec::new()];
    }
    let known = known.conjunction().unwrap_or_default();
    let beyond = |term: &Vec<Literal>| {
        let literals = term.iter().filter(|literal| !known.contains(literal));
        literals.cloned().collect()
    };
    guard.terms().iter().map(beyond).collect()
}
