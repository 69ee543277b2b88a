//! What credentials an operation asks for, and what it is denied without them.

mod common;

use std::collections::HashSet;

use apollo_compiler::ExecutableDocument;
use common::supergraph;
use souk_planner::plan::QueryPlan;
use souk_planner::{Authorization, Credentials, PlanError, Planner, Supergraph};

const DIRECTIVES: &str = "
    directive @authenticated on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM
    directive @requiresScopes(scopes: [[String!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM
    directive @policy(policies: [[String!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM
";

/// A planner for types of subgraph A that link these specifications.
fn planner(links: &[&str], types: &str) -> Planner {
    let mut schema = "schema".to_owned();
    for link in links {
        schema.push_str(&format!(" @link({link}, for: SECURITY)"));
    }
    let types = types.replace("{", "@join__type(graph: A) {");
    let sdl = supergraph(&types).replacen("schema", &schema, 1) + DIRECTIVES;
    let supergraph = Supergraph::parse(&sdl).unwrap_or_else(|error| panic!("{error}"));
    Planner::new(supergraph.into())
}

/// As composition links them.
const LINKS: [&str; 3] = [
    r#"url: "https://specs.apollo.dev/authenticated/v0.1""#,
    r#"url: "https://specs.apollo.dev/requiresScopes/v0.1""#,
    r#"url: "https://specs.apollo.dev/policy/v0.1""#,
];

fn plan(planner: &Planner, operation: &str, authorization: Authorization<'_>) -> QueryPlan {
    let schema = planner.supergraph().api_schema();
    let document = ExecutableDocument::parse_and_validate(schema, operation, "operation.graphql")
        .unwrap_or_else(|error| panic!("{error}"));
    planner
        .plan_for(&document, None, &HashSet::new(), authorization)
        .unwrap_or_else(|error| panic!("{error}"))
}

/// Where somebody is denied something, a line each, with the condition.
fn denied(planner: &Planner, operation: &str, client: &Credentials) -> Vec<String> {
    let plan = plan(planner, operation, Authorization::Enforced(client));
    let denials = plan.denials.iter().map(|denial| {
        let condition = denial.condition.as_ref();
        let condition = condition.map_or_else(String::new, |found| format!(" if {found:?}"));
        format!("{}{condition}", denial.path.join("/"))
    });
    denials.collect()
}

fn asked(planner: &Planner, operation: &str) -> Credentials {
    let schema = planner.supergraph().api_schema();
    let document = ExecutableDocument::parse_and_validate(schema, operation, "operation.graphql");
    let document = document.unwrap_or_else(|error| panic!("{error}"));
    let asked = planner.credentials_asked(&document, None);
    asked.unwrap_or_else(|error| panic!("{error}"))
}

fn credentials(authenticated: bool, scopes: &[&str], policies: &[&str]) -> Credentials {
    let names = |names: &[&str]| names.iter().map(|name| (*name).into()).collect();
    Credentials {
        authenticated,
        scopes: names(scopes),
        policies: names(policies),
    }
}

fn nobody() -> Credentials {
    Credentials::default()
}

#[test]
fn an_operation_asks_for_what_its_fields_demand_and_no_more() {
    let planner = planner(
        &LINKS,
        r#"type Query { user: User @authenticated open: Int other: Int @requiresScopes(scopes: [["z"]]) }
           type User { name: String @requiresScopes(scopes: [["a", "b"], ["c"]]) card: Card }
           type Card @policy(policies: [["p"], ["q"]]) { number: Int }"#,
    );
    assert_eq!(asked(&planner, "{ open }"), nobody());
    assert_eq!(
        asked(&planner, "{ user { __typename } }"),
        credentials(true, &[], &[])
    );
    assert_eq!(
        asked(&planner, "{ user { name card { number } } open }"),
        credentials(true, &["a", "b", "c"], &["p", "q"])
    );
}

#[test]
fn a_graph_without_demands_asks_for_nothing() {
    let planner = planner(&LINKS, "type Query { open: Int }");
    assert!(!planner.supergraph().has_protected_elements());
    assert_eq!(asked(&planner, "{ open }"), nobody());
}

#[test]
fn the_directives_may_go_by_other_names() {
    let links = [
        r#"url: "https://specs.apollo.dev/authenticated/v0.1", import: [{name: "@authenticated", as: "@login"}]"#,
        r#"url: "https://specs.apollo.dev/requiresScopes/v0.1", as: "scoped""#,
        r#"url: "https://specs.apollo.dev/policy/v0.1""#,
    ];
    let planner = planner(
        &links,
        r#"directive @login on FIELD_DEFINITION
           directive @scoped(scopes: [[String!]!]!) on FIELD_DEFINITION
           type Query { a: Int @login b: Int @scoped(scopes: [["s"]]) c: Int @authenticated }"#,
    );
    assert_eq!(denied(&planner, "{ a b c }", &nobody()), ["a", "b"]);
}

/// Somebody else's directive of the same name says nothing about who may see what.
#[test]
fn a_directive_of_the_same_name_is_not_one_of_them() {
    let links = [r#"url: "https://example.com/policy/v1.0""#];
    let types = r#"type Query { a: Int @policy(policies: [["internal"]]) }"#;
    let sdl = supergraph(&types.replace("{ a", "@join__type(graph: A) { a"));
    let link = format!("schema @link({})", links[0]);
    let supergraph = Supergraph::parse(&(sdl.replacen("schema", &link, 1) + DIRECTIVES));
    let supergraph = supergraph.unwrap_or_else(|error| panic!("{error}"));
    assert!(!supergraph.has_protected_elements());
}

#[test]
fn alternatives_that_nobody_can_meet_let_nobody_through() {
    let planner = planner(
        &LINKS,
        r#"type Query { none: Int @policy(policies: []) all: Int @policy(policies: [[]]) }"#,
    );
    assert_eq!(denied(&planner, "{ none all }", &nobody()), ["none"]);
}

/// The directives are not repeatable. Should one be repeated all the same, it does not demand less for it.
#[test]
fn a_directive_that_is_repeated_lets_nobody_through() {
    let planner = planner(
        &LINKS,
        r#"type Query { a: Int @requiresScopes(scopes: [["x"]]) @requiresScopes(scopes: [["y"]]) }"#,
    );
    let client = credentials(true, &["y"], &[]);
    assert_eq!(denied(&planner, "{ a }", &client), ["a"]);
}

/// Compositions before v2.9 let interfaces demand something of their own.
#[test]
fn what_an_interface_demands_itself_holds_for_the_interface() {
    let planner = planner(
        &LINKS,
        r#"type Query { nodes: [Node] thing: Thing }
           interface Node @requiresScopes(scopes: [["nodes"]]) { id: ID name: String @authenticated }
           type Thing implements Node @join__implements(graph: A, interface: "Node") { id: ID name: String }"#,
    );
    let thing = "{ thing { id name } }";
    assert!(denied(&planner, thing, &nobody()).is_empty());
    let by_type = "{ nodes { ... on Thing { id } } }";
    assert_eq!(denied(&planner, by_type, &nobody()), ["nodes"]);
    let as_node = "{ thing { ... on Node { id } } }";
    assert_eq!(denied(&planner, as_node, &nobody()), ["thing/... on Node"]);
    let client = credentials(false, &["nodes"], &[]);
    assert_eq!(
        denied(&planner, "{ nodes { id name } }", &client),
        ["nodes/@/name"]
    );
    assert!(denied(&planner, by_type, &client).is_empty());
}

/// A root type leads to everything below it.
#[test]
fn a_root_type_is_protected_like_any_other() {
    let planner = planner(&LINKS, "type Query @authenticated { a: Int b: Int }");
    assert_eq!(
        denied(&planner, "{ a ... on Query { b } __typename }", &nobody()),
        ["a", "b"]
    );
}

#[test]
fn the_narrower_type_of_a_types_field_counts() {
    let planner = planner(
        &LINKS,
        r#"type Query { nodes: [Node] }
           interface Node { next: Node }
           type Open implements Node @join__implements(graph: A, interface: "Node") { next: Secret }
           type Secret implements Node @join__implements(graph: A, interface: "Node") @authenticated { next: Node }"#,
    );
    let operation = "{ nodes { ... on Open { next { __typename } } } }";
    assert_eq!(denied(&planner, operation, &nobody()), ["nodes/@/next"]);
    assert!(denied(&planner, operation, &credentials(true, &[], &[])).is_empty());
}

#[test]
fn a_denial_holds_when_what_it_denies_is_asked_for() {
    let planner = planner(
        &LINKS,
        "type Query { user: User } type User { name: String secret: Int @authenticated }",
    );
    let operation = "query($a: Boolean!, $b: Boolean!) {
        user { name }
        user @include(if: $a) { secret @skip(if: $b) ... on User @include(if: $b) { again: secret } }
        user @skip(if: true) { never: secret }
    }";
    insta::assert_snapshot!(denied(&planner, operation, &nobody()).join("\n"), @r#"
    user/secret if All([If("a"), Unless("b")])
    user/again if All([If("a"), If("b")])
    "#);
}

/// What is asked of an interface is denied, the same of one of its types is not: whichever comes first.
#[test]
fn a_leaf_that_is_denied_in_one_place_is_seen_in_another() {
    let planner = planner(
        &LINKS,
        r#"type Query { nodes: [Node] }
           interface Node { name: String }
           type Open implements Node @join__implements(graph: A, interface: "Node") { name: String }
           type Secret implements Node @join__implements(graph: A, interface: "Node") { name: String @authenticated }"#,
    );
    for selections in ["name ... on Open { name }", "... on Open { name } name"] {
        let operation = format!("{{ nodes {{ {selections} }} }}");
        let client = nobody();
        let plan = plan(&planner, &operation, Authorization::Enforced(&client));
        assert_eq!(denied(&planner, &operation, &client), ["nodes/@/name"]);
        let fetched = plan.to_string();
        assert!(fetched.contains("... on Open {\n        name"), "{fetched}");
        assert!(!fetched.contains("Secret"), "{fetched}");
    }
}

#[test]
fn an_object_of_which_nothing_is_asked_is_there() {
    let planner = planner(
        &LINKS,
        "type Query { user: User } type User { name: String secret: Int @authenticated }",
    );
    let client = nobody();
    let fetched = |operation: &str| {
        let plan = plan(&planner, operation, Authorization::Enforced(&client));
        plan.root.is_some()
    };
    assert!(!fetched("{ user { secret } }"));
    assert!(!fetched(
        "query($a: Boolean!) { user @include(if: $a) { secret } }"
    ));
    // Without `$a` the response is `{ "user": {} }`, and nothing is denied.
    assert!(fetched(
        "query($a: Boolean!) { user { secret @include(if: $a) } }"
    ));
}

/// A denial tells its whole path: many of them, deep down, would make a response that is much longer than what is asked.
#[test]
fn denials_with_very_many_steps_are_refused() {
    let planner = planner(
        &LINKS,
        "type Query { user: User } type User { friend: User secret: Int @authenticated }",
    );
    let nested = |depth: usize, leaves: usize| {
        let leaves: String = (0..leaves)
            .map(|leaf| format!(" x{leaf}: secret"))
            .collect();
        let open = "friend {".repeat(depth);
        format!("{{ user {{ {open} {leaves} {} }} }}", "}".repeat(depth))
    };
    let plan = |operation: &str| {
        let schema = planner.supergraph().api_schema();
        let document =
            ExecutableDocument::parse_and_validate(schema, operation, "operation.graphql").unwrap();
        let client = nobody();
        let client = Authorization::Enforced(&client);
        planner.plan_for(&document, None, &HashSet::new(), client)
    };
    assert_eq!(plan(&nested(40, 1_000)).unwrap().denials.len(), 1_000);
    let refused = plan(&nested(40, 4_000)).unwrap_err();
    assert!(matches!(refused, PlanError::TooComplex), "{refused}");
}

#[test]
fn a_dry_run_fetches_everything() {
    let planner = planner(
        &LINKS,
        "type Query { user: User open: User me: User @authenticated }
         type User { name: String secret: Int @authenticated }",
    );
    let client = nobody();
    // What is below `me` is denied with it.
    let operation = "{ open { name secret } me { name secret } }";
    let dry = plan(&planner, operation, Authorization::DryRun(&client));
    let off = plan(&planner, operation, Authorization::Off);
    assert_eq!(dry.to_string(), off.to_string());
    assert!(off.denials.is_empty());
    let enforced = plan(&planner, operation, Authorization::Enforced(&client));
    assert_eq!(dry.denials, enforced.denials);
    assert_eq!(dry.denials.len(), 2);
}
