//! Subscriptions that are open for longer than their token is good.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use http::HeaderName;
use http::request::Parts;
use serde_json::{Map, Value, json};
use souk_executor::RequestContext;
use souk_router::{GraphQLError, RequestHook};

use crate::support::socket::Socket;
use crate::support::token::{Signer, claims, fixed, in_seconds};
use crate::support::{Served, Shop, serve_with};

const ENDLESS: &str = "subscription { productChanged(id: 1) { id } }";

/// Says the same of a session until it is told otherwise, and counts how often it was asked.
#[derive(Clone)]
struct Session {
    asked: Arc<AtomicU32>,
    ends_with: Arc<std::sync::Mutex<Option<&'static str>>>,
}

impl Session {
    fn new() -> Session {
        Session {
            asked: Arc::default(),
            ends_with: Arc::default(),
        }
    }

    fn end_with(&self, code: &'static str) {
        *self.ends_with.lock().unwrap() = Some(code);
    }

    async fn asked_again(&self, times: u32) {
        let enough = self.asked.load(Ordering::Relaxed) + times;
        while self.asked.load(Ordering::Relaxed) < enough {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

#[async_trait]
impl RequestHook for Session {
    async fn prepare(
        &self,
        _: &Parts,
        _: Option<&Map<String, Value>>,
        context: &mut RequestContext,
    ) -> Result<(), GraphQLError> {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        if let Some(code) = *self.ends_with.lock().unwrap() {
            return Err(GraphQLError::new("the session cannot go on", code));
        }
        context.set_header(&HeaderName::from_static("x-asked"), &asked.into());
        Ok(())
    }
}

async fn served(session: &Session, shop: &Shop) -> (Served, Signer) {
    let signer = Signer::new("k1", 1);
    let keys = fixed(json!([signer.jwk()]), None);
    let hook = session.clone();
    let config = "subscription: { identity_check_interval: 20ms }";
    let served = serve_with(config, shop.clone(), |builder| {
        builder.hook(hook).key_source(keys)
    });
    (served.await, signer)
}

async fn subscribed(served: &Served, token: &str, query: &str) -> Socket {
    let payload = json!({ "authorization": format!("Bearer {token}") });
    let mut socket = Socket::ready(served, payload).await;
    socket.subscribe("1", query).await;
    assert_eq!(socket.next().await["type"], "next");
    socket
}

#[tokio::test]
async fn a_subscription_ends_when_its_token_expires() {
    let (served, signer) = served(&Session::new(), &Shop::default()).await;
    // Five seconds of difference between clocks are allowed, so it is good for a second.
    let token = signer.sign(json!({ "sub": "ada", "exp": in_seconds(-4) }));
    let mut socket = subscribed(&served, &token, ENDLESS).await;
    let end = socket.next().await;
    assert_eq!((&end["id"], &end["type"]), (&json!("1"), &json!("error")));
    let extensions = &end["payload"][0]["extensions"];
    assert_eq!(extensions["code"], "UNAUTHENTICATED");
    assert_eq!(extensions["reason"], "TOKEN_EXPIRED");
}

#[tokio::test]
async fn a_stream_of_events_ends_when_its_session_does() {
    let session = Session::new();
    let (served, signer) = served(&session, &Shop::default()).await;
    let request = served
        .post()
        .header("accept", "text/event-stream")
        .bearer_auth(signer.sign(claims()))
        .json(&json!({ "query": ENDLESS }));
    let response = request.send().await.unwrap();
    session.end_with("UNAUTHENTICATED");
    let text = response.text().await.unwrap();
    let events: Vec<&str> = text.split_terminator("\n\n").collect();
    let [first, refusal, complete] = events[..] else {
        panic!("{text}")
    };
    assert!(first.contains("productChanged"), "{first}");
    let refusal: Value =
        serde_json::from_str(refusal.strip_prefix("event: next\ndata: ").unwrap()).unwrap();
    assert_eq!(
        refusal["errors"][0]["extensions"]["code"],
        "UNAUTHENTICATED"
    );
    assert_eq!(complete, "event: complete\ndata:");
}

#[tokio::test]
async fn a_stream_of_parts_ends_with_an_error_beside_the_payload() {
    let session = Session::new();
    let (served, signer) = served(&session, &Shop::default()).await;
    let request = served
        .post()
        .header("accept", "multipart/mixed;subscriptionSpec=1.0")
        .bearer_auth(signer.sign(claims()))
        .json(&json!({ "query": ENDLESS }));
    let response = request.send().await.unwrap();
    session.end_with("UNAUTHENTICATED");
    let text = response.text().await.unwrap();
    let last = text.strip_suffix("\r\n--graphql--\r\n").expect(&text);
    let (_, body) = last.rsplit_once("\r\n\r\n").unwrap();
    let refusal: Value = serde_json::from_str(body).unwrap();
    assert_eq!(refusal["payload"], Value::Null);
    assert_eq!(
        refusal["errors"][0]["extensions"]["code"],
        "UNAUTHENTICATED"
    );
}

#[tokio::test]
async fn a_subscription_goes_on_while_nobody_can_tell() {
    let session = Session::new();
    let (served, signer) = served(&session, &Shop::default()).await;
    let mut socket = subscribed(&served, &signer.sign(claims()), ENDLESS).await;
    session.end_with("UNAVAILABLE");
    session.asked_again(3).await;
    session.end_with("UNAUTHENTICATED");
    let end = socket.next().await;
    assert_eq!(
        end["payload"][0]["extensions"]["code"], "UNAUTHENTICATED",
        "{end}"
    );
}

/// An identity that was signed when the subscription began is worth nothing an hour later.
#[tokio::test]
async fn late_events_are_completed_with_a_fresh_identity() {
    let (session, shop) = (Session::new(), Shop::default());
    let (served, signer) = served(&session, &shop).await;
    let token = signer.sign(claims());
    let mut socket = subscribed(&served, &token, "subscription { products { rating } }").await;
    let asked = || {
        let seen = shop.seen.lock().unwrap();
        seen["x-asked"].to_str().unwrap().parse::<u32>().unwrap()
    };
    let at_first = asked();
    session.asked_again(2).await;
    for _ in 0..3 {
        let payload = json!({ "data": { "products": { "rating": 5 } } });
        assert_eq!(socket.next().await["payload"], payload);
    }
    assert!(asked() > at_first, "{} > {at_first}", asked());
}
