//! What an operation asks for, noted before anything is placed: whether a null takes what others are asked for must not
//! depend on which of them is placed first.

use std::sync::Arc;

use super::{Bound, Goal, Search};
use crate::error::PlanError;
use crate::field_set::FieldSetItem;
use crate::graph::Requires;
use crate::guard::Guard;
use crate::tree::FieldId;

/// So many requirements in a row are looked at beforehand: some never end.
const MAX_CHAIN: usize = 4;

/// A field, and when it is asked for.
type Asked = (FieldId, Guard);

impl Search<'_> {
    /// Notes when each field is asked for, by the operation or as what another field may require.
    pub(super) fn note_asked(&mut self, goals: &[Goal]) -> Result<(), PlanError> {
        // Elsewhere objects are asked for what is planned for their type, and nothing else.
        if !self.supergraph.has_interface_objects() {
            return Ok(());
        }
        let mut asked = Vec::new();
        for goal in goals {
            let field = goal.wanted.field();
            let field = field.or(self.tree.position(goal.position).parent);
            asked.extend(field.map(|field| (field, goal.guard.clone())));
        }
        for _ in 0..MAX_CHAIN {
            let mut required = Vec::new();
            for (field, guard) in asked {
                self.tree.ask(field, &guard);
                for requires in self.requirements(field) {
                    self.spend()?;
                    let field = self.tree.field(field);
                    let (position, scope) = (field.position, field.scope);
                    let bound = self.bind(position, scope, &requires.fields, false);
                    list(&bound.unwrap_or_default(), &guard, &mut required);
                }
            }
            asked = required;
        }
        Ok(())
    }

    /// What the subgraphs that have a field may have to be given for it, where that can change what a null takes: a leaf does
    /// only as part of a value that other types may be asked for, too.
    fn requirements(&self, id: FieldId) -> Vec<Arc<Requires>> {
        let field = self.tree.field(id);
        let owner = self.tree.owner(field.position, field.scope);
        let is_by_type = self.tree.position(field.position).is_by_type;
        let found = self.resolvers(owner, &field.name).filter_map(|node| {
            let found = self.field_move(node, &field.name, false)?;
            let requires = found.requires.as_ref()?;
            let mut items = requires.fields.items.iter();
            let makes_a_difference = is_by_type || items.any(|item| !is_leaf(item));
            makes_a_difference.then(|| requires.clone())
        });
        found.collect()
    }
}

fn is_leaf(item: &FieldSetItem) -> bool {
    matches!(item, FieldSetItem::Field { set, .. } if set.is_empty())
}

/// Lists the fields of a field set, each asked for under this condition.
fn list(bound: &[Bound], guard: &Guard, fields: &mut Vec<Asked>) {
    for item in bound {
        fields.extend(item.field.map(|field| (field, guard.clone())));
        list(&item.below, guard, fields);
    }
}
