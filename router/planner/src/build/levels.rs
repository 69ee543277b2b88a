//! When each step is sent, and which steps travel in one request.

use std::collections::BTreeMap;

use crate::model::SubgraphId;
use crate::search::{Search, StepId};

/// Steps that travel together.
pub(super) struct Request {
    pub(super) subgraph: SubgraphId,
    pub(super) steps: Vec<StepId>,
}

/// The requests of one level.
pub(super) type Level = Vec<Request>;

/// Everything to send, as runs to be done one after the other, each of levels one after the other. Only mutations have
/// more than one run.
pub(super) fn runs(search: &Search<'_>) -> Vec<Vec<Level>> {
    let mut segments: BTreeMap<usize, Vec<StepId>> = BTreeMap::new();
    for index in 0..search.steps.len() {
        let id = StepId(index as u32);
        segments
            .entry(search.step(id).segment)
            .or_default()
            .push(id);
    }
    let mut runs: Vec<Vec<StepId>> = Vec::new();
    for steps in segments.into_values() {
        match runs.last_mut() {
            Some(run) if may_share(search, run, &steps) => run.extend(steps),
            _ => runs.push(steps),
        }
    }
    runs.iter().map(|steps| levels(search, steps)).collect()
}

/// Consecutive mutations of one subgraph share a request when the earlier need nothing from other subgraphs: a
/// subgraph executes the fields of one request in order (section 6.2.2).
fn may_share(search: &Search<'_>, run: &[StepId], next: &[StepId]) -> bool {
    let Some(first) = run.first() else {
        return false;
    };
    let subgraph = search.step(*first).subgraph;
    let is_root_there = |id: &StepId| search.is_first(*id) && search.step(*id).subgraph == subgraph;
    run.iter().all(is_root_there)
        && next
            .iter()
            .all(|id| !search.is_first(*id) || is_root_there(id))
}

fn levels(search: &Search<'_>, steps: &[StepId]) -> Vec<Level> {
    let mut at: BTreeMap<StepId, u32> = steps
        .iter()
        .map(|id| (*id, search.step(*id).level))
        .collect();
    delay(search, &mut at);
    let last = at.values().copied().max().unwrap_or(0);
    let mut levels: Vec<Level> = (0..=last).map(|_| Vec::new()).collect();
    for (id, level) in at {
        let subgraph = search.step(id).subgraph;
        let level = &mut levels[level as usize];
        match level.iter_mut().find(|request| {
            request.subgraph == subgraph && may_travel_with(search, &request.steps, id)
        }) {
            Some(request) => request.steps.push(id),
            None => level.push(Request {
                subgraph,
                steps: vec![id],
            }),
        }
    }
    levels.retain(|level| !level.is_empty());
    levels
}

/// Entities travel with entities, fields of a root type with those for the same place.
fn may_travel_with(search: &Search<'_>, known: &[StepId], id: StepId) -> bool {
    let place = |id: StepId| {
        let step = search.step(id);
        let is_root = step.entity.is_none();
        is_root.then(|| search.place(step.place).position)
    };
    // Those that travel already agree.
    known.first().is_none_or(|known| place(*known) == place(id))
}

/// Saves requests: when all steps of a request can wait for later requests to the same subgraph without making
/// anything later, they do.
fn delay(search: &Search<'_>, at: &mut BTreeMap<StepId, u32>) {
    let last = at.values().copied().max().unwrap_or(0);
    let mut schedule = Schedule::new(search, at);
    for level in (1..last).rev() {
        let mut requests: BTreeMap<SubgraphId, Vec<StepId>> = BTreeMap::new();
        for id in schedule.entities_at(level) {
            let subgraph = search.step(id).subgraph;
            requests.entry(subgraph).or_default().push(id);
        }
        for (subgraph, steps) in requests {
            let moved: Option<Vec<(StepId, u32)>> = steps
                .iter()
                .map(|id| Some((*id, schedule.later(at, *id, subgraph, last)?)))
                .collect();
            let Some(moved) = moved else {
                continue;
            };
            schedule.leave(level, subgraph);
            for (id, later) in moved {
                schedule.move_to(id, subgraph, later);
                at.insert(id, later);
            }
        }
    }
}

/// Steps by what `delay` asks of them.
struct Schedule {
    /// The steps that wait for a step.
    waiting: BTreeMap<StepId, Vec<StepId>>,
    /// The entity steps of each level, by subgraph.
    levels: BTreeMap<u32, BTreeMap<SubgraphId, Vec<StepId>>>,
}

impl Schedule {
    fn new(search: &Search<'_>, at: &BTreeMap<StepId, u32>) -> Schedule {
        let mut schedule = Schedule {
            waiting: BTreeMap::new(),
            levels: BTreeMap::new(),
        };
        for (id, level) in at {
            let step = search.step(*id);
            for before in &step.after {
                schedule.waiting.entry(*before).or_default().push(*id);
            }
            if step.entity.is_some() {
                schedule.move_to(*id, step.subgraph, *level);
            }
        }
        schedule
    }

    fn entities_at(&self, level: u32) -> Vec<StepId> {
        let subgraphs = self.levels.get(&level).into_iter().flatten();
        subgraphs.flat_map(|(_, steps)| steps).copied().collect()
    }

    fn move_to(&mut self, id: StepId, subgraph: SubgraphId, level: u32) {
        let subgraphs = self.levels.entry(level).or_default();
        subgraphs.entry(subgraph).or_default().push(id);
    }

    fn leave(&mut self, level: u32, subgraph: SubgraphId) {
        if let Some(subgraphs) = self.levels.get_mut(&level) {
            subgraphs.remove(&subgraph);
        }
    }

    /// The first later level with a request to the subgraph at which nothing waits for the step yet.
    fn later(
        &self,
        at: &BTreeMap<StepId, u32>,
        id: StepId,
        subgraph: SubgraphId,
        last: u32,
    ) -> Option<u32> {
        let now = at.get(&id).copied()?;
        let waiting = self.waiting.get(&id).into_iter().flatten();
        let latest = waiting
            .filter_map(|other| at.get(other))
            .map(|level| level.saturating_sub(1))
            .min()
            .unwrap_or(last);
        let mut levels = self.levels.range(now + 1..);
        levels
            .find(|(level, subgraphs)| **level > latest || subgraphs.contains_key(&subgraph))
            .map(|(level, _)| *level)
            .filter(|level| *level <= latest)
    }
}
