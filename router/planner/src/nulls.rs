//! Whose values a null takes away. A subgraph that does not know the types of objects is asked the same of all of them, so
//! that a null in what only some should have been asked for may reach what others were asked for.

use crate::guard::Guard;
use crate::model::SubgraphId;
use crate::tree::{FieldId, PositionId, Tree, TreeField};

impl Tree<'_> {
    /// True when a null in a field that a subgraph is asked for, or in what is planned below it, may take from objects for
    /// which the field is not planned what is planned for them: themselves, or some of what they have under the same key.
    pub(crate) fn takes_from_others(&self, id: FieldId, subgraph: SubgraphId) -> bool {
        let field = self.field(id);
        if self.must_not_be_null(field, subgraph) {
            return true;
        }
        let Some(child) = field.child else {
            return false;
        };
        let beside = self.position(field.position).fields.iter();
        let mut others = beside
            .map(|other| self.field(*other))
            .filter(|other| other.source_key == field.source_key && other.scope != field.scope);
        others.any(|other| {
            let below = other.child.filter(|below| *below != child);
            below.is_some_and(|below| self.takes_more(child, (below, &other.guard), subgraph))
        })
    }

    /// True when what is planned at a position may take its object away by a null that what is planned at another, under
    /// this condition, may not.
    fn takes_more(
        &self,
        one: PositionId,
        (other, condition): (PositionId, &Guard),
        subgraph: SubgraphId,
    ) -> bool {
        let others = &self.position(other).fields;
        self.position(one).fields.iter().any(|id| {
            let field = self.field(*id);
            let same = others.iter().map(|other| self.field(*other)).find(|other| {
                let is_for_all = other.scope.is_none() || other.scope == field.scope;
                is_for_all && other.source_key == field.source_key
            });
            // The other may not be asked for it whenever this one is.
            let is_more = same.is_none_or(|same| {
                let both = field.guard.and_loosely(condition);
                !same.guard.covers(&both)
            });
            if is_more && self.must_not_be_null(field, subgraph) {
                return true;
            }
            let below = same.and_then(|same| Some((field.child?, same.child?, &same.guard)));
            below.is_some_and(|(one, other, condition)| {
                one != other && self.takes_more(one, (other, condition), subgraph)
            })
        })
    }

    /// True when a subgraph's own schema forbids that the field is null, whatever others say. What it does not have takes
    /// nothing from what it is asked for.
    fn must_not_be_null(&self, field: &TreeField, subgraph: SubgraphId) -> bool {
        let owner = self.owner(field.position, field.scope);
        // An interface object stands for types that the subgraph does not know.
        let interfaces = self.model.ty(owner).interfaces.iter();
        interfaces.chain([&owner]).any(|ty| {
            let here = self.model.type_in(*ty, subgraph);
            let found = here.and_then(|here| here.fields.get(&field.name));
            found.is_some_and(|found| found.ty.is_non_null())
        })
    }
}
