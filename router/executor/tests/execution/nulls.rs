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
    graph.run(operation, root("one", operation)).await
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
    let fetches = sequence([
        root("one", "{ loose { __typename id name } }"),
        entities(
            "two",
            "loose.@",
            &[("User", "id")],
            &of_user("friend{name}"),
        ),
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

const FIND: &str = "query($representations:[_Any!]!){_entities(representations:$representations)";

fn of_user(fields: &str) -> String {
    format!("{FIND}{{...on User{{{fields}}}}}}}")
}

#[tokio::test]
async fn a_failed_fetch_does_not_explain_a_null_of_a_later_fetch_that_does_not_need_it() {
    let graph = Graph::new(SCHEMA)
        .subgraph("one", |_| {
            Answer::Json(json!({ "data": { "maybe": { "__typename": "User", "id": "1" } } }))
        })
        .await
        .subgraph("two", |_| DOWN)
        .await
        .subgraph("three", |_| {
            Answer::Json(json!({ "data": { "_entities": [{ "name": null }] } }))
        })
        .await;
    let fetches = sequence([
        root("one", "{ maybe { __typename id } }"),
        entities("two", "maybe", &[("User", "id")], &of_user("tags")),
        entities("three", "maybe", &[("User", "id")], &of_user("name")),
    ]);
    let response = graph.run("{ maybe { name } }", fetches).await;
    assert_eq!(response["data"], json!({ "maybe": null }));
    assert_eq!(
        error_places(&response),
        [down(json!(["maybe"])), invalid(json!(["maybe", "name"]))]
    );
}

#[tokio::test]
async fn a_failed_fetch_does_not_explain_a_null_for_which_it_was_not_needed_here() {
    let graph = Graph::new(SCHEMA)
        .subgraph("one", |_| {
            let user = |id: &str, needed: Value| json!({ "__typename": "User", "id": id, "needed": needed });
            let users = [user("1", json!("x")), user("2", Value::Null)];
            Answer::Json(json!({ "data": { "loose": users } }))
        })
        .await
        .subgraph("two", |request| {
            assert_eq!(request.representations().len(), 2);
            let errors = json!([{ "message": "which one is not said" }]);
            let nothing = json!({ "needed": null });
            Answer::Json(json!({ "data": { "_entities": [nothing, nothing] }, "errors": errors }))
        })
        .await
        .subgraph("three", |request| {
            assert_eq!(request.representations().len(), 1);
            Answer::Json(json!({ "data": { "_entities": [{ "name": null }] } }))
        })
        .await;
    let fetches = sequence([
        root("one", "{ loose { __typename id needed } }"),
        entities("two", "loose.@", &[("User", "id")], &of_user("needed")),
        entities(
            "three",
            "loose.@",
            &[("User", "id needed")],
            &of_user("name"),
        ),
    ]);
    let response = graph.run("{ loose { name } }", fetches).await;
    assert_eq!(response["data"], json!({ "loose": [null, null] }));
    let own = (json!(["loose"]), "DOWNSTREAM_SERVICE_ERROR".to_owned());
    assert_eq!(
        error_places(&response),
        [own, invalid(json!(["loose", 0, "name"]))]
    );
}

#[tokio::test]
async fn a_failed_fetch_without_a_place_does_not_explain_what_another_left_out() {
    let graph = Graph::new(SCHEMA)
        .subgraph("one", |_| {
            Answer::Json(json!({ "data": { "maybe": { "__typename": "User", "id": null } } }))
        })
        .await
        .subgraph("two", |_| DOWN)
        .await
        .subgraph("three", |_| unreachable!("there is nothing to send"))
        .await;
    let fetches = sequence([
        parallel([
            root("one", "{ maybe { __typename id } }"),
            root("two", "{ other loose { __typename id } }"),
        ]),
        parallel([
            entities("three", "maybe", &[("User", "id")], &of_user("name")),
            entities("three", "loose.@", &[("User", "id")], &of_user("name")),
        ]),
    ]);
    let operation = "{ maybe { name } other loose { name } }";
    let response = graph.run(operation, fetches).await;
    assert_eq!(
        response["data"],
        json!({ "maybe": null, "other": null, "loose": null })
    );
    assert_eq!(
        error_places(&response),
        [down(Value::Null), invalid(json!(["maybe", "name"]))]
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

/// A user whose name and tags `two` refuses to tell, and what is asked of the graph.
async fn refused(operation: &str, more: Option<(&str, &str)>) -> Value {
    let graph = Graph::new(SCHEMA)
        .subgraph("one", |_| {
            Answer::Json(json!({ "data": { "loose": [{ "__typename": "User", "id": "1" }] } }))
        })
        .await
        .subgraph("two", |_| {
            let errors = json!([{ "message": "no", "path": ["_entities", 0, "tags"] }]);
            Answer::Json(json!({ "data": { "_entities": [null] }, "errors": errors }))
        })
        .await
        .subgraph("three", |_| unreachable!("there is nothing to send"))
        .await;
    let mut fetches = vec![root("one", "{ loose { __typename id } }")];
    let fields = if more.is_some() { "tags" } else { "name tags" };
    let find = of_user(fields);
    fetches.push(entities("two", "loose.@", &[("User", "id")], &find));
    if let Some((needed, fields)) = more {
        let find = of_user(fields);
        fetches.push(entities("three", "loose.@", &[("User", needed)], &find));
    }
    graph.run(operation, sequence(fetches)).await
}

#[tokio::test]
async fn the_error_that_made_an_entity_null_explains_its_other_fields() {
    let tags = (
        json!(["loose", 0, "tags"]),
        "DOWNSTREAM_SERVICE_ERROR".to_owned(),
    );
    // Whichever comes first.
    for operation in ["{ loose { tags name } }", "{ loose { name tags } }"] {
        for more in [None, Some(("id tags", "name"))] {
            let response = refused(operation, more).await;
            assert_eq!(response["data"], json!({ "loose": [null] }));
            let places = error_places(&response);
            assert_eq!(places, std::slice::from_ref(&tags), "{operation}");
        }
    }
}

#[tokio::test]
async fn the_error_that_made_all_data_null_explains_the_other_fields() {
    let graph = Graph::new(SCHEMA)
        .subgraph("one", |_| {
            let errors = json!([{ "message": "no", "path": ["user", "name"] }]);
            Answer::Json(json!({ "data": null, "errors": errors }))
        })
        .await;
    let operation = "{ strict { name } user { name } }";
    let response = graph.run(operation, root("one", operation)).await;
    assert_eq!(response["data"], Value::Null);
    let name = (
        json!(["user", "name"]),
        "DOWNSTREAM_SERVICE_ERROR".to_owned(),
    );
    assert_eq!(error_places(&response), [name]);
}

#[tokio::test]
async fn an_error_does_not_explain_a_null_beside_it_in_an_entity_that_is_there() {
    let graph = Graph::new(SCHEMA)
        .subgraph("one", |_| {
            Answer::Json(json!({ "data": { "loose": [{ "__typename": "User", "id": "1" }] } }))
        })
        .await
        .subgraph("two", |_| {
            let errors = json!([{ "message": "no", "path": ["_entities", 0, "friend"] }]);
            let user = json!({ "name": null, "friend": null });
            Answer::Json(json!({ "data": { "_entities": [user] }, "errors": errors }))
        })
        .await;
    let find = of_user("name friend{name}");
    let fetches = sequence([
        root("one", "{ loose { __typename id } }"),
        entities("two", "loose.@", &[("User", "id")], &find),
    ]);
    let operation = "{ loose { name friend { name } } }";
    let response = graph.run(operation, fetches).await;
    assert_eq!(response["data"], json!({ "loose": [null] }));
    let friend = (
        json!(["loose", 0, "friend"]),
        "DOWNSTREAM_SERVICE_ERROR".to_owned(),
    );
    assert_eq!(
        error_places(&response),
        [friend, invalid(json!(["loose", 0, "name"]))]
    );
}
