//! Root fields from several subgraphs: order, aliases, conditions, mutations in series.

use serde_json::{Value, json};
use souk_planner::plan::{Condition, PlanNode};

use crate::support::*;

const SCHEMA: &str = "
    type Query { a: Int b: Int c: C }
    type C { x: String y: String }
    type Mutation { put(value: Int!): Int }
";

async fn two_subgraphs() -> Graph {
    Graph::new(SCHEMA)
        .subgraph("one", |_| {
            Answer::Json(json!({ "data": { "c": { "y": "why", "x": "ex" }, "a": 1, "extra": [] } }))
        })
        .await
        .subgraph("two", |_| {
            Answer::Text(r#"{"data": {"b" : 2 }, "extensions": {"cost": 1}}"#.into())
        })
        .await
}

#[tokio::test]
async fn fields_come_in_the_order_of_the_operation() {
    let graph = two_subgraphs().await;
    let fetches = parallel([root("one", "{ a c { x y } }"), root("two", "{ b }")]);
    let request = graph.request("{ b c { x y } a __typename }", Some(fetches), json!({}));
    let response = graph.executor().execute(request).await;
    assert_eq!(
        std::str::from_utf8(response.bytes()).unwrap(),
        r#"{"data":{"b":2,"c":{"x":"ex","y":"why"},"a":1,"__typename":"Query"}}"#
    );
}

#[tokio::test]
async fn a_field_can_be_shown_under_several_keys() {
    let graph = Graph::new(SCHEMA)
        .subgraph("one", |_| {
            Answer::Json(json!({ "data": { "second": 2, "first": 1, "a": 3 } }))
        })
        .await;
    let response = graph
        .run(
            "{ first: a a second: a }",
            root("one", "{ first: a second: a a }"),
        )
        .await;
    assert_eq!(
        response.to_string(),
        r#"{"data":{"first":1,"a":3,"second":2}}"#
    );
}

#[tokio::test]
async fn values_of_one_object_from_two_subgraphs_are_merged() {
    let graph = Graph::new(SCHEMA)
        .subgraph("one", |_| {
            Answer::Json(json!({ "data": { "c": { "x": "ex" } } }))
        })
        .await
        .subgraph("two", |_| {
            Answer::Json(json!({ "data": { "c": { "y": "why" } } }))
        })
        .await;
    let response = graph
        .run(
            "{ c { x y } }",
            parallel([root("one", "{c{x}}"), root("two", "{c{y}}")]),
        )
        .await;
    assert_eq!(
        response,
        json!({ "data": { "c": { "x": "ex", "y": "why" } } })
    );
}

#[tokio::test]
async fn skip_and_include_leave_out_fields_and_fetches() {
    let graph = two_subgraphs().await;
    let operation = "query($with: Boolean!) { a b @include(if: $with) c @skip(if: $with) { x } }";
    let fetch_two = || PlanNode::Condition {
        condition: Condition::If(name("with")),
        then: Box::new(root("two", "{ b }")),
    };
    let plan = || sequence([root("one", "{ a c { x } }"), fetch_two()]);

    let without = graph
        .run_with(operation, plan(), json!({ "with": false }))
        .await;
    assert_eq!(without, json!({ "data": { "a": 1, "c": { "x": "ex" } } }));
    assert_eq!(graph.received("two").len(), 0);

    let with = graph
        .run_with(operation, plan(), json!({ "with": true }))
        .await;
    assert_eq!(with, json!({ "data": { "a": 1, "b": 2 } }));
    assert_eq!(graph.received("two").len(), 1);
}

#[tokio::test]
async fn mutations_run_one_after_the_other_and_get_their_variables() {
    let graph = Graph::new(SCHEMA)
        .subgraph("one", |request| {
            Answer::Json(json!({ "data": { "first": request.variable("x"), "third": 3 } }))
        })
        .await
        .subgraph("two", |request| {
            Answer::Json(json!({ "data": { "second": request.variable("y") } }))
        })
        .await;
    let operation = "mutation($x: Int! $y: Int!) { first: put(value: $x) second: put(value: $y) third: put(value: 3) }";
    let plan = sequence([
        root("one", "mutation($x: Int!) { first: put(value: $x) }"),
        root("two", "mutation($y: Int!) { second: put(value: $y) }"),
        root("one", "mutation { third: put(value: 3) }"),
    ]);
    let response = graph
        .run_with(operation, plan, json!({ "x": 1, "y": 2 }))
        .await;
    assert_eq!(
        response,
        json!({ "data": { "first": 1, "second": 2, "third": 3 } })
    );
    let to_one = graph.received("one");
    assert_eq!(to_one[0].body["variables"], json!({ "x": 1 }));
    assert_eq!(to_one[1].body.get("variables"), None);
    assert_eq!(
        graph.received("two")[0].body["variables"],
        json!({ "y": 2 })
    );
}

#[tokio::test]
async fn an_operation_without_data_needs_no_subgraph() {
    let graph = Graph::new(SCHEMA);
    let request = graph.request("{ __typename kind: __typename }", None, json!({}));
    let response = graph.executor().execute(request).await;
    assert_eq!(
        json_of(&response),
        json!({ "data": { "__typename": "Query", "kind": "Query" } })
    );
}

const PAYLOADS: &str = "
    type Query { news: String! old: String }
    type Mutation { add: [Payload] }
    type Payload { id: ID query: Query }
";
const ADD: &str = "mutation { add { id query { news old } } }";

fn add_then_news() -> PlanNode {
    sequence([
        root("one", "mutation { add { id query { old } } }"),
        root_at("two", "add.@.query", "{ news }"),
    ])
}

#[tokio::test]
async fn the_query_type_below_a_payload_gets_the_fields_of_other_subgraphs() {
    let graph = Graph::new(PAYLOADS)
        .subgraph("one", |_| {
            let payloads = json!([{ "id": "1", "query": { "old": "o" } }, null, { "id": "2", "query": { "old": "p" } }]);
            Answer::Json(json!({ "data": { "add": payloads } }))
        })
        .await
        .subgraph("two", |_| Answer::Json(json!({ "data": { "news": "n" } })))
        .await;
    let response = graph.run(ADD, add_then_news()).await;
    let expected = json!([
        { "id": "1", "query": { "news": "n", "old": "o" } },
        null,
        { "id": "2", "query": { "news": "n", "old": "p" } },
    ]);
    assert_eq!(response, json!({ "data": { "add": expected } }));
}

#[tokio::test]
async fn an_error_below_the_query_type_is_reported_at_every_place_of_it() {
    let graph = Graph::new(PAYLOADS)
        .subgraph("one", |_| {
            let payloads = json!([{ "query": { "old": "o" } }, { "query": { "old": "p" } }]);
            Answer::Json(json!({ "data": { "add": payloads } }))
        })
        .await
        .subgraph("two", |_| {
            let error = json!({ "message": "no news", "path": ["news"] });
            Answer::Json(json!({ "data": null, "errors": [error] }))
        })
        .await;
    let response = graph.run(ADD, add_then_news()).await;
    let paths: Vec<&Value> = response["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| &error["path"])
        .collect();
    assert_eq!(
        paths,
        [
            &json!(["add", 0, "query", "news"]),
            &json!(["add", 1, "query", "news"])
        ]
    );
}

#[tokio::test]
async fn nobody_is_asked_for_the_query_type_of_a_payload_that_is_null() {
    let graph = Graph::new(PAYLOADS)
        .subgraph("one", |_| {
            Answer::Json(json!({ "data": { "add": [null] } }))
        })
        .await
        .subgraph("two", |_| panic!("asked"))
        .await;
    let response = graph.run(ADD, add_then_news()).await;
    assert_eq!(response, json!({ "data": { "add": [null] } }));
}

/// The response when two subgraphs bring these values of the same fields, `first` before `second`.
async fn merged(first: Value, second: Value) -> Value {
    const SHARED: &str =
        "type Query { c: C list: [C] tags: [String] } type C { x: String y: String }";
    let graph = Graph::new(SHARED)
        .subgraph("one", move |_| Answer::Json(json!({ "data": first })))
        .await
        .subgraph("two", move |_| Answer::Json(json!({ "data": second })))
        .await;
    // One after the other, so that it is known whose values are the newer.
    let fetches = sequence([
        root("one", "{ c { x y } list { x y } tags }"),
        root("two", "{ c { x y } list { x y } tags }"),
    ]);
    graph.run("{ c { x y } list { x y } tags }", fetches).await
}

#[tokio::test]
async fn a_value_of_the_wrong_type_takes_no_object_away() {
    let one = json!({ "c": { "x": "ex" }, "list": [{ "x": "ex" }], "tags": ["a"] });
    let two = json!({ "c": "oops", "list": 7, "tags": ["a", "b"] });
    let object = json!({ "x": "ex", "y": null });
    for (first, second) in [(&one, &two), (&two, &one)] {
        let response = merged(first.clone(), second.clone()).await;
        assert_eq!(response["data"]["c"], object);
        assert_eq!(response["data"]["list"], json!([object]));
        // Leaves may differ: the newer ones are shown.
        assert_eq!(response["data"]["tags"], second["tags"]);
        assert_eq!(
            only_message(&response),
            "request to subgraph 'two' failed: 2 values contradict what other requests have brought"
        );
    }
}

#[tokio::test]
async fn lists_of_different_lengths_are_an_error() {
    let one = json!({ "c": null, "list": [{ "x": "1" }, { "x": "2" }], "tags": null });
    let two = json!({ "c": null, "list": [{ "y": "1" }], "tags": null });
    let response = merged(one, two).await;
    let item = |x: &str| json!({ "x": x, "y": null });
    assert_eq!(response["data"]["list"], json!([item("1"), item("2")]));
    assert_eq!(
        only_message(&response),
        "request to subgraph 'two' failed: a value contradicts what another request has brought"
    );
    assert_eq!(
        response["errors"][0]["extensions"]["code"],
        "SUBREQUEST_MALFORMED_RESPONSE"
    );
}
