//! What somebody finds who waits for `souk serve` as a script does.

use std::time::Duration;

use serde_json::{Value, json};
use souk_harness::{Client, Launch, free_port, wait_for};

use crate::SOUK;
use crate::search::{EVERYTHING, demo_counts};

/// How long the first start may take on a busy machine.
const STARTED_WITHIN: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread")]
async fn as_soon_as_it_is_ready_the_search_finds_the_whole_demo() {
    let mut platform = Launch::new(SOUK).not_started();
    // The address is not taken from the announcement: a script has not waited for that.
    let url = format!("http://127.0.0.1:{}", free_port());
    platform.set_flag("serve", "--port", url.rsplit(':').next().unwrap());
    platform.spawn("serve");

    let mut waited_for_demo = false;
    wait_for("the platform to be ready", STARTED_WITHIN, async || {
        let Ok((status, body)) = Client::page(&format!("{url}/readiness")).await else {
            return false;
        };
        let parts: Value = serde_json::from_str(&body).unwrap();
        match status {
            200 => {
                assert_eq!(parts["demo"], "up", "{body}");
                true
            }
            503 => {
                assert_eq!(parts["demo"], "down", "{body}");
                waited_for_demo = true;
                let (alive, _) = Client::page(&format!("{url}/health")).await.unwrap();
                assert_eq!(alive, 200);
                false
            }
            other => panic!("{other}: {body}"),
        }
    })
    .await;
    assert!(
        waited_for_demo,
        "it was ready before the demo can have been there"
    );

    let found = Client::new(&url).ask(EVERYTHING, json!({})).await;
    let (products, shops) = demo_counts();
    assert_eq!(found["searchProducts"]["totalCount"], products);
    assert_eq!(found["searchShops"]["totalCount"], shops);
}
