//! Null propagation and the errors of nulls (specification, section 6.4.4).

use serde_json::{Value, json};

use crate::support::*;

const SCHEMA: &str = "
    type Query { user: User! maybe: User list: [User!] strict: [User!]! loose: [User] matrix: [[Int!]!] other: Int }
    type User { name: String! friend: User best: User! tags: [String!]! }
";

async fn answer(operation: &str, data: Value) -> Value {
    let graph = Graph::new(SCHEMA)
        .subgraph("one", move |_| Answer::Json(json!({ "data": data })))
        .await;
    graph.run(operation, root("one", "{ whatever }")).await
}

fn invalid(path: Value) -> (Value, String) {
    (path, "RESPONSE_VALIDATION_FAILED".to_owned())
}

#[tokio::test]
async fn a_null_travels_to_the_nearest_nullable_value() {
    let response = answer(
        "{ maybe { friend { best { name } } } other }",
        json!({ "maybe": { "friend": { "best": { "name": null } } }, "other": 1 }),
    )
    .await;
    assert_eq!(
        response["data"],
        json!({ "maybe": { "friend": null }, "other": 1 })
    );
    assert_eq!(
        error_places(&response),
        [invalid(json!(["maybe", "friend", "best", "name"]))]
    );
    assert_eq!(
        only_message(&response),
        "cannot return null for non-nullable field 'name'"
    );
}

#[tokio::test]
async fn a_null_that_nothing_stops_makes_data_null() {
    let response = answer(
        "{ other user { name } }",
        json!({ "other": 1, "user": { "name": null } }),
    )
    .await;
    assert_eq!(response["data"], Value::Null);
    assert_eq!(error_places(&response), [invalid(json!(["user", "name"]))]);
}

#[tokio::test]
async fn a_missing_value_is_a_null() {
    let response = answer("{ maybe { name } }", json!({ "maybe": {} })).await;
    assert_eq!(response["data"], json!({ "maybe": null }));
    assert_eq!(error_places(&response), [invalid(json!(["maybe", "name"]))]);
}

#[tokio::test]
async fn lists_stop_a_null_by_the_type_of_their_items() {
    let users = json!([{ "name": "a" }, { "name": null }]);
    let response = answer(
        "{ list { name } loose { name } }",
        json!({ "list": users.clone(), "loose": users.clone() }),
    )
    .await;
    assert_eq!(
        response["data"],
        json!({ "list": null, "loose": [{ "name": "a" }, null] })
    );
    assert_eq!(
        error_places(&response),
        [
            invalid(json!(["list", 1, "name"])),
            invalid(json!(["loose", 1, "name"]))
        ]
    );

    let response = answer("{ strict { name } }", json!({ "strict": users })).await;
    assert_eq!(response["data"], Value::Null);
}

#[tokio::test]
async fn thousands_of_nulls_are_counted_not_listed() {
    let users: Vec<Value> = vec![json!({ "name": null }); 3_000];
    let response = answer("{ loose { name } }", json!({ "loose": users })).await;
    assert_eq!(response["data"]["loose"], json!(vec![Value::Null; 3_000]));
    let errors = response["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 501);
    assert_eq!(errors[500]["message"], "2500 more errors");
}

#[tokio::test]
async fn lists_of_lists() {
    let response = answer("{ matrix }", json!({ "matrix": [[1, 2], [], [3]] })).await;
    assert_eq!(response, json!({ "data": { "matrix": [[1, 2], [], [3]] } }));
    let response = answer("{ matrix }", json!({ "matrix": [[1], [2, null]] })).await;
    assert_eq!(response["data"], json!({ "matrix": null }));
    assert_eq!(error_places(&response), [invalid(json!(["matrix", 1, 1]))]);
}

#[tokio::test]
async fn a_null_that_the_subgraph_explained_gets_no_second_error() {
    let body = json!({
        "data": { "maybe": { "friend": null, "name": null }, "other": 1 },
        "errors": [{ "message": "no name", "path": ["maybe", "name"], "extensions": { "code": "GONE", "x": [1] } }],
    });
    let graph = Graph::new(SCHEMA)
        .subgraph("one", move |_| Answer::Json(body.clone()))
        .await;
    let response = graph
        .run(
            "{ maybe { name } other }",
            root("one", "{ maybe { name } other }"),
        )
        .await;
    let error = json!({
        "message": "no name", "path": ["maybe", "name"],
        "extensions": { "code": "GONE", "x": [1], "service": "one" },
    });
    assert_eq!(
        response,
        json!({ "data": { "maybe": null, "other": 1 }, "errors": [error] })
    );
}

const DOWN: Answer = Answer::Raw {
    status: 503,
    content_type: "text/plain",
    body: String::new(),
};

fn down(path: Value) -> (Value, String) {
    (path, "SUBREQUEST_HTTP_ERROR".to_owned())
}

#[tokio::test]
async fn a_failed_fetch_does_not_explain_a_null_of_another_subgraph() {
    let graph = Graph::new(SCHEMA)
        .subgraph("one", |_| Answer::Json(json!({ "data": { "user": null } })))
        .await
        .subgraph("two", |_| DOWN)
        .await;
    // Two fields at the root have no path in common.
    let fetches = parallel([
        root("one", "{ user { name } }"),
        root("two", "{ other maybe { name } }"),
    ]);
    let response = graph
        .run("{ user { name } other maybe { name } }", fetches)
        .await;
    assert_eq!(response["data"], Value::Null);
    assert_eq!(
        error_places(&response),
        [down(Value::Null), invalid(json!(["user"]))]
    );
}

#[tokio::test]
async fn failed_entities_do_not_explain_a_null_beside_them() {
    let graph = Graph::new(SCHEMA)
        .subgraph("one", |_| {
            let user =
                |id: &str, name: Value| json!({ "__typename": "User", "id": id, "name": name });
            let users = [user("1", json!("a")), user("2", Value::Null)];
            Answer::Json(json!({ "data": { "loose": users } }))
        })
        .await
        .subgraph("two", |_| DOWN)
        .await;
    let friends = "query($representations:[_Any!]!){_entities(representations:$representations){...on User{friend{name}}}}";
    let fetches = sequence([
        root("one", "{ loose { __typename id name } }"),
        entities("two", "loose.@", &[("User", "id")], friends),
    ]);
    let response = graph
        .run("{ loose { name friend { name } } }", fetches)
        .await;
    assert_eq!(
        response["data"],
        json!({ "loose": [{ "name": "a", "friend": null }, null] })
    );
    assert_eq!(
        error_places(&response),
        [down(json!(["loose"])), invalid(json!(["loose", 1, "name"]))]
    );
}

#[tokio::test]
async fn a_failed_fetch_explains_what_could_not_be_fetched_without_it() {
    let graph = Graph::new(SCHEMA)
        .subgraph("one", |_| {
            Answer::Json(json!({ "data": { "maybe": { "__typename": "User", "id": "1" } } }))
        })
        .await
        .subgraph("two", |_| DOWN)
        .await
        .subgraph("three", |_| unreachable!("there is nothing to send"))
        .await;
    let of_user = |field: &str| {
        format!(
            "query($representations:[_Any!]!){{_entities(representations:$representations){{...on User{{{field}}}}}}}"
        )
    };
    let fetches = sequence([
        root("one", "{ maybe { __typename id } }"),
        entities("two", "maybe", &[("User", "id")], &of_user("needed")),
        entities(
            "three",
            "maybe",
            &[("User", "id needed")],
            &of_user("shown:name"),
        ),
    ]);
    let response = graph.run("{ maybe { shown: name } }", fetches).await;
    assert_eq!(response["data"], json!({ "maybe": null }));
    assert_eq!(error_places(&response), [down(json!(["maybe"]))]);
}
