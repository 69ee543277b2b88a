//! Whatever a subgraph sends: no panic, and the client gets valid JSON that the API schema allows.

use async_trait::async_trait;
use bytes::Bytes;
use futures::executor::block_on;
use futures::stream::BoxStream;
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use souk_executor::{
    ExecutionRequest, Executor, SubgraphRequest, SubgraphResponse, SubgraphTransport,
    TransportError, Value, ValueBuilder,
};

use crate::support::*;

const SCHEMA: &str = "
    scalar JSON
    type Query { any: JSON list: [User!] }
    type User { id: ID! name: String! kind: Kind friends: [User] any: JSON }
    enum Kind { A B }
";

/// A subgraph that always answers the same.
struct Always(SubgraphResponse);

#[async_trait]
impl SubgraphTransport for Always {
    async fn fetch(&self, _: SubgraphRequest) -> Result<SubgraphResponse, TransportError> {
        Ok(self.0.clone())
    }

    async fn subscribe(
        &self,
        _: SubgraphRequest,
    ) -> Result<BoxStream<'static, Result<SubgraphResponse, TransportError>>, TransportError> {
        Err(TransportError::Unsupported("no subscriptions".into()))
    }
}

const USERS: &str = r#"{"data":{"list":[{"__typename":"User","id":"1","kind":"A","friends":[{"id":2,"name":"x"},null]},{"__typename":"User","id":"\u00e9","friends":[],"any":{"a":[1.5e3,{"id":"\""}]}}]},"errors":[{"message":"m","path":["list",0,"friends",1]}]}"#;
const NAMES: &str = r#"{"data":{"_entities":[{"__typename":"User","name":"Ada","any":[{"list":null}]},{"name":"Bob","friends":null}]},"errors":[{"message":"n","path":["_entities",1,"name"]}]}"#;

/// The request and the executor for subgraphs that answer these bodies.
fn users_and_names(users: Bytes, names: Bytes) -> (Executor, ExecutionRequest) {
    let graph = Graph::new(SCHEMA)
        .transport("users", Always(SubgraphResponse::Json(users)))
        .transport("names", Always(SubgraphResponse::Json(names)));
    let text = "query($representations:[_Any!]!){_entities(representations:$representations){...on User{name any}}}";
    let plan = sequence([
        root("users", "{list{__typename id kind friends{id} any}}"),
        entities("names", "list.@", &[("User", "id")], text),
    ]);
    let operation = "{ list { id name kind friends { id } any } }";
    (
        graph.executor(),
        graph.request(operation, Some(plan), json!({})),
    )
}

fn build(builder: &mut ValueBuilder<'_>, json: &Json) {
    match json {
        Json::Null => builder.null(),
        Json::Bool(value) => builder.bool(*value),
        Json::Number(number) => builder.number(number),
        Json::String(string) => builder.string(string),
        Json::Array(items) => {
            builder.list_start();
            items.iter().for_each(|item| build(builder, item));
            builder.list_end();
        }
        Json::Object(members) => {
            builder.object_start();
            for (key, member) in members {
                builder.key(key);
                build(builder, member);
            }
            builder.object_end();
        }
    }
}

fn any_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        // Quarters, which every JSON library reads exactly.
        any::<i32>().prop_map(|quarters| Json::from(f64::from(quarters) / 4.0)),
        any::<String>().prop_map(Json::from),
    ];
    let key = prop_oneof![
        Just("any".to_owned()),
        Just("__typename".to_owned()),
        any::<String>()
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Json::from),
            prop::collection::vec((key.clone(), inner), 0..6)
                .prop_map(|members| Json::Object(members.into_iter().collect())),
        ]
    })
}

/// Places and bytes to overwrite, insert or cut.
fn mutated(body: &'static str) -> impl Strategy<Value = Bytes> {
    let edit = (
        any::<prop::sample::Index>(),
        0..4u8,
        prop_oneof![any::<u8>(), Just(b'"'), Just(b'{'), Just(b'0')],
    );
    prop::collection::vec(edit, 0..4).prop_map(move |edits| {
        let mut bytes = body.as_bytes().to_vec();
        for (index, kind, byte) in edits {
            if bytes.is_empty() {
                break;
            }
            let at = index.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 => drop(bytes.remove(at)),
                _ => bytes.truncate(at),
            }
        }
        Bytes::from(bytes)
    })
}

proptest! {
    #[test]
    fn a_custom_scalar_arrives_unchanged(value in any_json()) {
        let body = json!({ "data": { "any": value } });
        let data = body["data"].clone();
        let told = Value::new(move |builder| build(builder, &data));
        let in_process = SubgraphResponse::Value { data: Some(told), errors: Vec::new() };
        for response in [SubgraphResponse::Json(Bytes::from(body.to_string())), in_process] {
            let graph = Graph::new(SCHEMA).transport("one", Always(response));
            let answer = block_on(graph.run("{ any }", root("one", "{ any }")));
            prop_assert_eq!(&answer, &body);
        }
    }

    #[test]
    fn a_broken_body_breaks_nothing(users in mutated(USERS), names in mutated(NAMES)) {
        let (executor, request) = users_and_names(users, names);
        let answer = json_of(&block_on(executor.execute(request)));
        let data = answer["data"].as_object().expect("`list` is nullable, so there is data");
        prop_assert_eq!(data.len(), 1);
        for user in data["list"].as_array().into_iter().flatten() {
            prop_assert!(user["id"].is_string() && user["name"].is_string(), "{}", user);
            prop_assert!(matches!(user["kind"].as_str(), None | Some("A" | "B")), "{}", user);
            let keys: Vec<&str> = user.as_object().expect("an object").keys().map(String::as_str).collect();
            prop_assert_eq!(keys, ["id", "name", "kind", "friends", "any"]);
        }
    }
}

#[test]
fn the_bodies_are_good_before_they_are_broken() {
    let (executor, request) = users_and_names(Bytes::from(USERS), Bytes::from(NAMES));
    let answer = json_of(&block_on(executor.execute(request)));
    let ada = json!({ "id": "1", "name": "Ada", "kind": "A", "friends": [{ "id": "2" }, null], "any": [{ "list": null }] });
    assert_eq!(answer["data"]["list"][0], ada);
    assert_eq!(
        answer["data"]["list"][1]["any"],
        json!({ "a": [1.5e3, { "id": "\"" }] })
    );
    assert_eq!(answer["errors"].as_array().map(Vec::len), Some(2));
}

/// JSON text may write any letter of a string as an escape (RFC 8259, section 7).
#[test]
fn escaped_names_are_the_names_they_mean() {
    let graph = Graph::new(
        "type Query { user: User hit: Hit } type User { id: ID! kind: Kind } union Hit = User enum Kind { A B }",
    );
    let body = r#"{"d\u0061ta":{"\u0075ser":{"i\u0064":"1","kind":"\u0041"},"hit":{"__typen\u0061me":"\u0055ser"}}}"#;
    let graph = graph.transport("one", Always(SubgraphResponse::Json(body.into())));
    let operation = "{ user { id kind } hit { __typename } }";
    let answer = block_on(graph.run(operation, root("one", operation)));
    let user = json!({ "id": "1", "kind": "A" });
    let expected = json!({ "data": { "user": user, "hit": { "__typename": "User" } } });
    assert_eq!(answer, expected);

    let body = r#"{"data":{"user":null},"err\u006frs":[{"message":"lost","p\u0061th":["user"]}]}"#;
    let graph = graph.transport("one", Always(SubgraphResponse::Json(body.into())));
    let answer = block_on(graph.run("{ user { id } }", root("one", "{ user { id } }")));
    assert_eq!(answer["errors"][0]["message"], "lost");
    assert_eq!(answer["errors"][0]["path"], json!(["user"]));
}
