//! Errors of subgraphs -> errors of the client's response, at the client's paths.

use hashbrown::HashMap;

use crate::brought::Brought;
use crate::errors::{GraphQLError, PathElement};
use crate::prepared::{FetchStep, Field, Fields, PreparedPlan, Segment};
use crate::subgraph_error::SubgraphError;
use crate::symbols::Symbol;
use crate::tree::{ObjectId, ROOT, Tree, TreeValue};

/// More errors than this of one response are counted, not shown.
const MAX_ERRORS: usize = 500;

/// One step of a path in the tree.
#[derive(Debug, Clone, Copy)]
enum TreeStep {
    Key(Symbol),
    Index(usize),
}

/// Which objects of the tree a group's `_entities` list is for.
pub(crate) type Targets<'a> = Vec<&'a [(ObjectId, u32)]>;

/// Finds the client's paths of what one fetch brought.
pub(crate) struct Locator<'a> {
    tree: &'a Tree,
    plan: &'a PreparedPlan,
    fetch: &'a FetchStep,
    /// For each group, the places of each representation in the tree, by index; made when an error needs them.
    places: Vec<Option<HashMap<u32, Vec<Vec<TreeStep>>>>>,
    targets: Targets<'a>,
}

impl<'a> Locator<'a> {
    /// For a fetch whose group `g` sent representations for `targets[g]`.
    pub fn new(
        tree: &'a Tree,
        plan: &'a PreparedPlan,
        fetch: &'a FetchStep,
        targets: Targets<'a>,
    ) -> Locator<'a> {
        let places = fetch.groups.iter().map(|_| None).collect();
        Locator {
            tree,
            plan,
            fetch,
            places,
            targets,
        }
    }

    /// The client's errors for the errors of a response. An error of an entity that is at several places is
    /// reported at each.
    pub fn client_errors(&mut self, errors: Vec<SubgraphError>) -> Vec<GraphQLError> {
        let total = errors.len();
        let mut located = Vec::new();
        for (index, error) in errors.into_iter().enumerate() {
            if located.len() >= MAX_ERRORS {
                let message = format!("{} more errors", total - index);
                located.push(
                    self.with_service(GraphQLError::new(message, "DOWNSTREAM_SERVICE_ERROR")),
                );
                break;
            }
            let paths = self.client_paths(error.path.as_deref());
            let mut client_error = GraphQLError {
                message: error
                    .message
                    .unwrap_or_else(|| "error without a message".to_owned()),
                path: None,
                extensions: error.extensions.unwrap_or_default(),
            };
            if !client_error.extensions.contains_key("code") {
                client_error
                    .extensions
                    .insert("code".into(), "DOWNSTREAM_SERVICE_ERROR".into());
            }
            let client_error = self.with_service(client_error);
            if paths.is_empty() {
                located.push(client_error);
                continue;
            }
            let room = MAX_ERRORS - located.len();
            located.extend(
                paths
                    .into_iter()
                    .take(room)
                    .map(|path| client_error.clone().at(path)),
            );
        }
        located
    }

    /// An error that concerns all that the fetch was to bring: at its only root field or entity, or at the place that all
    /// have in common.
    pub fn whole_fetch(&mut self, error: GraphQLError) -> GraphQLError {
        let error = self.with_service(error);
        match self.only_root_field().or_else(|| self.common_path()) {
            Some(path) if !path.is_empty() => error.at(path),
            _ => error,
        }
    }

    fn with_service(&self, error: GraphQLError) -> GraphQLError {
        error.with_extension("service", &*self.fetch.subgraph)
    }

    /// The path of the only root field of a fetch.
    fn only_root_field(&self) -> Option<Vec<PathElement>> {
        if !self.fetch.groups.is_empty() {
            return None;
        }
        let [place] = &mut *self.root_places() else {
            return None;
        };
        let field = Brought::new(self.plan, self.fetch).only_root_field()?;
        place.push(TreeStep::Key(field));
        Some(self.client_path(place))
    }

    fn common_path(&mut self) -> Option<Vec<PathElement>> {
        if self.fetch.groups.is_empty() {
            return match self.root_places().as_slice() {
                [place] => Some(self.client_path(place)),
                _ => Some(self.client_path(&static_prefix(&self.fetch.root_at))),
            };
        }
        if let [[(_, index)]] = *self.targets {
            let places = self.places_of(0, *index);
            if let [place] = &*places {
                return Some(self.client_path(place));
            }
        }
        let mut common: Option<Vec<TreeStep>> = None;
        for group in &self.fetch.groups {
            let prefix = static_prefix(&group.path);
            common = Some(match common {
                None => prefix,
                Some(known) => common_prefix(&known, &prefix),
            });
        }
        common.map(|path| self.client_path(&path))
    }

    /// The client's paths for a path of the subgraph's response; one that says nothing about the place counts for
    /// the whole fetch.
    fn client_paths(&mut self, path: Option<&[serde_json::Value]>) -> Vec<Vec<PathElement>> {
        let paths = path.map(|path| self.exact_paths(path)).unwrap_or_default();
        if !paths.is_empty() {
            return paths;
        }
        self.common_path()
            .filter(|path| !path.is_empty())
            .into_iter()
            .collect()
    }

    fn exact_paths(&mut self, path: &[serde_json::Value]) -> Vec<Vec<PathElement>> {
        if self.fetch.groups.is_empty() {
            let steps: Vec<TreeStep> = path
                .iter()
                .map_while(|element| self.tree_step(element))
                .collect();
            let mut client_paths = Vec::new();
            for mut place in self.root_places() {
                place.extend_from_slice(&steps);
                let client_path = self.client_path(&place);
                if !client_path.is_empty() && !client_paths.contains(&client_path) {
                    client_paths.push(client_path);
                }
            }
            return client_paths;
        }
        let group = path.first().and_then(|key| key.as_str()).and_then(|key| {
            let symbol = self.plan.symbols.look_up(key.as_bytes())?;
            self.fetch
                .groups
                .iter()
                .position(|group| group.response_key == symbol)
        });
        let index = path
            .get(1)
            .and_then(serde_json::Value::as_u64)
            .and_then(|index| u32::try_from(index).ok());
        let (Some(group), Some(index)) = (group, index) else {
            return Vec::new();
        };
        let rest: Vec<TreeStep> = path[2..]
            .iter()
            .map_while(|element| self.tree_step(element))
            .collect();
        let mut client_paths = Vec::new();
        for mut place in self.places_of(group, index) {
            place.extend_from_slice(&rest);
            let client_path = self.client_path(&place);
            if !client_paths.contains(&client_path) {
                client_paths.push(client_path);
            }
        }
        client_paths
    }

    fn tree_step(&self, element: &serde_json::Value) -> Option<TreeStep> {
        match element {
            serde_json::Value::String(key) => {
                self.plan.symbols.look_up(key.as_bytes()).map(TreeStep::Key)
            }
            element => element
                .as_u64()
                .map(|index| TreeStep::Index(index as usize)),
        }
    }

    /// All places where root fields belong.
    fn root_places(&self) -> Vec<Vec<TreeStep>> {
        let mut walk = PlaceWalk {
            tree: self.tree,
            index_of: None,
            steps: Vec::new(),
            places: HashMap::new(),
        };
        walk.go(TreeValue::Object(ROOT), &self.fetch.root_at);
        walk.places.remove(&0).unwrap_or_default()
    }

    /// All places where a group's representation belongs.
    fn places_of(&mut self, group: usize, index: u32) -> Vec<Vec<TreeStep>> {
        let (tree, targets) = (self.tree, self.targets[group]);
        let path = &self.fetch.groups[group].path;
        let places = self.places[group].get_or_insert_with(|| {
            let mut walk = PlaceWalk {
                tree,
                index_of: Some(targets.iter().copied().collect()),
                steps: Vec::new(),
                places: HashMap::new(),
            };
            walk.go(TreeValue::Object(ROOT), path);
            walk.places
        });
        places.get(&index).cloned().unwrap_or_default()
    }

    /// Tree keys -> response keys. Ends where the client has not asked any further, for a key or a required field
    /// of another subgraph.
    fn client_path(&self, steps: &[TreeStep]) -> Vec<PathElement> {
        let mut path = Vec::with_capacity(steps.len());
        // The runtime types along the path are not looked at: a key that differs by type may be in any of these.
        let mut candidates: Vec<&Fields> = vec![&self.plan.response];
        for step in steps {
            match *step {
                TreeStep::Index(index) => path.push(PathElement::Index(index)),
                TreeStep::Key(key) => {
                    let fields: Vec<&Field> = candidates
                        .iter()
                        .flat_map(|fields| fields.by_source(key))
                        .collect();
                    let Some(field) = fields.first() else { break };
                    path.push(PathElement::Key(field.response_key.clone()));
                    candidates = fields.iter().filter_map(|field| field.below()).collect();
                }
            }
        }
        path
    }
}

/// Walks all places of a group, also those that share an object.
struct PlaceWalk<'a> {
    tree: &'a Tree,
    /// The index of each object that waits for data; `None` when all have the same, 0.
    index_of: Option<HashMap<ObjectId, u32>>,
    steps: Vec<TreeStep>,
    places: HashMap<u32, Vec<Vec<TreeStep>>>,
}

impl PlaceWalk<'_> {
    fn go(&mut self, value: TreeValue, path: &[Segment]) {
        let Some((segment, rest)) = path.split_first() else {
            let index = |object| match &self.index_of {
                Some(known) => known.get(&object).copied(),
                None => Some(0),
            };
            if let TreeValue::Object(object) = value
                && let Some(index) = index(object)
            {
                let places = self.places.entry(index).or_default();
                if places.len() < MAX_ERRORS {
                    places.push(self.steps.clone());
                }
            }
            return;
        };
        match (segment, value) {
            (Segment::Key(key), TreeValue::Object(object)) => {
                if let Some(value) = self.tree.field(object, *key) {
                    self.steps.push(TreeStep::Key(*key));
                    self.go(value, rest);
                    self.steps.pop();
                }
            }
            (Segment::Each, TreeValue::List { first, .. }) => {
                for (index, item) in self.tree.chain(first).enumerate() {
                    self.steps.push(TreeStep::Index(index));
                    self.go(item.value, rest);
                    self.steps.pop();
                }
            }
            (Segment::OnTypes(types), TreeValue::Object(object))
                if types.contains(self.tree.objects[object as usize].type_name) =>
            {
                self.go(value, rest);
            }
            _ => {}
        }
    }
}

/// The keys up to the first list.
fn static_prefix(path: &[Segment]) -> Vec<TreeStep> {
    let mut prefix = Vec::new();
    for segment in path {
        match segment {
            Segment::Key(key) => prefix.push(TreeStep::Key(*key)),
            Segment::Each => break,
            Segment::OnTypes(_) => {}
        }
    }
    prefix
}

fn common_prefix(one: &[TreeStep], other: &[TreeStep]) -> Vec<TreeStep> {
    let mut common = Vec::new();
    for (a, b) in one.iter().zip(other) {
        match (a, b) {
            (TreeStep::Key(a_key), TreeStep::Key(b_key)) if a_key == b_key => common.push(*a),
            _ => break,
        }
    }
    common
}
