//! Whom the errors of wrong values name.

use serde_json::{Value, json};
use souk_executor::{ErrorPolicy, ExtensionPolicy};
use souk_planner::plan::{Condition, PlanNode};

use crate::support::*;

const SCHEMA: &str = "
    type Query { user: User users: [User] media: [Media] }
    type User { id: ID name: String! age: Int size: Int! friend: User }
    interface Media { title: String! }
    type Book implements Media { title: String! }
    type Film implements Media { title: String! }
";

const FIND: &str = "query($representations:[_Any!]!){_entities(representations:$representations)";

fn find(ty: &str, fields: &str) -> String {
    format!("{FIND}{{...on {ty}{{{fields}}}}}}}")
}

fn find_user(fields: &str) -> PlanNode {
    entities("two", "user", &[("User", "id")], &find("User", fields))
}

/// A graph whose subgraphs answer always the same.
async fn graph<const COUNT: usize>(answers: [(&str, Value); COUNT]) -> Graph {
    let mut graph = Graph::new(SCHEMA);
    for (name, data) in answers {
        let answer = move |_: &Received| Answer::Json(json!({ "data": data }));
        graph = graph.subgraph(name, answer).await;
    }
    graph
}

/// Path and subgraph of each error, all of which are of wrong values.
fn named(response: &Value) -> Vec<(Value, Value)> {
    let errors = response["errors"].as_array().expect("errors");
    let named = errors.iter().map(|error| {
        let extensions = &error["extensions"];
        assert_eq!(extensions["code"], "RESPONSE_VALIDATION_FAILED", "{error}");
        (error["path"].clone(), extensions["service"].clone())
    });
    named.collect()
}

#[tokio::test]
async fn a_wrong_value_names_the_subgraph_that_brought_it() {
    let user = json!({ "__typename": "User", "id": "1", "name": 7 });
    let entity = json!({ "age": "old", "size": null, "friend": "somebody" });
    let graph = graph([
        ("one", json!({ "users": [user] })),
        ("two", json!({ "_entities": [entity] })),
    ])
    .await;
    let find = find("User", "age size friend{name}");
    let plan = sequence([
        root("one", "{ users { __typename id name } }"),
        entities("two", "users.@", &[("User", "id")], &find),
    ]);
    // A null that travels leaves nothing to be said of what comes behind it.
    for (field, subgraph) in [("name", "one"), ("age", "two"), ("size", "two")] {
        let operation = format!("{{ users {{ {field} }} }}");
        let response = graph.run(&operation, plan.clone()).await;
        assert_eq!(
            named(&response),
            [(json!(["users", 0, field]), json!(subgraph))]
        );
    }
    let response = graph.run("{ users { friend { name } } }", plan).await;
    assert_eq!(
        named(&response),
        [(json!(["users", 0, "friend"]), json!("two"))]
    );
}

#[tokio::test]
async fn an_entity_that_is_null_names_the_subgraph_that_did_not_know_it() {
    let user = json!({ "__typename": "User", "id": "1" });
    let graph = graph([
        ("one", json!({ "user": user })),
        ("two", json!({ "_entities": [null] })),
    ])
    .await;
    let plan = sequence([root("one", "{ user { __typename id } }"), find_user("size")]);
    let response = graph.run("{ user { size } }", plan).await;
    assert_eq!(named(&response), [(json!(["user", "size"]), json!("two"))]);
}

#[tokio::test]
async fn a_subgraph_that_could_not_be_asked_is_not_named() {
    let user = json!({ "__typename": "User", "id": null });
    let graph = graph([("one", json!({ "user": user })), ("two", json!({}))]).await;
    let plan = sequence([root("one", "{ user { __typename id } }"), find_user("size")]);
    let response = graph.run("{ user { size } }", plan).await;
    assert_eq!(graph.received("two").len(), 0);
    assert_eq!(named(&response), [(json!(["user", "size"]), Value::Null)]);
}

#[tokio::test]
async fn of_two_subgraphs_that_brought_the_same_field_none_is_named() {
    let user = json!({ "__typename": "User", "id": "1", "name": null });
    let graph = graph([
        ("one", json!({ "user": user })),
        (
            "two",
            json!({ "_entities": [{ "name": null, "age": "old" }] }),
        ),
    ])
    .await;
    let ask = "{ user { __typename id name } }";
    let plan = sequence([root("one", ask), find_user("name age")]);
    let response = graph.run("{ user { age name } }", plan).await;
    let expected = [
        (json!(["user", "age"]), json!("two")),
        (json!(["user", "name"]), Value::Null),
    ];
    assert_eq!(named(&response), expected);
}

#[tokio::test]
async fn a_subgraph_that_was_not_to_be_asked_is_not_considered() {
    let user = json!({ "__typename": "User", "id": "1", "name": null });
    let graph = graph([("one", json!({ "user": user })), ("two", json!({}))]).await;
    let plan = sequence([
        root("one", "{ user { __typename id name } }"),
        PlanNode::Condition {
            condition: Condition::If(name("more")),
            then: Box::new(find_user("name age")),
        },
    ]);
    let operation = "query($more: Boolean!) { user { name age @include(if: $more) } }";
    let response = graph
        .run_with(operation, plan, json!({ "more": false }))
        .await;
    assert_eq!(named(&response), [(json!(["user", "name"]), json!("one"))]);
}

#[tokio::test]
async fn each_type_of_an_interface_names_the_subgraph_of_its_field() {
    let media = json!([
        { "__typename": "Book", "id": "1" },
        { "__typename": "Film", "id": "2" },
    ]);
    let graph = graph([
        ("one", json!({ "media": media })),
        ("books", json!({ "_entities": [{ "title": null }] })),
        ("films", json!({ "_entities": [{ "title": [] }] })),
    ])
    .await;
    let ask = "{ media { __typename ...on Book { id } ...on Film { id } } }";
    let of = |ty: &str, subgraph: &str| {
        let find = find(ty, "title");
        entities(subgraph, "media.@", &[(ty, "id")], &find)
    };
    let plan = sequence([
        root("one", ask),
        parallel([of("Book", "books"), of("Film", "films")]),
    ]);
    let response = graph.run("{ media { title } }", plan).await;
    let expected = [
        (json!(["media", 0, "title"]), json!("books")),
        (json!(["media", 1, "title"]), json!("films")),
    ];
    assert_eq!(named(&response), expected);
}

#[tokio::test]
async fn a_type_that_is_not_possible_names_the_subgraph_that_told_it() {
    let media = json!([{ "__typename": "Secret", "title": "x" }, { "title": "y" }]);
    let graph = graph([("one", json!({ "media": media }))]).await;
    let operation = "{ media { __typename title } }";
    let response = graph.run(operation, root("one", operation)).await;
    let expected = [
        (json!(["media", 0]), json!("one")),
        (json!(["media", 1]), json!("one")),
    ];
    assert_eq!(named(&response), expected);
}

#[tokio::test]
async fn a_subgraph_whose_name_is_kept_from_clients_is_not_named() {
    let unnamed = ErrorPolicy {
        redact_message: false,
        extensions: ExtensionPolicy::Deny(vec!["service".to_owned()]),
    };
    for policy in [unnamed, ErrorPolicy::redact_all()] {
        let mut graph = graph([("one", json!({ "user": { "age": "old" } }))]).await;
        graph.error_policy("one", policy);
        let operation = "{ user { age } }";
        let response = graph.run(operation, root("one", operation)).await;
        assert_eq!(named(&response), [(json!(["user", "age"]), Value::Null)]);
        // The executor's own words: they tell nothing of the subgraph.
        assert_eq!(only_message(&response), "this string is not a valid Int");
    }
}

/// The type of an object of an object type is known, so nobody needs to ask for it to get it wrong.
#[tokio::test]
async fn a_wrong_type_names_the_subgraph_that_brought_the_object() {
    let user = json!({ "__typename": "Robot", "name": "Ada" });
    let graph = graph([("one", json!({ "user": user }))]).await;
    let plan = root("one", "{ user { name } }");
    let response = graph.run("{ user { name } }", plan).await;
    assert_eq!(named(&response), [(json!(["user"]), json!("one"))]);
}
