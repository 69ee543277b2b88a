//! Places of the client's response.

use std::sync::Arc;

use crate::errors::PathElement;
use crate::tree::ObjectId;

/// The place of a value, as a chain on the stack: it costs nothing unless there is an error.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    parent: Option<&'a Place<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    /// A response key, and the object of the tree that the value is of.
    Key(&'a Arc<str>, ObjectId),
    Index(usize),
}

impl<'a> Place<'a> {
    /// The place of an object's field.
    pub fn of_field(parent: Option<&'a Place<'a>>, key: &'a Arc<str>, object: ObjectId) -> Self {
        let step = Step::Key(key, object);
        Place { parent, step }
    }

    /// The place of a list's item.
    pub fn of_item(list: &'a Place<'a>, index: usize) -> Self {
        Place {
            parent: Some(list),
            step: Step::Index(index),
        }
    }

    /// The path of an error.
    pub fn path(&self) -> Vec<PathElement> {
        let mut path = self.parent.map(Place::path).unwrap_or_default();
        path.push(match self.step {
            Step::Key(key, _) => PathElement::Key(key.clone()),
            Step::Index(index) => PathElement::Index(index),
        });
        path
    }

    fn objects(&self) -> Vec<ObjectId> {
        let mut objects = self.parent.map(Place::objects).unwrap_or_default();
        if let Step::Key(_, object) = self.step {
            objects.push(object);
        }
        objects
    }

    /// The same to keep, with the object at the place itself, if there is one.
    pub fn to_kept(self, object: Option<ObjectId>) -> KeptPlace {
        let mut objects = self.objects();
        objects.extend(object);
        KeptPlace {
            path: self.path(),
            objects,
        }
    }
}

/// A place and the objects of the tree on the way to it.
pub(crate) struct KeptPlace {
    pub path: Vec<PathElement>,
    /// The object in which each key of the path is looked up; behind them the object at the place itself.
    objects: Vec<ObjectId>,
}

impl KeptPlace {
    /// The path without its indices.
    pub fn keys(&self) -> Vec<&str> {
        let keys = self.path.iter().filter_map(|element| match element {
            PathElement::Key(key) => Some(&**key),
            PathElement::Index(_) => None,
        });
        keys.collect()
    }

    /// The object behind so many keys.
    pub fn object(&self, depth: usize) -> Option<ObjectId> {
        self.objects.get(depth).copied()
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
