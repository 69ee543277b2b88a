//! Errors of fetches -> errors of the client's response, at the client's paths.
//!
//! A fetch may ask for more than the client did of an object: a subgraph that has only an interface object asks the same of
//! all types. Which object was of which type is known when all fetches are done, so it is then that paths are made.

use hashbrown::HashSet;

use crate::errors::{FailedAnswer, FetchError, FetchErrors, GraphQLError, PathElement};
use crate::items::Items;
use crate::locate::TreeStep;
use crate::needs::{Needs, WayKey};
use crate::prepared::{FetchId, Field, FieldValue, Fields, PreparedPlan};
use crate::symbols::{NO_SYMBOL, Symbol};
use crate::tree::{ObjectId, ROOT, Tree, TreeValue};

/// More errors than this of one response are counted, not shown.
const MAX_ERRORS: usize = 500;
/// So many places are looked at for the errors of one answer, and then only the first of each error: an entity may be at as
/// many places as there are, and have as many errors as a subgraph cares to send.
const MAX_PLACES_IN_ALL: usize = 20 * MAX_ERRORS;

/// The errors of fetches, as the client sees them.
pub(crate) struct ClientErrors<'a> {
    pub errors: Vec<GraphQLError>,
    /// The fetch that each comes from.
    pub fetches: Vec<FetchId>,
    /// What fetches asked and got.
    pub noted: &'a FetchErrors,
}

impl<'a> ClientErrors<'a> {
    /// Those of all fetches; `redact` takes out of a subgraph's errors what clients are not to see.
    pub fn of(
        noted: &'a FetchErrors,
        mut paths: ClientPaths<'_>,
        redact: impl Fn(&str, &mut [GraphQLError]),
    ) -> ClientErrors<'a> {
        let mut errors = Vec::new();
        let mut fetches = Vec::new();
        for answer in &noted.answers {
            let mut found = paths.errors(answer);
            redact(&answer.subgraph, &mut found);
            errors.append(&mut found);
            fetches.resize(errors.len(), answer.fetch);
        }
        ClientErrors {
            errors,
            fetches,
            noted,
        }
    }
}

/// Finds the client's paths for places of the tree.
pub(crate) struct ClientPaths<'a> {
    tree: &'a Tree,
    plan: &'a PreparedPlan,
    conditions: &'a [bool],
    /// Made for the first key that the client did not ask for.
    needs: Option<Needs<'a>>,
    items: Items,
}

/// What the client asks for at a place.
struct Level<'a> {
    /// Of the objects that are there.
    here: Vec<&'a Field>,
    /// Of objects of whatever type, whatever the variables.
    ever: Vec<&'a Field>,
}

impl<'a> ClientPaths<'a> {
    /// In the tree of a plan's execution.
    pub fn new(tree: &'a Tree, plan: &'a PreparedPlan, conditions: &'a [bool]) -> ClientPaths<'a> {
        ClientPaths {
            tree,
            plan,
            conditions,
            needs: None,
            items: Items::default(),
        }
    }

    /// The client's errors for those of a response. An error of an entity that is at several places is there at each, as long
    /// as there is room.
    pub fn errors(&mut self, answer: &FailedAnswer) -> Vec<GraphQLError> {
        let mut shown = Vec::new();
        let mut more = 0;
        let mut places_left = MAX_PLACES_IN_ALL;
        for error in &answer.errors {
            let room = MAX_ERRORS - shown.len();
            let Some(paths) = self.paths(error, room, &mut places_left) else {
                continue;
            };
            if room == 0 {
                more += 1;
                continue;
            }
            let plain = error.error.clone();
            let plain = plain.with_extension("service", &*answer.subgraph);
            if paths.is_empty() {
                shown.push(plain);
                continue;
            }
            let paths = paths.into_iter();
            shown.extend(paths.map(|path| plain.clone().at(path)));
        }
        if more > 0 {
            let message = format!("{more} more errors");
            let rest = GraphQLError::new(message, "DOWNSTREAM_SERVICE_ERROR");
            shown.push(rest.with_extension("service", &*answer.subgraph));
        }
        shown
    }

    /// The paths of an error, as many as there is room for; empty when it belongs to no field, `None` when the client has
    /// nothing to do with it.
    fn paths(
        &mut self,
        error: &FetchError,
        room: usize,
        places_left: &mut usize,
    ) -> Option<Vec<Vec<PathElement>>> {
        let mut paths = Vec::new();
        let mut known = HashSet::new();
        let mut is_asked = error.starts.is_empty();
        let most = (*places_left).max(1);
        for start in error.starts.iter().take(most) {
            *places_left = places_left.saturating_sub(1);
            let Some(path) = self.path(start, error) else {
                continue;
            };
            is_asked = true;
            if !path.is_empty() && known.insert(path.clone()) {
                paths.push(path);
            }
            if paths.len() >= room {
                break;
            }
        }
        is_asked.then_some(paths)
    }

    /// Tree keys -> response keys, on the way from the root to an object and from there to an error. Ends where the client
    /// has not asked any further: for a key or a required field of another subgraph, or where the answer brought nothing, so
    /// that what it has asked for is missing as well. `None` when the error is one of what the object was asked for on behalf
    /// of others.
    fn path(&mut self, start: &[TreeStep], error: &FetchError) -> Option<Vec<PathElement>> {
        let own = start.len()..start.len() + error.brought;
        let mut path = Vec::with_capacity(start.len() + error.rest.len());
        let mut way = Vec::new();
        let mut level: Option<Level<'a>> = None;
        let mut value = Some(TreeValue::Object(ROOT));
        for (index, step) in start.iter().chain(&error.rest).enumerate() {
            let key = match *step {
                TreeStep::Key(key) => key,
                TreeStep::Index(item) => {
                    path.push(PathElement::Index(item));
                    value = value.and_then(|list| self.items.get(self.tree, list, item));
                    continue;
                }
            };
            let object = match value {
                Some(TreeValue::Object(object)) => Some(object),
                _ => None,
            };
            let runtime = object.and_then(|object| self.runtime_type(object, level.as_ref()));
            way.push(WayKey { key, of: runtime });
            let next = self.below(level.as_ref(), key, runtime);
            let Some(field) = next.here.first() else {
                let is_of_others = own.contains(&index) && self.is_of_others(&next, &way);
                return (!is_of_others).then_some(path);
            };
            path.push(PathElement::Key(field.response_key.clone()));
            value = object.and_then(|object| self.tree.field(object, key));
            level = Some(next);
        }
        Some(path)
    }

    /// Whether a key that the client did not ask for was asked for nevertheless because others need it, of objects of other
    /// types or with other variables, but not of this one.
    fn is_of_others(&mut self, level: &Level<'_>, way: &[WayKey]) -> bool {
        let (plan, conditions) = (self.plan, self.conditions);
        let needs = self
            .needs
            .get_or_insert_with(|| Needs::of(plan, conditions));
        let is_known = !level.ever.is_empty() || needs.has_of_any_type(way);
        is_known && !needs.has(way)
    }

    /// What the client asks for under a key of an object.
    fn below(&self, above: Option<&Level<'a>>, key: Symbol, runtime: Option<Symbol>) -> Level<'a> {
        let sets = |fields: &[&'a Field]| -> Vec<&'a Fields> {
            let fields = fields.iter().copied();
            fields.filter_map(Field::below).collect()
        };
        let root = || vec![&self.plan.response];
        let here = above.map_or_else(root, |above| sets(&above.here));
        let ever = above.map_or_else(root, |above| sets(&above.ever));
        let by_source = |fields: &'a Fields| fields.by_source(key);
        let here = here.into_iter().flat_map(by_source);
        Level {
            here: here.filter(|field| self.is_asked(field, runtime)).collect(),
            ever: ever.into_iter().flat_map(by_source).collect(),
        }
    }

    /// Whether the client asks for a field of an object of this type; it may when the type is not known.
    fn is_asked(&self, field: &Field, runtime: Option<Symbol>) -> bool {
        let holds = |condition| self.conditions[condition as usize];
        let is_of = |runtime| {
            let types = field.types.as_ref();
            types.is_none_or(|types| types.contains(runtime))
        };
        field.condition.is_none_or(holds) && runtime.is_none_or(is_of)
    }

    /// The type of an object, when it is one that is possible there.
    fn runtime_type(&self, object: ObjectId, level: Option<&Level<'_>>) -> Option<Symbol> {
        let known = self.tree.objects[object as usize].type_name;
        let mut sets = level?.here.iter().filter_map(|field| match &field.value {
            FieldValue::Composite { possible, .. } => Some(possible),
            _ => None,
        });
        if known == NO_SYMBOL {
            return sets.next()?.only();
        }
        sets.any(|possible| possible.contains(known))
            .then_some(known)
    }
}
