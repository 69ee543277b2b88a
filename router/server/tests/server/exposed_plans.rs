//! The query plan in the response, where the configuration allows it.

use serde_json::{Value, json};

use crate::support::{Served, serve};

const ALLOWED: &str = "plugins: { experimental.expose_query_plan: true }";

async fn asked(served: &Served, header: &str, value: &str) -> Value {
    let body = json!({ "query": "{ product(id: 1) { name rating } }" });
    let request = served.post().header(header, value).json(&body);
    request.send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn a_plan_comes_with_the_data_or_instead_of_them() {
    let served = serve(ALLOWED).await;
    let response = asked(&served, "Apollo-Expose-Query-Plan", "true").await;
    assert_eq!(response["data"]["product"]["rating"], 5);
    let plan = &response["extensions"]["apolloQueryPlan"];
    assert_eq!(plan["object"]["kind"], "QueryPlan");
    assert_eq!(plan["object"]["node"]["kind"], "Sequence");
    assert!(
        plan["text"].as_str().unwrap().starts_with("Sequence {"),
        "{plan}"
    );

    let response = asked(&served, "hive-expose-query-plan", "dry-run").await;
    assert_eq!(response["data"], Value::Null);
    assert_eq!(response["extensions"]["queryPlan"]["kind"], "QueryPlan");
    assert!(response.get("errors").is_none(), "{response}");
}

#[tokio::test]
async fn only_who_asks_gets_it_and_only_if_allowed() {
    for (config, value) in [(ALLOWED, "false"), ("", "true"), ("", "dry-run")] {
        let served = serve(config).await;
        let response = asked(&served, "Apollo-Expose-Query-Plan", value).await;
        assert_eq!(response["data"]["product"]["rating"], 5, "{config} {value}");
        assert!(response.get("extensions").is_none(), "{response}");
    }
}
