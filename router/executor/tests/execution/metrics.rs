//! What an operator sees of the subgraphs.

use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::json;

use crate::support::*;

#[tokio::test]
async fn durations_and_errors_are_counted_by_subgraph() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let _guard = metrics::set_default_local_recorder(&recorder);

    let graph = Graph::new("type Query { a: Int b: Int }")
        .subgraph("good", |_| Answer::Json(json!({ "data": { "a": 1 } })))
        .await
        .subgraph("bad", |_| Answer::Raw {
            status: 500,
            content_type: "text/plain",
            body: String::new(),
        })
        .await;
    graph
        .run(
            "{ a b }",
            parallel([root("good", "{a}"), root("bad", "{b}")]),
        )
        .await;

    let text = handle.render();
    let lines = [
        r#"souk_subgraph_request_duration_seconds_count{subgraph="good"} 1"#,
        r#"souk_subgraph_request_duration_seconds_count{subgraph="bad"} 1"#,
        r#"souk_subgraph_request_errors_total{subgraph="bad",code="SUBREQUEST_HTTP_ERROR"} 1"#,
    ];
    for line in lines {
        assert!(text.contains(line), "{line} in\n{text}");
    }
    assert!(!text.contains(r#"errors_total{subgraph="good""#), "{text}");
}
