//! What an operator sees of the subgraphs.

use std::time::Duration;

use futures::StreamExt;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use serde_json::json;
use souk_executor::ErrorPolicy;
use souk_executor::transport::http::{HttpTransportConfig, SubscriptionProtocol};

use crate::support::*;

fn recorder() -> (PrometheusRecorder, PrometheusHandle) {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    (recorder, handle)
}

#[track_caller]
fn shows(handle: &PrometheusHandle, lines: &[&str]) {
    let text = handle.render();
    for line in lines {
        let mut all = text.lines();
        assert!(all.any(|shown| shown == *line), "{line} in\n{text}");
    }
}

fn raw(status: u16, content_type: &'static str, body: &str) -> Answer {
    Answer::Raw {
        status,
        content_type,
        body: body.to_owned(),
    }
}

#[tokio::test]
async fn durations_and_errors_are_counted_by_subgraph() {
    let (recorder, handle) = recorder();
    let _guard = metrics::set_default_local_recorder(&recorder);

    let graph = Graph::new("type Query { a: Int b: Int c: Int }")
        .subgraph("good", |_| Answer::Json(json!({ "data": { "a": 1 } })))
        .await
        .subgraph("bad", |_| raw(500, "text/plain", ""))
        .await;
    let all = [
        root("good", "{a}"),
        root("bad", "{b}"),
        root("nowhere", "{c}"),
    ];
    graph.run("{ a b c }", parallel(all)).await;

    shows(
        &handle,
        &[
            r#"souk_subgraph_request_duration_seconds_count{subgraph="good"} 1"#,
            r#"souk_subgraph_request_duration_seconds_count{subgraph="bad"} 1"#,
            r#"souk_subgraph_request_errors_total{subgraph="bad",code="SUBREQUEST_HTTP_ERROR"} 1"#,
            r#"souk_subgraph_request_errors_total{subgraph="nowhere",code="SUBGRAPH_REQUEST_FAILED"} 1"#,
        ],
    );
    let text = handle.render();
    assert!(!text.contains(r#"errors_total{subgraph="good""#), "{text}");
}

/// The subgraph that hangs is the one that an operator looks for.
#[tokio::test]
async fn a_request_that_nobody_waits_for_any_more_is_counted_with_its_time() {
    let (recorder, handle) = recorder();
    let _guard = metrics::set_default_local_recorder(&recorder);

    let graph = Graph::new("type Query { a: Int } type Subscription { b: Int }")
        .subgraph("hanging", |_| Answer::Hang)
        .await
        .subgraph_with(
            "silent",
            |_| Answer::Hang,
            |config| config.subscription_protocol = SubscriptionProtocol::EventStream,
        )
        .await;
    let waiting = graph.run("{ a }", root("hanging", "{a}"));
    let answer = tokio::time::timeout(Duration::from_millis(100), waiting).await;
    assert!(answer.is_err());
    let opening = open(&graph, "silent");
    let opened = tokio::time::timeout(Duration::from_millis(100), opening).await;
    assert!(opened.is_err());

    shows(
        &handle,
        &[
            r#"souk_subgraph_request_duration_seconds_count{subgraph="hanging"} 1"#,
            r#"souk_subgraph_request_errors_total{subgraph="hanging",code="ABANDONED"} 1"#,
            r#"souk_subgraph_request_duration_seconds_count{subgraph="silent"} 1"#,
            r#"souk_subgraph_request_errors_total{subgraph="silent",code="ABANDONED"} 1"#,
        ],
    );
}

/// Subscribes to `b` of a subgraph, and goes through all that it sends.
async fn open(graph: &Graph, subgraph: &str) {
    let operation = "subscription { b }";
    let plan = subscription(subgraph, operation, None);
    let request = graph.request(operation, Some(plan), json!({}));
    if let Ok(events) = graph.executor().subscribe(request).await {
        events.collect::<Vec<_>>().await;
    }
}

#[tokio::test]
async fn subscriptions_that_are_refused_are_counted_as_those_that_break_later() {
    let (recorder, handle) = recorder();
    let _guard = metrics::set_default_local_recorder(&recorder);

    let mut graph = Graph::new("type Query { a: Int } type Subscription { b: Int }");
    type Refusal = fn(&Received) -> Answer;
    let refusals: [(&str, Refusal); 4] = [
        ("failing", |_| raw(500, "text/plain", "")),
        ("page", |_| raw(200, "text/html", "<html></html>")),
        ("strict", |_| {
            Answer::Json(json!({ "errors": [{ "message": "not you" }] }))
        }),
        ("breaking", |_| raw(200, "text/event-stream", ":\n\n")),
    ];
    for (name, refusal) in refusals {
        let over_http = |config: &mut HttpTransportConfig| {
            config.subscription_protocol = SubscriptionProtocol::EventStream;
        };
        graph = graph.subgraph_with(name, refusal, over_http).await;
    }
    // Nobody listens there.
    graph.connect("gone", "http://127.0.0.1:1/graphql", |_| {});
    for subgraph in ["failing", "page", "strict", "breaking", "gone", "nowhere"] {
        open(&graph, subgraph).await;
    }

    shows(
        &handle,
        &[
            r#"souk_subgraph_request_errors_total{subgraph="failing",code="SUBREQUEST_HTTP_ERROR"} 1"#,
            r#"souk_subgraph_request_errors_total{subgraph="page",code="SUBREQUEST_MALFORMED_RESPONSE"} 1"#,
            r#"souk_subgraph_request_errors_total{subgraph="strict",code="GRAPHQL_ERRORS"} 1"#,
            r#"souk_subgraph_request_errors_total{subgraph="breaking",code="SUBREQUEST_HTTP_ERROR"} 1"#,
            r#"souk_subgraph_request_errors_total{subgraph="gone",code="SUBREQUEST_WEBSOCKET_ERROR"} 1"#,
            r#"souk_subgraph_request_errors_total{subgraph="nowhere",code="SUBGRAPH_REQUEST_FAILED"} 1"#,
        ],
    );
}

#[tokio::test]
async fn wrong_values_are_counted_once_for_each_response_and_subgraph() {
    let (recorder, handle) = recorder();
    let _guard = metrics::set_default_local_recorder(&recorder);

    let schema = "type Query { users: [User] } type User { id: ID age: Int size: Int! }";
    let mut graph = Graph::new(schema)
        .subgraph("one", |_| {
            let user = |id| json!({ "__typename": "User", "id": id, "age": "old" });
            Answer::Json(json!({ "data": { "users": [user(Some(1)), user(None)] } }))
        })
        .await
        .subgraph("two", |_| {
            Answer::Json(json!({ "data": { "_entities": [{ "size": null }] } }))
        })
        .await;
    // What clients may not learn, operators have to.
    graph.error_policy("one", ErrorPolicy::redact_all());
    let text = "query($representations:[_Any!]!){_entities(representations:$representations){...on User{size}}}";
    let plan = sequence([
        root("one", "{ users { __typename id age } }"),
        entities("two", "users.@", &[("User", "id")], text),
    ]);
    graph.run("{ users { age size } }", plan).await;

    shows(
        &handle,
        &[
            r#"souk_subgraph_request_errors_total{subgraph="one",code="RESPONSE_VALIDATION_FAILED"} 1"#,
            r#"souk_subgraph_request_errors_total{subgraph="two",code="RESPONSE_VALIDATION_FAILED"} 1"#,
            // The size of a user without the key, for which nobody could be asked.
            r#"souk_subgraph_request_errors_total{subgraph="",code="RESPONSE_VALIDATION_FAILED"} 1"#,
        ],
    );
}
