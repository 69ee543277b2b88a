//! A request that breaks a limit is told which.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{Served, serve};

async fn refused(served: &Served, query: &str) -> Value {
    let response = served.query(query).await;
    assert!(response.get("data").is_none(), "{response}");
    response["errors"][0].clone()
}

fn nested(depth: usize) -> String {
    let mut query = "{ product(id: 1) ".to_owned();
    for _ in 1..depth {
        query += "{ similar ";
    }
    query += "{ id }";
    query + &"}".repeat(depth)
}

#[tokio::test]
async fn depth_aliases_root_fields_and_height() {
    let served =
        serve("limits: { max_depth: 4, max_aliases: 2, max_root_fields: 3, max_height: 8 }").await;
    assert!(served.query(&nested(3)).await.get("errors").is_none());
    let error = refused(&served, &nested(4)).await;
    assert_eq!(
        error["message"],
        "the operation's depth is 5, more than the 4 allowed; the limit is configured as limits.max_depth"
    );
    assert_eq!(
        error["extensions"],
        json!({ "code": "MAX_DEPTH_LIMIT", "limit": 4, "configuredBy": "limits.max_depth" })
    );
    let codes = [
        (
            "{ a: __typename b: __typename c: __typename }",
            "MAX_ALIASES_LIMIT",
        ),
        (
            "{ broken whoAmI slow(milliseconds: 0) __typename }",
            "MAX_ROOT_FIELDS_LIMIT",
        ),
        (
            "{ products { id name rating similar { id name rating similar { id } } } }",
            "MAX_HEIGHT_LIMIT",
        ),
        // The limit cannot be walked around with fragments.
        (
            "{ ...A } fragment A on Query { product(id: 1) { ...B } } \
             fragment B on Product { similar { ... on Product { similar { similar { id } } } } }",
            "MAX_DEPTH_LIMIT",
        ),
    ];
    for (query, code) in codes {
        assert_eq!(
            refused(&served, query).await["extensions"]["code"],
            code,
            "{query}"
        );
    }
}

#[tokio::test]
async fn limits_may_only_warn() {
    let served = serve("limits: { max_depth: 1, warn_only: true }").await;
    assert_eq!(
        served.query("{ product(id: 1) { id } }").await,
        json!({ "data": { "product": { "id": "1" } } })
    );
}

#[tokio::test]
async fn tokens() {
    let served = serve("limits: { parser_max_tokens: 20 }").await;
    let error = refused(&served, &format!("{{ {} }}", "broken ".repeat(20))).await;
    assert_eq!(
        error["extensions"],
        json!({ "code": "MAX_TOKENS_LIMIT", "limit": 20, "configuredBy": "limits.parser_max_tokens" })
    );
}

#[tokio::test]
async fn body_size() {
    let served = serve("limits: { http_max_request_bytes: 1000 }").await;
    let long = json!({ "query": format!("{{ __typename }} # {}", "x".repeat(1000)) }).to_string();
    let announced = served
        .post()
        .header("content-type", "application/json")
        .body(long.clone());
    let chunks = futures::stream::iter(
        long.into_bytes()
            .chunks(100)
            .map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec()))
            .collect::<Vec<_>>(),
    );
    let chunked = served
        .post()
        .header("content-type", "application/json")
        .body(reqwest::Body::wrap_stream(chunks));
    for request in [announced, chunked] {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
        let body: Value = response.json().await.unwrap();
        assert_eq!(
            body["errors"][0]["extensions"],
            json!({ "code": "MAX_REQUEST_BYTES_LIMIT", "limit": 1000, "configuredBy": "limits.http_max_request_bytes" })
        );
    }
}

#[tokio::test]
async fn ten_megabytes_are_too_many() {
    let served = serve("").await;
    let body = json!({ "query": "{ __typename }", "extensions": { "x": "x".repeat(10_000_000) } })
        .to_string();
    let response = served
        .post()
        .header("content-type", "application/json")
        .body(body)
        .send()
        .await
        .expect("an answer, although most of the body is not wanted");
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert!(served.query("{ __typename }").await.get("data").is_some());
}

#[tokio::test]
async fn nothing_is_deep_enough_to_overflow_the_stack() {
    let served = serve("limits: { parser_max_tokens: 10000000, max_depth: null, http_max_request_bytes: 20000000 }").await;
    for depth in [1_000, 100_000] {
        let open = |text: &str| text.repeat(depth);
        let documents = [
            nested(depth),
            open("{ similar "),
            format!("{{ product(id: {}", open("[")),
            format!("{{ product(id: {}", open("{a: ")),
            format!("query Q($x: {}", open("[")),
            open("{ ... "),
            open("{ ... on Product "),
        ];
        for document in documents {
            let error = refused(&served, &document).await;
            assert_eq!(
                error["extensions"]["code"], "MAX_RECURSION_LIMIT",
                "{error}"
            );
        }
        let mut chain = "{ ...F0 }".to_owned();
        for index in 0..depth {
            chain += &format!(" fragment F{index} on Query {{ ...F{} }}", index + 1);
        }
        assert_eq!(
            refused(&served, &chain).await["extensions"]["code"],
            "MAX_RECURSION_LIMIT"
        );
    }
    assert!(served.query("{ __typename }").await.get("data").is_some());
}

#[tokio::test]
async fn a_thousand_deep_query_breaks_the_depth_limit_of_the_default_configuration() {
    let served = serve("").await;
    let error = refused(&served, &nested(1_000)).await;
    assert_eq!(error["extensions"]["code"], "MAX_DEPTH_LIMIT");
    assert_eq!(error["extensions"]["limit"], 50);
}

#[tokio::test]
async fn values_and_types_have_no_depth_but_may_nest_too_deep_for_the_parser() {
    let served = serve("").await;
    let nested = |count: usize| "[".repeat(count) + "1" + &"]".repeat(count);
    let accepted = format!("{{ product(id: {}) {{ id }} }}", nested(100));
    let error = refused(&served, &accepted).await;
    assert_eq!(error["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED");
    let documents = [
        format!("{{ product(id: {}) {{ id }} }}", nested(600)),
        format!(
            "query Q($x: {}Int{}) {{ __typename }}",
            "[".repeat(600),
            "]".repeat(600)
        ),
    ];
    for document in documents {
        assert_eq!(
            refused(&served, &document).await["extensions"],
            json!({ "code": "MAX_RECURSION_LIMIT", "limit": 500, "configuredBy": "limits.parser_max_recursion" })
        );
    }
}

#[tokio::test]
async fn the_deepest_document_that_the_default_configuration_allows_is_executed() {
    let served = serve("").await;
    let response = served.query(&nested(49)).await;
    assert!(response.get("errors").is_none(), "{response}");
}

#[tokio::test]
async fn without_a_depth_limit_the_compilers_own_is_told() {
    let served = serve("limits: { max_depth: null }").await;
    let error = refused(&served, &nested(300)).await;
    assert_eq!(error["extensions"]["code"], "MAX_RECURSION_LIMIT");
}

#[tokio::test]
async fn introspection_does_not_nest_lists() {
    let served = serve("").await;
    let query = "{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }";
    assert_eq!(
        refused(&served, query).await["extensions"]["code"],
        "MAX_INTROSPECTION_DEPTH_LIMIT"
    );
}
