//! The keys that verify access tokens.

use axum::body::{Body, to_bytes};
use axum::http::Request;
use futures::future::join_all;
use serde_json::Value;
use tower::ServiceExt;

use crate::support::{World, claims};

#[tokio::test]
async fn the_route_serves_public_keys_that_verify_tokens() {
    let world = World::new().await;
    let ada = world.register("ada@example.com", "Ada").await;
    let request = Request::get(souk_user::JWKS_PATH)
        .body(Body::empty())
        .unwrap();
    let response = world
        .subgraph
        .routes
        .clone()
        .oneshot(request)
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/json");
    let body: Value =
        serde_json::from_slice(&to_bytes(response.into_body(), 10_000).await.unwrap()).unwrap();
    let key = &body["keys"][0];
    assert_eq!(
        (
            key["kty"].as_str(),
            key["crv"].as_str(),
            key["alg"].as_str(),
            key["use"].as_str()
        ),
        (Some("OKP"), Some("Ed25519"), Some("EdDSA"), Some("sig"))
    );
    assert!(
        key.get("d").is_none(),
        "the private half must stay private: {key}"
    );
    assert_eq!(
        body,
        serde_json::to_value(souk_user::jwks(&world.services.database).await.unwrap()).unwrap()
    );
    assert!(claims(&world, &ada.access_token).await.is_some());

    let (head, signature) = ada.access_token.rsplit_once('.').unwrap();
    let tampered = format!("{head}.{}", signature.chars().rev().collect::<String>());
    assert!(claims(&world, &tampered).await.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn instances_that_start_at_once_agree_on_one_key() {
    let database = souk_harness::database("user").await;
    let starting = (0..6).map(|_| {
        let database = database.clone();
        tokio::spawn(async move { souk_user::jwks(&database).await.unwrap() })
    });
    let sets: Vec<_> = join_all(starting)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    assert!(
        sets.iter()
            .all(|set| set.keys.len() == 1 && set == &sets[0]),
        "{sets:?}"
    );
}
