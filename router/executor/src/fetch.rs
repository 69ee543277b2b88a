//! One fetch: representations out, data and errors into the state.

use hashbrown::HashSet;

use crate::entities::Entities;
use crate::errors::{FailedAnswer, FetchErrors};
use crate::link::{Link, failure};
use crate::locate::{Locator, Places};
use crate::merge::{self, Misfits};
use crate::parse;
use crate::prepared::{FetchStep, Group, PreparedPlan};
use crate::representations;
use crate::subgraph_error::SubgraphError;
use crate::symbols::Prediction;
use crate::transport::{InputForm, SubgraphRequest, SubgraphResponse, TransportError, Variables};
use crate::tree::{ObjectId, Tree, TreeValue};
use crate::value;

/// About how many bytes of JSON a node is besides its text, for its key and punctuation.
const BYTES_PER_NODE: usize = 16;

/// The code of an answer that has errors.
pub(crate) const WITH_ERRORS: &str = "GRAPHQL_ERRORS";

/// What became of a subgraph's answer.
pub(crate) enum TakenIn {
    /// It is there, without an error.
    Whole,
    /// Something is wrong with it, by this code, and noted; the data that it has are there.
    Failed(&'static str),
    /// Its errors are noted. They took the data of these groups, too, which have none: `_entities` may not be null, so a
    /// list of entities that fails as a whole leaves no data at all.
    Lost(Vec<usize>),
}

/// What the fetches of one request have brought so far.
#[derive(Debug)]
pub(crate) struct State {
    pub tree: Tree,
    pub errors: FetchErrors,
    prediction: Prediction,
    /// The bytes of all bodies, as a guess at the size of the answer.
    pub received: usize,
}

impl State {
    /// Nothing yet.
    pub fn new(plan: &PreparedPlan) -> State {
        let mut tree = Tree::new();
        tree.is_unshared = plan.has_contexts;
        State {
            tree,
            errors: FetchErrors::default(),
            prediction: Prediction::new(&plan.symbols),
            received: 0,
        }
    }

    /// The entities of each group of a fetch, or `None` when the fetch is not needed: nobody waits for it.
    pub fn entities(
        &mut self,
        plan: &PreparedPlan,
        fetch: &FetchStep,
        conditions: &[bool],
        form: InputForm,
    ) -> Option<Vec<Entities>> {
        let wanted = |group: &Group| {
            group
                .condition
                .is_none_or(|condition| conditions[condition as usize])
        };
        let mut groups = Vec::with_capacity(fetch.groups.len());
        for group in &fetch.groups {
            groups.push(match wanted(group) {
                true => representations::collect(&mut self.tree, &plan.symbols, group, form),
                // The operation declares the variable, so it has to be there.
                false => Entities::none(form),
            });
        }
        self.errors.note_asked(fetch.id, &groups);
        let needed = match fetch.groups.as_slice() {
            [] => !representations::objects_at(&mut self.tree, &fetch.root_at).is_empty(),
            _ => groups.iter().any(|group| group.len > 0),
        };
        needed.then_some(groups)
    }

    /// Takes in what a subgraph answered. `entities` are those of the request.
    pub fn take_in(
        &mut self,
        plan: &PreparedPlan,
        link: &Link,
        fetch: &FetchStep,
        entities: &[Entities],
        response: Result<SubgraphResponse, TransportError>,
    ) -> TakenIn {
        let received = match response.and_then(|response| self.parse(plan, fetch, response)) {
            Ok(received) => received,
            Err(error) => {
                self.fail(plan, Some(link), fetch, entities, &error);
                return TakenIn::Failed(error.code());
            }
        };
        let has_errors = !received.errors.is_empty();
        let innocent = match received.data {
            Some(TreeValue::Null) => innocent(plan, fetch, entities, &received.errors),
            _ => Vec::new(),
        };
        if has_errors {
            let mut locator = self.locator(plan, fetch, entities);
            let located = locator.answer(received.errors, received.data);
            self.errors.answers.push(located);
        }
        if !innocent.is_empty() {
            let guilty = (0..entities.len()).filter(|group| !innocent.contains(group));
            self.note_refused(fetch, guilty.map(|group| &entities[group]));
            return TakenIn::Lost(innocent);
        }
        let merged = self.merge(plan, fetch, entities, received.data, has_errors);
        if let Err(problem) = merged {
            let error = TransportError::Malformed(problem);
            self.fail(plan, Some(link), fetch, entities, &error);
            return TakenIn::Failed(error.code());
        }
        match has_errors {
            true => TakenIn::Failed(WITH_ERRORS),
            false => TakenIn::Whole,
        }
    }

    /// The errors of a response without data. They belong to no field, since none was executed.
    pub fn refusal(
        &mut self,
        plan: &PreparedPlan,
        fetch: &FetchStep,
        response: SubgraphResponse,
    ) -> Option<FailedAnswer> {
        let received = self.parse(plan, fetch, response).ok()?;
        if received.data.is_some() || received.errors.is_empty() {
            return None;
        }
        let mut locator = self.locator(plan, fetch, &[]);
        let mut refusal = locator.answer(received.errors, None);
        for error in &mut refusal.errors {
            error.starts = Places::default();
        }
        Some(refusal)
    }

    fn parse(
        &mut self,
        plan: &PreparedPlan,
        fetch: &FetchStep,
        response: SubgraphResponse,
    ) -> Result<Received, TransportError> {
        match response {
            SubgraphResponse::Json(body) => {
                self.received += body.len();
                let parsed = parse::parse_body(
                    &mut self.tree,
                    &plan.symbols,
                    &mut self.prediction,
                    &fetch.asked.below,
                    &body,
                );
                let body = parsed.map_err(|error| TransportError::Malformed(error.to_string()))?;
                let errors = match &body.errors {
                    None => Vec::new(),
                    Some(text) => SubgraphError::parse_list(text).ok_or_else(|| {
                        TransportError::Malformed("'errors' is not a list of GraphQL errors".into())
                    })?,
                };
                Ok(Received {
                    data: body.data,
                    errors,
                })
            }
            SubgraphResponse::Value { data, errors } => {
                let told = data.map(|value| {
                    value::take_in(
                        &mut self.tree,
                        &plan.symbols,
                        &mut self.prediction,
                        &fetch.asked.below,
                        &value,
                        plan.expected_length(fetch.id),
                    )
                });
                let told = told
                    .transpose()
                    .map_err(|error| TransportError::Malformed(error.to_string()))?;
                let data = told.map(|told| {
                    let length = told.length;
                    self.received += length.text + length.nodes * BYTES_PER_NODE;
                    plan.note_length(fetch.id, length);
                    told.value
                });
                Ok(Received {
                    data,
                    errors: errors.into_iter().map(SubgraphError::from_value).collect(),
                })
            }
        }
    }

    fn merge(
        &mut self,
        plan: &PreparedPlan,
        fetch: &FetchStep,
        entities: &[Entities],
        data: Option<TreeValue>,
        has_errors: bool,
    ) -> Result<(), String> {
        let data = match data {
            Some(TreeValue::Object(data)) => data,
            Some(TreeValue::Null) | None if has_errors => {
                self.note_refused(fetch, entities);
                return Ok(());
            }
            Some(TreeValue::Null) | None => return Err("no data and no errors".into()),
            Some(_) => return Err("'data' is not an object".into()),
        };
        if fetch.groups.is_empty() {
            let targets = representations::objects_at(&mut self.tree, &fetch.root_at);
            let misfits = merge::merge_root(&mut self.tree, &targets, data, &fetch.asked);
            return no_contradictions(misfits);
        }
        let mut problem = None;
        for (group, entities) in fetch.groups.iter().zip(entities) {
            if entities.len == 0 {
                continue;
            }
            match self.merge_group(plan, group, entities, data, has_errors) {
                Ok(refused) if has_errors => self.errors.note_refused(fetch.id, refused),
                Ok(_) => {}
                Err(message) => {
                    problem.get_or_insert(message);
                }
            }
        }
        problem.map_or(Ok(()), Err)
    }

    /// Notes that all that a fetch asked for is missing, of these entities if it asks about any.
    pub fn note_refused<'e>(
        &mut self,
        fetch: &FetchStep,
        entities: impl IntoIterator<Item = &'e Entities>,
    ) {
        if fetch.groups.is_empty() {
            let targets = representations::objects_at(&mut self.tree, &fetch.root_at);
            self.errors.note_refused(fetch.id, targets);
        }
        let targets = entities.into_iter().flat_map(|group| &group.targets);
        let objects = targets.map(|(object, _)| *object);
        self.errors.note_refused(fetch.id, objects);
    }

    /// Returns the objects for which there is nothing.
    fn merge_group(
        &mut self,
        plan: &PreparedPlan,
        group: &Group,
        entities: &Entities,
        data: ObjectId,
        has_errors: bool,
    ) -> Result<Vec<ObjectId>, String> {
        let key = plan.symbols.name(group.response_key);
        let (first, len) = match self.tree.field(data, group.response_key) {
            Some(TreeValue::List { first, len }) => (first, len),
            Some(TreeValue::Null) | None if has_errors => {
                let targets = entities.targets.iter();
                return Ok(targets.map(|(object, _)| *object).collect());
            }
            _ => return Err(format!("'{key}' is not a list")),
        };
        if len != entities.len {
            return Err(format!(
                "'{key}' has {len} entities instead of {}",
                entities.len
            ));
        }
        let merged = merge::merge_entities(&mut self.tree, &entities.targets, first, &group.asked);
        match merged.misfits.entities {
            0 => no_contradictions(merged.misfits).map(|()| merged.without),
            wrong => Err(format!(
                "{wrong} of the entities in '{key}' are not objects"
            )),
        }
    }

    /// Takes in that a subgraph gave no usable response.
    pub fn fail(
        &mut self,
        plan: &PreparedPlan,
        link: Option<&Link>,
        fetch: &FetchStep,
        entities: &[Entities],
        error: &TransportError,
    ) {
        let url = link.and_then(|link| link.address(fetch.operation.kind));
        tracing::warn!(subgraph = &*fetch.subgraph, url, %error, "subgraph request failed");
        let error = failure(&fetch.subgraph, link, error);
        let located = self.locator(plan, fetch, entities).whole_fetch(error);
        self.errors.answers.push(located);
    }

    fn locator<'a>(
        &'a self,
        plan: &'a PreparedPlan,
        fetch: &'a FetchStep,
        entities: &'a [Entities],
    ) -> Locator<'a> {
        let targets = entities
            .iter()
            .map(|group| group.targets.as_slice())
            .collect();
        Locator::new(&self.tree, plan, fetch, targets)
    }
}

/// The groups of a fetch that no error is about, where errors are about others.
fn innocent(
    plan: &PreparedPlan,
    fetch: &FetchStep,
    entities: &[Entities],
    errors: &[SubgraphError],
) -> Vec<usize> {
    let keys: HashSet<&str> = errors.iter().filter_map(SubgraphError::root_key).collect();
    let asked = entities
        .iter()
        .enumerate()
        .filter(|(_, group)| group.len > 0);
    let is_guilty = |group: &usize| {
        let key = fetch.groups[*group].response_key;
        keys.contains(plan.symbols.name(key))
    };
    let (guilty, innocent): (Vec<usize>, Vec<usize>) =
        asked.map(|(group, _)| group).partition(is_guilty);
    match guilty.is_empty() {
        true => Vec::new(),
        false => innocent,
    }
}

fn no_contradictions(misfits: Misfits) -> Result<(), String> {
    match misfits.values {
        0 => Ok(()),
        1 => Err("a value contradicts what another request has brought".into()),
        count => Err(format!(
            "{count} values contradict what other requests have brought"
        )),
    }
}

/// What a response was parsed to.
struct Received {
    data: Option<TreeValue>,
    errors: Vec<SubgraphError>,
}

/// The request of a fetch.
pub(crate) fn subgraph_request(
    fetch: &FetchStep,
    entities: &mut [Entities],
    request: &crate::request::ExecutionRequest,
) -> SubgraphRequest {
    let mut representations = Vec::with_capacity(entities.len());
    for (group, entities) in fetch.groups.iter().zip(entities) {
        let taken = std::mem::replace(
            &mut entities.representations,
            crate::transport::Representations::Values(Vec::new()),
        );
        representations.push((group.variable.clone(), taken));
    }
    SubgraphRequest {
        subgraph: fetch.subgraph.clone(),
        operation: fetch.operation.clone(),
        variables: Variables::new(
            fetch.operation.clone(),
            request.variables.clone(),
            representations,
        ),
        context: request.context.clone(),
        client_operation: request.plan.plan().kind,
    }
}
