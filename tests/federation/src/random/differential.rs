//! Compares what a graph answers with what one server answers.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};
use souk_planner::Credentials;
use tokio::runtime::{Builder, Runtime};

use crate::data::Object;
use crate::graph::UNSPLIT;
use crate::random::build::build;
use crate::random::demands::Demands;
use crate::random::dice::Dice;
use crate::random::features::features_of;
use crate::random::operation::Operation;
use crate::random::print::print;
use crate::random::protect::protect;
use crate::random::restricted;
use crate::random::sample::Sample;
use crate::random::shrink::smallest;
use crate::random::unsplit::unsplit;
use crate::random::values::Values;
use crate::random::whole::{Size, Whole};
use crate::run::{Outcome, Runner, Wrong, WrongKind};

/// An operation that takes longer than this to plan and execute fails, even in a debug build.
const SLOW: Duration = Duration::from_secs(20);

/// In what way a sample fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// The subgraphs fit together, and composition refuses them.
    Composition,
    /// What they are composed to is not the schema that was split into them.
    Schema,
    /// Something panics.
    Panic,
    /// It takes for ever.
    Slow,
    /// The plan, the requests or the answer.
    Wrong(WrongKind),
}

/// How a sample fails.
#[derive(Debug)]
pub struct Failure {
    /// In what way.
    pub kind: FailureKind,
    /// The details.
    pub text: String,
}

/// What kinds of operations there were.
#[derive(Debug, Default, Clone, Copy)]
pub struct Tally {
    /// Graphs.
    pub graphs: usize,
    /// Operations, each planned, executed and compared.
    pub operations: usize,
    /// Those that needed entities of a second subgraph.
    pub federated: usize,
    /// Those with errors in the answer.
    pub with_errors: usize,
    /// Those that were answered a second time, to a client that may not see everything.
    pub restricted: usize,
    /// Those of them of which it was denied something and saw the rest.
    pub partly_denied: usize,
}

/// Tries `operations` random operations on one random graph; the first that fails comes back.
pub fn differ(
    seed: u64,
    size: Size,
    operations: usize,
    tally: &mut Tally,
) -> Option<(Sample, Failure)> {
    let (mut sample, mut dice) = graph(seed, size);
    tally.graphs += 1;
    let runner = match ready(&sample) {
        Ok(runner) => runner,
        Err(failure) => return Some((sample, failure)),
    };
    let runtime = runtime();
    let demands = Demands::of(&sample.subgraphs);
    let mut clients = Dice::new(seed.rotate_left(16));
    for _ in 0..operations {
        if !ask(runner.graph().whole_schema(), &mut sample, &mut dice, size) {
            continue;
        }
        let labels = runner.labels().filter(|_| dice.one_in(2));
        sample.labels = labels.cloned().collect();
        sample.client = demands.everything();
        match run(&runner, &runtime, &sample) {
            Ok(outcome) => tally.count(&outcome),
            Err(failure) => return Some((sample, failure)),
        }
        sample.client = demands.somebody(&mut clients);
        if demands.hidden_from(&sample.client).is_nothing() {
            continue;
        }
        match run(&runner, &runtime, &sample) {
            Ok(outcome) => tally.count_restricted(&outcome),
            Err(failure) => return Some((sample, failure)),
        }
    }
    None
}

/// Gives a sample another random operation, unless no attempt makes a valid one.
fn ask(schema: &Valid<Schema>, sample: &mut Sample, dice: &mut Dice, size: Size) -> bool {
    // Many have one response key with two meanings: the specification refuses those.
    (0..20).any(|_| {
        let (text, variables) = Operation::write(schema, dice, size.selections);
        sample.operation = text;
        sample.variables = variables;
        ExecutableDocument::parse_and_validate(schema, &*sample.operation, "random").is_ok()
    })
}

/// A random graph with its data and no operation yet, and the choices that go on from there.
fn graph(seed: u64, size: Size) -> (Sample, Dice) {
    let (mut whole, errors, dice) = whole(seed, size);
    // Dice of its own: what is protected changes nothing about the rest.
    protect(&mut whole, Dice::new(seed.rotate_left(32)));
    let values = Values {
        errors,
        dice: Dice::new(!seed),
        whole: &whole,
    };
    let subgraphs = print(&whole);
    let sample = Sample {
        unsplit: Some(unsplit(&whole, &subgraphs)),
        subgraphs,
        data: values.data(),
        operation: String::new(),
        variables: Object::new(),
        labels: Vec::new(),
        client: Credentials::default(),
    };
    (sample, dice)
}

/// A random graph, whether its fields may fail, and the choices that go on from there.
fn whole(seed: u64, size: Size) -> (Whole, bool, Dice) {
    let mut dice = Dice::new(seed);
    let errors = dice.one_in(2);
    let (whole, dice) = build(dice, size, errors);
    (whole, errors, dice)
}

/// The subgraphs of a random graph that everybody may see: names and schemas.
pub fn subgraphs(seed: u64, size: Size) -> Vec<(String, String)> {
    let (whole, ..) = whole(seed, size);
    print(&whole)
}

/// The features that there are, and whether a random graph and some random operations on it have them.
pub fn features(seed: u64, size: Size) -> BTreeMap<&'static str, bool> {
    let (mut sample, mut dice) = graph(seed, size);
    let unsplit = sample.unsplit.clone().unwrap_or_default();
    let schema = Schema::parse_and_validate(unsplit, UNSPLIT).expect("the unsplit schema is valid");
    let mut features = BTreeMap::new();
    for _ in 0..4 {
        ask(&schema, &mut sample, &mut dice, size);
        for (feature, occurs) in features_of(&sample) {
            *features.entry(feature).or_default() |= occurs;
        }
    }
    features
}

/// The operation that bytes describe, one choice a byte, and its variables. It may be invalid.
pub fn operation(schema: &Schema, choices: &[u8], selections: usize) -> (String, Object) {
    Operation::write(schema, &mut Dice::of_bytes(choices), selections)
}

/// How a sample fails, if it does.
pub fn check(sample: &Sample) -> Option<Failure> {
    let ready = ready(sample);
    match ready {
        Ok(runner) if !sample.operation.is_empty() => run(&runner, &runtime(), sample).err(),
        Ok(_) => None,
        Err(failure) => Some(failure),
    }
}

/// The smallest sample found that fails in the same way.
pub fn shrink(sample: Sample, failure: &Failure) -> Sample {
    if failure.kind == FailureKind::Slow {
        return sample;
    }
    smallest(sample, |candidate| {
        check(candidate).is_some_and(|found| found.is_like(failure))
    })
}

impl Failure {
    /// Whether a smaller sample fails in the same way: the first line tells, whatever numbers are in it.
    fn is_like(&self, other: &Failure) -> bool {
        let gist = |failure: &Failure| -> String {
            let first = failure.text.lines().next().unwrap_or_default();
            first
                .chars()
                .filter(|letter| !letter.is_numeric())
                .collect()
        };
        self.kind == other.kind && gist(self) == gist(other)
    }
}

fn ready(sample: &Sample) -> Result<Runner, Failure> {
    let failed = |kind| move |text| Failure { kind, text };
    let graph = catching(|| sample.graph())?.map_err(failed(FailureKind::Composition))?;
    if let Some(difference) = catching(|| graph.difference())? {
        return Err(failed(FailureKind::Schema)(difference));
    }
    catching(|| Runner::in_process(graph))
}

fn run(runner: &Runner, runtime: &Runtime, sample: &Sample) -> Result<Outcome, Failure> {
    let start = Instant::now();
    let outcome = catching(|| runtime.block_on(answer(runner, sample)))?;
    let outcome = outcome.map_err(Failure::from)?;
    if start.elapsed() > SLOW {
        let text = format!("it took {} s", start.elapsed().as_secs());
        return Err(Failure {
            kind: FailureKind::Slow,
            text,
        });
    }
    match outcome.wrong.first() {
        None => Ok(outcome),
        Some(wrong) => Err(Failure {
            kind: FailureKind::Wrong(wrong.kind),
            text: format!("{}\n{}", wrong.text, outcome.plan().unwrap_or_default()),
        }),
    }
}

/// What comes of a sample, whether or not its client may see everything.
async fn answer(runner: &Runner, sample: &Sample) -> Result<Outcome, Wrong> {
    let case = sample.case();
    let hidden = Demands::of(&sample.subgraphs).hidden_from(&sample.client);
    if !hidden.is_nothing() {
        return restricted::run(runner, &case, &hidden).await;
    }
    let outcome = runner.run(&case).await;
    if outcome.wrong.is_empty() {
        restricted::check_plan_of_all(runner, &case)?;
    }
    Ok(outcome)
}

impl From<Wrong> for Failure {
    fn from(wrong: Wrong) -> Failure {
        Failure {
            kind: FailureKind::Wrong(wrong.kind),
            text: wrong.text,
        }
    }
}

fn runtime() -> Runtime {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime")
}

fn catching<T>(run: impl FnOnce() -> T) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|payload| {
        let text = payload.downcast_ref::<String>().cloned();
        let text = text.or_else(|| payload.downcast_ref::<&str>().map(ToString::to_string));
        Failure {
            kind: FailureKind::Panic,
            text: text.unwrap_or_default(),
        }
    })
}

impl Tally {
    fn count(&mut self, outcome: &Outcome) {
        let response = outcome.response();
        self.operations += 1;
        self.federated += usize::from(
            outcome
                .plan()
                .is_some_and(|plan| plan.contains("_entities")),
        );
        self.with_errors +=
            usize::from(response.is_some_and(|text| text.contains("\n  \"errors\": ")));
    }

    fn count_restricted(&mut self, outcome: &Outcome) {
        let response = outcome.response().unwrap_or_default();
        let is_denied = response.contains("UNAUTHORIZED_FIELD_OR_TYPE");
        let is_empty = response.starts_with("{\n  \"data\": null");
        self.restricted += 1;
        self.partly_denied += usize::from(is_denied && !is_empty);
    }

    /// Adds what another counted.
    pub fn add(&mut self, other: Tally) {
        self.graphs += other.graphs;
        self.operations += other.operations;
        self.federated += other.federated;
        self.with_errors += other.with_errors;
        self.restricted += other.restricted;
        self.partly_denied += other.partly_denied;
    }
}
