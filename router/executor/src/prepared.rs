//! A query plan, made ready for execution: every name an integer, every response key as it is written.

pub(crate) mod asked;
mod compile;
pub(crate) mod contexts;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use apollo_compiler::Name;
use souk_planner::plan::{BuiltInScalar, Condition, Denial, IfNull, QueryPlan, SubgraphOperation};

use asked::Asked;
use contexts::Contextual;

use crate::errors::{GraphQLError, PathElement};
use crate::request::JsonMap;
use crate::symbols::{Symbol, Symbols};
use crate::value::Length;

/// A [`QueryPlan`] with what execution needs beside it. Made once per plan and shared by all its requests.
#[derive(Debug)]
pub struct PreparedPlan {
    plan: QueryPlan,
    pub(crate) symbols: Symbols,
    pub(crate) root: Option<Step>,
    pub(crate) response: Fields,
    /// The conditions of the whole plan, each once; the others refer to them by index.
    conditions: Vec<Condition>,
    /// The size of the last response, in bytes.
    last_size: AtomicUsize,
    /// For each fetch, how long its last answer from the same process was.
    last_told: Box<[Told]>,
    /// Whether a fetch has contexts, which differ from place to place: no object may be at two.
    pub(crate) has_contexts: bool,
}

impl PreparedPlan {
    /// Prepares a plan.
    pub fn new(plan: QueryPlan) -> PreparedPlan {
        let compiled = compile::compile(&plan);
        PreparedPlan {
            plan,
            symbols: compiled.symbols,
            root: compiled.root,
            response: compiled.response,
            conditions: compiled.conditions,
            last_size: AtomicUsize::new(0),
            last_told: (0..compiled.fetches).map(|_| Told::default()).collect(),
            has_contexts: compiled.has_contexts,
        }
    }

    /// A guess at the size of a response that so many bytes of subgraphs' answers go into, in bytes: that of the last,
    /// unless that was a much larger one.
    pub(crate) fn expected_size(&self, received: usize) -> usize {
        let last = self.last_size.load(Ordering::Relaxed);
        last.clamp(received, received.saturating_mul(2)) + 64
    }

    pub(crate) fn note_size(&self, size: usize) {
        self.last_size.store(size, Ordering::Relaxed);
    }

    /// A guess at how long a fetch's answer from the same process will be: as long as the last.
    pub(crate) fn expected_length(&self, fetch: FetchId) -> Length {
        let last = self.last_told.get(fetch as usize);
        last.map_or_else(Length::default, |last| Length {
            text: last.text.load(Ordering::Relaxed),
            nodes: last.nodes.load(Ordering::Relaxed),
        })
    }

    pub(crate) fn note_length(&self, fetch: FetchId, length: Length) {
        if let Some(last) = self.last_told.get(fetch as usize) {
            last.text.store(length.text, Ordering::Relaxed);
            last.nodes.store(length.nodes, Ordering::Relaxed);
        }
    }

    /// The plan itself.
    pub fn plan(&self) -> &QueryPlan {
        &self.plan
    }

    /// An error for everything that the operation asks for with these variables and that its client may not see
    /// ([`souk_planner::plan::Denial`]).
    pub fn denials(&self, variables: &JsonMap) -> Vec<GraphQLError> {
        let denials = self.plan.denials.iter().filter(|denial| {
            let condition = denial.condition.as_ref();
            condition.is_none_or(|condition| holds(condition, variables))
        });
        let error = |denial: &Denial| {
            let steps = denial.path.iter().cloned().map(PathElement::Key);
            GraphQLError {
                path: Some(steps.collect()),
                ..GraphQLError::new("unauthorized field or type", "UNAUTHORIZED_FIELD_OR_TYPE")
            }
        };
        denials.map(error).collect()
    }

    /// Which conditions hold for these variables, by index.
    pub(crate) fn evaluate_conditions(&self, variables: &JsonMap) -> Vec<bool> {
        self.conditions
            .iter()
            .map(|condition| holds(condition, variables))
            .collect()
    }
}

/// The [`Length`] of the last answer.
#[derive(Debug, Default)]
struct Told {
    text: AtomicUsize,
    nodes: AtomicUsize,
}

/// Variables of conditions are `Boolean!`, so after coercion an absent one can only be a bug of the caller; it
/// counts as false.
fn holds(condition: &Condition, variables: &JsonMap) -> bool {
    let is_true = |name: &Name| {
        variables
            .get(name.as_str())
            .and_then(serde_json::Value::as_bool)
            .unwrap_or(false)
    };
    match condition {
        Condition::If(name) => is_true(name),
        Condition::Unless(name) => !is_true(name),
        Condition::All(all) => all.iter().all(|condition| holds(condition, variables)),
        Condition::Any(any) => any.iter().any(|condition| holds(condition, variables)),
    }
}

/// Index of a condition of the plan.
pub(crate) type ConditionId = u32;

/// Index of a fetch of the plan.
pub(crate) type FetchId = u32;

/// See `souk_planner::plan::PlanNode`.
#[derive(Debug)]
pub(crate) enum Step {
    Sequence(Vec<Step>),
    Parallel(Vec<Step>),
    Fetch(FetchStep),
    Condition {
        condition: ConditionId,
        then: Box<Step>,
    },
    Subscription {
        primary: FetchStep,
        rest: Option<Box<Step>>,
    },
}

/// One request to one subgraph.
#[derive(Debug)]
pub(crate) struct FetchStep {
    pub id: FetchId,
    pub subgraph: Arc<str>,
    pub operation: Arc<SubgraphOperation>,
    /// Empty for a fetch of root fields.
    pub groups: Vec<Group>,
    /// Where root fields belong; empty for the root of the tree.
    pub root_at: Vec<Segment>,
    /// Which root fields it asks for.
    pub asked: Arc<Asked>,
    /// Present when groups have contexts.
    pub contextual: Option<Box<Contextual>>,
}

/// Entities at one place of the tree.
#[derive(Debug)]
pub(crate) struct Group {
    pub path: Vec<Segment>,
    pub variable: Name,
    pub response_key: Symbol,
    /// What is asked for of the entities.
    pub asked: Arc<Asked>,
    pub shapes: Vec<Shape>,
    pub condition: Option<ConditionId>,
}

/// See `souk_planner::plan::PathSegment`.
#[derive(Debug, Clone)]
pub(crate) enum Segment {
    Key(Symbol),
    Each,
    OnTypes(TypeSet),
}

/// See `souk_planner::plan::RepresentationShape`.
#[derive(Debug)]
pub(crate) struct Shape {
    pub types: TypeSet,
    /// The type name to send; the entity's own when `None`.
    pub send_typename: Option<Box<str>>,
    /// What comes before the fields, `{"__typename":"User"`, when it is always the same.
    pub start: Option<Box<[u8]>>,
    pub fields: Vec<ShapeField>,
}

/// See `souk_planner::plan::RepresentationField`.
#[derive(Debug)]
pub(crate) struct ShapeField {
    pub source: Symbol,
    pub name: Box<str>,
    /// The name as it is written, after a comma: `,"name":`.
    pub key_text: Box<[u8]>,
    pub types: Option<TypeSet>,
    pub if_null: IfNull,
    pub fields: Vec<ShapeField>,
}

/// A set of type names.
#[derive(Debug, Clone)]
pub(crate) struct TypeSet {
    sorted: Box<[Symbol]>,
}

impl TypeSet {
    fn new(mut types: Vec<Symbol>) -> TypeSet {
        types.sort_unstable();
        types.dedup();
        TypeSet {
            sorted: types.into(),
        }
    }

    /// Whether it has a type.
    pub fn contains(&self, type_name: Symbol) -> bool {
        if self.sorted.len() <= 8 {
            return self.sorted.contains(&type_name);
        }
        self.sorted.binary_search(&type_name).is_ok()
    }

    /// Its types.
    pub fn iter(&self) -> impl Iterator<Item = Symbol> {
        self.sorted.iter().copied()
    }

    /// Its type, when there is only one.
    pub fn only(&self) -> Option<Symbol> {
        match *self.sorted {
            [only] => Some(only),
            _ => None,
        }
    }
}

/// The fields of an object in the client's response, in order.
#[derive(Debug)]
pub(crate) struct Fields {
    pub fields: Vec<Field>,
}

impl Fields {
    /// The fields that show what the tree has under a key; one for each set of runtime types.
    pub fn by_source(&self, source: Symbol) -> impl Iterator<Item = &Field> {
        let shows = move |field: &&Field| {
            field.source == source && !matches!(field.value, FieldValue::Denied)
        };
        self.fields.iter().filter(shows)
    }
}

/// One field of the client's response.
#[derive(Debug)]
pub(crate) struct Field {
    pub response_key: Arc<str>,
    /// The key as it is written, after a comma: `,"key":`.
    pub key_text: Box<[u8]>,
    pub source: Symbol,
    pub types: Option<TypeSet>,
    pub condition: Option<ConditionId>,
    /// Whether the type is non-null, from the outermost list level to the innermost type.
    pub non_null: Box<[bool]>,
    /// The innermost type's name, for messages.
    pub type_name: Name,
    pub value: FieldValue,
}

impl Field {
    /// Whether the field itself may not be null.
    pub fn is_non_null(&self) -> bool {
        self.non_null.first() == Some(&true)
    }

    /// Whether the innermost type is an object type.
    pub fn is_of_object_type(&self, symbols: &Symbols) -> bool {
        match &self.value {
            FieldValue::Composite { possible, .. } => possible
                .only()
                .is_some_and(|only| self.type_name == symbols.name(only)),
            _ => false,
        }
    }

    /// What is selected under it, unless it is a leaf.
    pub fn below(&self) -> Option<&Fields> {
        match &self.value {
            FieldValue::Composite { fields, .. } => Some(fields),
            _ => None,
        }
    }
}

/// See `souk_planner::plan::SelectedValue`.
#[derive(Debug)]
pub(crate) enum FieldValue {
    /// `__typename`, with quotes.
    ConstantTypename(Box<[u8]>),
    Typename,
    Scalar(Option<BuiltInScalar>),
    Enum(Arc<[Name]>),
    Composite {
        possible: TypeSet,
        fields: Fields,
    },
    Introspection,
    Denied,
}
