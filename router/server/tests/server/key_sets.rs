//! Key sets behind URLs, and issuers that are slow or down.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::routing::get;
use futures::future::join_all;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::authentication::{Identify, reason, who};
use crate::support::token::{Signer, claims};
use crate::support::{Shop, serve_with};

/// A key set over HTTP that can be changed or made to hang, and that counts how often it is asked for.
struct Published {
    url: String,
    keys: Arc<std::sync::Mutex<Value>>,
    hangs: Arc<AtomicBool>,
    asked: Arc<AtomicUsize>,
}

async fn publish(keys: Value) -> Published {
    let keys = Arc::new(std::sync::Mutex::new(keys));
    let hangs = Arc::new(AtomicBool::new(false));
    let asked = Arc::new(AtomicUsize::new(0));
    let (current, hanging, count) = (keys.clone(), hangs.clone(), asked.clone());
    let answer = move || {
        count.fetch_add(1, Ordering::Relaxed);
        let body = json!({ "keys": *current.lock().unwrap() });
        let hangs = hanging.load(Ordering::Relaxed);
        async move {
            if hangs {
                std::future::pending::<()>().await;
            }
            axum::Json(body)
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/jwks.json", listener.local_addr().unwrap());
    let routes = axum::Router::new().route("/jwks.json", get(answer));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    Published {
        url,
        keys,
        hangs,
        asked,
    }
}

fn jwks_config(url: &str) -> String {
    format!(
        "authentication: {{ router: {{ jwt: {{ jwks: [{{ url: '{url}', issuers: ['https://id.example'], \
         audiences: [shop], algorithms: [EdDSA] }}] }} }} }}"
    )
}

#[tokio::test]
async fn a_key_set_behind_a_url_is_fetched_once_and_again_for_an_unknown_key() {
    let (first, second) = (Signer::new("k1", 1), Signer::new("k2", 2));
    let published = publish(json!([first.jwk()])).await;
    let served = serve_with(&jwks_config(&published.url), Shop::default(), |builder| {
        builder.hook(Identify)
    })
    .await;
    let old = format!("Bearer {}", first.sign(claims()));
    for _ in 0..3 {
        assert_eq!(who(&served, Some(&old)).await.1["data"]["whoAmI"], "ada");
    }
    assert_eq!(published.asked.load(Ordering::Relaxed), 1);

    // The issuer rotates its keys.
    *published.keys.lock().unwrap() = json!([first.jwk(), second.jwk()]);
    tokio::time::sleep(Duration::from_millis(5_200)).await;
    let new = format!("Bearer {}", second.sign(claims()));
    assert_eq!(who(&served, Some(&new)).await.1["data"]["whoAmI"], "ada");
    // Tokens with keys that nobody has do not turn into requests to the issuer.
    for _ in 0..5 {
        let stranger = Signer::new("k9", 9).sign(claims());
        assert_eq!(
            reason(&served, &format!("Bearer {stranger}")).await,
            "KEY_UNKNOWN"
        );
    }
    assert_eq!(published.asked.load(Ordering::Relaxed), 2);
}

/// An issuer whose server takes connections and never answers from then on.
#[tokio::test]
async fn an_issuer_that_hangs_holds_up_nobody_whose_key_is_known() {
    let signer = Signer::new("k1", 1);
    let published = publish(json!([signer.jwk()])).await;
    let config = jwks_config(&published.url).replace("url:", "poll_interval: 10ms, url:");
    let served = serve_with(&config, Shop::default(), |builder| builder.hook(Identify)).await;
    let known = format!("Bearer {}", signer.sign(claims()));
    assert_eq!(who(&served, Some(&known)).await.1["data"]["whoAmI"], "ada");

    published.hangs.store(true, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_millis(5_200)).await;
    let began = Instant::now();
    let answers = (0..20).map(|_| who(&served, Some(&known)));
    for (_, body) in join_all(answers).await {
        assert_eq!(body["data"]["whoAmI"], "ada", "{body}");
    }
    // A fetch is given up after ten.
    assert!(
        began.elapsed() < Duration::from_secs(8),
        "{:?}",
        began.elapsed()
    );
    // All of them together asked the issuer once more.
    assert_eq!(published.asked.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn an_issuer_that_is_down_is_nothing_to_tokens_of_another() {
    let (signer, stranger) = (Signer::new("k1", 1), Signer::new("k9", 9));
    let published = publish(json!([signer.jwk()])).await;
    let (down, up) = ("http://127.0.0.1:9/jwks.json", &published.url);
    let config = format!(
        "authentication: {{ router: {{ jwt: {{ jwks: [{{ url: '{down}' }}, {{ url: '{up}' }}] }} }} }}"
    );
    let served = serve_with(&config, Shop::default(), |builder| builder.hook(Identify)).await;
    let known = format!("Bearer {}", signer.sign(claims()));
    assert_eq!(who(&served, Some(&known)).await.1["data"]["whoAmI"], "ada");
    // Its key may be among those that cannot be had.
    let unknown = format!("Bearer {}", stranger.sign(claims()));
    let (status, body) = who(&served, Some(&unknown)).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{body}");
}

#[tokio::test]
async fn issuer_and_audience_must_be_the_configured_ones() {
    let signer = Signer::new("k1", 1);
    let published = publish(json!([signer.jwk()])).await;
    let served = serve_with(&jwks_config(&published.url), Shop::default(), |builder| {
        builder.hook(Identify)
    })
    .await;
    let with = |key: &str, value: Value| {
        let mut claims = claims();
        claims[key] = value;
        format!("Bearer {}", signer.sign(claims))
    };
    assert_eq!(
        reason(&served, &with("iss", json!("https://evil.example"))).await,
        "ISSUER_NOT_ACCEPTED"
    );
    assert_eq!(
        reason(&served, &with("aud", json!("bank"))).await,
        "AUDIENCE_NOT_ACCEPTED"
    );
    assert_eq!(
        who(&served, Some(&with("aud", json!(["bank", "shop"]))))
            .await
            .0,
        200
    );
}

#[tokio::test]
async fn without_keys_tokens_cannot_be_verified_and_anonymous_requests_go_on() {
    let config = jwks_config("http://127.0.0.1:9/jwks.json");
    let served = serve_with(&config, Shop::default(), |builder| builder.hook(Identify)).await;
    let token = Signer::new("k1", 1).sign(claims());
    let (status, body) = who(&served, Some(&format!("Bearer {token}"))).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(
        body["errors"][0]["extensions"]["code"],
        "AUTHENTICATION_UNAVAILABLE"
    );
    assert_eq!(who(&served, None).await.0, 200);
}
