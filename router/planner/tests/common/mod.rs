//! What the planner's tests share.

#![allow(dead_code)]

use std::sync::Arc;

use apollo_compiler::ExecutableDocument;
use souk_planner::plan::{Inputs, PlanNode, QueryPlan, SelectedValue, Selection};
use souk_planner::{PlanError, Planner, Supergraph};

/// The join machinery that every supergraph begins with.
pub const HEADER: &str = r#"
schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION)
  @link(url: "https://specs.apollo.dev/tag/v0.3")
  @link(url: "https://specs.apollo.dev/inaccessible/v0.2", for: SECURITY)
  @link(url: "https://specs.apollo.dev/context/v0.1", for: SECURITY)
{ query: Query ROOTS }
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @join__type(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false, resolvable: Boolean! = true, isInterfaceObject: Boolean! = false) repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR
directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet, type: String, external: Boolean, override: String, usedOverridden: Boolean, overrideLabel: String, contextArguments: [join__ContextArgument!]) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION
directive @join__implements(graph: join__Graph!, interface: String!) repeatable on OBJECT | INTERFACE
directive @join__unionMember(graph: join__Graph!, member: String!) repeatable on UNION
directive @join__enumValue(graph: join__Graph!) repeatable on ENUM_VALUE
directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA
directive @context(name: String!) repeatable on INTERFACE | OBJECT | UNION
directive @tag(name: String!) repeatable on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION | SCHEMA
directive @inaccessible on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION
scalar join__FieldSet
scalar join__FieldValue
input join__ContextArgument { name: String! type: String! context: String! selection: join__FieldValue! }
scalar link__Import
enum link__Purpose { SECURITY EXECUTION }
"#;

/// A supergraph of the subgraphs A, B, C and D, given its types.
pub fn supergraph(types: &str) -> String {
    let mut roots = String::new();
    for (kind, name) in [("mutation", "Mutation"), ("subscription", "Subscription")] {
        if types.contains(&format!("type {name} ")) {
            roots.push_str(&format!("{kind}: {name} "));
        }
    }
    let graphs = "enum join__Graph {
        A @join__graph(name: \"a\", url: \"http://a\") B @join__graph(name: \"b\", url: \"http://b\")
        C @join__graph(name: \"c\", url: \"http://c\") D @join__graph(name: \"d\", url: \"http://d\")
    }";
    // Short forms keep the schemas readable: @t is @join__type, @f is @join__field, and so on.
    let types = types
        .replace("@t(", "@join__type(graph: ")
        .replace("@f(", "@join__field(graph: ")
        .replace("@impl(", "@join__implements(graph: ")
        .replace("@member(", "@join__unionMember(graph: ");
    format!("{}{graphs}{types}", HEADER.replace("ROOTS", &roots))
}

/// Plans an operation, which has to be valid. Every document in the plan is checked to parse.
pub fn try_plan(sdl: &str, operation: &str) -> Result<QueryPlan, PlanError> {
    let supergraph = Supergraph::parse(sdl).unwrap_or_else(|error| panic!("{error}"));
    let document = ExecutableDocument::parse_and_validate(
        supergraph.api_schema(),
        operation,
        "operation.graphql",
    )
    .unwrap_or_else(|error| panic!("{error}"));
    Planner::new(Arc::new(supergraph)).plan(&document, None)
}

/// Plans an operation that has a plan.
pub fn plan_for(sdl: &str, operation: &str) -> QueryPlan {
    try_plan(sdl, operation).unwrap_or_else(|error| panic!("{error}"))
}

/// Plans an operation on a supergraph in short form.
pub fn plan(types: &str, operation: &str) -> QueryPlan {
    plan_for(&supergraph(types), operation)
}

/// How many requests a plan sends.
pub fn requests(plan: &QueryPlan) -> usize {
    plan.root.as_ref().map_or(0, |root| {
        count(root, |node| usize::from(matches!(node, PlanNode::Fetch(_))))
    })
}

/// How many requests have to wait for each other.
pub fn levels(plan: &QueryPlan) -> usize {
    fn depth(node: &PlanNode) -> usize {
        match node {
            PlanNode::Sequence(nodes) => nodes.iter().map(depth).sum(),
            PlanNode::Parallel(nodes) => nodes.iter().map(depth).max().unwrap_or(0),
            PlanNode::Fetch(_) => 1,
            PlanNode::Condition { then, .. } => depth(then),
            PlanNode::Subscription { rest, .. } => 1 + rest.as_deref().map_or(0, depth),
        }
    }
    plan.root.as_ref().map_or(0, depth)
}

/// How many entity groups a plan has.
pub fn groups(plan: &QueryPlan) -> usize {
    plan.root.as_ref().map_or(0, |root| {
        count(root, |node| match node {
            PlanNode::Fetch(fetch) => match &fetch.inputs {
                Inputs::Root | Inputs::RootAt(_) => 0,
                Inputs::Entities(groups) => groups.len(),
            },
            _ => 0,
        })
    })
}

/// How long a plan's documents are together.
pub fn length(plan: &QueryPlan) -> usize {
    plan.root.as_ref().map_or(0, |root| {
        count(root, |node| match node {
            PlanNode::Fetch(fetch) => fetch.operation.text.len(),
            _ => 0,
        })
    })
}

fn count(node: &PlanNode, of: fn(&PlanNode) -> usize) -> usize {
    let below: usize = match node {
        PlanNode::Sequence(nodes) | PlanNode::Parallel(nodes) => {
            nodes.iter().map(|node| count(node, of)).sum()
        }
        PlanNode::Fetch(_) => 0,
        PlanNode::Condition { then, .. } => count(then, of),
        PlanNode::Subscription { rest, .. } => rest.as_deref().map_or(0, |rest| count(rest, of)),
    };
    below + of(node)
}

/// (response key, source key, types) of all fields, depth first.
pub fn keys(selection: &Selection) -> Vec<String> {
    let mut found = Vec::new();
    for field in &selection.fields {
        let types = field
            .types
            .as_ref()
            .map_or_else(String::new, |types| format!(" on {}", types.join("|")));
        found.push(format!(
            "{} from {}{types}",
            field.response_key, field.source_key
        ));
        if let SelectedValue::Composite { selection, .. } = &field.value {
            found.extend(keys(selection));
        }
    }
    found
}

/// Every field's response key and condition, depth first.
pub fn conditions(selection: &Selection) -> Vec<String> {
    let mut found = Vec::new();
    for field in &selection.fields {
        found.push(format!("{}: {:?}", field.response_key, field.condition));
        if let SelectedValue::Composite { selection, .. } = &field.value {
            found.extend(conditions(selection));
        }
    }
    found
}
