//! The GraphiQL page as it is served. What it does in a browser is tested with the whole platform.

use reqwest::StatusCode;

use crate::support::serve;

#[tokio::test]
async fn the_page_and_its_files_come_from_the_router() {
    let served = serve("supergraph: { path: /api }").await;
    let response = served.client.get(served.url("/")).send().await.unwrap();
    assert_eq!(
        response.headers()["content-type"],
        "text/html; charset=utf-8"
    );
    let policy = response.headers()["content-security-policy"]
        .to_str()
        .unwrap()
        .to_owned();
    let page = response.text().await.unwrap();
    assert!(
        page.contains("<meta name=\"graphql-endpoint\" content=\"/api\" />"),
        "{page}"
    );
    if page.contains("esm.sh") {
        assert!(
            page.contains("built without Node.js"),
            "a page from a CDN says so"
        );
        return;
    }
    assert!(!page.contains("://"), "the page names another host: {page}");
    assert!(policy.contains("default-src 'self'"), "{policy}");

    let mut files = Vec::new();
    for part in page.split('"') {
        if part.starts_with("/graphiql/") {
            files.push(part.to_owned());
        }
    }
    assert_eq!(files.len(), 2, "a style and a script: {page}");
    let folder = files[1].rsplit_once('/').unwrap().0.to_owned();
    for worker in ["editor.worker.js", "graphql.worker.js", "json.worker.js"] {
        files.push(format!("{folder}/{worker}"));
    }
    for file in files {
        let plain = served.client.get(served.url(&file)).send().await.unwrap();
        assert_eq!(plain.status(), 200, "{file}");
        assert!(
            plain.headers()["cache-control"]
                .to_str()
                .unwrap()
                .contains("immutable")
        );
        let length = plain.bytes().await.unwrap().len();
        let compressed = served
            .client
            .get(served.url(&file))
            .header("accept-encoding", "gzip, br")
            .send()
            .await
            .unwrap();
        assert_eq!(compressed.headers()["content-encoding"], "br");
        assert!(compressed.bytes().await.unwrap().len() < length, "{file}");
    }
}

#[tokio::test]
async fn a_browser_that_opens_the_endpoint_sees_the_page() {
    let served = serve("").await;
    let html = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    let response = served
        .client
        .get(served.url("/graphql"))
        .header("accept", html)
        .send()
        .await
        .unwrap();
    assert_eq!(
        response.headers()["content-type"],
        "text/html; charset=utf-8"
    );
}

#[tokio::test]
async fn the_page_can_be_switched_off() {
    let served = serve("homepage: { enabled: false }").await;
    assert_eq!(
        served
            .client
            .get(served.url("/"))
            .send()
            .await
            .unwrap()
            .status(),
        StatusCode::NOT_FOUND
    );
}
