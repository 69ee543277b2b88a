//! What a client gives for variables reaches the subgraphs as it is, or the request is refused.

use serde_json::{Value, json};

use crate::support::{Served, Shop, serve, serve_with};

async fn answer(served: &Served, query: &str, variables: Value) -> Value {
    let request = served
        .post()
        .json(&json!({ "query": query, "variables": variables }));
    request.send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn large_numbers_stay_what_they_are() {
    let shop = Shop::default();
    let served = serve_with("", shop.clone(), |builder| builder).await;
    let parcel = json!({ "to": "Ann", "weight": 1_732_650_000_000_000_000_u64, "number": 9_223_372_036_854_775_808_u64 });
    let query = "mutation($parcel: Parcel!) { send(parcel: $parcel) }";
    let response = answer(&served, query, json!({ "parcel": parcel })).await;
    assert_eq!(response, json!({ "data": { "send": true } }));
    assert_eq!(
        *shop.done.lock().unwrap(),
        [r#"send Some("9223372036854775808") to Ann, weight Some(1.73265e18)"#]
    );
}

#[tokio::test]
async fn a_condition_cannot_be_null() {
    let served = serve("").await;
    let queries = [
        "query($x: Boolean = true) { product(id: 1) @skip(if: $x) { id } __typename }",
        "query($x: Boolean = true) { product(id: 1) { id name @include(if: $x) } }",
    ];
    for query in queries {
        let response = answer(&served, query, json!({ "x": null })).await;
        assert!(response.get("data").is_none(), "{response}");
        let error = &response["errors"][0];
        assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT", "{response}");
        assert_eq!(
            error["message"],
            "variable `$x` is null where `Boolean!` is expected"
        );
        assert_eq!(error["locations"][0]["line"], 1, "{response}");
    }
}

#[tokio::test]
async fn nothing_is_carried_out_when_a_later_argument_is_null() {
    let shop = Shop::default();
    let served = serve_with("", shop.clone(), |builder| builder).await;
    let query = "mutation($to: String = \"Ann\") { rename(id: 1, name: \"Sofa\") { id } send(parcel: { to: $to }) }";
    let response = answer(&served, query, json!({ "to": null })).await;
    assert_eq!(
        response["errors"][0]["extensions"]["code"],
        "BAD_USER_INPUT"
    );
    assert!(shop.done.lock().unwrap().is_empty());
    let response = answer(&served, query, json!({})).await;
    assert_eq!(response["data"]["send"], true, "{response}");
}
