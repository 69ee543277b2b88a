//! GraphiQL, as a developer uses it in a browser.

use std::path::Path;

use serde_json::json;
use souk_harness::Client;
use souk_harness::market::{Offer, fresh_email, pay, place_order};

use crate::browser::{Area, Browser};
use crate::in_one_process;

const QUERY: &str = ".graphiql-query-editor .monaco-editor";
const HEADERS: &str = ".graphiql-editor-tool .graphiql-editor:not(.hidden) .monaco-editor";
const RUN: &str = ".graphiql-execute-button";
const RESULT: &str = ".result-window .view-lines";
const RESULT_PANE: &str = ".result-window";

#[tokio::test(flavor = "multi_thread")]
async fn graphiql_runs_a_query_and_follows_an_order() {
    let platform = in_one_process().await;
    let anyone = Client::new(platform.url());
    let offer = Offer::make(&anyone, 5).await;
    let buyer = anyone
        .register(&fresh_email("graphiql"), "Greta Graphiql")
        .await;
    offer.add_to_cart(&buyer, 1).await.unwrap();
    let order = place_order(&buyer, "in the browser").await.unwrap();

    let browser = Browser::start().await;
    browser.open(&format!("{}/", platform.url())).await;
    let query = format!(
        "query FindLamp {{ product(id: \"{}\") {{ name shop {{ status }} }} }}",
        offer.product
    );
    write(&browser, "FindLamp", &query).await;
    browser.click(RUN).await;
    browser.shows(RESULT, "\"name\": \"A lamp\"").await;
    browser.shows(RESULT, "\"status\": \"APPROVED\"").await;

    let headers = json!({ "authorization": format!("Bearer {}", buyer.token().unwrap()) });
    browser.replace_text(HEADERS, &headers.to_string()).await;
    let subscription = format!(
        "subscription FollowOrder {{ orderStatusChanged(orderId: \"{}\") {{ status payment {{ status }} items {{ product {{ name }} }} }} }}",
        order.id
    );
    write(&browser, "FollowOrder", &subscription).await;
    browser.click("[aria-label^=Prettify]").await;
    browser.shows(QUERY, "  status\n").await;
    browser.click(RUN).await;
    browser.shows(RESULT, "\"status\": \"PENDING\"").await;
    assert_eq!(pay(order.checkout()).await, Ok(303));
    browser.shows(RESULT, "\"status\": \"CONFIRMED\"").await;
    browser.shows(RESULT, "\"status\": \"SUCCEEDED\"").await;
    browser.shows(RESULT, "\"name\": \"A lamp\"").await;

    looks_right(&browser).await;
    let screenshot = browser.screenshot().await;
    std::fs::write(
        Path::new(env!("CARGO_TARGET_TMPDIR")).join("graphiql.png"),
        screenshot,
    )
    .unwrap();
    assert_eq!(browser.console_errors().await, Vec::<String>::new());
    let (http, ws) = (
        format!("{}/", platform.url()),
        format!("{}/", platform.url().replacen("http", "ws", 1)),
    );
    let addresses = browser.requested_addresses().await;
    let is_own = |address: &&String| address.starts_with(&http) || address.starts_with(&ws);
    let elsewhere: Vec<_> = addresses
        .iter()
        .filter(|address| !is_own(address))
        .collect();
    assert!(
        elsewhere.is_empty(),
        "GraphiQL asks other hosts: {elsewhere:?}"
    );
    assert!(
        addresses.iter().any(|address| address.starts_with(&ws)),
        "the subscription runs over a WebSocket: {addresses:?}"
    );
}

/// Editor, button and result are in the window, beside each other, and nothing hides the result's text.
async fn looks_right(browser: &Browser) {
    let window = browser.window().await;
    let mut seen: Vec<(&str, Area)> = Vec::new();
    for selector in [QUERY, RUN, RESULT_PANE] {
        let area = browser.area(selector).await;
        assert!(!area.is_empty(), "{selector} has no size: {area:?}");
        assert!(
            area.is_within(&window),
            "{selector} sticks out of the window: {area:?}"
        );
        for (other, its_area) in &seen {
            assert!(
                !area.overlaps(its_area),
                "{selector} lies over {other}: {area:?}, {its_area:?}"
            );
        }
        seen.push((selector, area));
    }
    for text in ["\"CONFIRMED\"", "\"A lamp\""] {
        assert!(
            browser.lets_see(RESULT, text).await,
            "{text} is hidden in the result"
        );
    }
}

/// Writes the operation into the editor and waits until GraphiQL has read it, which its tab tells. Nobody is so quick,
/// but what is run before that is run under the name and as the kind of the operation that was there.
async fn write(browser: &Browser, name: &str, operation: &str) {
    browser.replace_text(QUERY, operation).await;
    browser.shows(".graphiql-tab", name).await;
}
