//! Nulls in keys: those that say that there is no such entity, and those that no schema allows.

use serde_json::{Value, json};
use souk_executor::ErrorPolicy;

use crate::support::*;

const SCHEMA: &str = "
    type Query { reviews: [Review!] }
    type Review { author: User }
    type User { id: ID! name: String age: Int! city: String }
";

const ADDRESSES: &str = "query($representations:[_Any!]!){_entities(representations:$representations){...on User{email name}}}";
const PROFILES: &str = "query($representations:[_Any!]!){_entities(representations:$representations){...on User{city age}}}";

/// Runs an operation. One subgraph says that these are the authors of reviews, another has their names and, as `addresses`
/// say it, their addresses, and a third one finds the rest by the address.
async fn with_authors(
    authors: Value,
    addresses: impl Fn() -> Value + Send + Sync + 'static,
    keys: [&str; 2],
    operation: &str,
) -> Value {
    let reviews: Vec<Value> = authors.as_array().unwrap().iter().map(review).collect();
    let graph = Graph::new(SCHEMA)
        .subgraph("reviews", move |_| {
            Answer::Json(json!({ "data": { "reviews": reviews } }))
        })
        .await
        .subgraph("addresses", move |_| Answer::Json(addresses()))
        .await
        .subgraph("profiles", |request| {
            let profile = json!({ "city": "Rome", "age": 36 });
            let entities = vec![profile; request.representations().len()];
            Answer::Json(json!({ "data": { "_entities": entities } }))
        })
        .await;
    let plan = sequence([
        root("reviews", "{reviews{author{__typename id}}}"),
        entities(
            "addresses",
            "reviews.@.author",
            &[("User", keys[0])],
            ADDRESSES,
        ),
        entities(
            "profiles",
            "reviews.@.author",
            &[("User", keys[1])],
            PROFILES,
        ),
    ]);
    graph.run(operation, plan).await
}

fn review(id: &Value) -> Value {
    json!({ "author": { "__typename": "User", "id": id } })
}

fn told(email: &Value) -> Value {
    json!({ "data": { "_entities": [{ "email": email, "name": "Ada" }] } })
}

const MISTAKE: &str = "cannot be fetched: the key 'id' is null where it may not be";

#[tokio::test]
async fn one_that_may_not_be_is_an_error_of_what_it_keeps_away() {
    let ids = json!([null, "1"]);
    let addresses = || told(&json!("ada@example"));
    let operation = "{ reviews { author { name city } } }";
    let response = with_authors(ids, addresses, ["id!", "email!"], operation).await;
    let authors = json!([
        { "author": { "name": null, "city": null } },
        { "author": { "name": "Ada", "city": "Rome" } },
    ]);
    assert_eq!(response["data"]["reviews"], authors);
    assert_eq!(only_message(&response), MISTAKE);
    let error = &response["errors"][0];
    assert_eq!(error["path"], json!(["reviews", 0, "author", "name"]));
    assert_eq!(error["extensions"]["service"], "reviews");
}

#[tokio::test]
async fn it_is_found_behind_what_it_kept_from_being_fetched() {
    let ids = json!([null, "1"]);
    let addresses = || told(&json!("ada@example"));
    // Nobody asked for anything that the addresses were to bring.
    let operation = "{ reviews { author { city } } }";
    let response = with_authors(ids, addresses, ["id!", "email!"], operation).await;
    assert_eq!(only_message(&response), MISTAKE);
    let path = json!(["reviews", 0, "author", "city"]);
    assert_eq!(response["errors"][0]["path"], path);
    assert_eq!(response["errors"][0]["extensions"]["service"], "reviews");
}

#[tokio::test]
async fn the_error_is_about_the_null_also_where_more_is_lost() {
    let ids = json!(["1"]);
    let addresses = || told(&Value::Null);
    let operation = "{ reviews { author { name age } } }";
    let response = with_authors(ids, addresses, ["id!", "email!"], operation).await;
    assert_eq!(response["data"], json!({ "reviews": [{ "author": null }] }));
    let message = "cannot be fetched: the key 'email' is null where it may not be";
    assert_eq!(only_message(&response), message);
    assert_eq!(response["errors"][0]["extensions"]["service"], "addresses");
}

#[tokio::test]
async fn one_that_may_be_is_no_error() {
    let ids = json!([null, "1"]);
    let addresses = || told(&Value::Null);
    let operation = "{ reviews { author { name city } } }";
    let response = with_authors(ids, addresses, ["id", "email"], operation).await;
    let authors = json!([
        { "author": { "name": null, "city": null } },
        { "author": { "name": "Ada", "city": null } },
    ]);
    assert_eq!(response, json!({ "data": { "reviews": authors } }));
}

#[tokio::test]
async fn an_entity_that_is_not_there_is_no_error_beside_one() {
    let ids = json!([null, "1", "2"]);
    let addresses = || {
        let ada = json!({ "email": "ada@example", "name": "Ada" });
        json!({ "data": { "_entities": [ada, null] } })
    };
    let operation = "{ reviews { author { name city } } }";
    let response = with_authors(ids, addresses, ["id!", "email!"], operation).await;
    assert_eq!(only_message(&response), MISTAKE);
    let unknown = json!({ "author": { "name": null, "city": null } });
    assert_eq!(response["data"]["reviews"][2], unknown);
}

#[tokio::test]
async fn one_that_the_subgraph_explains_has_its_error_only() {
    let ids = json!(["1"]);
    let addresses = || {
        let mut answer = told(&Value::Null);
        answer["errors"] = json!([{ "message": "not for you", "path": ["_entities", 0, "email"] }]);
        answer
    };
    let operation = "{ reviews { author { name city } } }";
    let response = with_authors(ids, addresses, ["id!", "email!"], operation).await;
    assert_eq!(only_message(&response), "not for you");
    let author = json!({ "name": "Ada", "city": null });
    assert_eq!(response["data"]["reviews"][0]["author"], author);
}

#[tokio::test]
async fn a_nested_one_has_one_error_also_when_it_is_asked_for() {
    for (operation, message, path) in [
        (
            "{ users { age } }",
            "cannot be fetched: a key is null where it may not be",
            json!(["users", 0, "age"]),
        ),
        (
            "{ users { org { id } age } }",
            "cannot return null for non-nullable field 'id'",
            json!(["users", 0, "org", "id"]),
        ),
    ] {
        let graph = Graph::new(
            "type Query { users: [User] } type User { org: Org age: Int } type Org { id: ID! }",
        )
        .subgraph("users", |_| {
            let user = |id: Value| json!({ "__typename": "User", "org": { "id": id } });
            Answer::Json(json!({ "data": { "users": [user(Value::Null), user(json!("1"))] } }))
        })
        .await
        .subgraph("ages", |_| {
            Answer::Json(json!({ "data": { "_entities": [{ "age": 36 }] } }))
        })
        .await;
        let text = "query($representations:[_Any!]!){_entities(representations:$representations){...on User{age}}}";
        let plan = sequence([
            root("users", "{users{__typename org{id}}}"),
            entities("ages", "users.@", &[("User", "org{id!}")], text),
        ]);
        let response = graph.run(operation, plan).await;
        assert_eq!(only_message(&response), message);
        assert_eq!(response["errors"][0]["path"], path);
        assert_eq!(response["data"]["users"][0]["age"], Value::Null);
        assert_eq!(response["data"]["users"][1]["age"], 36);
    }
}

#[tokio::test]
async fn who_may_not_learn_of_the_subgraph_does_not_learn_of_the_key() {
    let mut graph = Graph::new(SCHEMA)
        .subgraph("reviews", |_| {
            let reviews = [review(&Value::Null)];
            Answer::Json(json!({ "data": { "reviews": reviews } }))
        })
        .await
        .subgraph("addresses", |_| Answer::Json(told(&Value::Null)))
        .await;
    graph.error_policy("reviews", ErrorPolicy::redact_all());
    let plan = sequence([
        root("reviews", "{reviews{author{__typename id}}}"),
        entities(
            "addresses",
            "reviews.@.author",
            &[("User", "id!")],
            ADDRESSES,
        ),
    ]);
    let response = graph.run("{ reviews { author { name } } }", plan).await;
    let message = "cannot be fetched: a key is null where it may not be";
    assert_eq!(only_message(&response), message);
    assert_eq!(response["errors"][0]["extensions"].get("service"), None);
}
