//! Places of the client's response.

use hashbrown::HashSet;

use crate::errors::PathElement;
use crate::prepared::Field;
use crate::symbols::Symbol;
use crate::tree::{ObjectId, Tree};

/// The place of a value, as a chain on the stack: it costs nothing unless there is an error.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    parent: Option<&'a Place<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    /// A field of the response, and the object of the tree that the value is of.
    Field(&'a Field, ObjectId),
    Index(usize),
}

impl<'a> Place<'a> {
    /// The place of an object's field.
    pub fn of_field(parent: Option<&'a Place<'a>>, field: &'a Field, object: ObjectId) -> Self {
        let step = Step::Field(field, object);
        Place { parent, step }
    }

    /// The place of a list's item.
    pub fn of_item(list: &'a Place<'a>, index: usize) -> Self {
        Place {
            parent: Some(list),
            step: Step::Index(index),
        }
    }

    /// Whether one of the objects on the way to it is among these.
    pub fn is_below_any(&self, objects: &HashSet<ObjectId>) -> bool {
        let is_here = match &self.step {
            Step::Field(_, object) => objects.contains(object),
            Step::Index(_) => false,
        };
        is_here
            || self
                .parent
                .is_some_and(|parent| parent.is_below_any(objects))
    }

    /// The same to keep, with the object at the place itself, if there is one.
    pub fn to_kept(self, tree: &Tree, object: Option<ObjectId>) -> KeptPlace<'a> {
        let mut kept = KeptPlace::default();
        self.add_to(&mut kept);
        kept.objects.extend(object);
        let type_of = |object: &ObjectId| tree.objects[*object as usize].type_name;
        kept.types = kept.objects.iter().map(type_of).collect();
        kept
    }

    fn add_to(&self, kept: &mut KeptPlace<'a>) {
        if let Some(parent) = self.parent {
            parent.add_to(kept);
        }
        kept.path.push(match self.step {
            Step::Field(field, object) => {
                kept.fields.push(field);
                kept.objects.push(object);
                PathElement::Key(field.response_key.clone())
            }
            Step::Index(index) => PathElement::Index(index),
        });
    }
}

/// A place and what lies on the way to it.
#[derive(Default)]
pub(crate) struct KeptPlace<'a> {
    /// The path of an error.
    pub path: Vec<PathElement>,
    /// The response's field for each key of the path.
    pub fields: Vec<&'a Field>,
    /// The object of the tree in which each key of the path is looked up; behind them the object at the place itself.
    objects: Vec<ObjectId>,
    /// The runtime types of the objects.
    types: Vec<Symbol>,
}

impl KeptPlace<'_> {
    /// The object behind so many keys.
    pub fn object(&self, depth: usize) -> Option<ObjectId> {
        self.objects.get(depth).copied()
    }

    /// The object of the last key, or the one at the place itself.
    pub fn last_object(&self) -> Option<ObjectId> {
        self.objects.last().copied()
    }

    /// The runtime type of the object behind so many keys.
    pub fn type_name(&self, depth: usize) -> Option<Symbol> {
        self.types.get(depth).copied()
    }

    /// The path to the object behind so many keys.
    pub fn path_to(&self, depth: usize) -> &[PathElement] {
        let is_key = |element: &PathElement| matches!(element, PathElement::Key(_));
        let mut elements = self.path.iter().enumerate();
        let next_key = elements
            .by_ref()
            .filter(|(_, element)| is_key(element))
            .nth(depth);
        &self.path[..next_key.map_or(self.path.len(), |(index, _)| index)]
    }
}
