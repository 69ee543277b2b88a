//! What clients may see of a graph with `@authenticated`, `@requiresScopes` and `@policy`.

use std::sync::Arc;

use async_trait::async_trait;
use http::request::Parts;
use reqwest::StatusCode;
use serde_json::{Map, Value, json};
use souk_executor::RequestContext;
use souk_router::{Claims, GraphQLError, RequestHook};

use crate::support::shop::{self, Shop};
use crate::support::socket::Socket;
use crate::support::token::{Signer, claims, fixed};
use crate::support::{Served, serve_graph};

const SIGNER: &str = "k1";

async fn serve(config: &str) -> Served {
    serve_shop(config, Shop::default()).await
}

async fn serve_shop(config: &str, shop: Shop) -> Served {
    let keys = json!([Signer::new(SIGNER, 1).jwk()]);
    let graph = shop::protected_supergraph();
    serve_graph(&graph, config, shop, |builder| {
        builder.key_source(fixed(keys, None))
    })
    .await
}

/// The token of a client with this claim `scope`.
fn token(scope: Value) -> String {
    let mut claims = claims();
    claims["scope"] = scope;
    Signer::new(SIGNER, 1).sign(claims)
}

async fn ask(served: &Served, token: Option<&str>, query: &str) -> Value {
    let mut request = served.post().json(&json!({ "query": query }));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    request.send().await.unwrap().json().await.unwrap()
}

fn denied(path: &[&str]) -> Value {
    json!({
        "message": "unauthorized field or type",
        "path": path,
        "extensions": { "code": "UNAUTHORIZED_FIELD_OR_TYPE" },
    })
}

const RATING: &str = "{ product(id: 1) { name rating } }";

#[tokio::test]
async fn who_is_not_known_does_not_see_what_demands_that() {
    let served = serve("").await;
    let known = token(json!("nothing"));
    // One after the other with the same text: what one may see must not show the other more.
    for _ in 0..2 {
        assert_eq!(
            ask(&served, Some(&known), RATING).await,
            json!({ "data": { "product": { "name": "Lamp", "rating": 5 } } })
        );
        assert_eq!(
            ask(&served, None, RATING).await,
            json!({
                "data": { "product": { "name": "Lamp", "rating": null } },
                "errors": [denied(&["product", "rating"])],
            })
        );
    }
}

#[tokio::test]
async fn the_claim_scope_names_scopes_with_spaces_or_as_a_list() {
    let served = serve("").await;
    for scope in [
        json!("profile  me"),
        json!("x admin"),
        json!(["me", "profile"]),
    ] {
        let answer = ask(&served, Some(&token(scope.clone())), "{ whoAmI }").await;
        assert_eq!(answer, json!({ "data": { "whoAmI": null } }), "{scope}");
    }
    for scope in [
        json!("me"),
        json!("me,profile"),
        json!(["me profile"]),
        json!(7),
        Value::Null,
    ] {
        let answer = ask(&served, Some(&token(scope.clone())), "{ whoAmI }").await;
        assert_eq!(answer["errors"], json!([denied(&["whoAmI"])]), "{scope}");
    }
}

/// Nothing says who passes a policy.
#[tokio::test]
async fn a_mutation_that_is_denied_is_not_run() {
    let shop = Shop::default();
    let served = serve_shop("", shop.clone()).await;
    let known = token(json!("staff"));
    let rename = r#"mutation { rename(id: 1, name: "Torch") { name } slowly(milliseconds: 0) }"#;
    assert_eq!(
        ask(&served, Some(&known), rename).await,
        json!({
            "data": { "rename": null, "slowly": true },
            "errors": [denied(&["rename"])],
        })
    );
    assert_eq!(*shop.done.lock().unwrap(), ["slowly"]);
}

#[tokio::test]
async fn only_what_the_variables_ask_for_is_denied() {
    let served = serve("").await;
    let query = "query($more: Boolean!) { product(id: 1) { name rating @include(if: $more) } }";
    for more in [false, true] {
        let body = json!({ "query": query, "variables": { "more": more } });
        let response = served.post().json(&body).send().await.unwrap();
        let answer: Value = response.json().await.unwrap();
        assert_eq!(answer.get("errors").is_some(), more, "{answer}");
    }
}

#[tokio::test]
async fn an_invalid_operation_is_refused_as_ever() {
    let served = serve("").await;
    assert_eq!(
        served.error_code("{ product(id: 1) { secret } }").await,
        "GRAPHQL_VALIDATION_FAILED"
    );
}

#[tokio::test]
async fn an_operation_may_be_refused_as_a_whole() {
    let served = serve("authorization: { directives: { reject_unauthorized: true } }").await;
    let new = "application/graphql-response+json";
    let request = served.post().header("accept", new);
    let response = request
        .json(&json!({ "query": RATING }))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    let answer: Value = response.json().await.unwrap();
    assert_eq!(
        answer,
        json!({ "errors": [denied(&["product", "rating"])] })
    );
    let allowed = ask(&served, None, "{ product(id: 1) { name } }").await;
    assert!(allowed.get("errors").is_none(), "{allowed}");
}

#[tokio::test]
async fn a_dry_run_shows_everything_and_says_what_it_would_not() {
    let config = "authorization: { directives: { dry_run: true, reject_unauthorized: true } }";
    let served = serve(config).await;
    assert_eq!(
        ask(&served, None, RATING).await,
        json!({
            "data": { "product": { "name": "Lamp", "rating": 5 } },
            "errors": [denied(&["product", "rating"])],
        })
    );
}

#[tokio::test]
async fn denials_may_stand_in_the_extensions_or_nowhere() {
    let data = json!({ "product": { "name": "Lamp", "rating": null } });
    let served = serve("authorization: { directives: { errors: { response: disabled } } }").await;
    assert_eq!(ask(&served, None, RATING).await, json!({ "data": data }));

    let config = "
authorization: { directives: { errors: { response: extensions } } }
plugins: { experimental.expose_query_plan: true }";
    let served = serve(config).await;
    let denials = json!([denied(&["product", "rating"])]);
    assert_eq!(
        ask(&served, None, RATING).await,
        json!({ "data": data, "extensions": { "authorizationErrors": denials } })
    );
    let request = served.post().header("apollo-expose-query-plan", "true");
    let response = request
        .json(&json!({ "query": RATING }))
        .send()
        .await
        .unwrap();
    let answer: Value = response.json().await.unwrap();
    assert_eq!(
        answer["extensions"]["authorizationErrors"], denials,
        "{answer}"
    );
    assert!(
        answer["extensions"]["apolloQueryPlan"].is_object(),
        "{answer}"
    );
}

#[tokio::test]
async fn the_directives_may_be_switched_off() {
    let served = serve("authorization: { directives: { enabled: false } }").await;
    assert_eq!(
        ask(&served, None, RATING).await,
        json!({ "data": { "product": { "name": "Lamp", "rating": 5 } } })
    );
}

#[tokio::test]
async fn a_graph_may_be_for_known_clients_only() {
    let served = serve("authorization: { require_authentication: true }").await;
    let body = json!({ "query": "{ __typename }" });
    let response = served.post().json(&body).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    let answer: Value = response.json().await.unwrap();
    assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    assert_eq!(answer["errors"][0]["extensions"]["reason"], "TOKEN_MISSING");
    let known = ask(&served, Some(&token(json!(""))), "{ __typename }").await;
    assert_eq!(known, json!({ "data": { "__typename": "Query" } }));
}

/// Knows clients by a header.
struct ByHeader;

#[async_trait]
impl RequestHook for ByHeader {
    async fn prepare(
        &self,
        request: &Parts,
        _: Option<&Map<String, Value>>,
        context: &mut RequestContext,
    ) -> Result<(), GraphQLError> {
        if let Some(scope) = request.headers.get("x-scope") {
            let mut claims = Map::new();
            claims.insert("scope".to_owned(), scope.to_str().unwrap().into());
            context.extensions.insert(Claims(Arc::new(claims)));
        }
        Ok(())
    }
}

#[tokio::test]
async fn a_hook_may_know_clients_by_other_means() {
    let graph = shop::protected_supergraph();
    let config = "authorization: { require_authentication: true }";
    let served = serve_graph(&graph, config, Shop::default(), |builder| {
        builder.hook(ByHeader)
    })
    .await;
    let body = json!({ "query": "{ whoAmI product(id: 1) { rating } }" });
    let request = served.post().header("x-scope", "admin");
    let answer: Value = request
        .json(&body)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(
        answer,
        json!({ "data": { "whoAmI": null, "product": { "rating": 5 } } })
    );
    let refused = served.post().json(&body).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn every_event_of_a_subscription_says_what_is_left_out() {
    let served = serve("").await;
    let request = served.post().header("accept", "text/event-stream");
    let query = "subscription { productChanged(id: 1) { name } }";
    let response = request
        .json(&json!({ "query": query }))
        .send()
        .await
        .unwrap();
    let refused = response.text().await.unwrap();
    let errors = json!({ "errors": [denied(&["productChanged"])] });
    assert_eq!(
        refused,
        format!("event: next\ndata: {errors}\n\nevent: complete\ndata:\n\n")
    );

    let mut socket = Socket::ready(&served, json!({})).await;
    socket
        .subscribe("1", "subscription { products { name rating } }")
        .await;
    for _ in 0..2 {
        let event = socket.next().await;
        assert_eq!(
            event["payload"],
            json!({
                "data": { "products": { "name": "Lamp", "rating": null } },
                "errors": [denied(&["products", "rating"])],
            })
        );
    }
}

#[tokio::test]
async fn a_graph_that_becomes_protected_is_so_from_then_on() {
    let served = serve_graph(shop::SUPERGRAPH, "", Shop::default(), |builder| builder).await;
    let open = json!({ "data": { "product": { "name": "Lamp", "rating": 5 } } });
    assert_eq!(ask(&served, None, RATING).await, open);
    served
        .handle
        .reload(shop::protected_supergraph())
        .await
        .unwrap();
    let answer = ask(&served, None, RATING).await;
    assert_eq!(answer["errors"], json!([denied(&["product", "rating"])]));
}
