//! An operation that is not valid is refused as a whole, before anything of it is carried out.

use serde_json::{Value, json};

use crate::support::socket::Socket;
use crate::support::{Shop, serve, serve_with};

#[tokio::test]
async fn nothing_of_an_invalid_mutation_is_carried_out() {
    let shop = Shop::default();
    let served = serve_with("", shop.clone(), |builder| builder).await;
    let operations = [
        (
            "mutation($to: String) { rename(id: 1, name: \"Sofa\") { id } send(parcel: { to: $to }) }",
            "variable `$to` of type `String` cannot be used where `String!` is expected",
        ),
        (
            "mutation($to: String = null) { rename(id: 1, name: \"Sofa\") { id } send(parcel: { to: $to }) }",
            "variable `$to` of type `String` cannot be used where `String!` is expected",
        ),
        (
            "mutation { rename(id: 1, name: \"Sofa\") { id } send(parcel: { to: \"a\", to: \"b\" }) }",
            "the input field `to` is given more than once",
        ),
        (
            "mutation($name: String = null) { rename(id: 1, name: $name) { id } send(parcel: { to: \"a\" }) }",
            "variable `$name` of type `String` cannot be used where `String!` is expected",
        ),
    ];
    for (operation, message) in operations {
        let request = served
            .post()
            .header("accept", "application/graphql-response+json")
            .json(&json!({ "query": operation, "variables": { "to": "x" } }));
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 400, "{operation}");
        let answer: Value = response.json().await.unwrap();
        assert!(answer.get("data").is_none(), "{answer}");
        assert_eq!(answer["errors"][0]["message"], message, "{operation}");
        let code = &answer["errors"][0]["extensions"]["code"];
        assert_eq!(code, "GRAPHQL_VALIDATION_FAILED", "{operation}");
        assert_eq!(answer["errors"][0]["locations"][0]["line"], 1, "{answer}");
    }
    assert!(shop.done.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_subscription_may_select_its_field_in_several_parts() {
    let served = serve("").await;
    let mut socket = Socket::ready(&served, Value::Null).await;
    let operations = [
        "subscription { productChanged(id: 1) { id } productChanged(id: 1) { name rating } }",
        "subscription { productChanged(id: 1) { id } ...F } \
         fragment F on Subscription { productChanged(id: 1) { name rating } }",
    ];
    for (id, operation) in ["1", "2"].into_iter().zip(operations) {
        socket.subscribe(id, operation).await;
        assert_eq!(
            socket.next().await["payload"],
            json!({ "data": { "productChanged": { "id": "1", "name": "Lamp", "rating": 5 } } }),
            "{operation}"
        );
    }
}
