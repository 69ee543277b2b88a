//! GraphQL errors as the client sees them (specification, section 7.1.2).

use std::sync::Arc;

use hashbrown::HashSet;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use crate::entities::Entities;
use crate::locate::{Places, TreeStep};
use crate::prepared::FetchId;
use crate::request::JsonMap;
use crate::tree::ObjectId;

/// One entry of the response's `errors`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct GraphQLError {
    /// What went wrong, for a person.
    pub message: String,
    /// Where in the client's response; `None` when the error belongs to no field.
    pub path: Option<Vec<PathElement>>,
    /// Everything else: `code`, `service`, `argument` and what a subgraph adds.
    pub extensions: JsonMap,
}

/// One step of an error's path.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
pub enum PathElement {
    /// A response key.
    Key(Arc<str>),
    /// An index into a list, from 0.
    Index(usize),
}

/// An error of a fetch, at its place in the tree.
#[derive(Debug)]
pub(crate) struct FetchError {
    /// As clients see it, but for its path.
    pub error: GraphQLError,
    /// The places of the object that it starts from: of an entity, or of one that gets root fields. None when it belongs to
    /// no field.
    pub starts: Places,
    /// The way from there, as the subgraph tells it.
    pub rest: Vec<TreeStep>,
    /// How many of these steps lead on from an object or a list that is in the same answer.
    pub brought: usize,
}

/// The errors of one answer of a subgraph.
#[derive(Debug)]
pub(crate) struct FailedAnswer {
    pub fetch: FetchId,
    pub subgraph: Arc<str>,
    pub errors: Vec<FetchError>,
}

/// What went wrong with fetches.
#[derive(Debug, Default)]
pub(crate) struct FetchErrors {
    pub answers: Vec<FailedAnswer>,
    /// The objects that fetches asked about since there are errors.
    asked: HashSet<(FetchId, ObjectId)>,
    /// The objects for which fetches brought errors and nothing else.
    refused: HashSet<(FetchId, ObjectId)>,
    /// The objects about which a fetch could not ask, for a null that may not be.
    pub mistaken: HashSet<ObjectId>,
}

impl FetchErrors {
    /// Notes that a fetch asks about entities. No error of before has kept it from that, so none explains what the
    /// fetch leaves out there.
    pub fn note_asked(&mut self, fetch: FetchId, entities: &[Entities]) {
        let mistaken = entities.iter().flat_map(|group| &group.mistaken);
        self.mistaken.extend(mistaken);
        if !self.answers.is_empty() {
            let targets = entities.iter().flat_map(|group| &group.targets);
            self.asked
                .extend(targets.map(|(object, _)| (fetch, *object)));
        }
    }

    /// Whether a fetch asked about an object since there are errors.
    pub fn was_asked(&self, fetch: FetchId, object: ObjectId) -> bool {
        self.asked.contains(&(fetch, object))
    }

    /// Notes that a fetch that has errors brought nothing at all for these objects.
    pub fn note_refused(&mut self, fetch: FetchId, objects: impl IntoIterator<Item = ObjectId>) {
        let objects = objects.into_iter().map(|object| (fetch, object));
        self.refused.extend(objects);
    }

    /// Whether a fetch brought errors and nothing else for an object.
    pub fn was_refused(&self, fetch: FetchId, object: ObjectId) -> bool {
        self.refused.contains(&(fetch, object))
    }
}

impl GraphQLError {
    /// An error with `extensions.code` and no path.
    pub fn new(message: impl Into<String>, code: &str) -> GraphQLError {
        let mut extensions = JsonMap::new();
        extensions.insert("code".into(), code.into());
        GraphQLError {
            message: message.into(),
            path: None,
            extensions,
        }
    }

    /// The same error at a path of the client's response.
    pub fn at(mut self, path: Vec<PathElement>) -> GraphQLError {
        self.path = Some(path);
        self
    }

    /// The same error with one more extension.
    pub fn with_extension(
        mut self,
        key: &str,
        value: impl Into<serde_json::Value>,
    ) -> GraphQLError {
        self.extensions.insert(key.into(), value.into());
        self
    }

    /// `extensions.code`, when it is a string.
    pub fn code(&self) -> Option<&str> {
        self.extensions.get("code")?.as_str()
    }
}

impl Serialize for GraphQLError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("message", &self.message)?;
        if let Some(path) = &self.path {
            map.serialize_entry("path", path)?;
        }
        if !self.extensions.is_empty() {
            map.serialize_entry("extensions", &self.extensions)?;
        }
        map.end()
    }
}
