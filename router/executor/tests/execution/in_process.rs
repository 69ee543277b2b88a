//! Subgraphs in the same process: values in, values out.

use async_trait::async_trait;
use futures::stream::{self, BoxStream, StreamExt};
use serde_json::{Value as Json, json};
use souk_executor::{
    GraphQLError, InputForm, PathElement, Representations, SubgraphRequest, SubgraphResponse,
    SubgraphTransport, TransportError, Value, ValueBuilder,
};

use crate::support::*;

const SCHEMA: &str = "
    scalar JSON
    type Query { users: [User] }
    type Subscription { count: Int }
    type User { id: ID! name: String meta: JSON score: Float }
";

/// A subgraph that is a function.
struct InProcess<F>(F);

#[async_trait]
impl<F> SubgraphTransport for InProcess<F>
where
    F: Fn(SubgraphRequest) -> (Json, Vec<GraphQLError>) + Send + Sync + 'static,
{
    async fn fetch(&self, request: SubgraphRequest) -> Result<SubgraphResponse, TransportError> {
        let (data, errors) = self.0(request);
        Ok(SubgraphResponse::Value {
            data: Some(value(&data)),
            errors,
        })
    }

    async fn subscribe(
        &self,
        _: SubgraphRequest,
    ) -> Result<BoxStream<'static, Result<SubgraphResponse, TransportError>>, TransportError> {
        let event = |count: i32| {
            Ok(SubgraphResponse::Value {
                data: Some(value(&json!({ "count": count }))),
                errors: vec![],
            })
        };
        Ok(stream::iter((1..=3).map(event)).boxed())
    }

    fn input_form(&self) -> InputForm {
        InputForm::Values
    }
}

fn value(json: &Json) -> Value {
    let json = json.clone();
    Value::new(move |builder| build(builder, &json))
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

#[tokio::test]
async fn values_are_merged_like_json() {
    let users = |_: SubgraphRequest| {
        let user = |id: &str| json!({ "__typename": "User", "id": id, "stranger": [{ "x": { "y": [] } }] });
        (
            json!({ "users": [user("a\"\n\u{1}\u{e9}"), user("b"), null, user("b")] }),
            vec![],
        )
    };
    let names = |mut request: SubgraphRequest| {
        let (variable, representations) = request.variables.take_representations().remove(0);
        assert_eq!(variable, "representations");
        let Representations::Values(representations) = representations else {
            panic!("values were asked for")
        };
        let sent = json!([{ "__typename": "User", "id": "a\"\n\u{1}\u{e9}" }, { "__typename": "User", "id": "b" }]);
        assert_eq!(json!(representations), sent);
        let named = |r: &Json| json!({ "name": r["id"], "meta": { "free": [1, { "k": null }] }, "score": -1.5 });
        let entities: Vec<Json> = representations.iter().map(named).collect();
        let path = ["_entities".to_owned()].map(|key| PathElement::Key(key.into()));
        let path = path
            .into_iter()
            .chain([PathElement::Index(0), PathElement::Key("name".into())])
            .collect();
        (
            json!({ "_entities": entities }),
            vec![GraphQLError::new("odd name", "ODD").at(path)],
        )
    };
    let graph = Graph::new(SCHEMA)
        .transport("users", InProcess(users))
        .transport("names", InProcess(names));
    let text = "query($representations:[_Any!]!){_entities(representations:$representations){...on User{name meta score}}}";
    let plan = sequence([
        root("users", "{users{__typename id}}"),
        entities("names", "users.@", &[("User", "id")], text),
    ]);
    let response = graph.run("{ users { score name meta } }", plan).await;
    let user =
        |name: &str| json!({ "score": -1.5, "name": name, "meta": { "free": [1, { "k": null }] } });
    let error = json!({
        "message": "odd name", "path": ["users", 0, "name"], "extensions": { "code": "ODD", "service": "names" },
    });
    let users = json!([user("a\"\n\u{1}\u{e9}"), user("b"), null, user("b")]);
    assert_eq!(
        response,
        json!({ "data": { "users": users }, "errors": [error] })
    );
}

#[tokio::test]
async fn one_key_can_be_a_custom_scalar_here_and_an_object_there() {
    let scalar = json!({ "id": [null, true, { "meta": "\"", "x": [] }], "stranger": { "id": 2 }, "meta": {}, "last": "é" });
    let sent = scalar.clone();
    let users = move |_: SubgraphRequest| {
        let friend =
            json!({ "__typename": "User", "id": "2", "stranger": { "id": 1 }, "meta": sent });
        let user = json!({ "meta": friend });
        (json!({ "users": [user], "meta": [sent, 1] }), vec![])
    };
    let schema = "
        scalar JSON
        type Query { users: [User] meta: JSON }
        type User { id: ID! friend: User meta: JSON }
    ";
    let graph = Graph::new(schema).transport("users", InProcess(users));
    let operation = "{ users { meta: friend { meta id } } meta }";
    let response = graph.run(operation, root("users", operation)).await;
    let users = json!([{ "meta": { "meta": scalar, "id": "2" } }]);
    let expected = json!({ "data": { "users": users, "meta": [scalar, 1] } });
    assert_eq!(response, expected);
}

#[tokio::test]
async fn subscriptions() {
    let graph =
        Graph::new(SCHEMA).transport("one", InProcess(|_: SubgraphRequest| (json!({}), vec![])));
    let plan = subscription("one", "subscription { count }", None);
    let request = graph.request("subscription { count }", Some(plan), json!({}));
    let events: Vec<Json> = graph
        .executor()
        .subscribe(request)
        .await
        .expect("accepted")
        .map(|response| json_of(&response))
        .collect()
        .await;
    assert_eq!(
        json!(events),
        json!([{ "data": { "count": 1 } }, { "data": { "count": 2 } }, { "data": { "count": 3 } }])
    );
}

/// Tells an answer.
type Tell = fn(&mut ValueBuilder<'_>);

/// A subgraph whose answer is told by a function.
struct Tells(Tell);

#[async_trait]
impl SubgraphTransport for Tells {
    async fn fetch(&self, _: SubgraphRequest) -> Result<SubgraphResponse, TransportError> {
        Ok(SubgraphResponse::Value {
            data: Some(Value::new(self.0)),
            errors: vec![],
        })
    }

    async fn subscribe(
        &self,
        _: SubgraphRequest,
    ) -> Result<BoxStream<'static, Result<SubgraphResponse, TransportError>>, TransportError> {
        Err(TransportError::Unsupported("no subscriptions".into()))
    }
}

#[tokio::test]
async fn a_value_that_is_not_well_formed_is_an_error() {
    let malformed: [Tell; 7] = [
        |_| {},
        |builder| {
            builder.object_start();
            builder.key("users");
            builder.list_start();
        },
        |builder| {
            builder.object_start();
            builder.key("users");
            builder.object_end();
        },
        |builder| {
            builder.object_start();
            builder.string("users");
            builder.object_end();
        },
        |builder| {
            builder.object_start();
            builder.key("users");
            builder.key("users");
            builder.null();
            builder.object_end();
        },
        |builder| {
            builder.object_start();
            builder.list_end();
        },
        |builder| {
            builder.object_start();
            builder.object_end();
            builder.null();
        },
    ];
    for tell in malformed {
        refused(tell, "the response is not a well-formed value").await;
    }
}

#[tokio::test]
async fn a_value_that_is_nested_too_deep_is_an_error() {
    let deep: Tell = |builder| {
        builder.object_start();
        builder.key("users");
        (0..600).for_each(|_| builder.list_start());
        (0..600).for_each(|_| builder.list_end());
        builder.object_end();
    };
    refused(deep, "the response is nested too deep").await;
}

async fn refused(tell: Tell, problem: &str) {
    let graph = Graph::new(SCHEMA).transport("one", Tells(tell));
    let users = "{ users { id } }";
    let response = graph.run(users, root("one", users)).await;
    assert_eq!(response["data"], json!({ "users": null }));
    let message = format!("request to subgraph 'one' failed: {problem}");
    assert_eq!(only_message(&response), message);
}

#[tokio::test]
async fn a_subscription_that_cannot_be_opened_is_an_error() {
    let graph = Graph::new(SCHEMA).transport("one", Tells(|_| {}));
    let plan = subscription("one", "subscription { count }", None);
    let request = graph.request("subscription { count }", Some(plan), json!({}));
    let Err(refused) = graph.executor().subscribe(request).await else {
        panic!("it cannot be opened")
    };
    assert!(!refused.has_data());
    assert_eq!(
        only_message(&json_of(&refused)),
        "request to subgraph 'one' failed: no subscriptions"
    );
}
