//! Whose values a null takes away. A subgraph that does not know the types of objects is asked the same of all of them, so
//! that a null in what only some should have been asked for may reach what others were asked for.

use crate::tree::{FieldId, PositionId, Tree};

impl Tree<'_> {
    /// True when a null in a field, or in what is planned below it, may take from objects for which the field is not planned
    /// what is planned for them: themselves, or some of what they have under the same key.
    pub(crate) fn takes_from_others(&self, id: FieldId) -> bool {
        let field = self.field(id);
        if field.ty.is_non_null() {
            return true;
        }
        let Some(child) = field.child else {
            return false;
        };
        let beside = self.position(field.position).fields.iter();
        let beside = beside
            .map(|other| self.field(*other))
            .filter(|other| other.source_key == field.source_key && other.scope != field.scope);
        let mut others = beside.filter_map(|other| other.child);
        others.any(|other| self.takes_more(child, other))
    }

    /// True when what is planned at a position may take its object away by a null that what is planned at another may not.
    fn takes_more(&self, one: PositionId, other: PositionId) -> bool {
        let others = &self.position(other).fields;
        one != other
            && self.position(one).fields.iter().any(|id| {
                let field = self.field(*id);
                let same = others.iter().map(|other| self.field(*other)).find(|other| {
                    let is_for_all = other.scope.is_none() || other.scope == field.scope;
                    is_for_all && other.source_key == field.source_key
                });
                match same {
                    None => field.ty.is_non_null(),
                    Some(same) => {
                        let below = field.child.zip(same.child);
                        below.is_some_and(|(one, other)| self.takes_more(one, other))
                    }
                }
            })
    }
}
