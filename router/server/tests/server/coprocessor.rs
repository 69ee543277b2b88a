//! Policies that a coprocessor decides about.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use axum::Json;
use axum::body::Body;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use futures::stream;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::socket::Socket;
use crate::support::token::{Signer, claims, fixed};
use crate::support::{Served, Shop, serve_graph, shop};

const CLAIMS: &str = "apollo::authentication::jwt_claims";
const POLICIES: &str = "apollo::authorization::required_policies";

/// The shop's supergraph, with two fields that policies protect.
fn graph() -> String {
    let mut graph = shop::protected_supergraph();
    for (field, before, policies) in [
        ("rating: Int", "@authenticated", r#"[["read_ratings"]]"#),
        (
            "whoAmI: String",
            r#"@requiresScopes(scopes: [["me", "profile"], ["admin"]])"#,
            r#"[["read_self"], ["support", "on_duty"]]"#,
        ),
    ] {
        let directive = format!("{field} @policy(policies: {policies})");
        graph = graph.replacen(&format!("{field} {before}"), &directive, 1);
    }
    graph
}

/// A coprocessor, and what it was asked.
struct Coprocessor {
    url: String,
    asked: Arc<Mutex<Vec<Value>>>,
}

impl Coprocessor {
    /// One that answers so.
    async fn answering<F: Future<Output = Response> + Send>(
        answer: impl Fn(Value) -> F + Clone + Send + Sync + 'static,
    ) -> Coprocessor {
        let asked: Arc<Mutex<Vec<Value>>> = Arc::default();
        let noted = asked.clone();
        let answer = move |Json(question): Json<Value>| {
            noted.lock().unwrap().push(question.clone());
            answer(question)
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/decide", listener.local_addr().unwrap());
        let routes = axum::Router::new().route("/decide", post(answer));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Coprocessor { url, asked }
    }

    /// One that sends back what it was sent, with the policies decided so.
    async fn deciding(decisions: Value) -> Coprocessor {
        Coprocessor::answering(move |mut question| {
            question["context"]["entries"][POLICIES] = decisions.clone();
            async { Json(question).into_response() }
        })
        .await
    }

    fn asked(&self) -> Vec<Value> {
        self.asked.lock().unwrap().clone()
    }

    /// A router that asks it.
    async fn serve(&self) -> Served {
        serve(&format!("coprocessor: {{ url: '{}' }}", self.url)).await
    }
}

/// A router over the protected shop.
async fn serve(config: &str) -> Served {
    let keys = fixed(json!([Signer::new("k1", 1).jwk()]), None);
    serve_graph(&graph(), config, Shop::default(), |builder| {
        builder.key_source(keys)
    })
    .await
}

/// The response's data, and the paths of what was denied.
async fn served_and_denied(served: &Served, query: &str) -> (Value, Vec<Value>) {
    let response = served.query(query).await;
    let errors = response["errors"].as_array().cloned().unwrap_or_default();
    let paths = errors.iter().map(|error| {
        assert_eq!(
            error["extensions"]["code"], "UNAUTHORIZED_FIELD_OR_TYPE",
            "{response}"
        );
        error["path"].clone()
    });
    (response["data"].clone(), paths.collect())
}

const BOTH: &str = "{ product(id: 1) { name rating } whoAmI }";

#[tokio::test]
async fn what_the_coprocessor_grants_is_served() {
    let data = json!({ "product": { "name": "Lamp", "rating": 5 }, "whoAmI": null });
    for decisions in [
        json!({ "read_ratings": true, "read_self": true }),
        json!({ "read_ratings": true, "read_self": false, "support": true, "on_duty": true }),
    ] {
        let served = Coprocessor::deciding(decisions).await.serve().await;
        assert_eq!(
            served_and_denied(&served, BOTH).await,
            (data.clone(), vec![])
        );
    }
}

#[tokio::test]
async fn what_it_denies_or_leaves_undecided_is_not() {
    let data = json!({ "product": { "name": "Lamp", "rating": 5 }, "whoAmI": null });
    for decisions in [
        json!({ "read_ratings": true, "read_self": false, "support": true }),
        json!({ "read_ratings": true, "read_self": null, "support": null, "on_duty": null }),
        json!({ "read_ratings": true }),
        json!({ "read_ratings": true, "something_else": true }),
    ] {
        let served = Coprocessor::deciding(decisions).await.serve().await;
        let denied = vec![json!(["whoAmI"])];
        assert_eq!(
            served_and_denied(&served, BOTH).await,
            (data.clone(), denied)
        );
    }
}

#[tokio::test]
async fn without_a_coprocessor_or_its_decisions_every_policy_is_denied() {
    let silent = Coprocessor::answering(|_| async { Json(json!({})).into_response() }).await;
    for served in [serve("").await, silent.serve().await] {
        let data = json!({ "product": { "name": "Lamp", "rating": null } });
        let denied = vec![json!(["product", "rating"])];
        let query = "{ product(id: 1) { name rating } }";
        assert_eq!(served_and_denied(&served, query).await, (data, denied));
    }
}

#[tokio::test]
async fn it_is_asked_once_about_the_policies_of_the_operation() {
    let coprocessor = Coprocessor::deciding(json!({ "read_ratings": true })).await;
    let served = coprocessor.serve().await;
    let ask = |query: &'static str| served.post().json(&json!({ "query": query })).send();

    ask("{ products { name } }").await.unwrap();
    assert_eq!(coprocessor.asked(), Vec::<Value>::new());

    let response = ask("{ products { rating similar { rating } } }")
        .await
        .unwrap();
    let id = response.headers()["x-correlation-id"].to_str().unwrap();
    assert_eq!(
        coprocessor.asked(),
        [json!({
            "version": 1,
            "stage": "SupergraphRequest",
            "control": "continue",
            "id": id,
            "context": { "entries": { POLICIES: { "read_ratings": null } } },
        })]
    );
}

#[tokio::test]
async fn it_is_told_who_asks_and_what_is_configured() {
    let coprocessor = Coprocessor::deciding(json!({ "read_ratings": true })).await;
    let config = format!(
        "coprocessor: {{ url: 'http://127.0.0.1:9', supergraph: {{ request: {{ \
         url: '{}', headers: true, method: true, body: true }} }} }}",
        coprocessor.url
    );
    let served = serve(&config).await;
    let operation = json!({
        "query": "query Rating($id: ID!) { product(id: $id) { rating } }",
        "operationName": "Rating",
        "variables": { "id": "2" },
    });
    let claims = claims();
    let token = Signer::new("k1", 1).sign(claims.clone());
    let response = served
        .post()
        .bearer_auth(token)
        .header("x-shift", "night")
        .json(&operation)
        .send();
    let response: Value = response.await.unwrap().json().await.unwrap();
    assert_eq!(response, json!({ "data": { "product": { "rating": 3 } } }));

    let asked = &coprocessor.asked()[0];
    assert_eq!(asked["context"]["entries"][CLAIMS], claims);
    assert_eq!(asked["headers"]["x-shift"], json!(["night"]));
    assert_eq!(asked["method"], "POST");
    assert_eq!(asked["body"], operation);
}

/// Asserts that a request is refused when the coprocessor answers so.
async fn refused(coprocessor: Coprocessor) {
    let config = format!(
        "coprocessor: {{ url: '{}', timeout: 300ms }}",
        coprocessor.url
    );
    let served = serve(&config).await;
    refused_by(&served).await;
}

async fn refused_by(served: &Served) {
    let response = served.post().json(&json!({ "query": BOTH })).send();
    let response = response.await.unwrap();
    let status = response.status();
    let body: Value = response.json().await.unwrap();
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{body}");
    let message = "it cannot be found out at the moment what this operation may see";
    assert_eq!(
        body,
        json!({ "errors": [{ "message": message, "extensions": { "code": "COPROCESSOR_UNAVAILABLE" } }] })
    );
}

#[tokio::test]
async fn one_that_cannot_be_reached_refuses_only_what_depends_on_it() {
    let served = serve("coprocessor: { url: 'http://127.0.0.1:9' }").await;
    refused_by(&served).await;
    assert_eq!(
        served.query("{ product(id: 1) { name } }").await,
        json!({ "data": { "product": { "name": "Lamp" } } })
    );
}

#[tokio::test]
async fn one_that_takes_too_long_refuses_the_request() {
    let silent = Coprocessor::answering(|_| async {
        std::future::pending::<()>().await;
        unreachable!()
    });
    refused(silent.await).await;
    // The time is for the whole answer.
    let slow = Coprocessor::answering(|_| async {
        let start = stream::iter([Ok::<_, Infallible>("{")]);
        let rest = stream::pending();
        Body::from_stream(futures::StreamExt::chain(start, rest)).into_response()
    });
    refused(slow.await).await;
}

#[tokio::test]
async fn a_wrong_answer_refuses_the_request() {
    let granted = json!({ "entries": { POLICIES: { "read_ratings": true, "read_self": true } } });
    for (status, body) in [
        (200, String::new()),
        (200, "<html>".to_owned()),
        (200, json!({ "context": granted }).to_string() + "}"),
        (200, json!({ "version": 2, "context": granted }).to_string()),
        (
            200,
            json!({ "stage": "RouterRequest", "context": granted }).to_string(),
        ),
        (
            200,
            json!({ "id": "another", "context": granted }).to_string(),
        ),
        (
            200,
            json!({ "control": "halt", "context": granted }).to_string(),
        ),
        (
            200,
            json!({ "context": { "entries": { POLICIES: { "read_self": "true" } } } }).to_string(),
        ),
        (404, json!({ "context": granted }).to_string()),
        (500, json!({ "context": granted }).to_string()),
    ] {
        let answer = move |_| {
            let status = StatusCode::from_u16(status).unwrap();
            std::future::ready((status, body.clone()).into_response())
        };
        refused(Coprocessor::answering(answer).await).await;
    }
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_the_end() {
    let endless = Coprocessor::answering(|_| async {
        let chunks = stream::repeat_with(|| Ok::<_, Infallible>(vec![b' '; 1 << 20]));
        Body::from_stream(chunks).into_response()
    });
    let config = format!(
        "coprocessor: {{ url: '{}', timeout: 1m }}",
        endless.await.url
    );
    refused_by(&serve(&config).await).await;
}

#[tokio::test]
async fn claims_are_not_sent_where_it_redirects_to() {
    let other = Coprocessor::deciding(json!({ "read_ratings": true })).await;
    let to = other.url.clone();
    let answer = move |_| std::future::ready(Redirect::temporary(&to).into_response());
    refused(Coprocessor::answering(answer).await).await;
    assert_eq!(other.asked(), Vec::<Value>::new());
}

#[tokio::test]
async fn it_can_end_a_request_with_a_status_and_errors() {
    let body = json!({ "errors": [
        { "message": "Not authenticated.", "extensions": { "code": "ERR_UNAUTHENTICATED" } },
    ] });
    let answer = json!({ "control": { "break": 401 }, "body": body });
    let coprocessor =
        Coprocessor::answering(move |_| std::future::ready(Json(answer.clone()).into_response()))
            .await;
    let served = coprocessor.serve().await;
    let response = served.post().json(&json!({ "query": BOTH })).send();
    let response = response.await.unwrap();
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(response.json::<Value>().await.unwrap(), body);
    // What depends on no policy is not its business.
    let open = served.query("{ product(id: 1) { name } }").await;
    assert_eq!(open["data"]["product"]["name"], "Lamp");
}

#[tokio::test]
async fn it_decides_whether_a_mutation_is_run() {
    for granted in [true, false] {
        let coprocessor = Coprocessor::deciding(json!({ "staff": granted })).await;
        let shop = Shop::default();
        let config = format!("coprocessor: {{ url: '{}' }}", coprocessor.url);
        let served = serve_graph(&graph(), &config, shop.clone(), |builder| builder).await;
        served
            .query(r#"mutation { rename(id: 1, name: "Torch") { name } }"#)
            .await;
        assert_eq!(*shop.done.lock().unwrap() == ["rename 1"], granted);
    }
}

#[tokio::test]
async fn it_decides_about_operations_over_a_web_socket() {
    let coprocessor = Coprocessor::deciding(json!({ "read_ratings": true })).await;
    let served = coprocessor.serve().await;
    let mut socket = Socket::ready(&served, json!({})).await;
    socket
        .subscribe("1", "subscription { products { rating } }")
        .await;
    let event = socket.next().await;
    assert_eq!(
        event["payload"]["data"],
        json!({ "products": { "rating": 5 } })
    );
    assert_eq!(coprocessor.asked().len(), 1);
}
