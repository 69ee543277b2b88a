//! The query plan: what the planner hands to the executor.
//!
//! A plan is made once per normalised operation and shared by every request that sends it, so everything a
//! request can do without (texts, keys, type sets) is worked out here.

use std::sync::Arc;

use apollo_compiler::Name;
use apollo_compiler::ast::{OperationType, Type};
use apollo_compiler::collections::IndexMap;

/// A plan for one operation: how to fetch its data, and how to shape the answer from what was fetched.
#[derive(Debug, Clone)]
pub struct QueryPlan {
    /// Query, mutation or subscription.
    pub kind: OperationType,
    /// The fetches. `None` when the operation asks only for introspection or `__typename`, or may see nothing else.
    pub root: Option<PlanNode>,
    /// The client's answer, field by field, in the order the operation asks.
    pub response: Selection,
    /// True when `response` has `__schema` or `__type` at its root, which the executor answers from the API schema.
    pub introspects: bool,
    /// What the client may not see of what the operation asks for.
    pub denials: Vec<Denial>,
}

/// Something that the client may not see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// Where, from the root of the response: response keys, `@` for all items of a list, and at the end maybe a fragment, as
    /// `... on Type`.
    pub path: Vec<Arc<str>>,
    /// When it is asked for; `None` is always.
    pub condition: Option<Condition>,
}

/// One step of a plan.
#[derive(Debug, Clone)]
pub enum PlanNode {
    /// Steps that need the data of the steps before them, or serial mutations.
    Sequence(Vec<PlanNode>),
    /// Steps that need nothing of each other.
    Parallel(Vec<PlanNode>),
    /// One request to one subgraph.
    Fetch(Fetch),
    /// Steps to run only when `@skip` / `@include` say so.
    Condition {
        /// What has to hold.
        condition: Condition,
        /// What runs then.
        then: Box<PlanNode>,
    },
    /// A stream of events from one subgraph, each completed by `rest`.
    Subscription {
        /// The subscription operation; its inputs are always [`Inputs::Root`].
        primary: Fetch,
        /// Fetches that complete each event.
        rest: Option<Box<PlanNode>>,
    },
}

/// One request to one subgraph.
#[derive(Debug, Clone)]
pub struct Fetch {
    /// The subgraph's name, as `join__Graph(name:)` has it.
    pub subgraph: Arc<str>,
    /// The document to send. Shared, so that a transport can cache what it makes of it by address or hash.
    pub operation: Arc<SubgraphOperation>,
    /// What the request starts from.
    pub inputs: Inputs,
    /// Present when groups of entities have contexts: what `operation` is made of, so that a document can be written in
    /// which such a group stands once for each distinct value of its contexts.
    pub parts: Option<DocumentParts>,
}

/// The pieces of a document of `_entities` fields.
#[derive(Debug, Clone)]
pub struct DocumentParts {
    /// What comes before the variables' definitions.
    pub head: String,
    /// The definitions of the client's variables, by name.
    pub definitions: IndexMap<Name, String>,
    /// The `_entities` field of each group.
    pub groups: Vec<GroupParts>,
    /// The definitions of fragments, by name.
    pub fragments: IndexMap<Name, String>,
}

/// The pieces of one `_entities` field.
#[derive(Debug, Clone)]
pub struct GroupParts {
    /// Its selection set.
    pub selection: Vec<TextPart>,
    /// The client's variables that are used in it, or in one of its fragments.
    pub variables: Vec<Name>,
    /// The fragments that are spread in it, or in one of these.
    pub fragments: Vec<Name>,
}

/// A piece of a selection set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextPart {
    /// GraphQL text.
    Text(String),
    /// The variable (with its `$`) of the group's context with this index.
    Context(usize),
}

/// A document for a subgraph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubgraphOperation {
    /// GraphQL text with exactly one operation.
    pub text: String,
    /// The operation's name, when it has one.
    pub name: Option<Name>,
    /// Query, mutation or subscription.
    pub kind: OperationType,
    /// The client's variables that `text` uses, in its order, and those of contexts; without the representations.
    pub variables: Vec<Name>,
}

/// What a fetch starts from.
#[derive(Debug, Clone)]
pub enum Inputs {
    /// The root type: the answer's `data` is merged at the root of the tree.
    Root,
    /// The query root type, further down (a mutation's payload may have a field of that type): the answer's `data` is
    /// merged into every object at this place of the tree. Not sent when there is none.
    RootAt(Vec<PathSegment>),
    /// Entities found in the tree. Each group is one aliased `_entities` field of the same request; groups
    /// travel together when they go to one subgraph at one level.
    Entities(Vec<EntityGroup>),
}

/// Entities at one place of the tree, for one `_entities` field.
#[derive(Debug, Clone)]
pub struct EntityGroup {
    /// Where the entities are in the merged tree, from its root.
    pub path: Vec<PathSegment>,
    /// The variable of type `[_Any!]!` that carries the representations.
    pub variable: Name,
    /// The response key of the `_entities` field: `_entities` or an alias.
    pub response_key: Name,
    /// How to build a representation; the first shape whose `types` contain the entity's `__typename` is
    /// used. An entity that no shape fits, or that lacks a needed value, is left out of the request. The tree need not
    /// hold `__typename` where the schema leaves one type only: then there is one shape, for that type.
    pub representations: Vec<RepresentationShape>,
    /// Conditions under which this group is to be sent; `None` is always. The request may still be sent for its
    /// other groups: this group's variable is `[]` then, as it is when no entity is found.
    pub condition: Option<Condition>,
    /// Values from further up in the tree that go along as variables. Entities whose values differ cannot share an
    /// `_entities` field.
    pub contexts: Vec<ContextVariable>,
}

/// A variable whose value is that of a context (`@fromContext`).
#[derive(Debug, Clone, PartialEq)]
pub struct ContextVariable {
    /// Its name.
    pub variable: Name,
    /// Its type. An entity for which there is no value, or null where the type does not allow it, is not sent.
    pub ty: Type,
    /// Where the value may be: the first that fits counts.
    pub sources: Vec<ContextPath>,
}

/// Where the value of a context is.
#[derive(Debug, Clone, PartialEq)]
pub struct ContextPath {
    /// How many segments of the group's path lead to the object that sets the context.
    pub depth: usize,
    /// The runtime type of that object, when others are possible at its place.
    pub on: Option<Name>,
    /// The keys in the tree that lead from the object to the value.
    pub keys: Vec<Name>,
}

/// How the representation of one entity type is built from the tree.
#[derive(Debug, Clone)]
pub struct RepresentationShape {
    /// The runtime type names (of the tree) that this shape fits.
    pub types: Vec<Name>,
    /// The `__typename` to send: the entity's own when `None`, or the interface's for an interface object.
    pub send_typename: Option<Name>,
    /// The key and required fields.
    pub fields: Vec<RepresentationField>,
}

/// A field of a representation.
#[derive(Debug, Clone)]
pub struct RepresentationField {
    /// The key it has in the tree.
    pub source_key: Name,
    /// The name the subgraph knows it by.
    pub name: Name,
    /// Runtime type names of the enclosing object that have this field; `None` is all.
    pub types: Option<Vec<Name>>,
    /// What becomes of the entity where the value is null.
    pub if_null: IfNull,
    /// The fields below, empty for a leaf.
    pub fields: Vec<RepresentationField>,
}

/// What a null in a representation's field means. Of two uses of a field the later in this order holds for both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum IfNull {
    /// It is sent: what is required, and what is of a nullable type in a key with others that are not.
    Send,
    /// The entity is left out: it has no such key.
    LeaveOut,
    /// The entity is left out, and the subgraph that the null came from is to blame: all say that the field has a value.
    Mistake,
}

/// One step from the root of the tree towards an entity.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PathSegment {
    /// Into the value under this key of the tree.
    Key(Name),
    /// Into every item of a list (one segment per list level).
    Each,
    /// Only on if the object's `__typename` is one of these.
    OnTypes(Vec<Name>),
}

/// When something applies, in terms of the client's Boolean variables. Literal conditions are folded away by
/// the planner.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Condition {
    /// The variable is true.
    If(Name),
    /// The variable is false.
    Unless(Name),
    /// All hold.
    All(Vec<Condition>),
    /// At least one holds.
    Any(Vec<Condition>),
}

/// The fields of an object in the client's answer, in response order. A response key appears once per distinct
/// set of runtime types, and per condition where its place depends on variables; no two of the entries hold at once. The
/// planner has merged selections of the same key.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Selection {
    /// In the order in which they are written.
    pub fields: Vec<SelectedField>,
}

/// One field of the client's answer.
#[derive(Debug, Clone, PartialEq)]
pub struct SelectedField {
    /// The key the client sees.
    pub response_key: Name,
    /// The key in the merged tree: differs when the planner had to alias.
    pub source_key: Name,
    /// The runtime types of the enclosing object that have the field; `None` is all.
    pub types: Option<Arc<[Name]>>,
    /// When it is included; `None` is always.
    pub condition: Option<Condition>,
    /// Its type in the API schema: where a null may be, and where it must travel upwards.
    pub ty: Type,
    /// What is behind it.
    pub value: SelectedValue,
}

/// The kind of value behind a selected field.
#[derive(Debug, Clone, PartialEq)]
pub enum SelectedValue {
    /// `__typename`. The name is the type's when it is an object type (the tree need not hold it); `None` means
    /// that the tree holds it under `source_key`. An interface object's concrete type comes from the tree.
    Typename(Option<Name>),
    /// A scalar. The built-in name lets the executor check what a subgraph sent; `None` is a custom scalar.
    Scalar(Option<BuiltInScalar>),
    /// An enum with its values in the API schema. Any other value is an error and null.
    Enum(Arc<[Name]>),
    /// An object, interface or union with the runtime types it may have in the API schema.
    Composite {
        /// Object types of the API schema that are possible here. The tree holds `__typename` whenever the field's
        /// type is an interface or a union; a name not in this list (an inaccessible type) is an error and null.
        /// The list has the interface's own name as well where the value may come from an interface object and
        /// nothing is selected for which the concrete type matters.
        possible: Arc<[Name]>,
        /// The root type that a name stands for which the plan does not know. A subgraph may call its root types by other
        /// names than the supergraph, which does not say by which. `None` where such a name may be something else.
        root: Option<Name>,
        /// What is selected.
        selection: Selection,
    },
    /// `__schema` or `__type`, answered from the API schema.
    Introspection,
    /// Null, because the client may not see it: one of the plan's [`Denial`]s says so.
    Denied,
}

/// The scalars that the specification defines (section 3.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum BuiltInScalar {
    Int,
    Float,
    String,
    Boolean,
    ID,
}
