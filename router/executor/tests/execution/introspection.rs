//! Introspection, alone and beside data.

use serde_json::json;

use crate::support::*;

const SCHEMA: &str = r#"
    "The root." type Query { ok: Int user(id: ID = "1"): User }
    type User { name: String @deprecated(reason: "no names") }
"#;

#[tokio::test]
async fn is_answered_from_the_api_schema_beside_data() {
    let graph = Graph::new(SCHEMA)
        .subgraph("one", |_| Answer::Json(json!({ "data": { "ok": 1 } })))
        .await;
    let operation = "query($type: String!, $all: Boolean!) {
        t: __type(name: $type) { name fields(includeDeprecated: $all) { name deprecationReason } }
        ok
        none: __type(name: \"None\") { name }
        __schema { queryType { name description } mutationType { name } }
    }";
    let variables = json!({ "type": "User", "all": true });
    let response = graph
        .run_with(operation, root("one", "{ ok }"), variables)
        .await;
    let expected = json!({ "data": {
        "t": { "name": "User", "fields": [{ "name": "name", "deprecationReason": "no names" }] },
        "ok": 1,
        "none": null,
        "__schema": { "queryType": { "name": "Query", "description": "The root." }, "mutationType": null },
    } });
    assert_eq!(response.to_string(), expected.to_string());
}

#[tokio::test]
async fn alone_it_asks_no_subgraph() {
    let graph = Graph::new(SCHEMA);
    let request = graph.request("{ __schema { types { name } } }", None, json!({}));
    let response = json_of(&graph.executor().execute(request).await);
    let types = response["data"]["__schema"]["types"].as_array().unwrap();
    assert!(types.contains(&json!({ "name": "User" })));
}

#[tokio::test]
async fn endless_introspection_is_refused() {
    let graph = Graph::new(SCHEMA);
    let mut operation = "name".to_owned();
    for _ in 0..8 {
        operation = format!("fields {{ type {{ {operation} }} }}");
    }
    let request = graph.request(
        &format!("{{ __schema {{ types {{ {operation} }} }} }}"),
        None,
        json!({}),
    );
    let response = graph.executor().execute(request).await;
    assert!(!response.has_data());
    assert_eq!(
        json_of(&response)["errors"][0]["extensions"]["code"],
        "GRAPHQL_VALIDATION_FAILED"
    );
}
