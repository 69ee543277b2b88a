//! Tokens that are not good, or not good any more.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use souk_harness::client::text;
use souk_harness::{Client, Launch, wait_for};

use super::refused;
use crate::{SOUK, in_one_process, in_separate_processes};

const ME: &str = "{ me { name } }";

#[tokio::test(flavor = "multi_thread")]
async fn tampered_tokens() {
    let anyone = Client::new(in_one_process().await.url());
    let buyer = anyone.login("buyer@souk.example").await;
    let token = buyer.token().unwrap();
    let [header, claims, signature]: [&str; 3] =
        token.split('.').collect::<Vec<_>>().try_into().unwrap();
    let mut promoted: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    promoted["roles"] = json!(["ADMIN"]);
    let encode = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    // The public key, taken for a shared secret: the classic confusion of algorithms.
    let jwks = format!("{}/.well-known/jwks.json", in_one_process().await.url());
    let (_, jwks) = Client::page(&jwks).await.unwrap();
    let jwks: Value = serde_json::from_str(&jwks).unwrap();
    let key = jwks["keys"][0]["x"].as_str().unwrap();
    let confused = jsonwebtoken::encode(
        &Header::new(Algorithm::HS256),
        &promoted,
        &EncodingKey::from_secret(key.as_bytes()),
    )
    .unwrap();
    let unreadable = "the token is not a JSON Web Token that the router can read";
    let wrong = "the token's signature is wrong";
    for (what, token, message) in [
        ("garbage", "garbage".to_owned(), unreadable),
        ("two parts", format!("{header}.{claims}"), unreadable),
        (
            "another signature",
            format!("{header}.{claims}.{}", other_start(signature)),
            wrong,
        ),
        (
            "more rights",
            format!("{header}.{}.{signature}", encode(&promoted)),
            wrong,
        ),
        (
            "no algorithm",
            format!(
                "{}.{}.",
                encode(&json!({ "alg": "none" })),
                encode(&promoted)
            ),
            unreadable,
        ),
        ("another algorithm", confused, ""),
    ] {
        let refused = refused(
            anyone
                .with_token(&token)
                .request("/graphql")
                .json(&json!({ "query": ME })),
        )
        .await;
        assert_eq!(
            (refused.status, refused.code.as_str()),
            (401, "UNAUTHENTICATED"),
            "{what}"
        );
        assert!(
            refused.message.contains(message),
            "{what}: {}",
            refused.message
        );
        assert_eq!(refused.argument, None);
    }
    assert_eq!(buyer.ask(ME, json!({})).await["me"]["name"], "Berta Buyer");
}

/// What a client sends that fills in a token before it has one.
#[tokio::test(flavor = "multi_thread")]
async fn with_an_empty_token_one_is_nobody_and_can_log_in() {
    let nobody = Client::new(in_one_process().await.url()).with_token("");
    assert_eq!(nobody.ask(ME, json!({})).await["me"], Value::Null);
    let buyer = nobody.login("buyer@souk.example").await;
    assert_eq!(buyer.ask(ME, json!({})).await["me"]["name"], "Berta Buyer");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_expires_and_its_session_goes_on() {
    let short = Launch::new(SOUK).set("SOUK_IDENTITY_ACCESS_TOKEN_LIFETIME", "1s");
    let platform = short.without_demo().serve().await;
    let anyone = Client::new(platform.url());
    let register = "mutation { register(input: { email: \"e@x.example\", name: \"Ephemera\", password: \"long enough\" }) {
        tokens { accessToken refreshToken } } }";
    let registered = anyone.ask(register, json!({})).await;
    let client = anyone.with_token(text(&registered, "/register/tokens/accessToken"));
    wait_for("the token to expire", Duration::from_secs(20), async || {
        client.attempt(ME, json!({})).await.is_err()
    })
    .await;
    let refused = refused(client.request("/graphql").json(&json!({ "query": ME }))).await;
    assert_eq!(
        (refused.status, refused.code.as_str()),
        (401, "UNAUTHENTICATED")
    );
    assert!(refused.message.contains("expired"), "{}", refused.message);

    let refresh = "mutation($token: String!) { refresh(input: { refreshToken: $token }) { tokens { accessToken } } }";
    let token = text(&registered, "/register/tokens/refreshToken");
    let refreshed = anyone.ask(refresh, json!({ "token": token })).await;
    let client = anyone.with_token(text(&refreshed, "/refresh/tokens/accessToken"));
    assert_eq!(client.ask(ME, json!({})).await["me"]["name"], "Ephemera");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_was_ended_is_ended_everywhere() {
    let platform = in_separate_processes().await;
    let buyer = Client::new(platform.url())
        .login("buyer@souk.example")
        .await;
    buyer
        .ask("mutation { logout { loggedOut } }", json!({}))
        .await;
    for url in [platform.url(), platform.other_url()] {
        let refusal = buyer.at(url).fails(ME, json!({})).await;
        assert_eq!(refusal.code, "UNAUTHENTICATED");
        assert_eq!(refusal.message, "this session was ended; log in again");
    }
}

/// The text with another first character.
fn other_start(text: &str) -> String {
    let start = if text.starts_with('A') { 'B' } else { 'A' };
    format!("{start}{}", &text[1..])
}
