//! Result coercion: what a subgraph sends against the type that the API schema promises.

use serde_json::{Value, json};

use crate::support::*;

const SCHEMA: &str = "
    scalar JSON
    enum Color { RED GREEN }
    type Query { int: Int float: Float string: String id: ID flag: Boolean color: Color any: JSON anyList: [JSON] o: O }
    type O { x: Int any: JSON }
";

async fn one(field: &str, json: &str) -> String {
    let body = format!(r#"{{"data":{{"{field}":{json}}}}}"#);
    let graph = Graph::new(SCHEMA)
        .subgraph("one", move |_| Answer::Text(body.clone()))
        .await;
    let operation = format!("{{ {field} }}");
    let plan = root("one", &operation);
    let request = graph.request(&operation, Some(plan), json!({}));
    let response = graph.executor().execute(request).await;
    let text = String::from_utf8(response.bytes().to_vec()).unwrap();
    let prefix = format!(r#"{{"data":{{"{field}":"#);
    let rest = text.strip_prefix(&prefix).expect("the field comes first");
    rest.split_once('}')
        .map(|(value, _)| value.to_owned())
        .expect("the end of data")
}

#[tokio::test]
async fn right_values_arrive_as_they_were_sent() {
    let cases = [
        ("int", "2147483647"),
        ("int", "-5"),
        ("float", "1.50"),
        ("float", "3"),
        ("float", "1e400"),
        ("string", r#""a\u00e9\n\"b\/""#),
        ("string", "\"\u{1f600}\""),
        ("id", r#""x1""#),
        ("flag", "true"),
        ("color", r#""GREEN""#),
        ("any", "[1.0,2]"),
        ("anyList", "[null,1,\"x\",[true]]"),
    ];
    for (field, json) in cases {
        assert_eq!(one(field, json).await, json, "{field}");
    }
}

#[tokio::test]
async fn values_that_can_be_coerced_are() {
    assert_eq!(one("int", "3.0").await, "3");
    assert_eq!(one("id", "42").await, r#""42""#);
}

#[tokio::test]
async fn wrong_values_are_null_with_an_error() {
    let cases = [
        ("int", "1.5"),
        ("int", "2147483648"),
        ("int", "\"1\""),
        ("float", "\"1\""),
        ("string", "1"),
        ("string", "[\"a\"]"),
        ("string", "{}"),
        ("id", "1.5"),
        ("flag", "1"),
        ("color", "\"BLUE\""),
        ("color", "0"),
        ("anyList", "1"),
    ];
    for (field, json) in cases {
        let body = format!(r#"{{"data":{{"{field}":{json}}}}}"#);
        let graph = Graph::new(SCHEMA)
            .subgraph("one", move |_| Answer::Text(body.clone()))
            .await;
        let operation = format!("{{ {field} }}");
        let response = graph.run(&operation, root("one", &operation)).await;
        assert_eq!(response["data"], json!({ field: null }), "{field}: {json}");
        assert_eq!(
            error_places(&response),
            [(json!([field]), "RESPONSE_VALIDATION_FAILED".to_owned())]
        );
    }
}

#[tokio::test]
async fn a_custom_scalar_can_be_an_object_with_any_keys() {
    let meta = json!({ "x": 1, "unknown": { "o": [{ "__typename": "T" }] }, "any": null });
    let data = json!({ "any": meta, "o": { "x": 1, "any": meta }, "anyList": [meta, [meta]] });
    let sent = data.clone();
    let graph = Graph::new(SCHEMA)
        .subgraph("one", move |_| Answer::Json(json!({ "data": sent })))
        .await;
    let response = graph
        .run(
            "{ any o { x any } anyList }",
            root("one", "{ any o { x any } anyList }"),
        )
        .await;
    assert_eq!(response, json!({ "data": data }));
}

#[tokio::test]
async fn one_key_can_be_a_custom_scalar_here_and_an_object_there() {
    let data = json!({ "any": { "x": 1, "z": 2 }, "o": { "x": 3, "any": { "o": 1 } } });
    let sent = data.clone();
    let graph = Graph::new(SCHEMA)
        .subgraph("one", move |_| {
            let (any, o) = (&sent["any"], &sent["o"]);
            Answer::Json(json!({ "data": { "any": o, "o": { "x": 3, "any": any } } }))
        })
        .await;
    let operation = "{ any: o { x any } o: any }";
    let response = graph.run(operation, root("one", operation)).await;
    let expected: Value =
        json!({ "any": { "x": 3, "any": { "o": 1 } }, "o": { "x": 3, "any": { "x": 1, "z": 2 } } });
    assert_eq!(response, json!({ "data": expected }));
}

#[tokio::test]
async fn an_object_for_a_list_and_a_list_for_an_object_are_null_with_an_error() {
    let graph = Graph::new(SCHEMA)
        .subgraph("one", |_| {
            Answer::Json(json!({ "data": { "o": [{ "x": 1 }], "int": 1 } }))
        })
        .await;
    let response = graph
        .run("{ int o { x } }", root("one", "{ int o { x } }"))
        .await;
    assert_eq!(response["data"], json!({ "int": 1, "o": null }));
    assert_eq!(only_message(&response), "a list is not a valid O");
}
