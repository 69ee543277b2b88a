//! What pages of other sites can and cannot do.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::serve;

const CONFIG: &str =
    "cors: { policies: [{ origins: ['https://shop.example'], allow_credentials: true }] }";

#[tokio::test]
async fn only_listed_origins_may_read() {
    let served = serve(CONFIG).await;
    let query = json!({ "query": "{ __typename }" });
    let response = served
        .post()
        .header("origin", "https://shop.example")
        .json(&query)
        .send()
        .await
        .unwrap();
    assert_eq!(
        response.headers()["access-control-allow-origin"],
        "https://shop.example"
    );
    assert_eq!(
        response.headers()["access-control-allow-credentials"],
        "true"
    );
    assert!(
        response
            .headers()
            .get_all("vary")
            .iter()
            .any(|value| value == "origin")
    );
    let response = served
        .post()
        .header("origin", "https://evil.example")
        .json(&query)
        .send()
        .await
        .unwrap();
    assert!(
        !response
            .headers()
            .contains_key("access-control-allow-origin")
    );
}

#[tokio::test]
async fn preflights() {
    let served = serve(CONFIG).await;
    for (origin, allowed) in [
        ("https://shop.example", true),
        ("https://evil.example", false),
    ] {
        let request = served
            .client
            .request(reqwest::Method::OPTIONS, served.url("/graphql"))
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type");
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::NO_CONTENT);
        assert_eq!(
            response
                .headers()
                .contains_key("access-control-allow-origin"),
            allowed
        );
        assert_eq!(
            response
                .headers()
                .contains_key("access-control-allow-methods"),
            allowed
        );
    }
}

#[tokio::test]
async fn requests_that_a_page_can_make_a_browser_send_are_blocked() {
    let served = serve("").await;
    let url = served.url("/graphql?query=%7B__typename%7D");
    let response = served
        .client
        .get(&url)
        .header("sec-fetch-site", "cross-site")
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["errors"][0]["extensions"]["code"], "CSRF_BLOCKED");
    assert!(
        body["errors"][0]["message"]
            .as_str()
            .unwrap()
            .contains("apollo-require-preflight")
    );

    let proven = served
        .client
        .get(&url)
        .header("sec-fetch-site", "cross-site")
        .header("apollo-require-preflight", "1");
    assert_eq!(proven.send().await.unwrap().status(), 200);
    assert_eq!(served.client.get(&url).send().await.unwrap().status(), 200);

    let off = serve("csrf: { unsafe_disabled: true }").await;
    let url = off.url("/graphql?query=%7B__typename%7D");
    assert_eq!(
        off.client
            .get(&url)
            .header("sec-fetch-site", "cross-site")
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
}
