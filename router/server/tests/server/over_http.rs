//! GraphQL over HTTP. The first test's cases are those of the audit in the npm package `graphql-http`, by their ids.

use reqwest::StatusCode;
use serde_json::{Value, json};

use souk_router::{RouterBuilder, RouterConfig};

use crate::support::{Served, Shop, serve, serve_router, shop};

const NEW: &str = "application/graphql-response+json";
const OLD: &str = "application/json";
const TYPENAME: &str = "{ __typename }";
const ONE_TYPE: &str = "query Type($name: String!) { __type(name: $name) { name } }";

struct Answer {
    status: StatusCode,
    content_type: String,
    body: Value,
}

async fn post(served: &Served, accept: Option<&str>, body: Value) -> Answer {
    send(served, accept, Some("application/json"), body.to_string()).await
}

async fn send(
    served: &Served,
    accept: Option<&str>,
    content_type: Option<&str>,
    body: String,
) -> Answer {
    let mut request = served.post().body(body);
    if let Some(accept) = accept {
        request = request.header("accept", accept);
    }
    if let Some(content_type) = content_type {
        request = request.header("content-type", content_type);
    }
    answer(request.send().await.unwrap()).await
}

async fn get(served: &Served, accept: Option<&str>, parameters: &[(&str, &str)]) -> Answer {
    let mut url = url::Url::parse(&served.url("/graphql")).unwrap();
    url.query_pairs_mut().extend_pairs(parameters);
    let mut request = served.client.get(url);
    if let Some(accept) = accept {
        request = request.header("accept", accept);
    }
    answer(request.send().await.unwrap()).await
}

async fn answer(response: reqwest::Response) -> Answer {
    let status = response.status();
    let content_type = response.headers()["content-type"]
        .to_str()
        .unwrap()
        .to_owned();
    let text = response.text().await.unwrap();
    let body = serde_json::from_str(&text).unwrap_or_else(|_| panic!("not JSON: {text}"));
    Answer {
        status,
        content_type,
        body,
    }
}

#[tokio::test]
async fn the_audit_passes() {
    let served = serve("").await;
    let query = || json!({ "query": TYPENAME });

    // 22EB, 4655, 47DE, 80D8: media types
    for (accept, expected) in [
        (Some(NEW), NEW),
        (Some(OLD), OLD),
        (Some("*/*"), OLD),
        (None, OLD),
    ] {
        let answer = post(&served, accept, query()).await;
        assert_eq!(answer.status, 200, "{accept:?}");
        assert_eq!(
            answer.content_type,
            format!("{expected}; charset=utf-8"),
            "{accept:?}"
        );
        assert_eq!(answer.body, json!({ "data": { "__typename": "Query" } }));
    }
    // BF61, 78D5: UTF-8
    let unicode = json!({ "query": r#"{ __type(name: "Run🏃Swim🏊") { name } }"# }).to_string();
    let answer = send(
        &served,
        None,
        Some("application/json; charset=utf-8"),
        unicode,
    )
    .await;
    assert_eq!(
        (answer.status, answer.body),
        (StatusCode::OK, json!({ "data": { "__type": null } }))
    );
    // 5A70, 9C48: GET
    assert_eq!(get(&served, None, &[("query", TYPENAME)]).await.status, 200);
    let mutation = get(&served, Some(NEW), &[("query", "mutation { __typename }")]).await;
    assert_eq!(mutation.status, StatusCode::METHOD_NOT_ALLOWED);
    // 9ABE: no content type
    assert_eq!(
        send(&served, None, None, query().to_string()).await.status,
        StatusCode::UNSUPPORTED_MEDIA_TYPE
    );
    // A5BF: no body
    assert_eq!(
        send(&served, None, Some(OLD), String::new()).await.status,
        StatusCode::BAD_REQUEST
    );

    // 423L, LKJ0-3, 6C00-3, 4760-3, 58B0-3, 8764, 3E3A: parameters of a wrong type
    let wrong = [
        json!({ "obj": "ect" }),
        json!(0),
        json!(false),
        json!(["array"]),
        json!("string"),
    ];
    let mut bodies = vec![
        json!({ "notquery": TYPENAME }),
        json!({ "qeury": TYPENAME }),
    ];
    for value in &wrong[..4] {
        bodies.push(json!({ "query": value }));
        bodies.push(json!({ "query": TYPENAME, "operationName": value }));
    }
    for value in &wrong[1..] {
        bodies.push(json!({ "query": TYPENAME, "variables": value }));
        bodies.push(json!({ "query": TYPENAME, "extensions": value }));
    }
    for body in bodies {
        for accept in [NEW, OLD] {
            let answer = post(&served, Some(accept), body.clone()).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
            assert_eq!(
                answer.body["errors"][0]["extensions"]["code"], "BAD_REQUEST",
                "{body}"
            );
        }
    }
    // B6DC, BCF8, B7N8: not JSON
    for accept in [NEW, OLD] {
        let answer = send(
            &served,
            Some(accept),
            Some(OLD),
            r#"{ "not a JSON"#.to_owned(),
        )
        .await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    }

    // 34A2, 13EE, 8161, B8B3, 94B0-2, 0220-2, 2EA1, 28B9, 428F, 1B7A: parameters of the right type
    for accept in [NEW, OLD] {
        for body in [
            query(),
            json!({ "operationName": "Query", "query": "query Query { __typename }" }),
            json!({ "query": TYPENAME, "variables": null }),
            json!({ "query": TYPENAME, "operationName": null }),
            json!({ "query": TYPENAME, "extensions": null }),
            json!({ "query": ONE_TYPE, "variables": { "name": "sometype" } }),
            json!({ "query": TYPENAME, "extensions": { "some": "value" } }),
        ] {
            let answer = post(&served, Some(accept), body.clone()).await;
            assert_eq!(answer.status, 200, "{body}");
            assert!(answer.body.get("errors").is_none(), "{}", answer.body);
        }
        // D6D5, 6A70
        let variables = [("query", ONE_TYPE), ("variables", r#"{"name":"sometype"}"#)];
        let answer = get(&served, Some(accept), &variables).await;
        assert_eq!(
            (answer.status, answer.body),
            (StatusCode::OK, json!({ "data": { "__type": null } }))
        );
    }

    // 572B, FDE2, 7B9B; 865D, 556A, D586, 51FE, 74FF, 5E5B, 86EE: what GraphQL refuses
    for (body, code) in [
        (json!({ "query": "{" }), "GRAPHQL_PARSE_FAILED"),
        (
            json!({ "query": "{ 8f31403dfe404bccbb0e835f2629c6a7 }" }),
            "GRAPHQL_PARSE_FAILED",
        ),
        (
            json!({ "query": "{ noSuchField }" }),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (
            json!({ "query": "query CoerceFailure($id: ID!) { product(id: $id) { id } }", "variables": { "id": null } }),
            "BAD_USER_INPUT",
        ),
        (
            json!({ "query": "query A { __typename }", "operationName": "B" }),
            "GRAPHQL_UNKNOWN_OPERATION_NAME",
        ),
        (
            json!({ "query": "query A { __typename } query B { __typename }" }),
            "GRAPHQL_UNKNOWN_OPERATION_NAME",
        ),
    ] {
        for (accept, status) in [(NEW, StatusCode::BAD_REQUEST), (OLD, StatusCode::OK)] {
            let answer = post(&served, Some(accept), body.clone()).await;
            assert_eq!(answer.status, status, "{body}");
            assert!(answer.body.get("data").is_none(), "{}", answer.body);
            assert_eq!(
                answer.body["errors"][0]["extensions"]["code"], code,
                "{}",
                answer.body
            );
        }
    }
}

#[tokio::test]
async fn data_comes_from_both_subgraphs() {
    let served = serve("").await;
    let query =
        "query Page($id: ID!) { product(id: $id) { title: name rating } products { id rating } }";
    let answer = post(
        &served,
        None,
        json!({ "query": query, "variables": { "id": 1 } }),
    )
    .await;
    assert_eq!(
        answer.body,
        json!({ "data": {
            "product": { "title": "Lamp", "rating": 5 },
            "products": [{ "id": "1", "rating": 5 }, { "id": "2", "rating": 3 }]
        } })
    );
}

#[tokio::test]
async fn a_field_error_is_a_response_with_data() {
    let served = serve("").await;
    let answer = post(
        &served,
        Some(NEW),
        json!({ "query": "{ broken product(id: 1) { name } }" }),
    )
    .await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.body["data"],
        json!({ "broken": null, "product": { "name": "Lamp" } })
    );
    assert_eq!(answer.body["errors"][0]["path"], json!(["broken"]));
    assert_eq!(
        answer.body["errors"][0]["message"],
        "the secret shelf is broken"
    );
}

#[tokio::test]
async fn errors_say_where() {
    let served = serve("").await;
    let answer = post(
        &served,
        None,
        json!({ "query": "{\n  product(id: 1) {\n    nam\n  }\n}" }),
    )
    .await;
    assert_eq!(
        answer.body["errors"][0]["locations"],
        json!([{ "line": 3, "column": 5 }])
    );
}

#[tokio::test]
async fn wrong_methods_and_types_are_told_what_is_right() {
    let served = serve("").await;
    for method in ["PUT", "DELETE", "PATCH"] {
        let method = method.parse().unwrap();
        let response = served
            .client
            .request(method, served.url("/graphql"))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(response.headers()["allow"], "GET, POST");
    }
    let parameters = [("query", "mutation { rename(id: 1, name: \"x\") { id } }")];
    let mut url = url::Url::parse(&served.url("/graphql")).unwrap();
    url.query_pairs_mut().extend_pairs(parameters);
    let response = served.client.get(url).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(response.headers()["allow"], "POST");

    let answer = post(&served, Some("text/html"), json!({ "query": TYPENAME })).await;
    assert_eq!(answer.status, StatusCode::NOT_ACCEPTABLE);
    assert!(
        answer.body["errors"][0]["message"]
            .as_str()
            .unwrap()
            .contains(NEW),
        "{}",
        answer.body
    );

    for wrong in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=latin1",
    ] {
        let answer = send(
            &served,
            None,
            Some(wrong),
            json!({ "query": TYPENAME }).to_string(),
        )
        .await;
        assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{wrong}");
    }
}

#[tokio::test]
async fn bytes_that_are_not_utf8_are_refused() {
    let served = serve("").await;
    let body = b"{\"query\":\"{ product(id: \\\"\xff\\\") { id } }\"}".to_vec();
    let response = served
        .post()
        .header("content-type", OLD)
        .body(body)
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert!(response.text().await.unwrap().contains("not UTF-8"));
    let response = served
        .client
        .get(served.url("/graphql?query=%ff"))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
}

/// Clients send a document's hash first, and understand by the message or the code that they have to send the document.
#[tokio::test]
async fn a_hash_instead_of_a_document_is_told_to_be_unsupported() {
    let served = serve("").await;
    let hash = json!({ "persistedQuery": { "version": 1, "sha256Hash": "ab".repeat(32) } });
    let not_supported = json!({ "errors": [{
        "message": "PersistedQueryNotSupported",
        "extensions": { "code": "PERSISTED_QUERY_NOT_SUPPORTED" },
    }] });
    let posted = post(&served, None, json!({ "extensions": hash })).await;
    assert_eq!(
        (posted.status, &posted.body),
        (StatusCode::OK, &not_supported)
    );
    let got = get(&served, Some(NEW), &[("extensions", &hash.to_string())]).await;
    assert_eq!(
        (got.status, &got.body),
        (StatusCode::BAD_REQUEST, &not_supported)
    );
    let with_document = json!({ "query": TYPENAME, "extensions": hash });
    let answer = post(&served, None, with_document).await;
    assert_eq!(answer.body, json!({ "data": { "__typename": "Query" } }));
}

#[tokio::test]
async fn a_subscription_needs_a_stream() {
    let served = serve("").await;
    let answer = post(
        &served,
        None,
        json!({ "query": "subscription { countdown(from: 1) }" }),
    )
    .await;
    assert_eq!(answer.status, StatusCode::NOT_ACCEPTABLE);
    assert_eq!(
        answer.body["errors"][0]["extensions"]["code"],
        "SUBSCRIPTION_NEEDS_STREAM"
    );
}

#[tokio::test]
async fn introspection_can_be_switched_off() {
    let served = serve("supergraph: { introspection: false }").await;
    assert_eq!(
        served.error_code("{ __schema { types { name } } }").await,
        "INTROSPECTION_DISABLED"
    );
    assert_eq!(
        served
            .error_code("{ ...F } fragment F on Query { __type(name: \"X\") { name } }")
            .await,
        "INTROSPECTION_DISABLED"
    );
    assert_eq!(
        served.query("{ __typename }").await,
        json!({ "data": { "__typename": "Query" } })
    );
    assert_eq!(
        served.query("{ product(id: 1) { __typename name } }").await["data"]["product"]["__typename"],
        "Product"
    );
}

#[tokio::test]
async fn lists_of_different_lengths_conflict_like_other_arguments() {
    let supergraph = shop::SUPERGRAPH.replace("  products: ", "  products(ids: [ID!]): ");
    let router = RouterBuilder::new(RouterConfig::default(), Shop::default().transports());
    let served = serve_router(router.build(&supergraph).unwrap()).await;
    let cases = [
        // Found by validation.
        "{ products(ids: [1]) { id }\n  products(ids: [2]) { id } }",
        // Found by the planner.
        "{ products(ids: []) { id }\n  products(ids: [2]) { id } }",
    ];
    for query in cases {
        let response = served.query(query).await;
        let error = json!({
            "message": "operation must not provide conflicting field arguments for the same name `products`",
            "locations": [{ "line": 2, "column": 3 }],
            "extensions": { "code": "GRAPHQL_VALIDATION_FAILED" },
        });
        assert_eq!(response, json!({ "errors": [error] }), "{query}");
    }
}
