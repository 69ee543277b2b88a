//! `souk plan` in each of its formats.

use serde_json::Value;

use crate::Folder;
use crate::compose::LINK;

const COMPOSE: [&str; 5] = [
    "compose",
    "--config",
    "supergraph.yaml",
    "--output",
    "supergraph.graphql",
];

fn folder() -> Folder {
    let folder = Folder::new(&[
        (
            "supergraph.yaml",
            "subgraphs:\n  a:\n    schema: { file: a.graphql }\n  b:\n    schema: { file: b.graphql }\n",
        ),
        (
            "a.graphql",
            &format!(
                "{LINK}\ntype Query {{ user: User }}\ntype User @key(fields: \"id\") {{ id: ID! }}"
            ),
        ),
        (
            "b.graphql",
            &format!("{LINK}\ntype User @key(fields: \"id\") {{ id: ID! rating: Int }}"),
        ),
        (
            "rating.graphql",
            "query Rating { user { rating } }\nquery Id { user { id } }",
        ),
        ("wrong.graphql", "{ user {\n  nothing\n} }"),
    ]);
    folder.souk(&COMPOSE).succeeded();
    folder
}

const PLAN: [&str; 5] = [
    "plan",
    "--supergraph",
    "supergraph.graphql",
    "--operation",
    "rating.graphql",
];

#[test]
fn in_every_format() {
    let folder = folder();
    let plan = |more: &[&str]| {
        let arguments = [&PLAN[..], &["--name", "Rating"], more].concat();
        folder.souk(&arguments).succeeded()
    };
    assert!(plan(&[]).starts_with("Sequence {\n  Fetch a {"));
    assert_eq!(plan(&["--format", "text"]), plan(&[]));
    let json: Value = serde_json::from_str(&plan(&["--format", "json"])).unwrap();
    assert_eq!(json["kind"], "QueryPlan");
    assert_eq!(json["node"]["nodes"][1]["path"][0], "user");
    let graphviz = plan(&["--format", "graphviz"]);
    assert!(graphviz.starts_with("digraph") && graphviz.contains("for user"));
    let mermaid = plan(&["--format", "mermaid"]);
    assert!(mermaid.starts_with("flowchart TD") && mermaid.contains("for user"));
}

#[test]
fn what_cannot_be_planned_is_said() {
    let folder = folder();
    let several = folder.souk(&PLAN);
    assert_eq!(several.code(), 1, "{}", several.err());
    assert!(
        several
            .err()
            .contains("--name says which to plan: Rating, Id"),
        "{}",
        several.err()
    );

    let misnamed = folder.souk(&[&PLAN[..], &["--name", "Rate"]].concat());
    assert_eq!(misnamed.code(), 1);
    assert!(
        misnamed
            .err()
            .contains("no operation Rate; it has Rating, Id"),
        "{}",
        misnamed.err()
    );

    let no_operation = folder.souk(&[&PLAN[..4], &["a.graphql"]].concat());
    assert_eq!(no_operation.code(), 1);
    let said = no_operation.err();
    assert!(said.contains("a.graphql:2:1: "), "{said}");
    assert!(!said.contains("parse_mixed"), "{said}");

    let arguments = [&PLAN[..4], &["wrong.graphql"]].concat();
    let wrong = folder.souk(&arguments);
    assert_eq!(wrong.code(), 1);
    for part in ["nothing", "wrong.graphql:2:3"] {
        assert!(
            wrong.err().contains(part),
            "{part} is not in\n{}",
            wrong.err()
        );
    }

    let unknown = folder.souk(&[&PLAN[..], &["--format", "xml"]].concat());
    assert_eq!(unknown.code(), 2);
    assert!(unknown.err().contains("graphviz"), "{}", unknown.err());
}

#[test]
fn for_a_client_that_may_not_see_everything() {
    let folder = folder();
    let link = LINK.replace("\"@key\"", "\"@key\", \"@requiresScopes\"");
    folder.write(
        "b.graphql",
        &format!(
            "{link}\ntype User @key(fields: \"id\") {{ id: ID! rating: Int @requiresScopes(scopes: [[\"ratings\"]]) }}"
        ),
    );
    folder.souk(&COMPOSE).succeeded();
    let plan = |client: &[&str]| folder.souk(&[&PLAN[..], &["--name", "Rating"], client].concat());

    let everything = plan(&[]);
    assert_eq!(plan(&["--scope", "ratings"]).out(), everything.out());
    assert_eq!(everything.err(), "");
    for client in ["--anonymous", "--authenticated"] {
        let planned = plan(&[client]);
        assert_eq!(planned.err(), "denied: user/rating\n");
        assert_eq!(planned.succeeded(), "Nothing to fetch\n");
    }
    let contradiction = plan(&["--anonymous", "--scope", "ratings"]);
    assert_eq!(contradiction.code(), 2, "{}", contradiction.err());
}
