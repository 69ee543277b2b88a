//! Where in the tree a subgraph's errors belong. What they are to the client shows at the end, see `client_errors.rs`.

use std::sync::Arc;

use hashbrown::HashMap;

use crate::brought::Brought;
use crate::errors::{FailedAnswer, FetchError, GraphQLError};
use crate::items::Items;
use crate::prepared::{FetchStep, PreparedPlan, Segment};
use crate::subgraph_error::SubgraphError;
use crate::symbols::Symbol;
use crate::tree::{ObjectId, ROOT, Tree, TreeValue};

/// An error is looked at for so many places of one entity.
const MAX_PLACES: usize = 500;

/// One step of a path in the tree.
#[derive(Debug, Clone, Copy)]
pub(crate) enum TreeStep {
    Key(Symbol),
    Index(usize),
}

/// Paths in the tree.
pub(crate) type Places = Arc<[Vec<TreeStep>]>;

/// Which objects of the tree a group's `_entities` list is for.
pub(crate) type Targets<'a> = Vec<&'a [(ObjectId, u32)]>;

/// Finds the places of what one fetch was to bring.
pub(crate) struct Locator<'a> {
    tree: &'a Tree,
    plan: &'a PreparedPlan,
    fetch: &'a FetchStep,
    /// Where root fields belong; found when an error needs it.
    roots: Option<Places>,
    /// For each group, the places of each representation in the tree, by index; made when an error needs them.
    places: Vec<Option<HashMap<u32, Places>>>,
    targets: Targets<'a>,
    items: Items,
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
            roots: None,
            places,
            targets,
            items: Items::default(),
        }
    }

    /// The errors of a response, each with where its entity is; one that says nothing about the place counts for the whole
    /// fetch. `data` is the response's own, not merged yet: what others brought tells nothing about its errors.
    pub fn answer(&mut self, errors: Vec<SubgraphError>, data: Option<TreeValue>) -> FailedAnswer {
        let located = errors.into_iter().map(|error| {
            let way = error.path.as_deref().map(|path| self.steps(path));
            let exact = way.as_deref().and_then(|way| self.exact(way, data));
            let (starts, rest, brought) = exact.unwrap_or_else(|| {
                let group = way.as_deref().and_then(|way| self.group_of(way));
                let starts = self.common(group.map_or_else(|| self.asked(), |group| vec![group]));
                (starts, Vec::new(), 0)
            });
            FetchError {
                error: error.into_client_error(),
                starts,
                rest,
                brought,
            }
        });
        let errors = located.collect();
        self.failed(errors)
    }

    /// An error that concerns all that the fetch was to bring: at its only root field or entity, or at the place that all
    /// have in common.
    pub fn whole_fetch(&mut self, error: GraphQLError) -> FailedAnswer {
        let starts = match self.only_root_field() {
            Some(place) => place,
            None => self.common(self.asked()),
        };
        self.failed(vec![FetchError {
            error,
            starts,
            rest: Vec::new(),
            brought: 0,
        }])
    }

    fn failed(&self, errors: Vec<FetchError>) -> FailedAnswer {
        FailedAnswer {
            fetch: self.fetch.id,
            subgraph: self.fetch.subgraph.clone(),
            errors,
        }
    }

    /// The place of the only root field of a fetch.
    fn only_root_field(&mut self) -> Option<Places> {
        if !self.fetch.groups.is_empty() {
            return None;
        }
        let roots = self.roots();
        let [place] = &*roots else {
            return None;
        };
        let field = Brought::new(self.plan, self.fetch).only_root_field()?;
        let mut place = place.clone();
        place.push(TreeStep::Key(field));
        Some([place].into())
    }

    /// The groups that the fetch asks about; all when it has not come to asking.
    fn asked(&self) -> Vec<usize> {
        let groups = self.targets.iter().enumerate();
        let asked = groups.filter(|(_, targets)| !targets.is_empty());
        let asked: Vec<usize> = asked.map(|(group, _)| group).collect();
        match asked.is_empty() {
            true => (0..self.fetch.groups.len()).collect(),
            false => asked,
        }
    }

    /// The place of all that the fetch was to bring for these groups.
    fn common(&mut self, groups: Vec<usize>) -> Places {
        if self.fetch.groups.is_empty() {
            let roots = self.roots();
            return match &*roots {
                [_] => roots,
                _ => [static_prefix(&self.fetch.root_at)].into(),
            };
        }
        if let [group] = *groups
            && let Some([(_, index)]) = self.targets.get(group).copied()
            && let Some(places) = self.places_of(group, *index)
            && places.len() == 1
        {
            return places;
        }
        let paths = groups
            .into_iter()
            .map(|group| &self.fetch.groups[group].path);
        let prefixes = paths.map(|path| static_prefix(path));
        let common = prefixes.reduce(|known, prefix| common_prefix(&known, &prefix));
        [common.unwrap_or_default()].into()
    }

    /// The places of the objects that a way of the subgraph's response starts from, the way from there, and how much of that
    /// the response itself goes along.
    fn exact(
        &mut self,
        way: &[TreeStep],
        data: Option<TreeValue>,
    ) -> Option<(Places, Vec<TreeStep>, usize)> {
        let (starts, above) = match self.fetch.groups.is_empty() {
            true => (self.roots(), 0),
            false => (self.entities(way)?, 2),
        };
        if starts.is_empty() {
            return None;
        }
        let brought = self.leading_on(data, way).saturating_sub(above);
        Some((starts, way[above..].to_vec(), brought))
    }

    /// The group whose list a way of the subgraph's response leads into.
    fn group_of(&self, way: &[TreeStep]) -> Option<usize> {
        let [TreeStep::Key(key), ..] = way else {
            return None;
        };
        let mut groups = self.fetch.groups.iter();
        groups.position(|group| group.response_key == *key)
    }

    /// The places of the entity that a way of the subgraph's response leads to.
    fn entities(&mut self, way: &[TreeStep]) -> Option<Places> {
        let [_, TreeStep::Index(index), ..] = way else {
            return None;
        };
        self.places_of(self.group_of(way)?, u32::try_from(*index).ok()?)
    }

    /// How many steps of a way lead on from an object or a list that is there.
    fn leading_on(&mut self, data: Option<TreeValue>, way: &[TreeStep]) -> usize {
        let mut value = data;
        for (count, step) in way.iter().enumerate() {
            value = match (step, value) {
                (TreeStep::Key(key), Some(TreeValue::Object(object))) => {
                    self.tree.field(object, *key)
                }
                (TreeStep::Index(index), Some(list @ TreeValue::List { .. })) => {
                    self.items.get(self.tree, list, *index)
                }
                _ => return count,
            };
        }
        way.len()
    }

    /// The steps of a path, as far as they may be in the tree.
    fn steps(&self, path: &[serde_json::Value]) -> Vec<TreeStep> {
        let steps = path.iter().map_while(|element| self.tree_step(element));
        steps.collect()
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
    fn roots(&mut self) -> Places {
        let (tree, path) = (self.tree, &self.fetch.root_at);
        let find = || PlaceWalk::places(tree, None, path).remove(&0);
        let known = self.roots.get_or_insert_with(|| find().unwrap_or_default());
        known.clone()
    }

    /// All places where a group's representation belongs.
    fn places_of(&mut self, group: usize, index: u32) -> Option<Places> {
        let (tree, targets) = (self.tree, self.targets[group]);
        let path = &self.fetch.groups[group].path;
        let places = self.places[group].get_or_insert_with(|| {
            let index_of = targets.iter().copied().collect();
            PlaceWalk::places(tree, Some(index_of), path)
        });
        places.get(&index).cloned()
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

impl<'a> PlaceWalk<'a> {
    /// The places that a path leads to, by index.
    fn places(
        tree: &'a Tree,
        index_of: Option<HashMap<ObjectId, u32>>,
        path: &[Segment],
    ) -> HashMap<u32, Places> {
        let mut walk = PlaceWalk {
            tree,
            index_of,
            steps: Vec::new(),
            places: HashMap::new(),
        };
        walk.go(TreeValue::Object(ROOT), path);
        let found = walk.places.into_iter();
        found
            .map(|(index, places)| (index, places.into()))
            .collect()
    }

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
                if places.len() < MAX_PLACES {
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
